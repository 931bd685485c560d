"""Connected mailboxes and their messages as last seen in Microsoft 365. Bodies stay there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.fields import EncryptedText

if TYPE_CHECKING:
    from apps.accounts.models import User


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def visible_to(self, user: User) -> MailboxQuerySet:
        return self.kept().filter(owner=user)

    def kept(self) -> MailboxQuerySet:
        """Without those that were disconnected: of them, rows are left that a worker clears away."""
        return self.exclude(status=Mailbox.Status.LEAVING)


class Mailbox(models.Model):
    """One connected Microsoft mailbox. It has one owner; nobody else sees its messages."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Connected")
        RECONNECT = "reconnect", _("Waiting for you")
        UNAVAILABLE = "unavailable", _("No mailbox")
        LEAVING = "leaving", _("Disconnected")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mailboxes")
    home_account_id = models.CharField(max_length=120, unique=True)
    address = models.CharField(max_length=254)
    display_name = models.CharField(max_length=200, blank=True)
    # Every address that is the owner's own, canonical: such people are never matched.
    own_addresses = models.JSONField(default=list)
    own_addresses_read_at = models.DateTimeField(null=True, blank=True)
    granted_scopes = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    status_since = models.DateTimeField()
    status_reason = models.CharField(max_length=60, blank=True)
    window_days = models.PositiveIntegerField(_("days of mail to load"), default=90)
    connected_at = models.DateTimeField()
    # When the folders are looked at next, by whom, and until when that carrier may be silent.
    next_look_at = models.DateTimeField()
    look_claim = models.UUIDField(null=True, blank=True)
    look_lease_until = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    # When the folder tree was read; None where the next look is to read it, whatever its age.
    folders_read_at = models.DateTimeField(null=True, blank=True)
    page_seen_at = models.DateTimeField(null=True, blank=True)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mailboxes"
        indexes = [models.Index(fields=["status", "next_look_at"], name="mailbox_due")]

    def __str__(self) -> str:
        return self.address


class MailboxToken(models.Model):
    """MSAL's cache of one connection, encrypted. A refresh is claimed by a lease, not by a lock across the network."""

    mailbox = models.OneToOneField(Mailbox, models.CASCADE, primary_key=True, related_name="token")
    cache = EncryptedText()
    generation = models.PositiveIntegerField(default=1)
    refresh_claim = models.UUIDField(null=True, blank=True)
    refresh_lease_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token of mailbox {self.mailbox_id}"

    def __repr__(self) -> str:
        return f"<MailboxToken {self.mailbox_id}>"


class OutlookCategory(models.Model):
    """What the owner of a mailbox wants of the category CORIPO in Outlook; there is no row before they have said so."""

    mailbox = models.OneToOneField(Mailbox, models.CASCADE, primary_key=True, related_name="category")
    # What is synced gets the category, which needs the consent to write.
    is_shown = models.BooleanField(default=False)
    # When Microsoft no longer allowed it: it went off by itself then, and the owner has not said a word on it since.
    refused_at = models.DateTimeField(null=True, blank=True)
    # What was synced before it was switched on is gone through by id; everything up to and with `place` has been.
    is_expanding = models.BooleanField(default=False)
    place = models.BigIntegerField(default=0)
    # The category is being taken from every message that the portal gave it to.
    is_removing = models.BooleanField(default=False)
    # From when on a category that somebody sets in Outlook means: sync this. None where it means nothing.
    taken_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "Outlook categories"

    def __str__(self) -> str:
        return f"category of mailbox {self.mailbox_id}"


class MailFolderQuerySet(models.QuerySet["MailFolder"]):
    def visible_to(self, user: User) -> MailFolderQuerySet:
        return self.filter(mailbox__owner=user).exclude(mailbox__status=Mailbox.Status.LEAVING)

    def followable(self) -> MailFolderQuerySet:
        """What a person can choose: folders that are there and that may hold mail for the CRM."""
        return self.filter(is_gone=False).exclude(kind__in=MailFolder.NEVER)


class MailFolder(models.Model):
    """A folder of the mailbox; `cursor` is Graph's link for what changed since, saved with the rows that it covers."""

    class Kind(models.TextChoices):
        INBOX = "inbox", _("Inbox")
        SENT = "sentitems", _("Sent")
        DRAFTS = "drafts", _("Drafts")
        DELETED = "deleteditems", _("Deleted")
        JUNK = "junkemail", _("Junk")
        OUTBOX = "outbox", _("Outbox")
        ARCHIVE = "archive", _("Archive")
        ORDINARY = "ordinary", _("Folder")

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="folders")
    graph_id = models.CharField(max_length=512)
    parent_graph_id = models.CharField(max_length=512, blank=True)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.ORDINARY)
    is_followed = models.BooleanField(default=False)
    # Whatever lies below a followed folder is followed as well, what comes there later included.
    with_subfolders = models.BooleanField(default=False)
    # Graph's number at the last reading of the tree; it counts reports and receipts as well.
    item_count = models.PositiveIntegerField(default=0)
    is_gone = models.BooleanField(default=False)
    cursor = models.TextField(blank=True)
    # A cursor answers in the shape of the request that began it; another selection begins a new one.
    cursor_shape = models.CharField(max_length=64, blank=True)
    # The number of the complete listing under way; what it has not seen at its end is looked up one by one.
    round = models.PositiveIntegerField(default=0)
    is_rechecking = models.BooleanField(default=False)
    newest_loaded_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = MailFolderQuerySet.as_manager()

    # Never followed, whatever a form says: drafts are not mail yet, junk and deleted mail nobody wants in the CRM.
    NEVER = (Kind.DRAFTS, Kind.DELETED, Kind.JUNK, Kind.OUTBOX)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "graph_id"], name="one_row_per_graph_folder")]

    def __str__(self) -> str:
        return self.name


