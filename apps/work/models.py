"""The engine below sync and contacts: items of work as rows, runs, and limits that all processes share."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

POISON_CRASHES = 3


class Lane(models.TextChoices):
    INTERACTIVE = "interactive", _("by hand")
    AUTOMATIC = "automatic", _("automatic")
    BACKFILL = "backfill", _("older mail")


class Status(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    CLAIMED = "claimed", _("In progress")
    DONE = "done", _("Done")
    FAILED = "failed", _("Error")


ACTIVE = (Status.QUEUED, Status.CLAIMED)


class Run(models.Model):
    """What one person or rule asked for at once."""

    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="runs")
    lane = models.CharField(max_length=16, choices=Lane)
    requested_at = models.DateTimeField()
    asked = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"run {self.pk}"


Item = TypeVar("Item", bound="WorkItem")


class WorkItemQuerySet(models.QuerySet[Item]):
    """Claiming, keeping and giving back items. Who holds a claim says so in every write: a late writer changes nothing."""

    def due(self, *, lane: str, at: datetime) -> WorkItemQuerySet[Item]:
        return self.filter(status=Status.QUEUED, lane=lane, not_before__lte=at)

    def active(self) -> WorkItemQuerySet[Item]:
        return self.filter(status__in=ACTIVE)

    def claim(self, *, size: int, lease_until: datetime) -> tuple[UUID, list[int]]:
        """Take up to `size` of these rows, the oldest first, and return the claim with their ids.

        An empty answer says nothing about what is left: another claimer may hold the locks. Ask `due().exists()`.
        """
        claim = uuid4()
        with transaction.atomic():
            waiting = self.order_by("pk")
            if connection.features.has_select_for_update_skip_locked:
                waiting = waiting.select_for_update(skip_locked=True)
            pks = list(waiting.values_list("pk", flat=True)[:size])
            self.model._default_manager.filter(pk__in=pks, status=Status.QUEUED).update(
                status=Status.CLAIMED, claim=claim, lease_until=lease_until, attempts=F("attempts") + 1
            )
        return claim, pks

    def held(self, claim: UUID) -> WorkItemQuerySet[Item]:
        return self.filter(status=Status.CLAIMED, claim=claim)

    def renew(self, claim: UUID, *, lease_until: datetime) -> int:
        """Keep the claim longer; the number of rows that are still ours."""
        return self.held(claim).update(lease_until=lease_until)

    def give_back_expired(self, *, at: datetime) -> int:
        """Return rows whose carrier fell silent; those that silenced their third one are set aside as poison."""
        expired = self.filter(status=Status.CLAIMED, lease_until__lt=at)
        poison = expired.filter(crashes__gte=POISON_CRASHES).update(
            status=Status.FAILED, cause="poison", claim=None, lease_until=None, finished_at=at
        )
        returned = expired.update(status=Status.QUEUED, claim=None, lease_until=None, not_before=at)
        return poison + returned


class WorkItem(models.Model):
    """One wish as a row: the queue is the table, a Celery message only wakes.

    `attempts` counts claims; `failures` the tries that ended in trouble, for the back-off. `crashes` is raised before the one
    step in which an item can bring its carrier down (foreign bytes are parsed) and set back after it, so that what stands
    there after a silence is the item's own doing: a carrier that was killed elsewhere blames nobody.
    """

    status = models.CharField(max_length=16, choices=Status, default=Status.QUEUED)
    lane = models.CharField(max_length=16, choices=Lane)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="+")
    queued_at = models.DateTimeField()
    not_before = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0)
    cause = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


class Slot(models.Model):
    """One place in a limit that all processes share, for example one of Graph's four requests in flight of a mailbox."""

    key = models.CharField(max_length=80)
    number = models.PositiveSmallIntegerField()
    holder = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "number"], name="one_row_per_slot")]

    def __str__(self) -> str:
        return f"{self.key} #{self.number}"


class Fence(models.Model):
    """Nobody calls `key` before `until`: the service asked for quiet, or does not answer.

    After it one `prober` tries, and `until` is then the end of its lease.
    """

    key = models.CharField(max_length=80, unique=True)
    until = models.DateTimeField()
    since = models.DateTimeField()
    reason = models.CharField(max_length=40)
    strikes = models.PositiveIntegerField(default=0)
    prober = models.UUIDField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.key} until {self.until:%H:%M:%S}"


class Pace(models.Model):
    """How many may be at work at `key` at once: what the service bears, as found by trying (apps/work/pace.py)."""

    key = models.CharField(max_length=80, unique=True)
    width = models.PositiveSmallIntegerField()
    # Good turns since the width last changed.
    good_turns = models.PositiveSmallIntegerField(default=0)
    # Its quickest answer of late.
    usual_seconds = models.FloatField(null=True)
    narrowed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.key} {self.width} at once"
