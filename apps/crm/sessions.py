"""Sessions of this process that wait to be used again: a login costs as much as storing ten e-mails.

A session runs one call at a time, so whoever takes one has it alone until it is given back. Nothing here survives a
fork.
"""

import os
import threading
import time
from collections import defaultdict
from dataclasses import dataclass

# PHP forgets a session after 24 minutes without a call, by default.
LONGEST_REST_SECONDS = 15 * 60
MOST_AT_REST = 4


@dataclass(frozen=True, slots=True)
class SessionKey:
    """Whose session: of which CORIPO, of which login. `account_key` changes whenever the stored login does."""

    url: str
    user_name: str
    account_key: str


class SessionPool:
    def __init__(self) -> None:
        self._start_empty()
        os.register_at_fork(after_in_child=self._start_empty)

    def take(self, key: SessionKey) -> str | None:
        """A session that was given back lately, the latest first, or None: log in."""
        with self._lock:
            self._drop_stale()
            return self._resting[key].pop()[0] if self._resting.get(key) else None

    def give_back(self, key: SessionKey, session_id: str) -> None:
        with self._lock:
            self._resting[key] = [*self._resting[key], (session_id, time.monotonic())][-MOST_AT_REST:]

    def forget(self, key: SessionKey) -> None:
        """Leave all resting sessions of this login alone from now on."""
        with self._lock:
            self._resting.pop(key, None)

    def _drop_stale(self) -> None:
        oldest = time.monotonic() - LONGEST_REST_SECONDS
        for key in list(self._resting):
            self._resting[key] = [(session_id, at) for session_id, at in self._resting[key] if at > oldest]
            if not self._resting[key]:
                del self._resting[key]

    def _start_empty(self) -> None:
        self._lock = threading.Lock()
        self._resting: defaultdict[SessionKey, list[tuple[str, float]]] = defaultdict(list)


resting_sessions = SessionPool()
