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


class NoMatchLater(models.TextChoices):
    SYNC = "sync", _("Sync the waiting e-mails by themselves")
    OFFER = "offer", _("Offer them in the list")


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
    no_match_later = models.CharField(max_length=16, choices=NoMatchLater, default=NoMatchLater.SYNC)
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
        """What was said of this message's mail, in that order."""
        return self.filter(
            home_account_id=message.mailbox.home_account_id, email_key=message.email_key, variant=message.variant
        ).order_by("pk")

    def wanted(self) -> ChosenLinkQuerySet:
        """The records that belong with their mails."""
        return self.filter(belongs=True)


class ChosenLink(models.Model):
    """A person's word that an e-mail of a mailbox belongs with a record of CORIPO, or does not belong with it.

    It outlives the connection of the mailbox, as a mark does. Every transfer of the mail links it, or leaves it out although
    an address matches; whether a link was made says CrmLink. `address` is whom the mail is from or to, so that the same
    choice can be offered for their next one.
    """

    home_account_id = models.CharField(max_length=120)
    email_key = models.CharField(max_length=255)
    variant = models.CharField(max_length=16, blank=True)
    module = models.CharField(max_length=40)
    record_id = models.CharField(max_length=36)
    name = models.CharField(max_length=300, blank=True)
    company = models.CharField(max_length=300, blank=True)
    belongs = models.BooleanField(default=True)
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


class ConversationLinkQuerySet(models.QuerySet["ConversationLink"]):
    def visible_to(self, user: User) -> ConversationLinkQuerySet:
        return self.filter(home_account_id__in=Mailbox.objects.visible_to(user).values("home_account_id"))

    def of_conversation(self, message: Message) -> ConversationLinkQuerySet:
        """The records chosen for later mails of this message's conversation, in the order of choosing."""
        if not message.conversation_id:
            return self.none()
        return self.filter(
            home_account_id=message.mailbox.home_account_id, conversation_id=message.conversation_id
        ).order_by("pk")


class ConversationLink(models.Model):
    """A person's word that a mail and those of its conversation that arrive after it belong with a record as well.

    A transfer of such a mail makes a ChosenLink of it (apps/sync/conversations.py). It outlives the connection of the
    mailbox, too. `since` is when the mail arrived for which it was said.
    """

    home_account_id = models.CharField(max_length=120)
    conversation_id = models.CharField(max_length=255)
    module = models.CharField(max_length=40)
    record_id = models.CharField(max_length=36)
    name = models.CharField(max_length=300, blank=True)
    company = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    chosen_at = models.DateTimeField()

    objects = ConversationLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["home_account_id", "conversation_id", "module", "record_id"], name="one_choice_per_conversation"
            )
        ]

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


class ReconciliationQuerySet(WorkItemQuerySet["Reconciliation"]):
    def visible_to(self, user: User) -> ReconciliationQuerySet:
        return self.filter(mailbox__owner=user)


class Reconciliation(WorkItem):
    """One check of a mailbox that nothing is missing: planned, claimed like any work, and afterwards the proof of it.

    `stage` and `position` (the id up to which the stage's rows are checked) say where the next carrier goes on. `states`
    tells how many of the rows `here` were in which state at the end; `in_microsoft` counts the messages that they are of.
    """

    class Stage(models.TextChoices):
        MAILBOX = "mailbox", _("Comparing with Microsoft 365")
        ROWS = "rows", _("Checking the portal's own records")
        CORIPO = "coripo", _("Comparing with CORIPO")
        REPAIR = "repair", _("Repairing")

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="reconciliations")
    # Nobody for the one of every night.
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.MAILBOX)
    position = models.BigIntegerField(default=0)
    has_opened_repair = models.BooleanField(default=False)
    in_microsoft = models.PositiveIntegerField(default=0)
    here = models.PositiveIntegerField(default=0)
    records_checked = models.PositiveIntegerField(default=0)
    states = models.JSONField(default=dict)

    objects = ReconciliationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox"], condition=Q(status__in=ACTIVE), name="one_open_reconciliation_per_mailbox"
            )
        ]
        indexes = [models.Index(fields=["mailbox", "-finished_at"], name="reconciliation_newest")]

    def __str__(self) -> str:
        return f"reconciliation {self.pk}"


