"""What workers do for runs: forecast, expand, take back, try again, end. Portion by portion, each in one transaction with
the place where it stopped, so that whoever comes after a kill goes on there and asks for nothing twice."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from apps.core.clock import now
from apps.mailboxes.models import Message
from apps.sync.claiming import has_begun
from apps.sync.facts import Because
from apps.sync.forecasting import foresee
from apps.sync.listing import Cursor, MessageFilter, older_messages
from apps.sync.models import Mark, Rule, Transfer, TransferQuerySet, Undoing
from apps.sync.outcomes import tallies
from apps.sync.states import writing_facts
from apps.sync.undo_portions import MOST_NAMED, foresee_undo, queue_portion
from apps.sync.undo_scope import undone_run
from apps.sync.waking import wake_carrier, wake_undoer
from apps.sync.wishes import identities, own_messages, queue_messages, set_marks
from apps.work.limits import LimitReached, slot
from apps.work.models import Function, Run, RunQuerySet, Status

log = logging.getLogger(__name__)

PORTION = 500


def wanted_of(run: Run) -> MessageFilter:
    """The filter that the run was asked for with."""
    return MessageFilter(**run.wanted)


def stored_filter(wanted: MessageFilter) -> dict[str, object]:
    return asdict(wanted)


def has_runs_to_tend() -> bool:
    return Run.objects.of_messages().filter(status__in=Run.TENDED).exists() or _finished().exists()


def tend_runs(*, until: datetime) -> bool:
    """Take all runs forward, a portion of each in turn, until nothing is to be done or the time is up.

    One worker at a time for the runs of one person. Returns whether there is more to do at once. Never raises for trouble
    of one run: that is logged, and the run is tried again at the next turn.
    """
    end_finished_runs(at=now())
    broken: set[int] = set()
    while True:
        moved = False
        unfinished = Run.objects.of_messages().filter(status__in=Run.TENDED).exclude(status=Run.Status.RUNNING)
        for run in unfinished.exclude(pk__in=broken).order_by("pk"):
            if now() >= until:
                return True
            try:
                with slot(f"runs:{run.requested_by_id}", (1,)):
                    moved = tend(run.pk, at=now()) or moved
            except LimitReached:
                continue
            except Exception:
                # A fault of ours, seen in the logs; the runs of others are not held up by it.
                log.exception("run broke off", extra={"run_id": run.pk})
                broken.add(run.pk)
        if not moved:
            return False


def tend(pk: int, *, at: datetime) -> bool:
    """Take one run a portion forward. Returns whether anything was left to do."""
    run = Run.objects.filter(pk=pk).first()
    if run is None:
        return False
    if run.status == Run.Status.FORECASTING:
        return _forecast(run, at=at)
    step = _STEPS.get(Run.Status(run.status))
    if step is None:
        return False
    with transaction.atomic():
        # The run before its messages; nobody locks it after them.
        held = Run.objects.select_for_update(no_key=True).filter(pk=pk, status=run.status).first()
        return step(held, at) if held else False


def end_finished_runs(*, at: datetime) -> int:
    """Close the runs of which nothing is under way any more, with their outcomes as they stand. Returns how many."""
    finished = list(_finished())
    for run in finished:
        _end(run, Run.Status.DONE, at=at)
    return len(finished)


def _finished() -> RunQuerySet:
    """Runs of which nothing is under way. One may be paused when its last transfers are: then nothing is left to resume."""
    active = Transfer.objects.active().filter(run=OuterRef("pk"))
    undoing = Undoing.objects.active().filter(run=OuterRef("pk"))
    whole = Q(status=Run.Status.RUNNING) | Q(status=Run.Status.PAUSED, is_expanded=True)
    return Run.objects.of_messages().filter(whole).exclude(Exists(active)).exclude(Exists(undoing))


def _forecast(run: Run, *, at: datetime) -> bool:
    if run.function == Function.UNDO:
        return _forecast_undo(run)
    wanted = wanted_of(run)
    messages = older_messages(run.requested_by, wanted, Cursor.parse(run.place), most=PORTION)
    counted = Counter(run.forecast) + foresee(messages, run, at=at, is_repair=wanted.is_for_failures)
    is_complete = len(messages) < PORTION
    # CORIPO was asked without a lock: if another one was faster, or the run has begun, this portion is theirs.
    unchanged = Run.objects.filter(pk=run.pk, status=Run.Status.FORECASTING, place=run.place)
    unchanged.update(
        forecast=dict(counted),
        place="" if is_complete else _place(messages),
        **({"status": Run.Status.READY, "matched": counted.total()} if is_complete else {}),
    )
    return True


def _forecast_undo(run: Run) -> bool:
    counted, named, portion = foresee_undo(run)
    counted += Counter(run.forecast)
    unchanged = Run.objects.filter(pk=run.pk, status=Run.Status.FORECASTING, place=run.place)
    unchanged.update(
        forecast=dict(counted),
        named=[*run.named, *named][:MOST_NAMED],
        place="" if portion.is_last else portion.place,
        **({"status": Run.Status.READY, "matched": counted.total()} if portion.is_last else {}),
    )
    return True


def _expand_undo(run: Run, at: datetime) -> bool:
    undone = undone_run(run)
    if undone is not None and undone.status not in Run.ENDED:
        # What waits of it is cancelled first, and what is on its way finishes; a later round comes back.
        return False
    portion = queue_portion(run, at=at)
    run.place = portion.place
    if portion.is_last:
        run.is_expanded, run.status, run.matched = True, Run.Status.RUNNING, run.asked + run.already
    run.save(update_fields=["place", "is_expanded", "status", "matched"])
    wake_undoer(run.lane)
    return True


def _expand(run: Run, at: datetime) -> bool:
    if run.function == Function.UNDO:
        return _expand_undo(run, at)
    wanted = wanted_of(run)
    messages = older_messages(run.requested_by, wanted, Cursor.parse(run.place), most=PORTION)
    pks = [message.pk for message in messages]
    if run.function == Function.SYNC:
        chosen = own_messages(pks, run.requested_by)
        with writing_facts(identities(chosen)):
            # Every row of the run bears the time at which it was asked for, whenever a worker came to it.
            queued = queue_messages(
                list(chosen),
                run=run,
                at=run.started_at or at,
                leave_out_marked=True,
                is_repair=wanted.is_for_failures,
            )
        run.count(queued.new + queued.raised, left_out=queued.left_out_marked, already=queued.elsewhere)
        wake_carrier(run.lane)
    else:
        value = Mark.Value.SYNCED if run.function == Function.MARK else Mark.Value.CLEARED
        changed = set_marks(pks, value, user=run.requested_by, at=at)
        run.count(changed, already=len(pks) - changed)
    if messages:
        run.place = _place(messages)
    if len(messages) < PORTION:
        run.is_expanded, run.status = True, Run.Status.RUNNING
        run.matched = run.asked + run.left_out + run.already
    run.save(update_fields=["place", "is_expanded", "status", "matched"])
    if run.is_expanded and run.function != Function.SYNC:
        _end(run, Run.Status.DONE, at=at)
    return True


def _take_back(run: Run, at: datetime) -> bool:
    # Of an undo, what was not intended yet: the rest is looked up and finishes.
    untouched = Undoing.objects.filter(run=run, status=Status.QUEUED, intended_at=None)
    if run.function == Function.UNDO:
        run.taken_back += untouched.delete()[0]
        run.save(update_fields=["taken_back"])
        if not Undoing.objects.active().filter(run=run).exists():
            _end(run, Run.Status.CANCELLED, at=at)
        return False
    untouched_transfers = Transfer.objects.filter(~has_begun(), run=run, status=Status.QUEUED)
    queued = _portion(untouched_transfers)
    if queued:
        because = Because(Rule.TAKEN_BACK, actor=run.requested_by_id, run=run.pk)
        with writing_facts(((key, variant) for _pk, key, variant in queued), because=because):
            # Rows and not a word in them: the messages are again what they were before.
            still = untouched_transfers.filter(pk__in=[pk for pk, _key, _variant in queued])
            _total, by_model = Transfer.objects.filter(pk__in=list(still.values_list("pk", flat=True))).delete()
        run.taken_back += by_model.get(Transfer._meta.label, 0)
        run.save(update_fields=["taken_back"])
        return True
    if not Transfer.objects.active().filter(run=run).exists():
        _end(run, Run.Status.CANCELLED, at=at)
    # What is under way finishes, also what waits half-way; a later round comes back for the end.
    wake_carrier(run.lane)
    return False


def _retry(run: Run, at: datetime) -> bool:
    if run.function == Function.UNDO:
        Undoing.objects.filter(run=run, status=Status.FAILED).update(
            status=Status.QUEUED, failures=0, crashes=0, not_before=at, finished_at=None, cause="", detail=""
        )
        run.status = Run.Status.RUNNING
        run.save(update_fields=["status"])
        wake_undoer(run.lane)
        return True
    failed = _portion(failures_of(run).filter(finished_at__lt=run.moving_since))
    if not failed:
        run.status = Run.Status.RUNNING
        run.save(update_fields=["status"])
        return True
    because = Because(Rule.TRIED_AGAIN, actor=run.requested_by_id, run=run.pk)
    with writing_facts(((key, variant) for _pk, key, variant in failed), because=because):
        still_failed = failures_of(run).filter(pk__in=[pk for pk, _key, _variant in failed])
        still_failed.update(
            status=Status.QUEUED, failures=0, crashes=0, not_before=at, finished_at=None, cause="", detail=""
        )
    wake_carrier(run.lane)
    return True


def has_failures(run: Run) -> bool:
    """Whether something of the run may be tried again."""
    if run.function == Function.UNDO:
        return Undoing.objects.filter(run=run, status=Status.FAILED).exists()
    return failures_of(run).exists()


def failures_of(run: Run) -> TransferQuerySet:
    """The transfers of the run that failed and are still the last word on their message."""
    newer = Transfer.objects.filter(message=OuterRef("message"), pk__gt=OuterRef("pk"))
    return Transfer.objects.filter(run=run, status=Status.FAILED).exclude(Exists(newer))


def _portion(transfers: TransferQuerySet) -> list[tuple[int, str, str]]:
    return list(transfers.order_by("pk").values_list("pk", "message__email_key", "message__variant")[:PORTION])


def _end(run: Run, status: Run.Status, *, at: datetime) -> None:
    counted = tallies([run])[run.pk]
    Run.objects.filter(pk=run.pk, status=run.status).update(status=status, tally=dict(counted), ended_at=at)


def _place(messages: list[Message]) -> str:
    return str(Cursor.of(messages[-1]))


_STEPS = {
    Run.Status.EXPANDING: _expand,
    Run.Status.CANCELLING: _take_back,
    Run.Status.RETRYING: _retry,
}
