"""When to try again: one function for everybody. Retry time is data, nobody sleeps."""

import random
from datetime import datetime, timedelta

FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 15 * 60.0
# What is waited beyond a time that the server itself named, however often it named it.
LONGEST_DOUBT_SECONDS = 60.0


def next_attempt_at(
    *,
    failures: int,
    at: datetime,
    asked_for_seconds: int | None = None,
    longest_seconds: float = LONGEST_WAIT_SECONDS,
) -> datetime:
    """2, 4, 8 … seconds later, up to `longest_seconds`; not before the time that the server named; always with jitter on top.

    A server that names a short time again and again is not believed for ever: each of these tries is wasted.
    """
    wait = min(FIRST_WAIT_SECONDS * 2 ** min(max(failures, 1) - 1, 16), longest_seconds)
    if asked_for_seconds is not None:
        wait = max(float(asked_for_seconds), min(wait, LONGEST_DOUBT_SECONDS))
    # Jitter only adds: to come back before the server's time is a wasted request.
    return at + timedelta(seconds=wait * (1 + random.random() / 4))  # noqa: S311  # no secret
