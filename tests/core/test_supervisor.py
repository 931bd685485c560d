"""The supervisor: a dead child comes back, and nobody outlives the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.sandbox_server import ROOT

PROGRAM = """
import sys
from apps.core.supervisor import Child, Supervisor
sleeper = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
sys.exit(Supervisor([Child("one", sleeper), Child("two", sleeper)]).run())
"""


@pytest.fixture
def supervisor():
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.DEVNULL)
    _children(process, 2)
    yield process
    if process.poll() is None:
        process.kill()


def _children(process: subprocess.Popen[bytes], count: int, *, other_than: int = 0) -> list[psutil.Process]:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = [child for child in psutil.Process(process.pid).children() if child.pid != other_than]
        if len(found) == count and all(child.status() != psutil.STATUS_ZOMBIE for child in found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"never {count} children")


def test_a_killed_child_is_back_within_two_seconds(supervisor):
    victim, _other = _children(supervisor, 2)
    began = time.monotonic()

    victim.kill()
    _children(supervisor, 2, other_than=victim.pid)

    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_end_leaves_nobody(supervisor, number, status):
    children = _children(supervisor, 2)

    supervisor.send_signal(number)

    assert supervisor.wait(timeout=10) == status
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)


def test_a_killed_supervisor_takes_its_children_along(supervisor):
    children = _children(supervisor, 2)

    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()

    _gone, alive = psutil.wait_procs(children, timeout=3)
    assert not alive
