"""The engine below sync and contacts: items of work as rows, runs, and limits that all processes share."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from apps.accounts.models import User

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


class Function(models.TextChoices):
    """What is asked of the messages of a run, or of its contacts."""

    SYNC = "sync", _("Sync e-mail")
    MARK = "mark", _("Mark as synced")
    UNMARK = "unmark", _("Mark as not synced")
    UNDO = "undo", _("Undo")
    CONTACTS = "contacts", _("Sync contact")


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: User) -> RunQuerySet:
        return self.filter(requested_by=user)

    def bulk(self) -> RunQuerySet:
        """Runs that a person would call one: asked for by a filter, or over more than one message."""
        return self.of_messages().filter(models.Q(matched__gt=1) | ~models.Q(wanted={}))

    def of_messages(self) -> RunQuerySet:
        """Without those over contacts, which have carriers and pages of their own."""
        return self.exclude(function=Function.CONTACTS)

    def standing(self) -> RunQuerySet:
        """Runs whose waiting items nobody takes: paused, or being taken back."""
        return self.filter(status__in=(Run.Status.PAUSED, Run.Status.CANCELLING))


class Run(models.Model):
    """What one person or rule asked for at once.

    A run by filter (`wanted` is not empty) is expanded portion by portion: everything up to and with `place` has been dealt
    with, and the counters say how. They are written in the transaction of the portion, so that they hold whenever it dies.
    """

    class Status(models.TextChoices):
        FORECASTING = "forecasting", _("Forecast is being made")
        READY = "ready", _("Waiting for you")
        EXPANDING = "expanding", _("In progress")
        RUNNING = "running", _("In progress")
        PAUSED = "paused", _("Paused")
        RETRYING = "retrying", _("In progress")
        CANCELLING = "cancelling", _("Being cancelled")
        CANCELLED = "cancelled", _("Cancelled")
        DONE = "done", _("Done")

    # A worker has something to do with these.
    TENDED = (Status.FORECASTING, Status.EXPANDING, Status.RUNNING, Status.RETRYING, Status.CANCELLING)
    ENDED = (Status.CANCELLED, Status.DONE)

    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="runs")
    function = models.CharField(max_length=16, choices=Function, default=Function.SYNC)
    lane = models.CharField(max_length=16, choices=Lane)
    status = models.CharField(max_length=16, choices=Status, default=Status.RUNNING)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    # Since when it has moved without a pause: what was finished before says nothing about the speed now.
    moving_since = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # The filter as its app wrote it, with the newest message that existed; empty where messages were picked one by one.
    wanted = models.JSONField(default=dict, blank=True)
    place = models.CharField(max_length=40, blank=True)
    is_expanded = models.BooleanField(default=False)
    # How many messages the filter was found to match, and what became of them when they were asked for.
    matched = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    already = models.PositiveIntegerField(default=0)
    taken_back = models.PositiveIntegerField(default=0)
    # Outcome: number. The forecast before, and the outcomes of the items as they stood at the end.
    forecast = models.JSONField(default=dict, blank=True)
    tally = models.JSONField(default=dict, blank=True)
    # Of a forecast, the first messages that will not become what was asked for: [id, cause].
    named = models.JSONField(default=list, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["requested_by", "-id"], name="run_newest"),
            models.Index(
                fields=["status"], condition=~models.Q(status__in=("done", "cancelled")), name="run_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    def count(self, asked: int, *, left_out: int = 0, already: int = 0) -> None:
        """Add what became of a portion; inside its transaction, with this row locked or not yet seen by anybody."""
        self.asked += asked
        self.left_out += left_out
        self.already += already
        self.save(update_fields=["asked", "left_out", "already"])


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


class Outage(models.Model):
    """A time that is over, in which nobody got an answer from `key`. `reason` is the code of the last trouble."""

    key = models.CharField(max_length=80)
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.CharField(max_length=40)

    class Meta:
        indexes = [models.Index(fields=["key", "until"], name="outage_of_key")]

    def __str__(self) -> str:
        return f"{self.key} from {self.since:%H:%M:%S} until {self.until:%H:%M:%S}"


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
