"""How many at once, over web and workers of all machines: slots as rows. A process that dies gives its slot back by the
lease, which a sign of life keeps up while it lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from django.db.models import Q

from apps.core.clock import now
from apps.work.heartbeat import heartbeat, lease
from apps.work.models import Slot


class LimitReached(Exception):
    """Every slot that this caller may take is taken. Come back a little later; nothing was sent."""


@contextmanager
def slot(key: str, numbers: Sequence[int]) -> Iterator[None]:
    """Hold one of these slots of `key` until the block ends, or raise LimitReached at once."""
    taken = _take(key, numbers, at=now())
    if taken is None:
        raise LimitReached(key)
    held = Slot.objects.filter(pk=taken.pk, holder=taken.holder)
    try:
        with heartbeat(lambda: bool(held.update(lease_until=now() + lease()))):
            yield
    finally:
        held.update(holder=None, lease_until=None)


def _take(key: str, numbers: Sequence[int], *, at: datetime) -> Slot | None:
    rows = Slot.objects.filter(key=key, number__in=numbers)
    if rows.count() < len(numbers):
        Slot.objects.bulk_create([Slot(key=key, number=number) for number in numbers], ignore_conflicts=True)
    holder = uuid4()
    for candidate in rows.filter(Q(holder=None) | Q(lease_until__lt=at)).order_by("number"):
        free = Slot.objects.filter(Q(holder=None) | Q(lease_until__lt=at), pk=candidate.pk)
        if free.update(holder=holder, lease_until=at + lease()):
            candidate.holder = holder
            return candidate
    return None
