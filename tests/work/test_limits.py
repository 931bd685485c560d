"""Slots: the same promise on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections

from apps.core.clock import now
from apps.work.limits import LimitReached, slot
from apps.work.models import Slot


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


@pytest.mark.django_db(transaction=True)
def test_a_holder_keeps_its_slot_while_it_lives_and_loses_it_with_the_lease_when_it_died(settings):
    settings.LEASE_SECONDS = 0.6
    with slot("graph:anna", (0,)):
        threading.Event().wait(0.9)
        with pytest.raises(LimitReached), slot("graph:anna", (0,)):
            pass

    Slot.objects.update(holder=uuid4(), lease_until=now() - timedelta(seconds=0.1))

    with slot("graph:anna", (0,)):
        pass
