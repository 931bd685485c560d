"""Slots: the same promise on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connections

from apps.work.limits import LimitReached, slot
from apps.work.models import Slot
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
