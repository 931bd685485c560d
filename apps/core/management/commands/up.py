"""Serve everything on this machine: portal, two workers, scheduler and, where it is the other side, the sandbox."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.supervisor import Child, Supervisor, say

PYTHON = sys.executable
# In a container the demo may well run as root; its messages are JSON, which executes nothing.
QUIET = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
CELERY_QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


class Command(BaseCommand):
    help = "Serve portal, workers, scheduler and sandbox until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-sandbox", action="store_true", help="serve without the stand-ins")

    def handle(self, *args: Any, **options: Any) -> None:
        with_sandbox = not options["no_sandbox"] and settings.GRAPH_BASE_URL.startswith(settings.SANDBOX_URL)
        refuse_busy_port(settings.PORTAL_URL, "PORTAL_URL")
        if with_sandbox:
            refuse_busy_port(settings.SANDBOX_URL, "SANDBOX_URL")
        greeting = threading.Thread(target=greet, kwargs={"with_sandbox": with_sandbox}, daemon=True)
        sys.exit(Supervisor(children(with_sandbox=with_sandbox)).run(when_started=greeting))


def children(*, with_sandbox: bool) -> list[Child]:
    """The processes of a small installation; `docs/administrator.md` runs the same ones as services."""
    address = urlsplit(settings.PORTAL_URL)
    bind = f"{address.hostname}:{address.port or 80}"
    sandbox = [Child("sandbox", [PYTHON, "-m", "apps.sandbox", "serve"])] if with_sandbox else []
    return [
        *sandbox,
        Child(
            "portal",
            [PYTHON, "-m", "gunicorn", "portal.wsgi", "-b", bind, "-k", "gthread", "--workers", "1", "--threads", "24"]
            + ["--no-control-socket", "--log-level", "warning", "--graceful-timeout", "3", "--worker-tmp-dir", "/tmp"],  # noqa: S108
        ),
        Child("interactive", worker("interactive", threads=4), QUIET),
        Child("background", worker("background", threads=3), QUIET),
        Child(
            "scheduler",
            [PYTHON, "-m", "celery", "-q", "-A", "portal", "beat", "-l", "WARNING", "--pidfile="]
            + ["-s", str(settings.VAR / "beat-schedule")],
        ),
    ]


def worker(queue: str, *, threads: int) -> list[str]:
    return [
        *[PYTHON, "-m", "celery", "-q", "-A", "portal", "worker", "-Q", queue, "-n", f"{queue}@%h"],
        *["-P", "threads", "-c", str(threads), "-l", "WARNING", *CELERY_QUIET],
    ]


def refuse_busy_port(url: str, variable: str) -> None:
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"{host}:{port} is taken by another program. Set {variable}, for example "
                f"{variable}=http://{host}:{port + 1}, and start again.",
                returncode=69,
            ) from error


def greet(*, with_sandbox: bool) -> None:
    """Say where to go and as whom, once the pages answer."""
    if not answers(f"{settings.PORTAL_URL}/healthz", seconds=60):
        say(f"{settings.PORTAL_URL} does not answer yet; the lines above say why.")
        return
    lines = ["", f"The portal is at  {settings.PORTAL_URL}"]
    if with_sandbox and answers(f"{settings.SANDBOX_URL}/_control/health", seconds=30):
        with urllib.request.urlopen(f"{settings.SANDBOX_URL}/_control/people", timeout=5) as answer:  # noqa: S310
            people = json.load(answer)["people"]
        lines.append(f"Microsoft 365 and CORIPO are stand-ins at {settings.SANDBOX_URL}. Sign in as one of:")
        lines += [
            f"  {person['name']:<20} CORIPO user name {person['coripo_user']:<12} password {person['coripo_password']}"
            for person in people[:3]
        ]
    lines.append("Ctrl-C ends everything.")
    for line in lines:
        say(line)


def answers(url: str, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False
