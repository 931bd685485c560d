"""Claiming, keeping and giving back rows of work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from apps.sync.models import Transfer
from apps.work.models import POISON_CRASHES, Lane, Status
from tests.factories import NOON, MailFolderFactory, MessageFactory, TransferFactory

LEASE = timedelta(seconds=60)


@pytest.mark.django_db(transaction=True)
def test_no_row_is_claimed_twice_by_eight_threads():
    folder = MailFolderFactory()
    for _ in range(60):
        TransferFactory(message=MessageFactory(folder=folder))

    def claim_all() -> list[int]:
        mine: list[int] = []
        try:
            while Transfer.objects.due(lane=Lane.INTERACTIVE, at=NOON).exists():
                _claim, pks = Transfer.objects.due(lane=Lane.INTERACTIVE, at=NOON).claim(
                    size=3, lease_until=NOON + LEASE
                )
                mine += pks
        finally:
            connections.close_all()
        return mine

    with ThreadPoolExecutor(8) as pool:
        claimed = [pk for mine in pool.map(lambda _: claim_all(), range(8)) for pk in mine]

    assert sorted(claimed) == sorted(Transfer.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_what_a_silent_carrier_held_comes_back():
    TransferFactory()
    claim, _pks = Transfer.objects.due(lane=Lane.INTERACTIVE, at=NOON).claim(size=1, lease_until=NOON + LEASE)

    assert Transfer.objects.give_back_expired(at=NOON + LEASE) == 0
    assert Transfer.objects.give_back_expired(at=NOON + LEASE * 2) == 1

    transfer = Transfer.objects.get()
    assert (transfer.status, transfer.crashes, transfer.attempts) == (Status.QUEUED, 0, 1)
    assert Transfer.objects.renew(claim, lease_until=NOON + LEASE * 9) == 0, "a late carrier holds nothing any more"


@pytest.mark.django_db
def test_the_third_silence_sets_a_poisonous_item_aside():
    TransferFactory(status=Status.CLAIMED, lease_until=NOON, crashes=POISON_CRASHES)
    TransferFactory(status=Status.CLAIMED, lease_until=NOON, crashes=POISON_CRASHES - 1)

    Transfer.objects.give_back_expired(at=NOON + LEASE)

    assert list(Transfer.objects.order_by("pk").values_list("status", "cause")) == [
        (Status.FAILED, "poison"),
        (Status.QUEUED, ""),
    ]
