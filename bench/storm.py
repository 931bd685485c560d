"""A storm of 429 over one mailbox while many wishes wait for it, and what the owners of other mailboxes notice of it.

Wasted is every request that Graph answers with 429. The others click at a steady pace, once beside the same wishes in fair
weather and once in the storm; what they wait is read off the rows of their transfers, from the wish to the record.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bench.desk import BenchDesk
from bench.results import Results, note
from tests.installation import Installation
from tests.visitor import wait_until

STORM_SECONDS = 8
WISHES = 16
CLICKS = 40
PAUSE_SECONDS = STORM_SECONDS / CLICKS
OTHERS = 2
# Waits on a busy machine scatter: those of all storms are taken together.
STORMS = 3
# Whether Graph names the whole storm as the time to keep away, or a second again and again.
WHOLE_WISH, SHORT_WISH = STORM_SECONDS, 1

Click = tuple[BenchDesk, int]
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Storm:
    """Requests answered with 429, what the others waited without and with it, and when the wishes were delivered, in seconds."""

    wasted: int
    calm_waits: list[float]
    storm_waits: list[float]
    drained_seconds: float


def main() -> int:
    results = Results()
    with Installation(profile="large") as installation:
        storms = run(installation, [WHOLE_WISH, SHORT_WISH] * STORMS)
    patient, hasty = storms[::2], storms[1::2]
    n = f"{_wasted(patient)} in {STORMS} storms of {STORM_SECONDS} s over one mailbox, {WISHES} wishes, four workers"
    results.add("storm_wasted_requests", max(storm.wasted for storm in patient), "requests", at_most=4, n=n)
    n = f"{_wasted(hasty)} in as many with a Retry-After of {SHORT_WISH} s"
    results.add("storm_wasted_requests_short_wish", max(storm.wasted for storm in hasty), "requests", at_most=4, n=n)
    calm = _p95([wait for storm in storms for wait in storm.calm_waits])
    stormy = _p95([wait for storm in storms for wait in storm.storm_waits])
    n = f"{CLICKS * len(storms)} clicks in {OTHERS} other mailboxes, against as many beside the same wishes in fair weather"
    results.add("storm_others_p95_ratio", stormy / calm, "x", at_most=1.1, n=n)
    note(f"others wait {calm:.2f} s in fair weather, {stormy:.2f} s in the storms (p95)")
    drained = ", ".join(f"{storm.drained_seconds:.1f}" for storm in [*patient, *hasty])
    note(f"the wishes were delivered {drained} s after the end of their storm")
    return 1 if results.missed else 0


def run(installation: Installation, retry_after_seconds: Sequence[int], *, with_others: bool = True) -> list[Storm]:
    """A storm for each of these times that Graph names. With others, each comes after a spell of fair weather with as many
    wishes and clicks as in the storm."""
    spells = 2 if with_others else 1
    storms = len(retry_after_seconds)
    hit = BenchDesk(installation)
    hit.receive(WISHES * spells * storms)
    hit.visitor.set_up()
    clicks = _others_clicks(installation, CLICKS * spells * storms) if with_others else []
    wishes = _shares(hit.wait_for_import(WISHES * spells * storms), WISHES)
    turns = _shares(clicks, CLICKS)
    made = []
    for seconds in retry_after_seconds:
        calm = next(turns, [])
        if with_others:
            _wish_and_click(hit, next(wishes), calm)
            wait_until(lambda: hit.active() == 0, seconds=120, what="everything delivered in fair weather")
        made.append(_storm(hit, next(wishes), calm, next(turns, []), retry_after_seconds=seconds))
    return made


def _others_clicks(installation: Installation, number: int) -> list[Click]:
    """What the owners of the other mailboxes will click at: they take turns."""
    others = [BenchDesk(installation) for _ in range(OTHERS)]
    share = number // OTHERS
    for desk in others:
        desk.receive(share, with_file_every=share + 1)
        desk.visitor.set_up()
    turns = zip(*[[(desk, pk) for pk in desk.wait_for_import(share)] for desk in others], strict=True)
    return [click for turn in turns for click in turn]


def _storm(
    hit: BenchDesk, wishes: list[int], calm: list[Click], stormy: list[Click], *, retry_after_seconds: int
) -> Storm:
    weather = _Weather(hit, retry_after_seconds=retry_after_seconds)
    with weather:
        _wish_and_click(hit, wishes, stormy)
    wait_until(lambda: hit.active() == 0, seconds=120, what="everything delivered after the storm")
    return Storm(
        wasted=weather.hits,
        calm_waits=_waits(hit.installation, calm),
        storm_waits=_waits(hit.installation, stormy),
        drained_seconds=_last_finish(hit.installation, wishes) - weather.ended_at,
    )


def _shares(things: list[Thing], size: int) -> Iterator[list[Thing]]:
    return (things[start : start + size] for start in range(0, len(things), size))


def _wish_and_click(hit: BenchDesk, wishes: list[int], clicks: list[Click]) -> None:
    for pk in wishes:
        hit.visitor.post(f"/inbox/{pk}/act/", {"action": "sync"})
    _click(clicks)


class _Weather:
    """The storm over one mailbox: it ends by the clock, whatever the clicks are at."""

    def __init__(self, desk: BenchDesk, *, retry_after_seconds: int) -> None:
        self.desk = desk
        self.retry_after_seconds = retry_after_seconds
        self.hits = 0
        self.ended_at = 0.0
        self._end = threading.Timer(STORM_SECONDS, self._clear)

    def __enter__(self) -> None:
        target = f"graph:{self.desk.person['mail']}"
        self.desk.sandbox.fault("throttle", target, times=0, seconds=self.retry_after_seconds)
        self._end.start()

    def __exit__(self, *_: object) -> None:
        self._end.join()

    def _clear(self) -> None:
        (fault,) = self.desk.sandbox.control("GET", "faults")["faults"]
        self.desk.sandbox.calm()
        self.hits, self.ended_at = int(fault["hits"]), time.time()


def _click(clicks: list[Click]) -> None:
    """One click after the other at a steady pace, however long each takes."""
    began = time.monotonic()
    for number, (desk, pk) in enumerate(clicks, start=1):
        desk.visitor.post(f"/inbox/{pk}/act/", {"action": "sync"})
        time.sleep(max(began + number * PAUSE_SECONDS - time.monotonic(), 0))


def _waits(installation: Installation, clicks: list[Click]) -> list[float]:
    """Seconds from each wish until its outcome, by the portal's own clock."""
    rows = installation.rows(
        "select extract(epoch from finished_at - queued_at) from sync_transfer where message_id = any(?)",
        [pk for _desk, pk in clicks],
    )
    return [float(str(seconds)) for (seconds,) in rows]


def _last_finish(installation: Installation, pks: list[int]) -> float:
    ((last,),) = installation.rows(
        "select extract(epoch from max(finished_at)) from sync_transfer where message_id = any(?)", pks
    )
    return float(str(last))


def _wasted(storms: list[Storm]) -> str:
    return ", ".join(str(storm.wasted) for storm in storms)


def _p95(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=20)[-1]
