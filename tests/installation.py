"""A whole portal as `./run` starts it, in folders and on ports of its own, for browser tests, kill tests and benches."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import Literal

import psutil
import psycopg
import requests

from tests.sandbox_server import ROOT, Sandbox
from tests.services import free_port, postgresql, redis

Profile = Literal["small", "large"]
"""small: SQLite and the embedded broker. large: PostgreSQL, Redis and a second machine with workers."""


class Installation:
    """Portal, two workers, scheduler under `manage.py up`; the sandbox beside it, so that it survives what happens here.

    The large profile has a PostgreSQL and a Redis of its own, and two more workers beside the first ones.
    """

    def __init__(
        self, *, profile: Profile = "small", seeded: bool = False, environment: dict[str, str] | None = None
    ) -> None:
        self.profile = profile
        self.services = ExitStack()
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
        self.processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Installation:
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _start(self) -> None:
        if self.profile == "large":
            redis_url = self.services.enter_context(redis())
            self.environment |= {
                "DATABASE_URL": self.services.enter_context(postgresql()),
                "CELERY_BROKER_URL": redis_url,
                "CACHE_URL": redis_url,
            }
        self.sandbox.start()
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=self.environment, check=True)
        self._supervise("manage.py", "up", "--no-sandbox")
        if self.profile == "large":
            self._supervise("-m", "tests.second_machine")
        self.wait_for_portal()

    def _supervise(self, *command: str) -> None:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.processes.append(process)
        threading.Thread(target=self._read, args=(process,), daemon=True).start()

    def _stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        self.processes.clear()

    def _end(self) -> None:
        self._stop()
        self.sandbox.stop()
        self.services.close()
        self.folder.cleanup()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
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

    def wait_for_line(self, words: str, *, after: int, seconds: float) -> str:
        """The first line with these words that is written later than the first `after` ones; "" if none came in time."""
        deadline = time.monotonic() + seconds
        with self.line_came:
            while True:
                fresh = list(self.lines)[max(len(self.lines) - (self._lines_written - after), 0) :]
                if found := next((line for line in fresh if words in line), ""):
                    return found
                after = self._lines_written
                left = deadline - time.monotonic()
                if left <= 0 or not self.line_came.wait(timeout=left):
                    return ""

    def children(self, words: str = "") -> list[psutil.Process]:
        """The processes below the supervisors whose command line holds these words."""
        found = []
        supervisors = [psutil.Process(process.pid) for process in self.processes]
        for child in [child for supervisor in supervisors for child in supervisor.children(recursive=True)]:
            try:
                if words in " ".join(child.cmdline()):
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    def kill(self, words: str, *, one_by: Random | None = None) -> int:
        """SIGKILL, from outside, to what runs under these words, or to one of it by chance; how many that were."""
        victims = self.children(words)
        if one_by is not None and victims:
            victims = [one_by.choice(victims)]
        for victim in victims:
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                continue
        return len(victims)

    def copy_database(self) -> Path:
        """A copy as a backup makes it while everything runs; of the small profile."""
        copy = Path(self.folder.name) / "copy.sqlite3"
        with closing(sqlite3.connect(self._database)) as running, closing(sqlite3.connect(copy)) as kept:
            running.backup(kept)
        return copy

    def restore_database(self, copy: Path) -> None:
        """Stop the portal, put the copy in the database's place, and start it again."""
        self._stop()
        for ending in ("-wal", "-shm"):
            Path(f"{self._database}{ending}").unlink(missing_ok=True)
        shutil.copyfile(copy, self._database)
        self._supervise("manage.py", "up", "--no-sandbox")
        self.wait_for_portal()

    def wipe_broker(self) -> int:
        """Throw away every message that waits in the embedded broker; how many that were."""
        messages = list((Path(self.folder.name) / "queue" / "in").glob("*.msg"))
        for message in messages:
            message.unlink(missing_ok=True)
        return len(messages)

    @property
    def _database(self) -> Path:
        return Path(self.folder.name) / "portal.sqlite3"

    def rows(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Read the portal's database, as somebody who looks in from outside. A question mark stands for a parameter."""
        if self.profile == "large":
            with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
                return connection.execute(sql.replace("?", "%s").encode(), parameters).fetchall()
        with closing(self._sqlite("ro")) as database:
            return database.execute(sql, parameters).fetchall()

    def write(self, sql: str, *parameters: object) -> None:
        """Put rows into the portal's database that would take too long through its doors, in one transaction."""
        if self.profile == "large":
            with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
                # Without parameters a per cent sign stands for itself.
                connection.execute(sql.replace("?", "%s").encode(), parameters or None)
            return
        with closing(self._sqlite("rw")) as database, database:
            database.execute(sql, parameters)

    def _sqlite(self, mode: Literal["ro", "rw"]) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._database}?mode={mode}", uri=True, timeout=60)
