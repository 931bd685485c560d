"""People of the portal, the CORIPO it talks to, and each user's login there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.fields import EncryptedText

if TYPE_CHECKING:
    from datetime import datetime


class Theme(models.TextChoices):
    SYSTEM = "system", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class User(AbstractUser):
    """Somebody who signs in. Who comes from Entra ID is known by tenant and object id (allauth's SocialAccount.uid)."""

    language = models.CharField(
        _("language"), max_length=8, blank=True, choices=[("", _("As the browser")), *settings.LANGUAGES]
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Prague")
    theme = models.CharField(_("appearance"), max_length=8, choices=Theme, default=Theme.SYSTEM)

    @property
    def shown_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            # A zone that this machine's tables no longer know.
            return ZoneInfo(settings.TIME_ZONE)

    @property
    def initials(self) -> str:
        words = self.shown_name.split()
        return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


class Visit(models.Model):
    """When a person was here: `began_at` and `seen_at` of the visit that goes on, and `last_seen_at` of the one before.

    `told_at` is when they read what had happened in between.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="visit")
    last_seen_at = models.DateTimeField(null=True, blank=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"visit of user {self.user_id}"


class CrmServerManager(models.Manager["CrmServer"]):
    def current(self) -> CrmServer:
        """The one CORIPO of this installation."""
        server, _created = self.get_or_create(slug="coripo")
        return server


class CrmServer(models.Model):
    """The CORIPO of this installation. An empty field takes its value from the environment (docs/configuration.md)."""

    slug = models.SlugField(unique=True, default="coripo", editable=False)
    api_address = models.URLField(_("address of the API"), blank=True)
    web_address = models.URLField(_("address of the web application"), blank=True)
    record_pattern = models.CharField(
        _("address of a record"), max_length=200, blank=True, help_text=_("With {site}, {module} and {id}.")
    )

    objects = CrmServerManager()

    class Meta:
        verbose_name = _("CORIPO server")
        verbose_name_plural = _("CORIPO servers")

    def __str__(self) -> str:
        return self.api_url

    @property
    def api_url(self) -> str:
        return (self.api_address or settings.CORIPO_BASE_URL).rstrip("/")

    @property
    def web_url(self) -> str:
        return (self.web_address or self.api_address or settings.CORIPO_WEB_URL).rstrip("/")

    def record_url(self, module: str, record_id: str) -> str:
        """Where a person opens a record; both parts are percent-encoded."""
        pattern = self.record_pattern or settings.CORIPO_RECORD_URL
        return pattern.format(site=self.web_url, module=quote(module, safe=""), id=quote(record_id, safe=""))


class CrmAccountQuerySet(models.QuerySet["CrmAccount"]):
    def working_for(self, user: User | int) -> CrmAccountQuerySet:
        """The user's login, with its server, if CORIPO has not refused it."""
        return self.select_related("server", "user").filter(user=user, status=CrmAccount.Status.ACTIVE)


class CrmAccount(models.Model):
    """A user's own login at CORIPO. A refused one parks that user's transfers until a person has mended it."""

    class Method(models.TextChoices):
        PASSWORD = "password", _("CORIPO password")
        LDAP = "ldap", _("LDAP")

    class Status(models.TextChoices):
        ACTIVE = "active", _("Connected")
        REFUSED = "refused", _("Refused")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="crm_account")
    server = models.ForeignKey(CrmServer, models.PROTECT, related_name="accounts")
    user_name = models.CharField(_("user name"), max_length=100)
    password = EncryptedText()
    method = models.CharField(max_length=16, choices=Method, default=Method.PASSWORD)
    crm_user_id = models.CharField(max_length=36, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    status_since = models.DateTimeField()
    # Grows with every saved change: a session of an older generation is not used again.
    generation = models.PositiveIntegerField(default=1)

    objects = CrmAccountQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user_name} ({self.status})"

    def __repr__(self) -> str:
        return f"<CrmAccount {self.pk}>"

    def record_refusal(self, *, at: datetime) -> bool:
        """Park the login that CORIPO refused; False if a person has changed it since this row was read."""
        return bool(
            type(self)
            .objects.filter(pk=self.pk, generation=self.generation)
            .update(status=self.Status.REFUSED, status_since=at)
        )


class LoginTry(models.Model):
    """One attempt to test a CORIPO login: three refused ones may lock the account there, so they are counted here."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)
    was_refused = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.user_id} {self.at:%H:%M:%S}"
