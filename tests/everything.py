"""`./run test`: all tests, none skipped. Arguments go to pytest and then choose the tests of the portal alone.

1. the sandbox, with its own settings, and Microsoft's libraries against it; 2. the portal on the embedded profile; 3. rows
and transfer once more on PostgreSQL with Redis. Beside them the browser, against everything that `./run` starts: both spend
much of their time waiting.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from tempfile import TemporaryFile

from tests.services import postgresql, redis

# The tests of the sandbox, which know nothing of the portal.
SANDBOX = ("tests/sandbox", "tests/sdk")
PORTAL = ("tests", *(f"--ignore={folder}" for folder in SANDBOX))
# What the database plays a part in: claims, locks, runs and the state of rows, search and lists. What is asked of Graph and
# CORIPO is the same on any; the whole transfer runs on PostgreSQL in the kill, storm, outage and colleagues tests as well.
_ON_POSTGRESQL = {
    "sync": (
        *(
            "automat",
            "claiming",
            "delivery",
            "forecasts",
            "histories",
            "leads",
            "races",
            "reconciling",
            "runs",
            "states",
        ),
        *("undo", "write_back"),
    ),
    "mailboxes": ("folders", "importing", "races", "reading", "search", "views"),
}
ON_POSTGRESQL = (
    "tests/work",
    *(f"tests/{room}/test_{name}.py" for room, names in _ON_POSTGRESQL.items() for name in names),
)
CORES = min(4, os.cpu_count() or 2)
# One more than there are cores, for they wait for each other's servers; of the browser's each starts everything.
WORKERS, BROWSERS = str(CORES + 1), str(CORES)


def run_pytest(*arguments: str, **environment: str) -> int:
    _announce(arguments, environment)
    return subprocess.run(_pytest(arguments), env={**os.environ, **environment}).returncode


def main(arguments: list[str]) -> int:
    if arguments:
        return run_pytest(*arguments)
    began = time.monotonic()
    with TemporaryFile("w+") as told:
        # A file at a time, so that its tests share what they have started.
        words = (
            *PORTAL,
            "-m",
            "browser or whole",
            "-n",
            BROWSERS,
            "--dist",
            "loadfile",
            "--no-loadscope-reorder",
        )
        whole = subprocess.Popen(_pytest(words), stdout=told, stderr=subprocess.STDOUT)
        try:
            failed = _without_browser()
            failed |= whole.wait()
        finally:
            whole.terminate()
        _announce(words, {})
        told.seek(0)
        sys.stdout.write(told.read())
    sys.stdout.write(f"\n{'FAILED' if failed else 'All passed'} in {time.monotonic() - began:.0f} s\n")
    return 1 if failed else 0


def _without_browser() -> int:
    failed = run_pytest(
        *SANDBOX, "--confcutdir=tests/sandbox", "-n", WORKERS, DJANGO_SETTINGS_MODULE="apps.sandbox.settings"
    )
    failed |= run_pytest(*PORTAL, "-m", "not browser and not whole and not live", "-n", WORKERS)
    with postgresql() as database_url, redis() as redis_url:
        failed |= run_pytest(
            *ON_POSTGRESQL,
            *("-m", "not browser and not whole and not live", "-n", WORKERS),
            DATABASE_URL=database_url,
            CELERY_BROKER_URL=redis_url,
            CACHE_URL=redis_url,
        )
    return failed


def _pytest(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", *arguments]


def _announce(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    say = " ".join(f"{name}={value}" for name, value in environment.items())
    sys.stdout.write(f"\n── pytest {' '.join(arguments)} {say}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
