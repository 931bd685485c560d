"""The owner of one seeded mailbox at the portal's pages; driven by `bench/scale.py`, one round for each line it writes.

Each page goes through Django's test client: middleware, view, queries and template, without the socket.
"""

from __future__ import annotations

import json
import sys
import time

import django

django.setup()

from django.core.management import call_command  # noqa: E402
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
    _answer({"seeded_seconds": time.monotonic() - began})
    for _line in sys.stdin:
        _answer({name: _seconds(client, path) for name, path in pages.items()})


def _seconds(client: Client, path: str) -> float:
    # The page asks by htmx what has changed; the list is asked for as a whole page.
    headers = {"HX-Request": "true"} if "/states/" in path else {}
    began = time.perf_counter()
    answer = client.get(path, headers=headers)
    took = time.perf_counter() - began
    assert answer.status_code in (200, 204, 286), (path, answer.status_code)
    return took


def _answer(words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
