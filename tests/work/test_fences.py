"""Fences: the same promise on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections

from apps.core.clock import now
from apps.work.fences import FenceStands, fence, outage, passage, raise_fence
from apps.work.models import Fence
from tests.factories import NOON


@pytest.mark.django_db
def test_a_fence_keeps_the_longest_time_asked_for():
    raise_fence("graph:anna", reason="graph_throttled", seconds=60, at=NOON)
    raise_fence("graph:anna", reason="graph_throttled", seconds=1, at=NOON)

    assert fence("graph:anna", at=NOON + timedelta(seconds=59)) is not None
    assert fence("graph:jana", at=NOON) is None


@pytest.mark.django_db
def test_every_strike_in_a_row_keeps_everybody_away_for_longer():
    waits = []
    for _ in range(5):
        at = Fence.objects.get().until if Fence.objects.exists() else NOON
        raised = raise_fence("crm:1", reason="crm_unreachable", at=at)
        waits.append((raised.until - at).total_seconds())

    assert waits == sorted(waits)
    assert waits[-1] >= 16 * waits[0] / 1.25


@pytest.mark.django_db(transaction=True)
def test_strikes_at_the_same_moment_are_all_counted_and_the_longest_time_holds():
    def strike(seconds: int) -> None:
        try:
            raise_fence("graph:anna", reason="graph_throttled", seconds=seconds, at=NOON)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(strike, (60, 1, 1, 1)))

    raised = Fence.objects.get()
    assert raised.strikes == 4
    assert raised.until >= NOON + timedelta(seconds=60)


@pytest.mark.django_db
def test_a_short_time_that_the_service_names_again_and_again_is_not_believed_for_ever():
    asked = []
    for _ in range(8):
        at = Fence.objects.get().until if Fence.objects.exists() else NOON
        raised = raise_fence("graph:anna", reason="graph_throttled", seconds=1, at=at)
        asked.append((raised.until - at).total_seconds())

    assert sum(wait < 8 for wait in asked) == 2, "of a storm of 8 seconds no more than three tries see anything"
    assert asked[-1] <= 60 * 1.25, "what the service itself says is not stretched beyond a minute"


@pytest.mark.django_db
def test_a_fence_that_nobody_has_tried_for_long_counts_for_nothing():
    raise_fence("crm:1", reason="crm_unreachable", at=NOON)
    later = NOON + timedelta(hours=2)

    raised = raise_fence("crm:1", reason="crm_unreachable", at=later)

    assert (raised.strikes, raised.since) == (1, later)


@pytest.mark.django_db(transaction=True)
def test_after_a_fence_one_at_a_time_tries_and_the_others_wait_for_what_becomes_of_it():
    fallen()
    trying, passed, refused, lock = 0, 0, 0, threading.Lock()
    most = 0

    def work(_: int) -> None:
        nonlocal trying, most, passed, refused
        try:
            with passage("crm:1") as way:
                assert way.is_probe
                with lock:
                    trying, passed = trying + 1, passed + 1
                    most = max(most, trying)
                threading.Event().wait(0.05)
                with lock:
                    trying -= 1
        except FenceStands:
            with lock:
                refused += 1
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    assert (most, passed + refused) == (1, 8)
    assert refused > 0


@pytest.mark.django_db
def test_an_answer_to_the_one_who_tries_takes_the_fence_away():
    fallen()

    with passage("crm:1") as way:
        way.answered()
        with passage("crm:1") as other:
            assert not other.is_probe

    assert not Fence.objects.exists()


@pytest.mark.django_db
def test_trouble_of_the_one_who_tries_keeps_everybody_away_for_longer():
    fallen(strikes=3)
    at = now()

    with passage("crm:1"):
        raised = raise_fence("crm:1", reason="crm_unreachable", at=at)

    assert (raised.strikes, raised.prober) == (4, None)
    assert 16 <= (raised.until - at).total_seconds() <= 20
    with pytest.raises(FenceStands) as stands, passage("crm:1"):
        pass
    assert stands.value.again_at == raised.until


@pytest.mark.django_db
def test_who_learnt_nothing_leaves_the_try_to_the_next_one():
    fallen()

    with passage("crm:1"):
        pass

    with passage("crm:1") as way:
        assert way.is_probe


@pytest.mark.django_db(transaction=True)
def test_one_who_tries_holds_the_fence_while_he_lives_and_is_relieved_after_a_lease_when_he_died(settings):
    settings.LEASE_SECONDS = 0.6
    fallen()
    with passage("crm:1"):
        threading.Event().wait(0.9)
        with pytest.raises(FenceStands), passage("crm:1"):
            pass
        held_until = Fence.objects.get().until
    assert held_until <= now() + timedelta(seconds=0.6)

    Fence.objects.update(prober=uuid4(), until=now() - timedelta(seconds=0.1))

    with passage("crm:1") as way:
        assert way.is_probe


@pytest.mark.django_db
def test_an_answer_does_not_take_away_a_fence_that_others_put_up_meanwhile():
    with passage("graph:anna") as way:
        raise_fence("graph:anna", reason="graph_throttled", seconds=60)
        way.answered()

        with pytest.raises(FenceStands):
            way.check()

    fallen()
    with passage("crm:1") as way:
        way.check()
        raise_fence("crm:1", reason="crm_throttled", seconds=60)
        way.answered()

    assert fence("crm:1") is not None


@pytest.mark.django_db
def test_people_hear_of_an_outage_until_somebody_has_tried():
    raised = raise_fence("crm:1", reason="crm_unreachable", at=NOON)

    assert outage("crm:1", at=raised.until + timedelta(seconds=5)) == raised
    assert outage("crm:1", at=raised.until + timedelta(minutes=2)) is None


def fallen(*, strikes: int = 1) -> None:
    """A fence whose time is over, and that nobody has tried yet."""
    at = now()
    Fence.objects.create(
        key="crm:1", until=at - timedelta(seconds=1), since=at - timedelta(minutes=1), reason="", strikes=strikes
    )
