"""Everything in a mailbox at once while CORIPO is slow: through the front door, against everything that `./run` starts.

`./run bench bulk` does it with 5,000 mails.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bench.bulk import fill, foreseen, tally_of
from bench.desk import BenchDesk
from tests.installation import Installation
from tests.visitor import wait_until

# More than one portion, and more than what is asked for within the request.
MAILS = 520


@pytest.mark.whole
@pytest.mark.timeout(300)
def test_scenario_44_the_forecast_of_a_run_over_everything_equals_what_becomes_of_it() -> None:
    with Installation() as installation:
        desk = BenchDesk(installation)
        fill(desk, mails=MAILS, delay_seconds=0.1)
        visitor = desk.visitor

        forecast = foreseen(desk, mails=MAILS)
        assert forecast == {"will be synced": 312, "have no match in CORIPO": 208}
        run = visitor.page.url

        visitor.press("Start")
        wait_until(
            lambda: tally_of(visitor.go(run).text).get("synced", 0) > 0, seconds=60, what="the first ones arrive"
        )
        began = datetime.now(UTC)
        visitor.press("Pause")
        assert (datetime.now(UTC) - began).total_seconds() < 3, "the page stays quick"
        visitor.press("Resume")
        wait_until(lambda: desk.active() == 0, seconds=120, what="all are carried")
        wait_until(lambda: "Cancel the rest" not in visitor.go(run).text, seconds=30, what="the run is closed")

        assert tally_of(visitor.page.text) == {"synced": 312, "no match": 208}
        assert len(desk.coripo.emails()) == 312
