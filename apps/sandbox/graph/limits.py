"""How much of a mailbox an application may have: so many requests at a time, so many in ten minutes.

Both are counted for the mailbox that is asked, whoever asks; refused requests count too.
"""

import math
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from apps.sandbox.graph import errors, knobs
from apps.sandbox.graph.models import Mailbox

_lock = threading.Lock()
_running: Counter[int] = Counter()
_asked: defaultdict[int, deque[float]] = defaultdict(deque)


@contextmanager
def slot(mailbox: Mailbox) -> Iterator[None]:
    """One of the requests that a mailbox carries. Raises GraphError (429) where there are too many."""
    with _lock:
        _count(mailbox.pk)
        if _running[mailbox.pk] >= knobs.current().at_a_time:
            raise errors.too_many_at_once()
        _running[mailbox.pk] += 1
    try:
        yield
    finally:
        with _lock:
            _running[mailbox.pk] -= 1


def forget() -> None:
    """Nobody has asked for anything yet."""
    with _lock:
        _asked.clear()


def _count(mailbox: int) -> None:
    """Count a request into the window that ends now. Raises GraphError."""
    knob, now, asked = knobs.current(), time.monotonic(), _asked[mailbox]
    while asked and asked[0] <= now - knob.window_seconds:
        asked.popleft()
    asked.append(now)
    if len(asked) > knob.window_requests:
        # There is room for one more when all before this one have left the window.
        last_before_room = asked[min(len(asked) - knob.window_requests, len(asked) - 1)]
        wait = math.ceil(last_before_room + knob.window_seconds - now)
        raise errors.too_many_in_ten_minutes(retry_after_seconds=max(1, wait))
