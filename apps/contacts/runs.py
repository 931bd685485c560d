"""Runs over contacts: what several were asked for at once, what became of it, and what one may do with the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef
from django.utils.translation import ngettext, pgettext_lazy

from apps.accounts.models import User
from apps.contacts.causes import sentence_for
from apps.contacts.models import ContactTransfer, ContactTransferQuerySet
from apps.contacts.states import writing_facts
from apps.contacts.waking import wake_contact_carrier
from apps.work.models import ACTIVE, Function, Run, RunQuerySet, Status

PAGE_SIZE = 50
Result = ContactTransfer.Result


class Outcome(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("outcome of a run", "waiting")
    MOVING = "moving", pgettext_lazy("outcome of a run", "on their way")
    CREATED = "created", pgettext_lazy("outcome of a contact", "created in CORIPO")
    LINKED = "linked", pgettext_lazy("outcome of a contact", "linked")
    WRITTEN = "written", pgettext_lazy("outcome of a contact", "brought into step")
    IN_STEP = "in_step", pgettext_lazy("outcome of a contact", "in step already")
    CONFLICT = "conflict", pgettext_lazy("outcome of a contact", "differ")
    ASKING = "asking", pgettext_lazy("outcome of a contact", "need your choice")
    SKIPPED = "skipped", pgettext_lazy("outcome of a run", "skipped")
    FAILED = "failed", pgettext_lazy("outcome of a run", "errors")


_BY_STATUS = {
    Status.QUEUED: Outcome.WAITING,
    Status.CLAIMED: Outcome.MOVING,
    Status.FAILED: Outcome.FAILED,
}


@dataclass(frozen=True, slots=True)
class ContactRun:
    """A run with its outcomes; `done` of `total` contacts have theirs."""

    run: Run
    title: str
    parts: tuple[tuple[Outcome, int], ...]
    done: int
    total: int
    failures: int

    @property
    def percent(self) -> int:
        return min(100, self.done * 100 // self.total) if self.total else 100

    @property
    def is_moving(self) -> bool:
        return self.run.status in (Run.Status.RUNNING, Run.Status.CANCELLING)

    @property
    def may_pause(self) -> bool:
        return self.run.status == Run.Status.RUNNING and self.done < self.total

    @property
    def may_resume(self) -> bool:
        return self.run.status == Run.Status.PAUSED

    @property
    def may_cancel(self) -> bool:
        return self.may_pause or self.may_resume

    @property
    def may_retry(self) -> bool:
        return bool(self.failures) and self.run.status in Run.ENDED

    @property
    def may_undo(self) -> bool:
        return self.run.status in Run.ENDED and any(
            outcome in (Outcome.CREATED, Outcome.LINKED, Outcome.WRITTEN) for outcome, _count in self.parts
        )


@dataclass(frozen=True, slots=True)
class ContactResult:
    transfer: ContactTransfer
    outcome: Outcome
    why: str


def runs_of(user: User) -> RunQuerySet:
    """The person's runs over contacts, the newest first."""
    return Run.objects.visible_to(user).filter(function=Function.CONTACTS).order_by("-pk")


def shown_runs(runs: Iterable[Run]) -> list[ContactRun]:
    """One query for all of them."""
    runs = list(runs)
    counted: dict[int, Counter[Outcome]] = {run.pk: Counter() for run in runs}
    rows = ContactTransfer.objects.filter(run__in=runs).values_list("run", "status", "result").annotate(Count("pk"))
    for run_id, status, result, count in rows.order_by():
        counted[run_id][outcome_of(status, result)] += count
    return [_shown(run, counted[run.pk]) for run in runs]


def results_of(run: Run, *, outcome: str = "", after: int = 0) -> tuple[list[ContactResult], int]:
    """A page of what became of each contact, and where the next one begins (0: nowhere)."""
    found = ContactTransfer.objects.filter(run=run, pk__gt=after).select_related("contact").order_by("pk")
    if outcome in Outcome.values:
        found = found.filter(**_columns(Outcome(outcome)))
    page = list(found[: PAGE_SIZE + 1])
    shown = [
        ContactResult(item, outcome_of(item.status, item.result), sentence_for(item.cause) if item.cause else "")
        for item in page[:PAGE_SIZE]
    ]
    return shown, page[PAGE_SIZE - 1].pk if len(page) > PAGE_SIZE else 0


