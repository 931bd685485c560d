"""How long a run will still take, from its own speed since it moves, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import stdev

from apps.sync.models import Transfer, Undoing
from apps.work.models import Function, Run

# The newest results that the speed is read from, and how much must have happened before anything is said.
MOST_RESULTS = 1000
FEWEST_RESULTS = 100
SHORTEST_SPAN = timedelta(seconds=10)
SLICES = 5


@dataclass(frozen=True, slots=True)
class Remaining:
    """`likely`, and the two between which it will be unless something changes."""

    likely: timedelta
    least: timedelta
    most: timedelta


def remaining(run: Run, *, left: int, at: datetime) -> Remaining | None:
    """None while too little has happened since the run moves, or where its speed varies so much that a number would lie."""
    if run.moving_since is None:
        return None
    items = Undoing if run.function == Function.UNDO else Transfer
    finished = items._default_manager.filter(run=run, finished_at__gte=run.moving_since).order_by("-finished_at")
    results = [result for result in finished.values_list("finished_at", flat=True)[:MOST_RESULTS] if result is not None]
    if len(results) < FEWEST_RESULTS:
        return None
    since = results[-1] if len(results) == MOST_RESULTS else run.moving_since
    return estimate([(result - since).total_seconds() for result in results], (at - since).total_seconds(), left=left)


def estimate(finished: list[float], span: float, *, left: int) -> Remaining | None:
    """From the seconds at which results came within a span that ends now."""
    if span < SHORTEST_SPAN.total_seconds():
        return None
    slices = [0] * SLICES
    for second in finished:
        slices[min(int(second / span * SLICES), SLICES - 1)] += 1
    rate = len(finished) / span
    # Twice the standard error of the mean over the slices.
    doubt = 2 * stdev(slices) / SLICES**0.5 * SLICES / span
    if doubt > rate / 2:
        return None
    return Remaining(
        likely=timedelta(seconds=left / rate),
        least=timedelta(seconds=left / (rate + doubt)),
        most=timedelta(seconds=left / (rate - doubt)),
    )
