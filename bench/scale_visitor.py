"""The owner of one seeded mailbox at the portal's pages; driven by `bench/scale.py`, one page for each line it writes.

Each page goes through Django's test client: middleware, view, queries and template, without the socket.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from apps.mailboxes.models import MailFolder, Message  # noqa: E402
from apps.sync.listing import Cursor  # noqa: E402
from bench.seeding import COMMON, RARE, RARE_STATE, SOMETIMES, seed  # noqa: E402


def main(messages: int) -> None:
    call_command("migrate", verbosity=0)
    began = time.monotonic()
    owner = seed(messages)
    inbox = MailFolder.objects.visible_to(owner).get(kind=MailFolder.Kind.INBOX)
    middle = Message.objects.visible_to(owner).order_by("pk")[messages // 2]
    newest = Message.objects.visible_to(owner).order_by("-received_at", "-pk")[0]
    deep, top = Cursor.of(middle), Cursor.of(newest)
    pages = {
        "list_page": "/inbox/",
        "state": "/inbox/?state=not_synced",
        "rare_state": f"/inbox/?state={RARE_STATE}",
        "folder": f"/inbox/?folder={inbox.pk}",
        "folder_and_state": f"/inbox/?folder={inbox.pk}&state=not_synced",
        "sent_in_inbox": f"/inbox/?folder={inbox.pk}&direction=sent",
        "deep_page": f"/inbox/?before={deep}",
        "rare_word": f"/inbox/?q={RARE}",
        "common_word": f"/inbox/?q={COMMON}",
        "word_in_a_hundred": f"/inbox/?q={SOMETIMES}",
        "two_words": f"/inbox/?q={COMMON}+{RARE}",
        "no_such_word": "/inbox/?q=nikde",
        "poll": f"/inbox/states/?top={top}",
    }
    client = Client()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    _answer({"seconds": time.monotonic() - began, "pages": list(pages)})
    for line in sys.stdin:
        _answer(_look(client, pages[line.strip()]))


def _look(client: Client, path: str) -> dict[str, float]:
    # The page asks by htmx what has changed; the list is asked for as a whole page.
    headers = {"HX-Request": "true"} if "/states/" in path else {}
    began, cpu_began = time.perf_counter(), time.process_time() + _backend_seconds()
    answer = client.get(path, headers=headers)
    took, cpu_took = time.perf_counter() - began, time.process_time() + _backend_seconds() - cpu_began
    assert answer.status_code in (200, 204, 286), (path, answer.status_code)
    return {"seconds": took, "cpu_seconds": cpu_took}


def _backend_seconds() -> float:
    """Processor time so far of this connection's PostgreSQL backend, from the kernel's scheduler."""
    if connection.vendor != "postgresql":
        return 0
    return int(Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text().split()[0]) / 1e9


def _answer(words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
