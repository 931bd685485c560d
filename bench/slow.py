"""Clicks beside a CORIPO that is ten times as slow for somebody who has asked for many e-mails at once."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from bench.desk import BenchDesk
from bench.results import Results, note
from tests.installation import Installation
from tests.visitor import wait_until

# Ten times what a call takes at a CORIPO of ordinary speed.
SLOW_SECONDS = 2.0
SLOW_DOMAIN = "pomala-firma.example"
ASKED = 200
CLICKS = 10


@dataclass(frozen=True, slots=True)
class Beside:
    """Seconds from each click of another person to its outcome, alone and beside the slow selection."""

    alone: list[float]
    beside: list[float]


def main() -> int:
    results = Results()
    with Installation() as installation:
        waits = run(installation)
    n = f"worst of {CLICKS} clicks beside {ASKED} e-mails of somebody else at {SLOW_SECONDS:g} s a call"
    results.add("click_beside_slow_s", max(waits.beside), "s", at_most=SLOW_SECONDS, n=n)
    note(f"median {statistics.median(waits.beside):.2f} s, and {statistics.median(waits.alone):.2f} s alone")
    return 1 if results.missed else 0


def run(installation: Installation) -> Beside:
    slow = BenchDesk(installation, domain=SLOW_DOMAIN)
    other = BenchDesk(installation)
    slow.receive(ASKED, with_file_every=ASKED + 1)
    other.receive(CLICKS * 2, with_file_every=CLICKS * 2 + 1)
    for desk in (slow, other):
        desk.visitor.set_up()
    asked = slow.wait_for_import(ASKED)
    clicks = other.wait_for_import(CLICKS * 2)

    alone = [_click(other, pk) for pk in clicks[:CLICKS]]
    # The calls that name one of the customers or mails of that domain: people, records and new e-mails.
    installation.sandbox.fault("slow", f"coripo:/{SLOW_DOMAIN}", times=0, seconds=SLOW_SECONDS)
    slow.sync(asked)
    beside = [_click(other, pk) for pk in clicks[CLICKS:]]
    assert slow.active(), "the slow ones were through before the last click"
    installation.sandbox.calm()
    wait_until(lambda: slow.active() == 0, seconds=120, what="the slow ones are delivered")
    return Beside(alone=alone, beside=beside)


def _click(desk: BenchDesk, pk: int) -> float:
    """Seconds from the click to its outcome."""
    pressed = time.monotonic()
    desk.visitor.post(f"/inbox/{pk}/act/", {"action": "sync"})
    is_done = "select 1 from sync_transfer where message_id = ? and status = 'done'"
    wait_until(lambda: bool(desk.installation.rows(is_done, pk)), seconds=60, what="the click is carried out")
    return time.monotonic() - pressed
