"""What the portal knows about e-mails in CORIPO: marks, records, links, and the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import CrmServer
from apps.mailboxes.models import Mailbox, Message, Participant
from apps.work.models import ACTIVE, WorkItem, WorkItemQuerySet

if TYPE_CHECKING:
    from apps.accounts.models import User


class OpensIn(models.TextChoices):
    NEW_TAB = "new_tab", _("In a new tab")
    ONE_TAB = "one_tab", _("In one tab for CORIPO")
    SAME_TAB = "same_tab", _("In the same tab")
    EDGE = "edge", _("In Microsoft Edge")


class NoMatch(models.TextChoices):
    LEAVE = "leave", _("Leave it waiting")
    STORE = "store", _("Store it without a link")


def every_role() -> list[str]:
    return [str(role) for role in Participant.Role.values]


def kinds_left_out_at_first() -> list[str]:
    kinds = Message.Kind
    return [str(kind) for kind in (kinds.MEETING, kinds.BOUNCE, kinds.AUTO_REPLY, kinds.BULK)]


def types_unwanted_at_first() -> list[str]:
    """Signatures and sealed texts: nobody can read them outside a mail program."""
    return ["asc", "p7m", "p7s", "rpmsg"]


class RuleFields(models.Model):
    """What a user sets for the own transfers, and an organisation sets as default or for good."""

    link_companies = models.BooleanField(default=True)
    # Participant.Role: people of the other headers are not looked up in CORIPO.
    counted_roles = models.JSONField(default=every_role)
    no_match = models.CharField(max_length=16, choices=NoMatch, default=NoMatch.LEAVE)
    internal_domains = models.JSONField(default=list, blank=True)
    # Message.Kind: automatic runs leave these out. A person's click takes them.
    left_out_kinds = models.JSONField(default=kinds_left_out_at_first, blank=True)
    takes_private = models.BooleanField(default=False)
    # Canonical addresses and domains: automatic runs leave out a mail that names one of them.
    left_out_addresses = models.JSONField(default=list, blank=True)
    takes_received = models.BooleanField(default=True)
    takes_sent = models.BooleanField(default=True)
    store_attachments = models.BooleanField(default=True)
    store_inline_images = models.BooleanField(default=False)
    # File endings without a dot, lower case.
    unwanted_types = models.JSONField(default=types_unwanted_at_first, blank=True)
    largest_attachment_mb = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(25)]
    )

    class Meta:
        abstract = True

    @classmethod
    def shared_fields(cls) -> list[str]:
        return [field.name for field in RuleFields._meta.get_fields()]


class SyncRules(RuleFields):
    """A user's settings of the transfer. They hold for transfers from now on."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sync_rules")
    opens_in = models.CharField(max_length=16, choices=OpensIn, default=OpensIn.NEW_TAB)
    is_automatic = models.BooleanField(default=False)
    # Mail received before it goes behind what comes now, in the lane of older mail.
    switched_on_at = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    # Ids of followed folders; those that are followed later are taken.
    left_out_folders = models.JSONField(default=list, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    # Settings of the automat that their owner has not confirmed, as `sync/automatic.py` writes them; empty for none.
    proposal = models.JSONField(default=dict, blank=True)
    # What was skipped is looked at again, from the newest down: everything above `recheck_place` has been.
    is_rechecking = models.BooleanField(default=False)
    recheck_place = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user"], condition=Q(is_automatic=True), name="rules_automatic")]

    def __str__(self) -> str:
        return f"rules of user {self.user_id}"


class OrganisationRules(RuleFields):
    """The one row of what the administrator sets: defaults for everybody who is new, and locks for all."""

    # Names of fields whose value here holds for everybody, whatever they chose.
    locked_fields = models.JSONField(default=list, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("rules of the organisation")
        verbose_name_plural = _("rules of the organisation")

    def __str__(self) -> str:
        return str(_("rules of the organisation"))


class Mark(models.Model):
    """The word of a person or of a transfer about an e-mail of a mailbox. It outlives the connection of the mailbox."""

    class Value(models.TextChoices):
        SYNCED = "synced", _("synced")
        CLEARED = "cleared", _("cleared")

    class Source(models.TextChoices):
        PERSON = "person", _("by hand")
        TRANSFER = "transfer", _("by the transfer")

    home_account_id = models.CharField(max_length=120)
    email_key = models.CharField(max_length=255)
    variant = models.CharField(max_length=16, blank=True)
    value = models.CharField(max_length=16, choices=Value)
    source = models.CharField(max_length=16, choices=Source)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["home_account_id", "email_key", "variant"], name="one_mark_per_email")
        ]
        # Few in any mailbox, and the automat looks for them whatever their date.
        indexes = [models.Index(fields=["home_account_id"], condition=Q(value="cleared"), name="mark_cleared")]

    def __str__(self) -> str:
        return self.value


