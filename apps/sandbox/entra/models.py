"""What Entra ID remembers: its key, the client's certificates, how each account is, who consented to what, sign-ins, and
the codes and refresh tokens that they gave out.
"""

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


class ClientCertificate(models.Model):
    """A certificate that a client may prove itself with instead of a secret; the thumbprints as tokens name them."""

    client_id = models.CharField(max_length=36)
    x5t = models.CharField(max_length=43)
    x5t_s256 = models.CharField(max_length=64, unique=True)
    pem = models.TextField()

    def __str__(self) -> str:
        return self.x5t_s256


class Account(models.Model):
    """What an administrator or a policy has put between a person and tokens; nobody without a row has such trouble."""

    class State(models.TextChoices):
        ACTIVE = "active"
        MFA = "mfa", "must confirm each sign-in by a second factor"
        DISABLED = "disabled"
        BLOCKED = "blocked", "blocked by Conditional Access"
        UNASSIGNED = "unassigned", "not assigned to the application"

    person = models.OneToOneField(Person, models.CASCADE, related_name="account")
    state = models.CharField(max_length=12, choices=State, default=State.ACTIVE)

    def __str__(self) -> str:
        return f"{self.person}: {self.state}"


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
    is_multi_factor = models.BooleanField(default=False)
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
