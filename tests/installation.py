"""A whole portal as `./run` starts it, in folders and on ports of its own, for browser tests, kill tests and benches."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path

import psutil
import requests

from tests.sandbox_server import ROOT, Sandbox
from tests.services import free_port


class Installation:
    """Portal, two workers, scheduler under `manage.py up`; the sandbox beside it, so that it survives what happens here."""

    def __init__(self, *, seeded: bool = False, environment: dict[str, str] | None = None) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="portal-installation-")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.sandbox = Sandbox(f"http://127.0.0.1:{free_port()}", seeded=seeded)
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portal.settings.local",
            "PORTAL_URL": self.url,
            "PORTAL_DATA": self.folder.name,
            "SANDBOX_URL": self.sandbox.url,
            **(environment or {}),
        }
        self.lines: deque[str] = deque(maxlen=200_000)
        self.line_came = threading.Condition()
        self._lines_written = 0
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Installation:
        self.sandbox.start()
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=self.environment, check=True)
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--no-sandbox"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_for_portal()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.sandbox.stop()
        self.folder.cleanup()

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.line_came:
                self.lines.append(line)
                self._lines_written += 1
                self.line_came.notify_all()

    def wait_for_portal(self, *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url}/healthz", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        raise AssertionError("the portal did not start:\n" + "".join(list(self.lines)[-40:]))

    def written(self) -> int:
        """How many lines there are: hand it to `wait_for_line` to look at those that come after."""
        with self.line_came:
            return self._lines_written

    def wait_for_line(self, words: str, *, after: int, seconds: float) -> bool:
        """Wait until a line with these words is written, later than the first `after` ones."""
        deadline = time.monotonic() + seconds
        with self.line_came:
            while True:
                fresh = list(self.lines)[max(len(self.lines) - (self._lines_written - after), 0) :]
                if any(words in line for line in fresh):
                    return True
                after = self._lines_written
                left = deadline - time.monotonic()
                if left <= 0 or not self.line_came.wait(timeout=left):
                    return False

    def children(self, words: str = "") -> list[psutil.Process]:
        """The processes below the supervisor whose command line holds these words."""
        assert self.process is not None
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if words in " ".join(child.cmdline()):
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    def kill(self, words: str) -> int:
        """SIGKILL, from outside, to what runs under these words; how many processes that were."""
        victims = self.children(words)
        for victim in victims:
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                continue
        return len(victims)

    def rows(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Read the portal's database, as somebody who looks in from outside."""
        database = sqlite3.connect(f"file:{Path(self.folder.name) / 'portal.sqlite3'}?mode=ro", uri=True, timeout=20)
        try:
            return database.execute(sql, parameters).fetchall()
        finally:
            database.close()
