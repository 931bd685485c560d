"""Taking back what a transfer made in CORIPO: one item for each mail of a run of this kind."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.mailboxes.models import Message
from apps.sync.models.records import CrmEmail
from apps.work.models import ACTIVE, WorkItem, WorkItemQuerySet


class UndoingQuerySet(WorkItemQuerySet["Undoing"]):
    """Items, claimed and held as any work."""


class Undoing(WorkItem):
    """One mail whose transfer is taken back; `cause` says why something stays.

    `intended_at` is committed before the first delete: from then on the record is CrmEmail.Status.UNDOING, and what became
    of it is looked up before it is asked for again.
    """

    class Result(models.TextChoices):
        DELETED = "deleted", _("removed from CORIPO")
        UNLINKED = "unlinked", _("links taken off")
        KEPT = "kept", _("kept")

    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    crm_email = models.ForeignKey(CrmEmail, models.CASCADE, related_name="+")
    # The copy by which it is shown.
    message = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+")
    result = models.CharField(max_length=16, choices=Result, blank=True)
    intended_at = models.DateTimeField(null=True, blank=True)

    objects = UndoingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "crm_email"], name="one_undoing_per_run"),
            models.UniqueConstraint(
                fields=["crm_email"], condition=Q(status__in=ACTIVE), name="one_active_undoing_per_record"
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "requested_by", "not_before", "id"], condition=Q(status="queued"), name="undoing_turn"
            ),
            models.Index(fields=["lease_until"], condition=Q(status="claimed"), name="undoing_leased"),
            models.Index(fields=["claim"], name="undoing_claim"),
            models.Index(fields=["run", "status", "result", "cause"], name="undoing_of_run"),
        ]

    def __str__(self) -> str:
        return f"undoing {self.pk}"
