"""Which transfers go next: fair between mailboxes, and as quick behind a hundred thousand as behind ten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.mailboxes.models import Mailbox
from apps.sync.claiming import ALONE_AFTER, claim_batch, mailboxes_with_due, next_mailbox
from apps.work.fences import raise_fence
from apps.work.models import Lane
from tests.factories import NOON, CrmAccountFactory, MailboxFactory, MailFolderFactory, MessageFactory, TransferFactory

pytestmark = pytest.mark.django_db

LANE = Lane.INTERACTIVE


def waiting(mailbox: Mailbox, *, minutes: int = 0, **words: object) -> int:
    """A transfer of this mailbox that has waited for so long."""
    message = MessageFactory(folder=MailFolderFactory(mailbox=mailbox))
    return TransferFactory(message=message, mailbox=mailbox, not_before=NOON - timedelta(minutes=minutes), **words).pk


def connected() -> Mailbox:
    mailbox = MailboxFactory()
    CrmAccountFactory(user=mailbox.owner)
    return mailbox


def test_who_waits_longest_goes_first_and_then_the_others_in_turn():
    anna, petr = connected(), connected()
    waiting(anna, minutes=1)
    waiting(petr, minutes=5)

    assert next_mailbox(lane=LANE, at=NOON) == petr
    assert next_mailbox(lane=LANE, at=NOON, served=[petr.pk]) == anna
    assert next_mailbox(lane=LANE, at=NOON, served=[petr.pk, anna.pk]) is None


def test_nothing_is_due_behind_a_fence_or_before_its_time():
    anna, petr = connected(), connected()
    waiting(anna)
    waiting(petr, minutes=-5)
    raise_fence(f"graph:{anna.home_account_id}", reason="graph_throttled", seconds=60, at=NOON)

    assert not mailboxes_with_due(lane=LANE, at=NOON).exists()
    assert list(mailboxes_with_due(lane=LANE, at=NOON + timedelta(minutes=10))) == [anna, petr]


def test_what_failed_again_and_again_travels_alone():
    anna = connected()
    suspect = waiting(anna, minutes=3, failures=ALONE_AFTER)
    others = [waiting(anna, minutes=2, failures=1), waiting(anna, minutes=1)]

    first = claim_batch(anna, lane=LANE, at=NOON)
    second = claim_batch(anna, lane=LANE, at=NOON)

    assert [transfer.pk for transfer in first.transfers] == [suspect]
    assert [transfer.pk for transfer in second.transfers] == others


def test_the_index_finds_the_next_mailbox_and_its_batch():
    anna = connected()
    waiting(anna)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        next_mailbox(lane=LANE, at=NOON)
        mailboxes_with_due(lane=LANE, at=NOON).exists()
        claim_batch(anna, lane=LANE, at=NOON)
    choosing = [
        query["sql"]
        for query in asked.captured_queries
        if query["sql"].startswith("SELECT") and "not_before" in query["sql"] and "FOR UPDATE" not in query["sql"]
    ]

    assert len(choosing) >= 4
    for sql in choosing[:4]:
        assert "transfer_turn" in plan_of(sql), sql


def plan_of(sql: str) -> str:
    """How the database would do it. PostgreSQL prefers reading a small table to any index, so that is forbidden."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("set local enable_seqscan = off")
            cursor.execute(f"explain {sql}")
        else:
            cursor.execute(f"explain query plan {sql}")
        return "\n".join(str(row) for row in cursor.fetchall())
