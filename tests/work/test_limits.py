"""Slots and fences: the same promise on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connections

from apps.work.limits import LimitReached, fence, lower_fence, raise_fence, slot
from apps.work.models import Fence, Slot
from tests.factories import NOON


@pytest.mark.django_db(transaction=True)
def test_never_more_holders_than_slots():
    holding, most, lock = 0, 0, threading.Lock()
    refused = 0

    def work(_: int) -> None:
        nonlocal holding, most, refused
        try:
            for _ in range(8):
                try:
                    with slot("graph:anna", (2, 3)):
                        with lock:
                            holding += 1
                            most = max(most, holding)
                        threading.Event().wait(0.005)
                        with lock:
                            holding -= 1
                except LimitReached:
                    with lock:
                        refused += 1
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    assert most == 2
    assert refused > 0
    assert not Slot.objects.exclude(holder=None).exists()


@pytest.mark.django_db
def test_the_page_has_a_slot_of_its_own():
    with ExitStack() as held:
        for numbers in ((2, 3), (2, 3), (0,)):
            held.enter_context(slot("graph:anna", numbers))
        with pytest.raises(LimitReached):
            held.enter_context(slot("graph:anna", (2, 3)))


@pytest.mark.django_db
def test_a_dead_holder_loses_its_slot_with_the_lease():
    with slot("graph:anna", (0,), lease=timedelta(seconds=-1)), slot("graph:anna", (0,)) as second:
        assert second.renew(at=NOON)


@pytest.mark.django_db
def test_a_fence_keeps_the_longest_time_asked_for_and_falls_with_an_answer():
    raise_fence("graph:anna", reason="graph_throttled", seconds=60, at=NOON)
    raise_fence("graph:anna", reason="graph_throttled", seconds=1, at=NOON)

    assert fence("graph:anna", at=NOON + timedelta(seconds=59)) is not None
    assert fence("graph:jana", at=NOON) is None

    lower_fence("graph:anna")

    assert fence("graph:anna", at=NOON) is None


@pytest.mark.django_db
def test_every_strike_in_a_row_keeps_everybody_away_for_longer():
    waits = []
    for _ in range(5):
        at = Fence.objects.get().until if Fence.objects.exists() else NOON
        raised = raise_fence("crm:1", reason="crm_unreachable", at=at)
        waits.append((raised.until - at).total_seconds())

    assert waits == sorted(waits)
    assert waits[-1] >= 16 * waits[0] / 1.25


@pytest.mark.django_db
def test_a_late_answer_does_not_lower_a_fence_that_stands():
    raise_fence("graph:anna", reason="graph_throttled", seconds=60, at=NOON)

    lower_fence("graph:anna", at=NOON + timedelta(seconds=1))

    assert fence("graph:anna", at=NOON + timedelta(seconds=2)) is not None


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
