"""How many at once a service bears: half as many as soon as it grows slow or fails, one more after a round of good turns."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from apps.work.models import Pace

FEWEST, FIRST, MOST = 2, 4, 8
# So many times its usual time is slow, and nothing is that one hardly waits for.
SLOW_FACTOR = 3.0
SLOW_SECONDS = 0.5
# What is usual creeps upwards, so that a service which has become slower for good is not thought strained for ever.
DRIFT = 1.02
# Who was under way at the same time met the same trouble: it counts once.
NARROWED_EVERY = timedelta(seconds=10)


def width(key: str) -> int:
    """How many may be at work at `key` now, from FEWEST to MOST."""
    found = Pace.objects.filter(key=key).values_list("width", flat=True).first()
    return FIRST if found is None else found


def note_turn(key: str, *, quickest_seconds: float | None, troubles: int, at: datetime) -> None:
    """One carrier is done there: its quickest answer, None without any, and how many of its calls failed."""
    with transaction.atomic():
        pace, _created = Pace.objects.select_for_update().get_or_create(key=key, defaults={"width": FIRST})
        if troubles or _is_slow(pace, quickest_seconds):
            _narrow(pace, at=at)
        else:
            _widen(pace)
        if quickest_seconds is not None:
            pace.usual_seconds = min(quickest_seconds, (pace.usual_seconds or quickest_seconds) * DRIFT)
        pace.save(update_fields=["width", "good_turns", "usual_seconds", "narrowed_at"])


def _is_slow(pace: Pace, seconds: float | None) -> bool:
    if seconds is None or pace.usual_seconds is None:
        return False
    return seconds > max(pace.usual_seconds * SLOW_FACTOR, SLOW_SECONDS)


def _narrow(pace: Pace, *, at: datetime) -> None:
    pace.good_turns = 0
    if pace.narrowed_at is None or pace.narrowed_at <= at - NARROWED_EVERY:
        pace.width, pace.narrowed_at = max(pace.width // 2, FEWEST), at


def _widen(pace: Pace) -> None:
    pace.good_turns += 1
    if pace.good_turns >= pace.width:
        pace.width, pace.good_turns = min(pace.width + 1, MOST), 0
