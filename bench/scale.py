"""Pages of a large mailbox against the same pages of a small one, each in a database of its own, page by page in turn.

Ratios are of processor time, that of the portal's process and of its PostgreSQL backend together: the wall clock on a machine
with other work tells more about that work. The wall time is named beside it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import psycopg

from bench.results import Results, note
from tests.sandbox_server import ROOT
from tests.services import postgresql

Engine = Literal["postgresql", "sqlite"]
# The index reads all entries of a common word, however rare the other one is (ADR 0008).
WITHOUT_AIM = {"two_words"}


def main(*, small: int, large: int, rounds: int) -> int:
    results = Results()
    for engine in ("postgresql", "sqlite"):
        measure(results, engine=engine, small=small, large=large, rounds=rounds)
    return 1 if results.missed else 0


def measure(results: Results, *, engine: Engine, small: int, large: int, rounds: int) -> None:
    """The medians of `rounds` for each page, and their ratio; SQLite is held to a time, not to a ratio, for words."""
    with databases(engine) as (first, second), Visitor(first, small) as few, Visitor(second, large) as many:
        for page in few.pages:
            few.look_at(page)
            many.look_at(page)
        looks: dict[str, list[tuple[Look, Look]]] = {page: [] for page in few.pages}
        for _ in range(rounds):
            for page, taken in looks.items():
                taken.append((few.look_at(page), many.look_at(page)))
    for page, taken in looks.items():
        at_small = statistics.median(look.cpu_seconds for look, _ in taken)
        at_large = statistics.median(look.cpu_seconds for _, look in taken)
        wall_small = statistics.median(look.seconds for look, _ in taken)
        wall_large = statistics.median(look.seconds for _, look in taken)
        n = f"{large} against {small} messages, {engine}: {_ms(at_large)} against {_ms(at_small)} ms of processor time"
        n += f", {_ms(wall_large)} against {_ms(wall_small)} ms by the clock"
        if page in WITHOUT_AIM:
            note(f"{page} {at_large / at_small:.3g} x   ({n})")
        elif engine == "postgresql" or page == "list_page":
            results.add(f"{page}_time_ratio", at_large / at_small, "x", at_most=1.3, n=n)
        else:
            results.add(f"{page}_seconds", wall_large, "s", at_most=0.5, n=n)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"


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


@dataclass(frozen=True, slots=True)
class Look:
    """What a page took: by the clock, and of the processor in the portal and its database's backend."""

    seconds: float
    cpu_seconds: float


class Visitor:
    """A process with the portal over one database, and somebody in it who looks at its pages one by one."""

    def __init__(self, database_url: str, messages: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.scale_visitor", str(messages)],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings.test", "DATABASE_URL": database_url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        seeded = self._read()
        self.pages: list[str] = seeded["pages"]
        note(f"{messages} messages seeded in {seeded['seconds']:.0f} s")

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.communicate()

    def look_at(self, page: str) -> Look:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{page}\n")
        self.process.stdin.flush()
        return Look(**self._read())

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        words: dict[str, Any] = json.loads(self.process.stdout.readline())
        return words