class MessageState(models.TextChoices):
    """What a person reads about a message. Written by `sync` alone, in the transaction of the facts behind it."""

    NOT_SYNCED = "not_synced", _("Not synced")
    SYNCED = "synced", _("Synced")
    PARTIAL = "partial", _("Synced with errors")
    MARKED = "marked", _("Marked by hand")
    RESYNC = "resync", _("To be synced again")
    GONE = "gone", _("No longer in CORIPO")
    HIDDEN = "hidden", _("In CORIPO, no access")
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("In progress")
    FAILED = "failed", _("Error")
    NO_MATCH = "no_match", _("No match")
    SKIPPED = "skipped", _("Skipped")


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> MessageQuerySet:
        return self.filter(mailbox__owner=user).exclude(mailbox__status=Mailbox.Status.LEAVING)

    def present(self) -> MessageQuerySet:
        """Messages that are still in a followed folder of the mailbox."""
        return self.filter(gone_at=None, folder__is_followed=True, folder__is_gone=False)


class Message(models.Model):
    """One e-mail as last seen in Microsoft 365: headers and preview.

    `email_key` is the mail's identity over all mailboxes: the Message-ID without brackets, case-folded, or "sha256:…"
    over from, sent time, subject, To and Cc where that is missing or too long. `variant` tells different mails under
    one Message-ID apart and is empty for all but the second of them.
    """

    class Direction(models.TextChoices):
        RECEIVED = "received", _("Received")
        SENT = "sent", _("Sent")

    class Kind(models.TextChoices):
        MAIL = "mail", _("E-mail")
        MEETING = "meeting", _("Invitation or response")
        BOUNCE = "bounce", _("Report of non-delivery")
        AUTO_REPLY = "auto_reply", _("Automatic reply")
        BULK = "bulk", _("Newsletter or mailing list")
        ENCRYPTED = "encrypted", _("Encrypted")

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="messages")
    folder = models.ForeignKey(MailFolder, models.CASCADE, related_name="messages")
    graph_id = models.CharField(max_length=512)
    change_key = models.CharField(max_length=120, blank=True)
    internet_message_id = models.TextField(blank=True)
    email_key = models.CharField(max_length=255)
    variant = models.CharField(max_length=16, blank=True)
    conversation_id = models.CharField(max_length=255, blank=True)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.MAIL)
    # When its headers were read; until then `kind` is what a list can tell, and nothing is known of `is_private`.
    kind_read_at = models.DateTimeField(null=True, blank=True)
    direction = models.CharField(max_length=16, choices=Direction)
    subject = models.TextField(blank=True)
    preview = models.TextField(blank=True)
    sender_name = models.CharField(max_length=300, blank=True)
    sender_address = models.CharField(max_length=320, blank=True)
    received_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    is_read = models.BooleanField(default=True)
    has_attachments = models.BooleanField(default=False)
    is_private = models.BooleanField(default=False)
    web_link = models.TextField(blank=True)
    # The words of subject, people and preview in the form of `mailboxes/search.py`, which finds them.
    search_text = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=MessageState, default=MessageState.NOT_SYNCED)
    seen_round = models.PositiveIntegerField(default=0)
    # Left its folder according to a delta; from then on a look-up by id decides whether it moved or is gone.
    missing_since = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    # Whether it carries the category CORIPO, and up to which time of Graph's the portal itself knows that, by having written
    # or read it: what a listing tells of an earlier time is old. Then, since when a category that the owner set waits to be
    # taken for a wish (apps/sync/outlook_wishes.py).
    has_category = models.BooleanField(default=False)
    category_known_at = models.DateTimeField(null=True, blank=True)
    category_asked_at = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "graph_id"], name="one_row_per_graph_message")]
        indexes = [
            # A list is walked in the order of one of these for each direction, whatever is filtered beside a text.
            models.Index(
                "mailbox", "direction", models.F("received_at").desc(), models.F("id").desc(), name="message_list"
            ),
            models.Index(
                "folder", "direction", models.F("received_at").desc(), models.F("id").desc(), name="message_in_folder"
            ),
            models.Index(
                "mailbox",
                "state",
                "direction",
                models.F("received_at").desc(),
                models.F("id").desc(),
                name="message_by_state",
            ),
            models.Index(
                "folder",
                "state",
                "direction",
                models.F("received_at").desc(),
                models.F("id").desc(),
                name="message_in_folder_by_state",
            ),
            models.Index("email_key", "variant", name="message_identity"),
            models.Index("mailbox", "conversation_id", name="message_conversation", condition=~Q(conversation_id="")),
            models.Index("mailbox", name="message_missing", condition=Q(missing_since__isnull=False)),
            models.Index(
                fields=["category_asked_at", "id"],
                name="message_category_asked",
                condition=Q(category_asked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

    @property
    def identity(self) -> tuple[str, str]:
        """Which mail it is, in whatever mailbox."""
        return self.email_key, self.variant


class Participant(models.Model):
    """A person of a message: name and address as written, and the address in its canonical form ("" if it is none)."""

    class Role(models.TextChoices):
        FROM = "from", _("From")
        TO = "to", _("To")
        CC = "cc", _("Cc")
        BCC = "bcc", _("Bcc")

    message = models.ForeignKey(Message, models.CASCADE, related_name="participants")
    role = models.CharField(max_length=8, choices=Role)
    position = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=300, blank=True)
    written_address = models.CharField(max_length=400, blank=True)
    address = models.CharField(max_length=254, blank=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.role} of message {self.message_id}"
