"""A stand-in for Entra ID, Microsoft Graph and CORIPO: its own process, settings and database, reached by HTTP only."""

# The one tenant of the sandbox's Entra ID.
TENANT = "8f2c6a1e-5b7d-4c39-9e04-d1a6b3f0c752"
