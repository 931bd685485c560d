"""A sign of life while work goes on: a lease can be short, since only a process that died or hangs stops renewing it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection

log = logging.getLogger(__name__)

# No batch takes so long, however slow the services are: after this time the work hangs, as a parser may at foreign bytes.
LONGEST_SECONDS = 30 * 60.0


def lease() -> timedelta:
    """How long a process may be silent before others take what it holds."""
    return timedelta(seconds=settings.LEASE_SECONDS)


@contextmanager
def heartbeat(
    beat: Callable[[], bool], *, every_seconds: float | None = None, longest_seconds: float = LONGEST_SECONDS
) -> Iterator[None]:
    """Call `beat` every so often (three times in a lease), in a thread of its own, until the block ends, `beat` says False or
    the time is over.

    Work that is over sooner costs no call and no database connection.
    """
    every_seconds = lease().total_seconds() / 3 if every_seconds is None else every_seconds
    is_over = threading.Event()
    thread = threading.Thread(target=_beat_until, args=(is_over, beat, every_seconds, longest_seconds), daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _beat_until(
    is_over: threading.Event, beat: Callable[[], bool], every_seconds: float, longest_seconds: float
) -> None:
    ends_at = time.monotonic() + longest_seconds
    try:
        while not is_over.wait(every_seconds) and time.monotonic() < ends_at:
            try:
                if not beat():
                    return
            except DatabaseError:
                # The next beat may come in time; if none does, the lease ends and the work notices at its next step.
                log.warning("heartbeat missed", exc_info=True)
    finally:
        connection.close()
