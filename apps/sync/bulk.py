"""What a person may ask of runs: one over all that a filter matches, with its forecast first; and to steer it on its way.

Each verb says whether it found the run in a state in which it means something; a second click finds it done already.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.sync.listing import MessageFilter, count_messages, newest_message_id
from apps.sync.tending import has_failures, stored_filter, tend
from apps.sync.undo_scope import undone_run
from apps.sync.waking import wake_carrier, wake_tender, wake_undoer
from apps.work.models import Function, Lane, Run

# Up to so many messages are asked for within the request; more are left to a worker.
MOST_AT_ONCE = 200
# Matches are counted up to here while somebody waits for the page.
MOST_COUNTED = 10_000


def matching(user: User, wanted: MessageFilter) -> int:
    """How many messages a run by this filter would take, counted up to MOST_COUNTED + 1."""
    return count_messages(user, wanted, limit=MOST_COUNTED + 1)


def ask_run(wanted: MessageFilter, *, function: Function, user: User, at: datetime) -> Run:
    """A run over everything that matches now, beginning with its forecast. Nothing happens to a message before `start_run`."""
    newest = newest_message_id()
    wanted = replace(wanted, up_to=newest if wanted.up_to is None else min(wanted.up_to, newest))
    matched = matching(user, wanted)
    with transaction.atomic():
        run = Run.objects.create(
            requested_by=user,
            function=function,
            lane=Lane.INTERACTIVE if matched <= MOST_AT_ONCE else Lane.AUTOMATIC,
            status=Run.Status.FORECASTING,
            requested_at=at,
            wanted=stored_filter(wanted),
            matched=matched,
        )
        wake_tender()
    return run


def start_run(run: Run, *, at: datetime) -> bool:
    """The person's word. The forecast that is not complete by now is given up. What an undo is about is stopped first."""
    begins = {"status": Run.Status.EXPANDING, "place": "", "started_at": at, "moving_since": at}
    with transaction.atomic():
        waiting = Run.objects.filter(pk=run.pk)
        has_begun = bool(
            waiting.filter(status=Run.Status.READY).update(**begins)
            or waiting.filter(status=Run.Status.FORECASTING).update(**begins, forecast={}, named=[])
        )
        if has_begun and (undone := undone_run(run)) is not None:
            cancel_run(undone, at=at)
        wake_tender()
    if has_begun and run.lane == Lane.INTERACTIVE:
        _tend_now(run, at=at)
    return has_begun


def discard_run(run: Run) -> bool:
    """Forget a run that has not begun."""
    deleted, _by_model = Run.objects.filter(pk=run.pk, status__in=(Run.Status.FORECASTING, Run.Status.READY)).delete()
    return bool(deleted)


def pause_run(run: Run) -> bool:
    """Nothing of the run is taken from now on; what is under way finishes. One row says so, and every claimer reads it."""
    return _change(run, (Run.Status.EXPANDING, Run.Status.RUNNING), Run.Status.PAUSED)


def resume_run(run: Run, *, at: datetime) -> bool:
    paused = Run.objects.filter(pk=run.pk, status=Run.Status.PAUSED)
    with transaction.atomic():
        goes_on = paused.filter(is_expanded=True).update(status=Run.Status.RUNNING, moving_since=at)
        goes_on += paused.filter(is_expanded=False).update(status=Run.Status.EXPANDING, moving_since=at)
        wake_tender()
        (wake_undoer if run.function == Function.UNDO else wake_carrier)(run.lane)
    return bool(goes_on)


def cancel_run(run: Run, *, at: datetime) -> bool:
    """Take back what waits; what is under way finishes."""
    begun = (Run.Status.EXPANDING, Run.Status.RUNNING, Run.Status.PAUSED, Run.Status.RETRYING)
    is_cancelled = _change(run, begun, Run.Status.CANCELLING)
    if is_cancelled and run.asked <= MOST_AT_ONCE:
        _tend_now(run, at=at)
    return is_cancelled


def retry_failed(run: Run, *, at: datetime) -> bool:
    """Try again what failed, unless somebody has asked for it since. False where nothing of that kind is left."""
    if not has_failures(run):
        return False
    with transaction.atomic():
        tried = Run.objects.filter(pk=run.pk, status__in=(Run.Status.RUNNING, *Run.ENDED)).update(
            status=Run.Status.RETRYING, moving_since=at, ended_at=None, tally={}
        )
        wake_tender()
    return bool(tried)


def _change(run: Run, before: tuple[Run.Status, ...], after: Run.Status) -> bool:
    with transaction.atomic():
        changed = Run.objects.filter(pk=run.pk, status__in=before).update(status=after)
        wake_tender()
    return bool(changed)


def _tend_now(run: Run, *, at: datetime) -> None:
    """The few portions of a small run, while the person waits."""
    while tend(run.pk, at=at):
        continue
