"""How many at once, over web and workers of all machines: slots as rows. A process that dies gives its slot back by the lease."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from django.db.models import Q

from apps.core.clock import now
from apps.work.models import Slot

SLOT_LEASE = timedelta(seconds=30)


class LimitReached(Exception):
    """Every slot that this caller may take is taken. Come back a little later; nothing was sent."""


class HeldSlot:
    """A slot in our hands. Work that takes longer than the lease renews it between its steps."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def renew(self, *, at: datetime, lease: timedelta = SLOT_LEASE) -> bool:
        """False when the lease had run out and somebody else holds the slot now."""
        held = Slot.objects.filter(pk=self._slot.pk, holder=self._slot.holder)
        return bool(held.update(lease_until=at + lease))


@contextmanager
def slot(key: str, numbers: Sequence[int], *, lease: timedelta = SLOT_LEASE) -> Iterator[HeldSlot]:
    """Hold one of these slots of `key`, or raise LimitReached at once."""
    taken = _take(key, numbers, at=now(), lease=lease)
    if taken is None:
        raise LimitReached(key)
    try:
        yield HeldSlot(taken)
    finally:
        Slot.objects.filter(pk=taken.pk, holder=taken.holder).update(holder=None, lease_until=None)


def _take(key: str, numbers: Sequence[int], *, at: datetime, lease: timedelta) -> Slot | None:
    rows = Slot.objects.filter(key=key, number__in=numbers)
    if rows.count() < len(numbers):
        Slot.objects.bulk_create([Slot(key=key, number=number) for number in numbers], ignore_conflicts=True)
    holder = uuid4()
    for candidate in rows.filter(Q(holder=None) | Q(lease_until__lt=at)).order_by("number"):
        free = Slot.objects.filter(Q(holder=None) | Q(lease_until__lt=at), pk=candidate.pk)
        if free.update(holder=holder, lease_until=at + lease):
            candidate.holder = holder
            return candidate
    return None