class Finding(models.Model):
    """One thing that a reconciliation found to differ, and what became of it."""

    class Kind(models.TextChoices):
        ROW_LOST = "row_lost", _("The portal did not know the e-mail")
        MESSAGE_LEFT = "message_left", _("The e-mail had left its folder unnoticed")
        STATE_WRONG = "state_wrong", _("The portal showed a state that did not hold")
        TRANSFER_STRANDED = "transfer_stranded", _("A transfer was held by nobody")
        RECORD_FORGOTTEN = "record_forgotten", _("The portal did not know its record in CORIPO")
        RECORD_LOST = "record_lost", _("Its record was missing in CORIPO")
        RECORD_DELETED = "record_deleted", _("Somebody deleted its record in CORIPO")
        RECORD_UNSEEN = "record_unseen", _("Your login does not see its record in CORIPO")
        RECORD_DOUBLED = "record_doubled", _("CORIPO has more than one record of it")
        LINKS_LOST = "links_lost", _("Links were missing in CORIPO")
        FILES_LOST = "files_lost", _("Attachments were missing in CORIPO")

    class Outcome(models.TextChoices):
        UNDER_WAY = "under_way", _("Being repaired")
        REPAIRED = "repaired", _("Repaired")
        LEFT = "left", _("Left as it is")

    reconciliation = models.ForeignKey(Reconciliation, models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=24, choices=Kind)
    # What it is about, so that a repeated step names nothing twice: an id of Graph's or of ours.
    key = models.CharField(max_length=512)
    # Of a mail with lost files, the ids of their Notes.
    note_ids = models.JSONField(default=list)
    subject = models.CharField(max_length=300, blank=True)
    message = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+")
    crm_email = models.ForeignKey(CrmEmail, models.SET_NULL, null=True, related_name="+")
    transfer = models.ForeignKey("Transfer", models.SET_NULL, null=True, related_name="+")
    outcome = models.CharField(max_length=16, choices=Outcome)
    # Why it was left: a word of causes.SENTENCES.
    reason = models.CharField(max_length=40, blank=True)
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reconciliation", "kind", "key"], name="one_finding_per_difference")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.outcome}"


class TransferQuerySet(WorkItemQuerySet["Transfer"]):
    def visible_to(self, user: User) -> TransferQuerySet:
        return self.filter(mailbox__owner=user)


class Transfer(WorkItem):
    """A message's way into CORIPO. At most one is active for a message; the newest one tells how it went."""

    class Result(models.TextChoices):
        STORED = "stored", _("stored")
        NO_MATCH = "no_match", _("no match")
        SKIPPED = "skipped", _("skipped")

    class Origin(models.TextChoices):
        PERSON = "person", _("by hand")
        AUTOMAT = "automat", _("automatic")
        REMATCH = "rematch", _("somebody appeared in CORIPO")
        PROOF = "proof", _("missing in CORIPO")

    message = models.ForeignKey(Message, models.CASCADE, related_name="transfers")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="transfers")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    result = models.CharField(max_length=16, choices=Result, blank=True)
    links_added = models.PositiveIntegerField(default=0)
    # The wish of this one transfer, where it differs from the rules: store although nobody matches.
    store_without_match = models.BooleanField(default=False)
    # What the automat asked for, it may take back.
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.PERSON)
    # The mail was in CORIPO before and is missing there, or a person tries a failure again: it was decided that it goes, so
    # no rule of a lane leaves it out.
    is_repair = models.BooleanField(default=False)
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
