"""When to try again: one function for everybody. Retry time is data, nobody sleeps."""

import random
from datetime import datetime, timedelta

FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 15 * 60.0


def next_attempt_at(*, failures: int, at: datetime, asked_for_seconds: int | None = None) -> datetime:
    """The server's wish where it has one, else 2, 4, 8 … seconds up to 15 minutes; always with jitter on top."""
    wait = min(FIRST_WAIT_SECONDS * 2 ** min(max(failures, 1) - 1, 16), LONGEST_WAIT_SECONDS)
    if asked_for_seconds is not None:
        wait = max(float(asked_for_seconds), 1.0)
    # Jitter only adds: to come back before the server's time is a wasted request.
    return at + timedelta(seconds=wait * (1 + random.random() / 4))  # noqa: S311  # no secret
