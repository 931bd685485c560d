"""Fences, as rows that all processes share: nobody calls a service that asked for quiet or does not answer.

When the time of a fence is over, one caller at a time tries whether the service answers (half open); the others wait for what
becomes of it. An answer takes the fence away, trouble puts it up for longer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction

from apps.core.clock import now
from apps.work.heartbeat import heartbeat, lease
from apps.work.models import Fence, Outage
from apps.work.retry import next_attempt_at

# Longer than any single request with its login may take; who hangs longer while it tries is relieved, and who dies at the end
# of the lease.
LONGEST_PROBE_SECONDS = 90.0
# How soon to come again where somebody else is trying.
PROBE_WAIT = timedelta(seconds=2)
# Of an outage of hours a person notices the end within two minutes, and it costs thirty requests an hour.
LONGEST_WAIT_SECONDS = 120.0
# A fence that nobody has tried for this long tells nothing about the present.
STALE_AFTER = timedelta(minutes=15)
# While there is work, somebody tries within this time after the end of a fence.
TRIED_WITHIN = timedelta(seconds=30)

SHORTEST_OUTAGE = timedelta(minutes=2)
OUTAGES_KEPT_FOR = timedelta(days=90)


class FenceStands(Exception):
    """Nothing may be sent now. `again_at` is when it may be possible, `reason` the code of the trouble."""

    def __init__(self, standing: Fence, *, at: datetime) -> None:
        super().__init__(str(standing))
        self.reason = standing.reason
        self.is_being_tried = standing.prober is not None
        self.again_at = min(standing.until, at + PROBE_WAIT) if self.is_being_tried else standing.until


class Passage:
    """Leave to call what lies behind the fence. `is_probe`: we are the one who tries whether the service answers."""

    def __init__(self, key: str, *, probe: Fence | None) -> None:
        self._key = key
        self._probe = probe

    @property
    def is_probe(self) -> bool:
        return self._probe is not None

    def check(self) -> None:
        """Before each request. Raises FenceStands where somebody else was told meanwhile to keep quiet."""
        at = now()
        standing = fence(self._key, at=at)
        if standing is not None and (self._probe is None or standing.prober != self._probe.prober):
            raise FenceStands(standing, at=at)

    def answered(self) -> None:
        """The service answers: the fence that we tried is taken away. Costs nothing where we did not try one.

        A fence that others have put up stays: who was under way then got an answer, and everybody else still has to wait.
        """
        if self._probe is not None:
            taken_away, _by_model = Fence.objects.filter(pk=self._probe.pk, prober=self._probe.prober).delete()
            if taken_away:
                _remember(self._probe, at=now())
            self._probe = None

    def _keep(self) -> bool:
        """The others wait for as long as we live and try."""
        probe = self._probe
        return probe is not None and self._set(probe, prober=probe.prober, until=now() + lease())

    def _leave(self) -> None:
        """Nothing was learned: the next one may try."""
        if self._probe is not None:
            self._set(self._probe, prober=None, until=now())

    def _set(self, probe: Fence, *, prober: UUID | None, until: datetime) -> bool:
        return bool(Fence.objects.filter(pk=probe.pk, prober=probe.prober).update(prober=prober, until=until))


def _remember(fallen: Fence, *, at: datetime) -> None:
    """Keep what people noticed: a fence of moments was none to them."""
    if at - fallen.since >= SHORTEST_OUTAGE:
        Outage.objects.create(key=fallen.key, since=fallen.since, until=at, reason=fallen.reason)


@contextmanager
def passage(key: str) -> Iterator[Passage]:
    """Pass the fence before `key`, or raise FenceStands at once. Costs one read where there is no fence."""
    leave = _enter(key, at=now())
    if not leave.is_probe:
        yield leave
        return
    try:
        with heartbeat(leave._keep, longest_seconds=LONGEST_PROBE_SECONDS):
            yield leave
    finally:
        leave._leave()


def _enter(key: str, *, at: datetime) -> Passage:
    found = Fence.objects.filter(key=key).first()
    if found is None:
        return Passage(key, probe=None)
    if found.until <= at:
        fallen = Fence.objects.filter(pk=found.pk, until=found.until, prober=found.prober)
        found.prober, found.until = uuid4(), at + lease()
        if fallen.update(prober=found.prober, until=found.until):
            return Passage(key, probe=found)
        found = Fence.objects.filter(key=key).first()
        if found is None:
            # Whoever was quicker has got an answer already.
            return Passage(key, probe=None)
    raise FenceStands(found, at=at)


def fence(key: str, *, at: datetime | None = None) -> Fence | None:
    """The fence before `key` if it is up, for one who tries it included."""
    return Fence.objects.filter(key=key, until__gt=at or now()).first()


def fences(keys: Collection[str], *, at: datetime) -> dict[str, Fence]:
    """Those of the keys before which a fence is up, in one query."""
    return {standing.key: standing for standing in Fence.objects.filter(key__in=keys, until__gt=at)}


def outage(key: str, *, at: datetime) -> Fence | None:
    """What to tell people: the fence that is up, or that fell so lately that nobody has tried yet."""
    return Fence.objects.filter(key=key, until__gt=at - TRIED_WITHIN).first()


def past_outages(keys: Collection[str], *, since: datetime, most: int) -> list[Outage]:
    """The newest outages of these that ended after `since`, in one query."""
    return list(Outage.objects.filter(key__in=keys, until__gte=since).order_by("-until", "-pk")[:most])


def clear_old_outages(*, at: datetime) -> None:
    Outage.objects.filter(until__lt=at - OUTAGES_KEPT_FOR).delete()


def raise_fence(key: str, *, reason: str, seconds: int | None = None, at: datetime | None = None) -> Fence:
    """Keep everybody from `key`, longer with every strike in a row, and at least for `seconds` if the service named a time."""
    at = at or now()
    with transaction.atomic():
        raised, _created = Fence.objects.select_for_update().get_or_create(
            key=key, defaults={"until": at, "since": at, "reason": reason}
        )
        if raised.until < at - STALE_AFTER:
            raised.since, raised.strikes = at, 0
        raised.strikes += 1
        raised.reason = reason
        wait = next_attempt_at(
            failures=raised.strikes, at=at, asked_for_seconds=seconds, longest_seconds=LONGEST_WAIT_SECONDS
        )
        # The time of somebody's try is no wish of the service.
        raised.until = wait if raised.prober else max(raised.until, wait)
        raised.prober = None
        raised.save(update_fields=["until", "since", "strikes", "reason", "prober"])
    return raised
