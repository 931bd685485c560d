"""Pages of a large mailbox against the same pages of a small one, each in a database of its own, round by round in turn."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal

import psycopg

from bench.results import Results, note
from tests.sandbox_server import ROOT
from tests.services import postgresql

Engine = Literal["postgresql", "sqlite"]


def main(*, small: int, large: int, rounds: int) -> int:
    results = Results()
    for engine in ("postgresql", "sqlite"):
        measure(results, engine=engine, small=small, large=large, rounds=rounds)
    return 1 if results.missed else 0


def measure(results: Results, *, engine: Engine, small: int, large: int, rounds: int) -> None:
    """The medians of `rounds` for each page, and their ratio; SQLite is held to a time, not to a ratio, for words."""
    with databases(engine) as (first, second), Visitor(first, small) as few, Visitor(second, large) as many:
        few.round()
        many.round()
        times = [(few.round(), many.round()) for _ in range(rounds)]
    for page in times[0][0]:
        at_small = statistics.median(fast[page] for fast, _slow in times)
        at_large = statistics.median(slow[page] for _fast, slow in times)
        n = f"{large} against {small} messages, {engine}, {at_large * 1000:.0f} ms"
        if engine == "postgresql" or page == "list_page":
            results.add(f"{page}_time_ratio", at_large / at_small, "x", at_most=1.3, n=n)
        else:
            results.add(f"{page}_seconds", at_large, "s", at_most=0.5, n=n)


@contextmanager
def databases(engine: Engine) -> Iterator[tuple[str, str]]:
    """Two empty databases; their DATABASE_URLs."""
    with ExitStack() as stack:
        if engine == "sqlite":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-bench-")))
            yield f"sqlite:///{folder / 'small.sqlite3'}", f"sqlite:///{folder / 'large.sqlite3'}"
        else:
            first = stack.enter_context(postgresql())
            with psycopg.connect(first, autocommit=True) as connection:
                connection.execute("create database large")
            yield first, f"{first.rpartition('/')[0]}/large"


class Visitor:
    """A process with the portal over one database, and somebody in it who looks at the same pages round by round."""

    def __init__(self, database_url: str, messages: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.scale_visitor", str(messages)],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings.test", "DATABASE_URL": database_url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        note(f"{messages} messages seeded in {self._read()['seeded_seconds']:.0f} s")

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.communicate()

    def round(self) -> dict[str, float]:
        """Seconds by page."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, float]:
        assert self.process.stdout is not None
        words: dict[str, float] = json.loads(self.process.stdout.readline())
        return words
