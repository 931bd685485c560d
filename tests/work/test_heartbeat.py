"""The sign of life that keeps a lease."""

from __future__ import annotations

import threading

from apps.work.heartbeat import heartbeat


def test_it_beats_while_work_goes_on_and_not_after():
    beats = threading.Semaphore(0)

    with heartbeat(lambda: beats.release() is None, every_seconds=0.01):
        assert beats.acquire(timeout=5)
        assert beats.acquire(timeout=5)
    while beats.acquire(blocking=False):
        pass

    assert not beats.acquire(timeout=0.1)


def test_work_that_hangs_loses_its_lease_in_the_end():
    beats = threading.Semaphore(0)

    with heartbeat(lambda: beats.release() is None, every_seconds=0.01, longest_seconds=0.1):
        threading.Event().wait(0.5)
        while beats.acquire(blocking=False):
            pass

        assert not beats.acquire(timeout=0.1)
