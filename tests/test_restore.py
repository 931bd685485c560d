"""Scenario 42, a whole run: yesterday's database against today's CORIPO, and the broker wiped in the middle."""

from __future__ import annotations

from collections import Counter

import pytest

from apps.sync.claiming import BATCH_SIZE
from bench.desk import BenchDesk
from bench.kill import LEASE_SECONDS
from tests.installation import Installation
from tests.visitor import wait_until

# More than a batch, so that some wait while others are delivered.
MAILS = BATCH_SIZE + 60
WITH_FILE_EVERY = 20


@pytest.mark.whole
@pytest.mark.timeout(400)
def test_scenario_42_a_run_against_the_database_from_before_it_doubles_nothing():
    # What a killed worker held comes back after so long.
    with Installation(environment={"LEASE_SECONDS": str(LEASE_SECONDS)}) as installation:
        desk = BenchDesk(installation)
        message_ids = desk.receive(MAILS, with_file_every=WITH_FILE_EVERY)
        desk.visitor.set_up()
        pks = desk.wait_for_import(MAILS)
        copy = installation.copy_database()

        deliver(desk, pks)
        first = records_by_message_id(desk)
        notes = files_in_coripo(desk)

        installation.restore_database(copy)
        assert not installation.rows("select 1 from sync_transfer")
        deliver(desk, pks)

        assert [len(first[message_id]) for message_id in message_ids] == [1] * MAILS
        assert records_by_message_id(desk) == first
        assert files_in_coripo(desk) == notes
        assert sum(notes.values()) == MAILS // WITH_FILE_EVERY
        assert installation.rows("select state, count(*) from mailboxes_message group by state") == [("synced", MAILS)]


def deliver(desk: BenchDesk, pks: list[int]) -> None:
    """Send all of them through the front door; in the middle the broker loses everything that it holds."""
    # So that a middle is there to be met: what CORIPO has already is found in a moment.
    desk.installation.sandbox.fault("slow", "coripo", times=0, seconds=0.3)
    desk.sync(pks)
    wait_until(lambda: 0 < desk.active() <= MAILS - 30, seconds=60, what="some are delivered")
    for kind in ("portal worker", "portal beat"):
        # Who holds a wake-up dies with it, so that the sweep alone can bring the others on.
        desk.installation.kill(kind)
    desk.installation.wipe_broker()
    desk.installation.sandbox.calm()
    assert desk.active() > 0
    wait_until(lambda: desk.active() == 0, seconds=150, what="all are delivered")


def records_by_message_id(desk: BenchDesk) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for record in desk.coripo.emails():
        found.setdefault(record["message_id"], set()).add(record["id"])
    return found


def files_in_coripo(desk: BenchDesk) -> Counter[str]:
    """How many notes hang on each e-mail that has some."""
    answer = desk.coripo.call(
        "get_entry_list",
        module_name="Notes",
        query="notes.parent_type='Emails'",
        order_by="id",
        offset=0,
        select_fields=["parent_id"],
        link_name_to_fields_array=[],
        max_results=500,
        deleted=0,
        favorites=False,
    )
    return Counter(entry["name_value_list"]["parent_id"]["value"] for entry in answer["entry_list"])
