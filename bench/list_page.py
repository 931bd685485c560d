"""Time the list page over two mailboxes of different size, alternately; prints both medians in seconds and the queries."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.test"
os.environ["DATABASE_URL"] = f"sqlite:///{Path(tempfile.mkdtemp(prefix='portal-bench-')) / 'portal.sqlite3'}"

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from apps.mailboxes.models import Message, Participant  # noqa: E402
from tests.factories import NOON, CrmAccountFactory, MailFolderFactory, UserFactory  # noqa: E402

ROUNDS = 25


def visitor(messages: int) -> Client:
    user = UserFactory()
    CrmAccountFactory(user=user)
    folder = MailFolderFactory(mailbox__owner=user)
    rows = Message.objects.bulk_create(
        [
            Message(
                mailbox=folder.mailbox,
                folder=folder,
                graph_id=f"{user.pk}-{n}",
                email_key=f"{user.pk}-{n}@x.example",
                direction="received",
                subject=f"Poptávka {n}",
                preview="Dobrý den, prosíme o nabídku.",
                sender_name="Jana Dvořáková",
                sender_address="jana@x.example",
                search_text=f"poptavka {n} jana",
                received_at=NOON - timedelta(minutes=n),
                sent_at=NOON - timedelta(minutes=n),
                state=["not_synced", "synced", "no_match"][n % 3],
            )
            for n in range(messages)
        ],
        batch_size=500,
    )
    Participant.objects.bulk_create(
        [
            Participant(message=row, role="from", written_address="jana@x.example", address="jana@x.example")
            for row in rows
        ],
        batch_size=1000,
    )
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def main(sizes: list[int]) -> None:
    call_command("migrate", verbosity=0)
    clients = [visitor(size) for size in sizes]
    times: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for client, taken in zip(clients, times, strict=True):
            began = time.perf_counter()
            assert client.get("/inbox/").status_code == 200
            taken.append(time.perf_counter() - began)
    with CaptureQueriesContext(connection) as queries:
        clients[1].get("/inbox/")
    sys.stdout.write(f"{statistics.median(times[0])} {statistics.median(times[1])} {len(queries)}\n")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]])