class ChosenLinkQuerySet(models.QuerySet["ChosenLink"]):
    def visible_to(self, user: User) -> ChosenLinkQuerySet:
        return self.filter(home_account_id__in=Mailbox.objects.visible_to(user).values("home_account_id"))

    def of(self, message: Message) -> ChosenLinkQuerySet:
        """The records chosen for this message's mail, in the order of choosing."""
        return self.filter(
            home_account_id=message.mailbox.home_account_id, email_key=message.email_key, variant=message.variant
        ).order_by("pk")


class ChosenLink(models.Model):
    """A person's word that an e-mail of a mailbox belongs with a record of CORIPO.

    It outlives the connection of the mailbox, as a mark does. Every transfer of the mail links it; whether that went well
    says CrmLink. `address` is whom the mail is from or to, so that the same choice can be offered for their next one.
    """

    home_account_id = models.CharField(max_length=120)
    email_key = models.CharField(max_length=255)
    variant = models.CharField(max_length=16, blank=True)
    module = models.CharField(max_length=40)
    record_id = models.CharField(max_length=36)
    name = models.CharField(max_length=300, blank=True)
    company = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=254, blank=True)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    chosen_at = models.DateTimeField()

    objects = ChosenLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["home_account_id", "email_key", "variant", "module", "record_id"], name="one_choice_per_record"
            )
        ]
        indexes = [models.Index("chosen_by", "address", models.F("id").desc(), name="chosen_for_address")]

    def __str__(self) -> str:
        return f"{self.module} {self.record_id}"


class CrmEmail(models.Model):
    """The one record in CORIPO for a mail. The row is the intent: its id is committed before the first write."""

    class Status(models.TextChoices):
        INTENDED = "intended", _("intended")
        EXISTS = "exists", _("exists")
        DELETED = "deleted", _("deleted in CORIPO")

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
    """The e-mail belongs with that contact or company."""

    crm_email = models.ForeignKey(CrmEmail, models.CASCADE, related_name="links")
    module = models.CharField(max_length=40)
    record_id = models.CharField(max_length=36)
    name = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome)
    cause = models.CharField(max_length=40, blank=True)
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


class TransferQuerySet(WorkItemQuerySet["Transfer"]):
    def visible_to(self, user: User) -> TransferQuerySet:
        return self.filter(mailbox__owner=user)


class Transfer(WorkItem):
    """A message's way into CORIPO. At most one is active for a message; the newest one tells how it went."""

    class Result(models.TextChoices):
        STORED = "stored", _("stored")
        NO_MATCH = "no_match", _("no match")
        SKIPPED = "skipped", _("skipped")

    message = models.ForeignKey(Message, models.CASCADE, related_name="transfers")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="transfers")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    result = models.CharField(max_length=16, choices=Result, blank=True)
    links_added = models.PositiveIntegerField(default=0)
    # The wish of this one transfer, where it differs from the rules: store although nobody matches.
    store_without_match = models.BooleanField(default=False)
    # Addresses that the mail does not name and a person took for those of its people, canonical.
    also_addresses = models.JSONField(default=list, blank=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message"], condition=Q(status__in=ACTIVE), name="one_active_transfer_per_message"
            )
        ]
        indexes = [
            # Mailbox by mailbox: what waits longest in each is its first row.
            models.Index(
                fields=["lane", "mailbox", "not_before", "id", "run"],
                condition=Q(status="queued"),
                name="transfer_turn",
            ),
            models.Index(fields=["lease_until"], condition=Q(status="claimed"), name="transfer_leased"),
            models.Index(fields=["message", "-id"], name="transfer_newest"),
            models.Index(fields=["claim"], name="transfer_claim"),
            # What became of a run is counted from the index alone; the second gives its speed and its newest results.
            models.Index(fields=["run", "status", "result", "cause"], name="transfer_of_run"),
            models.Index(fields=["run", "-finished_at"], name="transfer_of_run_finished"),
        ]

    def __str__(self) -> str:
        return f"transfer {self.pk}"

    @property
    def identity(self) -> tuple[str, str]:
        """Which mail it is, in whatever mailbox (apps/sync/states.py)."""
        return self.message.email_key, self.message.variant


class KnownAddress(models.Model):
    """What a user's own login found in CORIPO under an address, and when: the panel shows it at once and says how old it is."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    address = models.CharField(max_length=254)
    contacts = models.JSONField(default=list)
    looked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "known addresses"
        constraints = [models.UniqueConstraint(fields=["user", "address"], name="one_row_per_known_address")]

    def __str__(self) -> str:
        return f"{len(self.contacts)} contacts"
