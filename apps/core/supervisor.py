"""Keeps a handful of processes running: prefixes their lines, starts a dead one again, ends them all together."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# Who lived this long and then died had not failed at its start.
STEADY_SECONDS = 10.0
# A worker finishes its step on TERM; what takes longer is killed, which loses nothing.
GRACE_SECONDS = 6.0
# Should the supervisor itself be killed, the kernel ends its children. util-linux has the program wherever Debian runs.
DIES_WITH_US = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []


@dataclass(slots=True)
class Child:
    """One process in a session of its own, so that its children go with it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS

    def start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603  # commands of our own
            [*DIES_WITH_US, *self.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
        )
        self.started_at = time.monotonic()
        threading.Thread(target=self._pump, args=(self.process,), daemon=True).start()

    def _pump(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            sys.stdout.write(f"{self.name:<11} | {line}")
            sys.stdout.flush()

    def signal_group(self, number: int) -> None:
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs children until SIGINT (exit status 130) or SIGTERM (143)."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self.ended_by: int | None = None

    def run(self, *, when_started: threading.Thread | None = None) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        for child in self.children:
            child.start()
        if when_started:
            when_started.start()
        while self.ended_by is None:
            self._look_after()
            time.sleep(0.2)
        self._end_all()
        return 128 + self.ended_by

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.ended_by = number

    def _look_after(self) -> None:
        at = time.monotonic()
        for child in self.children:
            if child.is_running or child.process is None:
                if child.process is None and at >= child.start_again_at:
                    child.start()
                continue
            # A prefork or gunicorn parent that was killed leaves its children behind.
            child.signal_group(signal.SIGKILL)
            was_killed = child.process.returncode in (-signal.SIGKILL, -signal.SIGTERM)
            if was_killed or at - child.started_at > STEADY_SECONDS:
                child.pause = FIRST_PAUSE_SECONDS
            say(f"{child.name} ended with {child.process.returncode}, starting again in {child.pause:.1f} s")
            child.process, child.start_again_at = None, at + child.pause
            child.pause = min(child.pause * 2, LONGEST_PAUSE_SECONDS)

    def _end_all(self) -> None:
        for child in self.children:
            child.signal_group(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and any(child.is_running for child in self.children):
            time.sleep(0.05)
        for child in self.children:
            child.signal_group(signal.SIGKILL)
            if child.process is not None:
                child.process.wait(timeout=2)


def say(text: str) -> None:
    sys.stdout.write(f"{'run':<11} | {text}\n")
    sys.stdout.flush()
