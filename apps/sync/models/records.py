"""What the portal knows about records in CORIPO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import CrmServer
from apps.crm.face import Stamp

if TYPE_CHECKING:
    from apps.mailboxes.models import Message

STAMP_FIELDS = ("modified_at", "modifier_id")


class CrmEmailQuerySet(models.QuerySet["CrmEmail"]):
    def of(self, message: Message) -> CrmEmailQuerySet:
        """The row of this mail at the CRM in use."""
        return self.filter(server=CrmServer.objects.current(), email_key=message.email_key, variant=message.variant)


class CrmEmail(models.Model):
    """The one record in CORIPO for a mail. The row is the intent: its id is committed before the first write."""

    class Status(models.TextChoices):
        INTENDED = "intended", _("intended")
        EXISTS = "exists", _("exists")
        DELETED = "deleted", _("deleted in CORIPO")
        # Its deletion is committed and not confirmed: who undoes it holds `creator_claim`, and transfers wait.
        UNDOING = "undoing", _("being taken back")

    server = models.ForeignKey(CrmServer, models.PROTECT, related_name="emails")
    email_key = models.CharField(max_length=255)
    variant = models.CharField(max_length=16, blank=True)
    record_id = models.CharField(max_length=36)
    generation = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=16, choices=Status, default=Status.INTENDED)
    is_adopted = models.BooleanField(default=False)
    # Who the record is from, for "Synced by NAME": a portal user, or the name that CORIPO gives.
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    creator_name = models.CharField(max_length=200, blank=True)
    existed_at = models.DateTimeField(null=True, blank=True)
    # The right to create is a lease: a creator who fell silent is relieved under the same id.
    creator_claim = models.UUIDField(null=True, blank=True)
    creator_lease_until = models.DateTimeField(null=True, blank=True)
    # The first write whose outcome is not known; design "Own record id" says what may follow from it.
    unknown_since = models.DateTimeField(null=True, blank=True)
    # What CORIPO said of its last change after our last write to it. Anything else since then is somebody's work.
    modified_at = models.DateTimeField(null=True, blank=True)
    modifier_id = models.CharField(max_length=36, blank=True)
    # Where the portal itself deleted it, for whom and when.
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = CrmEmailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "email_key", "variant"], name="one_crm_email_per_message_id")
        ]
        indexes = [
            models.Index(fields=["email_key", "variant"], name="crm_email_identity"),
            # Leases are renewed between all steps; the few rows under one must not be looked for among all.
            models.Index(
                fields=["creator_claim"], condition=Q(creator_claim__isnull=False), name="crm_email_being_created"
            ),
        ]

    def __str__(self) -> str:
        return f"e-mail {self.record_id}"

    @property
    def identity(self) -> tuple[str, str]:
        """Which mail it is the record of (`Message.identity`)."""
        return self.email_key, self.variant

    @property
    def stamp(self) -> Stamp | None:
        """What CORIPO said after our last write, None where nobody read it then."""
        return Stamp(self.modified_at, self.modifier_id) if self.modified_at else None

    def note_stamp(self, stamp: Stamp) -> None:
        """Keep what CORIPO says now; the caller saves STAMP_FIELDS."""
        self.modified_at, self.modifier_id = stamp.modified_at, stamp.modifier_id


class CrmSight(models.Model):
    """Whether a user's own login sees the record; no row means that nobody has looked with it yet."""

    crm_email = models.ForeignKey(CrmEmail, models.CASCADE, related_name="sights")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    is_visible = models.BooleanField()
    looked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["crm_email", "user"], name="one_sight_per_user")]

    def __str__(self) -> str:
        return f"{self.crm_email_id} for {self.user_id}"


class Outcome(models.TextChoices):
    MADE = "made", _("made")
    FAILED = "failed", _("failed")
    LEFT_OUT = "left_out", _("left out")


class CrmLink(models.Model):
    """The e-mail belongs with that record. An adopted link was in CORIPO before a transfer of ours came to make it."""

    crm_email = models.ForeignKey(CrmEmail, models.CASCADE, related_name="links")
    module = models.CharField(max_length=40)
    record_id = models.CharField(max_length=36)
    name = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome)
    cause = models.CharField(max_length=40, blank=True)
    is_adopted = models.BooleanField(default=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["crm_email", "module", "record_id"], name="one_row_per_link")]

    def __str__(self) -> str:
        return f"{self.module} {self.record_id}"


class CrmFile(models.Model):
    """An attachment of the e-mail as a Note in CORIPO, or why it is not there."""

    crm_email = models.ForeignKey(CrmEmail, models.CASCADE, related_name="files")
    note_id = models.CharField(max_length=36)
    name = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField()
    outcome = models.CharField(max_length=16, choices=Outcome)
    cause = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["crm_email", "note_id"], name="one_row_per_note")]

    def __str__(self) -> str:
        return self.note_id


class KnownAddress(models.Model):
    """What a user's own login found in CORIPO under an address, and when: the panel shows it at once and says how old it is."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    address = models.CharField(max_length=254)
    contacts = models.JSONField(default=list)
    # Companies and leads with this address, of those `modules` that were asked about.
    records = models.JSONField(default=list)
    modules = models.JSONField(default=list)
    looked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "known addresses"
        constraints = [models.UniqueConstraint(fields=["user", "address"], name="one_row_per_known_address")]

    def __str__(self) -> str:
        return f"{len(self.contacts)} contacts, {len(self.records)} other records"


class MadeLead(models.Model):
    """A lead that the portal makes of the sender of a mail. The row is the intent: its id is committed before the write.

    One for an address and CORIPO, whoever had the mail. `made_at` is when it was seen to be there.
    """

    server = models.ForeignKey(CrmServer, models.PROTECT, related_name="+")
    address = models.CharField(max_length=254)
    record_id = models.CharField(max_length=36)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["server", "address"], name="one_lead_per_address")]

    def __str__(self) -> str:
        return f"lead {self.record_id}"


class MatchLook(models.Model):
    """When the portal looks next, with a user's own login, whether somebody appeared for the mails that match nobody.

    `seen_until` is a moment of CORIPO's clock: contacts that changed before it are known. `all_asked_at` is when the
    addresses of all waiting mails were last asked about. `has_matches` says that the last look left mails to be offered.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="match_look")
    next_look_at = models.DateTimeField(db_index=True)
    claim = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    seen_until = models.DateTimeField(null=True, blank=True)
    all_asked_at = models.DateTimeField(null=True, blank=True)
    has_matches = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"look for matches of user {self.user_id}"
