"""A carrier in a process of its own, on the database of the test, that can be killed from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from tests.sandbox_server import ROOT

# Short, so that the heirs of a dead carrier need not wait; the heartbeat keeps it while the process lives.
LEASE_SECONDS = 2

DELIVER = """
from datetime import timedelta
from apps.core.clock import now
from apps.sync.delivery import deliver_due
deliver_due("interactive", until=now() + timedelta(seconds=30))
"""

# What a parser that dies of certain bytes does to its process: no exception, no goodbye.
DIE_OF_POISON = """
import os
from apps.sync import fetching
read_letter = fetching.read_letter
fetching.read_letter = lambda raw: os._exit(139) if b"poison" in raw else read_letter(raw)
"""


@contextmanager
def carrier(code: str = DELIVER) -> Iterator[subprocess.Popen[bytes]]:
    """A running carrier; what is left of it at the end of the block is killed."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portal.settings.local",
            "DATABASE_URL": _database_url(),
            "SANDBOX_URL": settings.SANDBOX_URL,
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
            "LEASE_SECONDS": str(LEASE_SECONDS),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _database_url() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    return f"postgresql://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
