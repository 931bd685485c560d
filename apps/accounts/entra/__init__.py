"""Sign-in with Microsoft: an allauth provider of our own that believes a checked ID token and nothing else."""
