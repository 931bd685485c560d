"""Time the forecast of the same number of matches in a small and a large mailbox, in turn; prints both medians in seconds."""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.test"
os.environ["DATABASE_URL"] = sys.argv[1]

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from apps.accounts.models import User  # noqa: E402
from apps.core.clock import now  # noqa: E402
from apps.mailboxes.models import MessageState  # noqa: E402
from apps.sync.bulk import ask_run, discard_run  # noqa: E402
from apps.sync.listing import MessageFilter  # noqa: E402
from apps.sync.tending import tend  # noqa: E402
from apps.work.models import Function, Run  # noqa: E402
from tests.factories import MailFolderFactory, UserFactory  # noqa: E402

ROUNDS = 15

# A million rows one by one would take an hour.
MESSAGES = """
    insert into mailboxes_message (
        mailbox_id, folder_id, graph_id, change_key, internet_message_id, email_key, variant, conversation_id, kind,
        direction, subject, preview, sender_name, sender_address, received_at, sent_at, is_read, has_attachments,
        is_private, has_category, web_link, search_text, state, seen_round
    )
    select %s, %s, 'g' || %s || '-' || n, '', '', %s || '-' || n || '@x.example', '', '', 'mail',
        'received', 'Mail ' || n, 'Dobrý den', 'Jana', 'jana@x.example', now() - n * interval '1 minute', now(), true, false,
        false, false, '', ' mail', case when n %% %s = 0 then 'no_match' else 'synced' end, 0
    from generate_series(1, %s) n
"""
PEOPLE = """
    insert into mailboxes_participant (message_id, role, position, name, written_address, address)
    select id, 'from', 0, '', 'jana@x.example', 'jana@x.example' from mailboxes_message where mailbox_id = %s
"""


def owner_of(messages: int, *, matches: int) -> User:
    user = UserFactory.create()
    folder = MailFolderFactory.create(mailbox__owner=user)
    with connection.cursor() as cursor:
        cursor.execute(MESSAGES, [folder.mailbox_id, folder.pk, folder.pk, folder.pk, messages // matches, messages])
        cursor.execute(PEOPLE, [folder.mailbox_id])
    return user


def forecast(user: User, *, matches: int) -> float:
    began = time.perf_counter()
    wanted = MessageFilter(state=MessageState.NO_MATCH)
    run = ask_run(wanted, function=Function.SYNC, user=user, at=now())
    while run.status == Run.Status.FORECASTING:
        tend(run.pk, at=now())
        run.refresh_from_db()
    took = time.perf_counter() - began
    assert run.matched == matches
    discard_run(run)
    return took


def main(matches: int, messages: int) -> None:
    call_command("migrate", verbosity=0)
    owners = [owner_of(size, matches=matches) for size in (matches, messages)]
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    times: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for owner, taken in zip(owners, times, strict=True):
            taken.append(forecast(owner, matches=matches))
    sys.stdout.write(f"{statistics.median(times[0])} {statistics.median(times[1])}\n")


if __name__ == "__main__":
    main(*(int(size) for size in sys.argv[2:]))
