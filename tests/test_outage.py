"""Scenario 15 with everything started as `./run` does on PostgreSQL and Redis: four workers and the web share one fence."""

from __future__ import annotations

import time

import pytest

from bench import slow
from bench.desk import BenchDesk
from tests.installation import Installation
from tests.visitor import wait_until

MAILS = 12
DESKS = 3
# Each carrier that is under way when CORIPO stops meets it once and asks once whether it answers others: three for a mailbox.
UNDER_WAY = DESKS * 3 * 2


@pytest.mark.whole
@pytest.mark.timeout(300)
def test_scenario_15_an_outage_is_met_by_few_requests_is_told_and_ends_by_itself() -> None:
    with Installation(profile="large") as installation:
        desks = [BenchDesk(installation) for _ in range(DESKS)]
        for desk in desks:
            desk.receive(MAILS, with_file_every=MAILS + 1)
            desk.visitor.set_up()
        wishes = [(desk, desk.wait_for_import(MAILS)) for desk in desks]
        sandbox = installation.sandbox
        sandbox.fault("5xx", "coripo", times=0)
        sandbox.forget_requests()
        for desk, pks in wishes:
            desk.sync(pks)

        wait_until(lambda: strikes(installation) >= 3, seconds=60, what="CORIPO has been tried again")
        time.sleep(8)

        page = desks[0].visitor.go("/inbox/").text
        assert "CORIPO has not answered since" in page
        assert f"{MAILS} e-mails are waiting" in page
        assert sandbox.requests()["total"]["coripo"] <= UNDER_WAY + strikes(installation)
        assert states_of_transfers(installation) == {"queued"}

        sandbox.calm()
        wait_until(lambda: desks[0].active() == 0, seconds=120, what="everything delivered after the outage")

        assert states_of_transfers(installation) == {"done"}
        assert installation.rows("select distinct state from mailboxes_message") == [("synced",)]
        assert strikes(installation) == 0
        stored = [email["message_id"] for email in desks[0].coripo.emails()]
        assert len(stored) == len(set(stored)) == MAILS * DESKS


@pytest.mark.whole
@pytest.mark.timeout(300)
def test_scenario_15_a_click_does_not_wait_for_somebody_elses_selection_at_a_slow_coripo() -> None:
    """Whoever waited for a slow batch would wait for several slow calls."""
    with Installation() as installation:
        waits = slow.run(installation)

    assert max(waits.beside) < slow.SLOW_SECONDS * 2


def strikes(installation: Installation) -> int:
    rows = installation.rows("select strikes from work_fence where key like 'crm:_'")
    return int(str(rows[0][0])) if rows else 0


def states_of_transfers(installation: Installation) -> set[object]:
    return {status for (status,) in installation.rows("select distinct status from sync_transfer")}
