"""5,000 mails at once while CORIPO is slow: through the front door, against everything that `./run` starts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from bench.desk import BenchDesk
from tests.installation import Installation
from tests.sandbox_server import mime
from tests.visitor import wait_until

MAILS = 5_000
DELAY_SECONDS = 0.2
UNMATCHED_OF_TEN = 4


def fill(desk: BenchDesk) -> None:
    """Four of ten mails are from somebody whom CORIPO does not know."""
    for number in range(MAILS):
        known = number % 10 >= UNMATCHED_OF_TEN
        sender = desk.customers[number % len(desk.customers)] if known else f"nikdo-{number}@jinde.example"
        at = datetime.now(UTC) - timedelta(minutes=number + 1)
        desk.sandbox.deliver(
            desk.person["mail"],
            mime(
                sender=sender,
                to=desk.person["mail"],
                subject=f"Zpráva {number}",
                message_id=f"<{uuid4().hex}@kovarna-morava.example>",
                date=at,
            ),
            received_at=at,
        )


def tally_of(page: str) -> dict[str, int]:
    """The numbers of the page's tally by the words after them."""
    found = re.findall(r"<span>(?:<a[^>]*>)?<b>([\d,]+)</b> ([^<]+)", page)
    return {words.strip(): int(number.replace(",", "")) for number, words in found}


@pytest.mark.whole
@pytest.mark.timeout(1500)
def test_the_forecast_of_5000_mails_equals_what_becomes_of_them() -> None:
    with Installation() as installation:
        desk = BenchDesk(installation)
        fill(desk)
        desk.visitor.set_up()
        wait_until(lambda: desk.imported() >= MAILS, seconds=400, what="all mails are imported")
        desk.sandbox.fault("slow", "coripo", times=0, seconds=DELAY_SECONDS)
        visitor = desk.visitor

        visitor.go("/runs/new/")
        visitor.press("Sync e-mail")
        run = visitor.page.url
        wait_until(lambda: "will be synced" in visitor.go(run).text, seconds=300, what="the forecast")
        forecast = tally_of(visitor.page.text)
        assert forecast == {"will be synced": 3_000, "have no match in CORIPO": 2_000}

        visitor.press("Start")
        wait_until(
            lambda: tally_of(visitor.go(run).text).get("synced", 0) > 0, seconds=120, what="the first ones arrive"
        )
        began = datetime.now(UTC)
        visitor.press("Pause")
        assert (datetime.now(UTC) - began).total_seconds() < 3, "the page stays quick"
        visitor.press("Resume")
        wait_until(lambda: desk.active() == 0, seconds=900, what="all are carried")
        wait_until(lambda: "Cancel the rest" not in visitor.go(run).text, seconds=30, what="the run is closed")

        assert tally_of(visitor.page.text) == {"synced": 3_000, "no match": 2_000}
        assert len(desk.coripo.emails()) == 3_000
