"""The way of a message into CORIPO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.mailboxes.models import Mailbox, Message
from apps.work.models import ACTIVE, WorkItem, WorkItemQuerySet

if TYPE_CHECKING:
    from apps.accounts.models import User


class TransferQuerySet(WorkItemQuerySet["Transfer"]):
    def visible_to(self, user: User) -> TransferQuerySet:
        return self.filter(mailbox__owner=user).exclude(mailbox__status=Mailbox.Status.LEAVING)


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
        CATEGORY = "category", _("category in Outlook")

    message = models.ForeignKey(Message, models.CASCADE, related_name="transfers")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="transfers")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    result = models.CharField(max_length=16, choices=Result, blank=True)
    links_added = models.PositiveIntegerField(default=0)
    # The wish of this one transfer, where it differs from the rules: store although nobody matches.
    store_without_match = models.BooleanField(default=False)
    # What the automat asked for, it may take back.
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.PERSON)
    # The mail was in CORIPO before and is missing there, or a person tries a failure again, or gave it the category in Outlook:
    # it was decided that it goes, so no rule of a lane leaves it out.
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
            models.Index(fields=["mailbox", "-finished_at"], condition=Q(status="done"), name="transfer_last_done"),
            models.Index(fields=["claim"], name="transfer_claim"),
            # What became of a run is counted from the index alone; the second gives its speed and its newest results.
            models.Index(fields=["run", "status", "result", "cause"], name="transfer_of_run"),
            models.Index(fields=["run", "-finished_at"], name="transfer_of_run_finished"),
        ]

    def __str__(self) -> str:
        return f"transfer {self.pk}"

    @property
    def identity(self) -> tuple[str, str]:
        """Which mail it carries (`Message.identity`)."""
        return self.message.identity
