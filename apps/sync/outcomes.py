"""What becomes of a message of a run: one word for forecast, counts and results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import pgettext_lazy

from apps.sync.models import Transfer, Undoing
from apps.sync.recording import EXISTED
from apps.work.models import Function, Run, Status


class RunOutcome(models.TextChoices):
    # Of transfers; the first two are on their way.
    WAITING = "waiting", pgettext_lazy("outcome of a run", "waiting")
    MOVING = "moving", pgettext_lazy("outcome of a run", "on their way")
    STORED = "stored", pgettext_lazy("outcome of a run", "synced")
    ALREADY = "already", pgettext_lazy("outcome of a run", "already in CORIPO")
    NO_MATCH = "no_match", pgettext_lazy("outcome of a run", "no match")
    SKIPPED = "skipped", pgettext_lazy("outcome of a run", "skipped")
    GONE = "gone", pgettext_lazy("outcome of a run", "deleted in CORIPO, left alone")
    HIDDEN = "hidden", pgettext_lazy("outcome of a run", "in CORIPO, no access")
    FAILED = "failed", pgettext_lazy("outcome of a run", "errors")
    SETTLED = "settled", pgettext_lazy("outcome of a run", "settled by hand")
    # Of an undo.
    REMOVED = "removed", pgettext_lazy("outcome of a run", "removed from CORIPO")
    UNLINKED = "unlinked", pgettext_lazy("outcome of a run", "links taken off, record stays")
    KEPT = "kept", pgettext_lazy("outcome of a run", "stay")
    # Of messages that became no transfer of the run, or are none any more.
    LEFT_OUT = "left_out", pgettext_lazy("outcome of a run", "marked, left out")
    ELSEWHERE = "elsewhere", pgettext_lazy("outcome of a run", "on their way for another wish")
    SINGLY = "singly", pgettext_lazy("outcome of a run", "asked for singly meanwhile")
    TAKEN_BACK = "taken_back", pgettext_lazy("outcome of a run", "taken back")
    MARKED = "marked", pgettext_lazy("outcome of a run", "marked anew")
    UNCHANGED = "unchanged", pgettext_lazy("outcome of a run", "marked so already")
    # Of a forecast.
    UNKNOWN = "unknown", pgettext_lazy("outcome of a run", "decided when they are read")


# How a transfer shows its outcome: status, result, cause; None is any.
_SHOWN_BY: dict[RunOutcome, tuple[str, str | None, str | None]] = {
    RunOutcome.WAITING: (Status.QUEUED, None, None),
    RunOutcome.MOVING: (Status.CLAIMED, None, None),
    RunOutcome.FAILED: (Status.FAILED, None, None),
    RunOutcome.NO_MATCH: (Status.DONE, Transfer.Result.NO_MATCH, None),
    RunOutcome.SKIPPED: (Status.DONE, Transfer.Result.SKIPPED, None),
    RunOutcome.ALREADY: (Status.DONE, Transfer.Result.STORED, EXISTED),
    RunOutcome.GONE: (Status.DONE, Transfer.Result.STORED, "gone"),
    RunOutcome.HIDDEN: (Status.DONE, Transfer.Result.STORED, "hidden"),
    RunOutcome.STORED: (Status.DONE, Transfer.Result.STORED, ""),
    RunOutcome.SETTLED: (Status.DONE, "", None),
}
# The same of the items of an undo.
_UNDO_SHOWN_BY: dict[RunOutcome, tuple[str, str | None, str | None]] = {
    RunOutcome.WAITING: (Status.QUEUED, None, None),
    RunOutcome.MOVING: (Status.CLAIMED, None, None),
    RunOutcome.FAILED: (Status.FAILED, None, None),
    RunOutcome.REMOVED: (Status.DONE, Undoing.Result.DELETED, None),
    RunOutcome.UNLINKED: (Status.DONE, Undoing.Result.UNLINKED, None),
    RunOutcome.KEPT: (Status.DONE, Undoing.Result.KEPT, None),
}
OF_ITEMS = tuple(_SHOWN_BY)
LISTED = tuple({**_SHOWN_BY, **_UNDO_SHOWN_BY})
UNDER_WAY = (RunOutcome.WAITING, RunOutcome.MOVING)


def outcome_of(status: str, result: str, cause: str, function: str = Function.SYNC) -> RunOutcome:
    """What a transfer, or an item of an undo, with these columns came to."""
    return next(
        outcome
        for outcome, shown in _table(function).items()
        if all(wanted in (None, value) for wanted, value in zip(shown, (status, result, cause), strict=True))
    )


def shows(outcome: RunOutcome, function: str = Function.SYNC) -> Q:
    """The transfers, or the items of an undo, that came to this; none where it is no outcome of theirs."""
    if outcome not in _table(function):
        return Q(pk=None)
    columns = zip(("status", "result", "cause"), _table(function)[outcome], strict=True)
    return Q(**{name: value for name, value in columns if value is not None})


def tallies(runs: Iterable[Run]) -> dict[int, Counter[str]]:
    """The outcomes of each run: of one that ended as they stood then, of all others counted now, in one query."""
    runs = list(runs)
    found: dict[int, Counter[str]] = {run.pk: Counter(run.tally) for run in runs}
    going = {run.pk: run for run in runs if run.status not in Run.ENDED}
    undoing = {pk for pk, run in going.items() if run.function == Function.UNDO}
    for items, of_these in ((Transfer, going.keys() - undoing), (Undoing, undoing)):
        if not of_these:
            continue
        rows = items._default_manager.filter(run__in=of_these).values_list("run", "status", "result", "cause")
        for run_id, status, result, cause, count in rows.annotate(count=Count("pk")).order_by():
            found[run_id][outcome_of(status, result, cause, going[run_id].function)] += count
    for pk, run in going.items():
        _add_what_is_no_transfer(found[pk], run)
    return found


def _table(function: str) -> dict[RunOutcome, tuple[str, str | None, str | None]]:
    return _UNDO_SHOWN_BY if function == Function.UNDO else _SHOWN_BY


def _add_what_is_no_transfer(tally: Counter[str], run: Run) -> None:
    if run.function in (Function.MARK, Function.UNMARK):
        tally.update({RunOutcome.MARKED: run.asked, RunOutcome.UNCHANGED: run.already})
    else:
        singly = run.asked - tally.total() - run.taken_back
        tally.update(
            {
                RunOutcome.SINGLY: singly,
                RunOutcome.LEFT_OUT: run.left_out,
                RunOutcome.ELSEWHERE: run.already,
                RunOutcome.TAKEN_BACK: run.taken_back,
            }
        )
    for outcome in [outcome for outcome, count in tally.items() if not count]:
        del tally[outcome]