def outcome_of(status: str, result: str) -> Outcome:
    return _BY_STATUS.get(Status(status)) or Outcome(result or Outcome.SKIPPED)


def end_finished_runs(*, at: datetime) -> int:
    """Close runs of which nothing is under way any more. Returns how many."""
    active = ContactTransfer.objects.filter(run=OuterRef("pk"), status__in=ACTIVE)
    idle = Run.objects.filter(function=Function.CONTACTS).exclude(status__in=Run.ENDED).exclude(Exists(active))
    ended = idle.exclude(status=Run.Status.CANCELLING).update(status=Run.Status.DONE, ended_at=at)
    return ended + idle.filter(status=Run.Status.CANCELLING).update(status=Run.Status.CANCELLED, ended_at=at)


def pause(run: Run) -> bool:
    """Nothing of the run is taken from now on; what is under way finishes."""
    return bool(_own(run, Run.Status.RUNNING).update(status=Run.Status.PAUSED))


def resume(run: Run, *, at: datetime) -> bool:
    with transaction.atomic():
        resumed = _own(run, Run.Status.PAUSED).update(status=Run.Status.RUNNING, moving_since=at)
        wake_contact_carrier(run.lane)
    return bool(resumed)


def cancel(run: Run, *, at: datetime) -> bool:
    """Take back what nobody has had in hand; of the rest something may have been written, and it finishes."""
    with transaction.atomic():
        cancelled = _own(run, Run.Status.RUNNING, Run.Status.PAUSED).update(status=Run.Status.CANCELLING)
        waiting = ContactTransfer.objects.filter(run=run, status=Status.QUEUED, attempts=0)
        with writing_facts(pk for pk in waiting.values_list("contact", flat=True) if pk):
            waiting.update(status=Status.DONE, result=Result.SKIPPED, cause="taken_back", finished_at=at, not_before=at)
    end_finished_runs(at=at)
    return bool(cancelled)


def retry(run: Run, *, at: datetime) -> bool:
    """Try again what failed, unless somebody has asked for it since. False where nothing of that kind is left."""
    newer = ContactTransfer.objects.filter(contact=OuterRef("contact"), pk__gt=OuterRef("pk"))
    with transaction.atomic():
        failed: ContactTransferQuerySet = ContactTransfer.objects.filter(run=run, status=Status.FAILED)
        pks = list(failed.exclude(Exists(newer)).values_list("pk", "contact"))
        if not pks or not _own(run, *Run.ENDED).update(status=Run.Status.RUNNING, moving_since=at, ended_at=None):
            return False
        with writing_facts(contact for _pk, contact in pks if contact):
            ContactTransfer.objects.filter(pk__in=[pk for pk, _contact in pks], status=Status.FAILED).update(
                status=Status.QUEUED, failures=0, crashes=0, not_before=at, finished_at=None, cause="", detail=""
            )
        wake_contact_carrier(run.lane)
    return True


def _own(run: Run, *statuses: Run.Status) -> RunQuerySet:
    return Run.objects.filter(pk=run.pk, function=Function.CONTACTS, status__in=statuses)


def _columns(outcome: Outcome) -> dict[str, str]:
    for status, of_status in _BY_STATUS.items():
        if of_status == outcome:
            return {"status": status}
    return {"status": Status.DONE, "result": outcome.value}


def _shown(run: Run, counted: Counter[Outcome]) -> ContactRun:
    under_way = counted[Outcome.WAITING] + counted[Outcome.MOVING]
    total = counted.total()
    title = ngettext("Sync of %(count)s contact", "Sync of %(count)s contacts", total) % {"count": total}
    return ContactRun(
        run=run,
        title=title,
        parts=tuple((outcome, counted[outcome]) for outcome in Outcome if counted[outcome]),
        done=total - under_way,
        total=total,
        failures=counted[Outcome.FAILED],
    )
