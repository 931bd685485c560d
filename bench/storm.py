"""A storm of 429 over one mailbox while many wishes wait for it, and what the owners of other mailboxes notice of it.

Wasted is every request that Graph answers with 429. The others click at a steady pace before, during and after the storm; what
they wait is read off the rows of their transfers, from the wish to the record.
"""

from __future__ import annotations

import statistics
import threading
import time
from dataclasses import dataclass

from bench.desk import BenchDesk
from bench.results import Results, note
from tests.installation import Installation
from tests.visitor import wait_until

STORM_SECONDS = 8
WISHES = 16
CLICKS = 40
PAUSE_SECONDS = STORM_SECONDS / CLICKS
OTHERS = 2


@dataclass(frozen=True, slots=True)
class Storm:
    """Requests answered with 429, and the 95th percentiles of what the others waited in seconds."""

    wasted: int
    calm_p95: float
    storm_p95: float
    drained_seconds: float


def main() -> int:
    with Installation(profile="large") as installation:
        storm = run(installation)
    results = Results()
    n = f"{STORM_SECONDS} s of 429 over one mailbox, {WISHES} wishes, two workers for each queue"
    results.add("storm_wasted_requests", storm.wasted, "requests", at_most=4, n=n)
    results.add(
        "storm_others_p95_ratio",
        storm.storm_p95 / storm.calm_p95,
        "x",
        at_most=1.1,
        n=f"{CLICKS} clicks in the storm against {CLICKS * 2} around it, {OTHERS} other mailboxes",
    )
    note(f"others wait {storm.calm_p95:.2f} s in calm weather, {storm.storm_p95:.2f} s in the storm (p95)")
    note(f"the wishes were delivered {storm.drained_seconds:.1f} s after the storm had ended")
    return 1 if results.missed else 0


def run(installation: Installation) -> Storm:
    """Two calm spells with a storm between them."""
    hit = BenchDesk(installation)
    others = [BenchDesk(installation) for _ in range(OTHERS)]
    hit.receive(WISHES)
    for desk in others:
        desk.receive(CLICKS * 3 // OTHERS, with_file_every=CLICKS * 3)
    for desk in [hit, *others]:
        desk.visitor.set_up()
    wishes = hit.wait_for_import(WISHES)
    clicks = [
        (desk, pk)
        for row in zip(*[desk.wait_for_import(CLICKS * 3 // OTHERS) for desk in others], strict=True)
        for desk, pk in zip(others, row, strict=True)
    ]
    wait_until(lambda: hit.active() == 0, seconds=30, what="nothing is under way")
    before, during, after = clicks[:CLICKS], clicks[CLICKS : CLICKS * 2], clicks[CLICKS * 2 :]

    _click(before)
    weather = _Weather(hit)
    with weather:
        for pk in wishes:
            hit.visitor.post(f"/inbox/{pk}/act/", {"action": "sync"})
        _click(during)
    _click(after)
    wait_until(lambda: hit.active() == 0, seconds=60, what="everything delivered")
    return Storm(
        wasted=weather.hits,
        calm_p95=_p95(_waits(installation, before + after)),
        storm_p95=_p95(_waits(installation, during)),
        drained_seconds=_last_finish(installation, wishes) - weather.ended_at,
    )


class _Weather:
    """The storm over one mailbox: it ends by the clock, whatever the clicks are at."""

    def __init__(self, desk: BenchDesk) -> None:
        self.desk = desk
        self.hits = 0
        self.ended_at = 0.0
        self._end = threading.Timer(STORM_SECONDS, self._clear)

    def __enter__(self) -> None:
        target = f"graph:{self.desk.person['mail']}"
        self.desk.sandbox.fault("throttle", target, times=0, seconds=STORM_SECONDS)
        self._end.start()

    def __exit__(self, *_: object) -> None:
        self._end.join()

    def _clear(self) -> None:
        (fault,) = self.desk.sandbox.control("GET", "faults")["faults"]
        self.desk.sandbox.calm()
        self.hits, self.ended_at = int(fault["hits"]), time.time()


def _click(clicks: list[tuple[BenchDesk, int]]) -> None:
    """One click after the other at a steady pace, however long each takes."""
    began = time.monotonic()
    for number, (desk, pk) in enumerate(clicks, start=1):
        desk.visitor.post(f"/inbox/{pk}/act/", {"action": "sync"})
        time.sleep(max(began + number * PAUSE_SECONDS - time.monotonic(), 0))


def _waits(installation: Installation, clicks: list[tuple[BenchDesk, int]]) -> list[float]:
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


def _p95(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=20)[-1]
