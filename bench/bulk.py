"""A run over everything in a mailbox while CORIPO is slow: what was foreseen against what came, and how long it was said to take.

And what a forecast costs in a mailbox of a million messages, against the same number of matches in a small one.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.desk import BenchDesk
from bench.results import Results, note
from tests.installation import Installation
from tests.sandbox_server import ROOT
from tests.services import postgresql
from tests.visitor import wait_until

MAILS = 5_000
DELAY_SECONDS = 0.2
UNMATCHED_OF_TEN = 4
MATCHES = 1_000
MESSAGES = 1_000_000
# Until when a run must be through; a mail takes some 0.1 s.
MOST_SECONDS_A_MAIL = 0.5


@dataclass(frozen=True, slots=True)
class Halfway:
    """What was said when half of the run was done: seconds left, the bounds of that, and what came true."""

    likely: float
    least: float
    most: float
    true: float

    @property
    def off_by(self) -> float:
        return abs(self.likely - self.true) / self.true


def main(*, mails: int) -> int:
    results = Results()
    with Installation() as installation:
        desk = BenchDesk(installation)
        run_over_everything(desk, results, mails=mails)
    forecast_cost(results)
    return 1 if results.missed else 0


def fill(desk: BenchDesk, *, mails: int, delay_seconds: float = DELAY_SECONDS) -> None:
    """Four of ten mails are from somebody whom CORIPO does not know; it is slow from now on."""
    senders = [
        desk.customers[number % len(desk.customers)]
        if number % 10 >= UNMATCHED_OF_TEN
        else f"nikdo-{number}@jinde.example"
        for number in range(mails)
    ]
    desk.receive_at_once(senders)
    desk.visitor.set_up()
    wait_until(lambda: desk.imported() >= mails, seconds=60 + mails * 0.1, what="all mails are imported")
    desk.sandbox.fault("slow", "coripo", times=0, seconds=delay_seconds)


def foreseen(desk: BenchDesk, *, mails: int) -> dict[str, int]:
    """Ask for a run over everything, and wait for its forecast: the page then shows it, with the button that starts it."""
    desk.visitor.go("/runs/new/")
    desk.visitor.press("Sync e-mail")
    run = desk.visitor.page.url
    wait_until(
        lambda: "This is what will happen" in desk.visitor.go(run).text, seconds=60 + mails * 0.1, what="the forecast"
    )
    return tally_of(desk.visitor.page.text)


def tally_of(page: str) -> dict[str, int]:
    """The numbers of the page's tally by the words after them."""
    found = re.findall(r"<span>(?:<a[^>]*>)?<b>([\d,]+)</b> ([^<]+)", page)
    return {words.strip(): int(number.replace(",", "")) for number, words in found}


def run_over_everything(desk: BenchDesk, results: Results, *, mails: int) -> None:
    fill(desk, mails=mails)
    began = time.monotonic()
    forecast = foreseen(desk, mails=mails)
    note(f"forecast of {mails} mails in {time.monotonic() - began:.0f} s")
    run = desk.visitor.page.url
    desk.visitor.press("Start")
    waits: list[float] = []
    halfway: tuple[float, tuple[float, float, float]] | None = None
    began = time.monotonic()
    while desk.active() or not desk.finished():
        assert time.monotonic() - began < mails * MOST_SECONDS_A_MAIL, "the run did not end"
        asked = time.monotonic()
        desk.visitor.go("/inbox/")
        waits.append(time.monotonic() - asked)
        if halfway is None and desk.finished() >= mails / 2:
            halfway = time.time(), _estimate(desk.installation, run)
        time.sleep(0.5)
    took = time.monotonic() - began
    wait_until(lambda: "Cancel the rest" not in desk.visitor.go(run).text, seconds=30, what="the run is closed")
    came = tally_of(desk.visitor.page.text)

    n = f"{mails} mails, {UNMATCHED_OF_TEN} of 10 without match, CORIPO at {DELAY_SECONDS} s"
    wrong = abs(forecast.get("will be synced", 0) - came.get("synced", 0))
    wrong += abs(forecast.get("have no match in CORIPO", 0) - came.get("no match", 0))
    results.add("bulk_forecast_wrong", wrong, "mails", at_most=0, n=n)
    assert halfway is not None, "half of the run was seen"
    said_at, (likely, least, most) = halfway
    end = Halfway(likely, least, most, true=_ended_at(desk.installation) - said_at)
    results.add("bulk_estimate_off_by", end.off_by, "of the time left", at_most=0.2, n=f"at half-way of {n}")
    note(f"said {end.likely:.0f} s ({end.least:.0f} to {end.most:.0f}), took {end.true:.0f} s")
    results.add(
        "bulk_page_p95", statistics.quantiles(waits, n=20)[-1], "s", at_most=1, n=f"inbox, {len(waits)} times beside it"
    )
    note(f"{mails / took:.0f} e-mails/s, {came}")


def _estimate(installation: Installation, run: str) -> tuple[float, float, float]:
    """Seconds left, as the portal reckons them for its page: there they are rounded to minutes."""
    pk = run.rstrip("/").rsplit("/", 1)[-1]
    code = (
        "from apps.core.clock import now; from apps.sync.outcomes import UNDER_WAY, tallies;"
        "from apps.sync.remaining import remaining; from apps.work.models import Run;"
        f"run = Run.objects.get(pk={pk}); tally = tallies([run])[run.pk];"
        "done = tally.total() - sum(tally[outcome] for outcome in UNDER_WAY);"
        "left = remaining(run, left=run.matched - done, at=now());"
        "print(*(bound.total_seconds() for bound in (left.likely, left.least, left.most)))"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT,
        env=installation.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    likely, least, most = map(float, done.stdout.split())
    return likely, least, most


def _ended_at(installation: Installation) -> float:
    ((last,),) = installation.rows("select max(finished_at) from sync_transfer")
    return datetime.fromisoformat(str(last)).replace(tzinfo=UTC).timestamp()


def forecast_cost(results: Results) -> None:
    """As many matches in a small mailbox and in a large one, in turn, in one process on PostgreSQL."""
    script = Path(__file__).with_name("forecast.py")
    with postgresql() as url:
        done = subprocess.run(
            [sys.executable, str(script), url, str(MATCHES), str(MESSAGES)],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
    small, large = map(float, done.stdout.split())
    n = f"{MATCHES} matches among {MESSAGES} messages against {MATCHES} among {MATCHES}, PostgreSQL, without CORIPO"
    results.add("forecast_time_ratio", large / small, "x", at_most=1.3, n=n)
    note(f"forecast of {MATCHES} matches {small * 1000:.0f} ms and {large * 1000:.0f} ms")
