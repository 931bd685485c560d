"""Runs over contacts: counted, steered and ended by the rows of their transfers. All of them are asked for at once, so there is
nothing to foresee and nothing to expand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef

from apps.contacts.models import ContactTransfer, ContactTransferQuerySet
from apps.contacts.states import CHUNK, writing_facts
from apps.contacts.waking import wake_contact_carrier
from apps.crm.portions import portions
from apps.sync.outcomes import RunOutcome
from apps.work.models import Function, Run, RunQuerySet, Status

_OF_STATUS = {
    Status.QUEUED: RunOutcome.WAITING,
    Status.CLAIMED: RunOutcome.MOVING,
    Status.FAILED: RunOutcome.FAILED,
}
_OF_RESULT = {
    ContactTransfer.Result.IN_STEP: RunOutcome.IN_STEP,
    ContactTransfer.Result.CREATED: RunOutcome.CREATED,
    ContactTransfer.Result.LINKED: RunOutcome.LINKED,
    ContactTransfer.Result.WRITTEN: RunOutcome.WRITTEN,
    ContactTransfer.Result.CONFLICT: RunOutcome.DIFFERS,
    ContactTransfer.Result.ASKING: RunOutcome.ASKING,
    ContactTransfer.Result.SKIPPED: RunOutcome.SKIPPED,
}


def contact_tallies(runs: Iterable[Run]) -> dict[int, Counter[str]]:
    """The outcomes of each run over contacts among these: of one that ended as they stood then, of all others counted now, in
    one query."""
    of_contacts = [run for run in runs if run.function == Function.CONTACTS]
    found: dict[int, Counter[str]] = {run.pk: Counter(run.tally) for run in of_contacts}
    going = {run.pk: run for run in of_contacts if run.status not in Run.ENDED}
    if going:
        rows = ContactTransfer.objects.filter(run__in=list(going)).values_list("run", "status", "result")
        for run_id, status, result, count in rows.annotate(count=Count("pk")).order_by():
            found[run_id][_OF_STATUS.get(Status(status)) or _OF_RESULT.get(result, RunOutcome.IN_STEP)] += count
    for pk, run in going.items():
        found[pk].update({RunOutcome.ELSEWHERE: run.already, RunOutcome.TAKEN_BACK: run.taken_back})
        found[pk] = +found[pk]
    return found


def has_contact_runs_to_tend() -> bool:
    return _to_tend().exists()


def tend_contact_runs(*, at: datetime) -> None:
    """Take back what was cancelled, ask again for what failed, and end the runs of which nothing is under way."""
    for run in _to_tend().order_by("pk"):
        if run.status == Run.Status.CANCELLING:
            _take_back(run)
        elif run.status == Run.Status.RETRYING:
            _ask_again(run, at=at)
        if not ContactTransfer.objects.active().filter(run=run).exists():
            _end(run, at=at)


def retry_failed_contacts(run: Run, *, at: datetime) -> bool:
    """Try again what failed, unless somebody has asked for it since. False where nothing of that kind is left."""
    if not _failures_of(run).exists():
        return False
    tried = Run.objects.filter(pk=run.pk, status__in=(Run.Status.RUNNING, *Run.ENDED)).update(
        status=Run.Status.RETRYING, moving_since=at, ended_at=None, tally={}
    )
    if tried:
        tend_contact_runs(at=at)
    return bool(tried)


def _to_tend() -> RunQuerySet:
    active = ContactTransfer.objects.active().filter(run=OuterRef("pk"))
    own = Run.objects.filter(function=Function.CONTACTS)
    turning = own.filter(status__in=(Run.Status.CANCELLING, Run.Status.RETRYING))
    return turning | own.filter(~Exists(active), status__in=(Run.Status.RUNNING, Run.Status.PAUSED))


def _take_back(run: Run) -> None:
    """What nobody has had in hand. The rest goes on: something of it may have been written."""
    untouched = ContactTransfer.objects.filter(run=run, status=Status.QUEUED, attempts=0)
    for part in portions(list(untouched.values_list("pk", "contact")), most=CHUNK):
        with writing_facts(contact for _pk, contact in part if contact is not None):
            _total, by_model = untouched.filter(pk__in=[pk for pk, _contact in part]).delete()
            taken = by_model.get(ContactTransfer._meta.label, 0)
            Run.objects.filter(pk=run.pk).update(taken_back=F("taken_back") + taken)


def _ask_again(run: Run, *, at: datetime) -> None:
    failed = dict(_failures_of(run).values_list("pk", "contact"))
    for part in portions(failed.items(), most=CHUNK):
        with writing_facts(contact for _pk, contact in part if contact is not None):
            _failures_of(run).filter(pk__in=[pk for pk, _contact in part]).update(
                status=Status.QUEUED, failures=0, crashes=0, not_before=at, finished_at=None, cause="", detail=""
            )
    Run.objects.filter(pk=run.pk, status=Run.Status.RETRYING).update(status=Run.Status.RUNNING)
    wake_contact_carrier(run.lane)


def _failures_of(run: Run) -> ContactTransferQuerySet:
    newer = ContactTransfer.objects.filter(contact=OuterRef("contact"), pk__gt=OuterRef("pk"))
    return ContactTransfer.objects.filter(~Exists(newer), run=run, status=Status.FAILED)


def _end(run: Run, *, at: datetime) -> None:
    run = Run.objects.get(pk=run.pk)
    status = Run.Status.CANCELLED if run.status == Run.Status.CANCELLING else Run.Status.DONE
    tally = dict(contact_tallies([run])[run.pk])
    Run.objects.filter(pk=run.pk, status=run.status).update(status=status, tally=tally, ended_at=at)
