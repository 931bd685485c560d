"""Limits that web and workers share, as rows: slots (how many at once) and fences (nobody until then).

Both hold on SQLite and PostgreSQL alike, and a process that dies gives its slot back by the lease.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from apps.core.clock import now
from apps.work.models import Fence, Slot
from apps.work.retry import next_attempt_at

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


def fence(key: str, *, at: datetime | None = None) -> Fence | None:
    """The fence before `key` if it is up."""
    return Fence.objects.filter(key=key, until__gt=at or now()).first()


def raise_fence(key: str, *, reason: str, seconds: int | None = None, at: datetime | None = None) -> Fence:
    """Keep everybody from `key`: for `seconds` if the service named a time, else longer with every strike in a row."""
    at = at or now()
    with transaction.atomic():
        raised, _created = Fence.objects.select_for_update().get_or_create(
            key=key, defaults={"until": at, "since": at, "reason": reason}
        )
        raised.strikes += 1
        raised.reason = reason
        until = next_attempt_at(failures=raised.strikes, at=at, asked_for_seconds=seconds)
        raised.until = max(raised.until, until)
        raised.save(update_fields=["until", "strikes", "reason"])
    return raised


def lower_fence(key: str, *, at: datetime | None = None) -> None:
    """The service answered: the next strike starts from the beginning. Costs one read where there is no fence.

    One that stands stays: who was under way when it was raised got an answer, and all others still have to wait.
    """
    fallen = Fence.objects.filter(key=key, until__lte=at or now())
    if fallen.exists():
        fallen.delete()
