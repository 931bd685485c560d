"""Scenario 7, a storm of 429: a fence keeps everybody away, so that few requests are wasted and nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.mailboxes.connection import graph_key
from apps.sync.claiming import claim_batch
from apps.sync.delivery import carry
from apps.sync.models import Transfer
from apps.work.fences import raise_fence
from apps.work.models import Lane, Status
from bench.storm import SHORT_WISH, WHOLE_WISH, run
from tests.desk import Desk
from tests.installation import Installation


@pytest.mark.whole
@pytest.mark.timeout(300)
def test_scenario_7_a_storm_wastes_at_most_four_requests_and_delivers_all_wishes_after_it() -> None:
    """Whether Graph names the whole storm as the time to keep away, or a second again and again."""
    with Installation(profile="large") as installation:
        storms = run(installation, [WHOLE_WISH, SHORT_WISH], with_others=False)
        states = installation.rows("select distinct state from mailboxes_message")

    assert all(1 <= storm.wasted <= 4 for storm in storms), storms
    assert states == [("synced",)]


@pytest.mark.django_db(transaction=True)
def test_a_batch_claimed_before_the_fence_went_up_sends_no_request_behind_it(desk: Desk) -> None:
    message = desk.receives()
    desk.sync(message)
    batch = claim_batch(desk.mailbox, lane=Lane.INTERACTIVE, at=now())
    assert batch is not None
    raise_fence(graph_key(desk.mailbox), reason="graph_throttled", seconds=30)
    desk.sandbox.forget_requests()

    carry(batch, lane=Lane.INTERACTIVE, until=now() + timedelta(seconds=20))

    assert desk.sandbox.requests()["total"]["graph"] == 0
    transfer = Transfer.objects.get(message=message)
    assert (transfer.status, transfer.cause, transfer.failures) == (Status.QUEUED, "graph_throttled", 0)
