"""What Entra ID remembers: its key, who consented to what, sign-ins, and the codes and refresh tokens they gave out."""

import uuid

from django.db import models
from django.db.models.functions import Coalesce

from apps.sandbox.control.models import Person


class SigningKey(models.Model):
    """The RSA key that signs all tokens. Made once, so that tokens outlive a restart."""

    slug = models.SlugField(unique=True, default="current", editable=False)
    kid = models.CharField(max_length=64)
    private_pem = models.TextField()

    def __str__(self) -> str:
        return self.kid


class Consent(models.Model):
    """Scopes that a person, or an administrator for everybody (no person), has allowed a client."""

    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="consents")
    client_id = models.CharField(max_length=36)
    scopes = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(Coalesce("person", 0), "client_id", name="one_consent_per_person_and_client")
        ]

    def __str__(self) -> str:
        return f"{self.person or 'everybody'}: {' '.join(self.scopes)}"


class SignIn(models.Model):
    """One sign-in of a person at a client: all tokens that stem from it live and die with it (their `sid`)."""

    sid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="sign_ins")
    client_id = models.CharField(max_length=36)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.person} at {self.created_at:%Y-%m-%d %H:%M}"


class AuthorizationCode(models.Model):
    """The code of one sign-in. It is redeemed once; what it is bound to must come back with it."""

    code = models.CharField(max_length=128, unique=True)
    sign_in = models.OneToOneField(SignIn, models.CASCADE, related_name="code")
    redirect_uri = models.TextField()
    scope = models.TextField(help_text="As asked for, in the client's own spelling.")
    nonce = models.TextField(blank=True)
    code_challenge = models.CharField(max_length=128, blank=True)
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.sign_in} until {self.expires_at:%H:%M}"


class RefreshToken(models.Model):
    """A refresh token. Each use gives a new one; the old one stays valid unless the knob `revoke_old` ends it."""

    token = models.CharField(max_length=160, unique=True)
    sign_in = models.ForeignKey(SignIn, models.CASCADE, related_name="refresh_tokens")
    scope = models.TextField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.sign_in} until {self.expires_at:%Y-%m-%d}"
