"""The proof that nothing is missing: checks and what they found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.mailboxes.models import Mailbox, Message
from apps.sync.models.records import CrmEmail
from apps.sync.models.transfers import Transfer
from apps.work.models import ACTIVE, WorkItem, WorkItemQuerySet

if TYPE_CHECKING:
    from apps.accounts.models import User


class ReconciliationQuerySet(WorkItemQuerySet["Reconciliation"]):
    def visible_to(self, user: User) -> ReconciliationQuerySet:
        return self.filter(mailbox__owner=user).exclude(mailbox__status=Mailbox.Status.LEAVING)


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
    transfer = models.ForeignKey(Transfer, models.SET_NULL, null=True, related_name="+")
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
