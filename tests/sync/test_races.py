"""Several people and carriers at the same mails at the same moment: nobody waits in a circle, no state is missed."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from apps.accounts.models import CrmServer
from apps.core.clock import now
from apps.graph.parsing import GraphMessage, message_page
from apps.mailboxes.models import Mailbox, Message
from apps.mailboxes.rows import store_messages
from apps.sync import recording
from apps.sync.actions import mark_not_synced, mark_synced, sync_messages
from apps.sync.claiming import claim_batch
from apps.sync.models import CrmEmail, Transfer
from apps.sync.states import decide_new_messages, writing_facts
from apps.work.models import Lane, Status
from tests.factories import (
    NOON,
    CrmAccountFactory,
    CrmEmailFactory,
    MailFolderFactory,
    MessageFactory,
    TransferFactory,
    UserFactory,
)
from tests.sync.threads import together
from tests.visitor import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

LONG = timedelta(minutes=5)
KEYS = [f"spolecny-{number}@zakaznik.example" for number in range(12)]


def colleague(*, keys: list[str]) -> tuple[Mailbox, list[int]]:
    """Somebody with a copy of each of these mails, in this order."""
    user = UserFactory()
    CrmAccountFactory(user=user)
    folder = MailFolderFactory(mailbox__owner=user)
    return folder.mailbox, [MessageFactory(folder=folder, email_key=key).pk for key in keys]


def test_two_colleagues_click_at_the_same_mails_at_the_same_moment():
    anna, petr = colleague(keys=KEYS), colleague(keys=KEYS)

    def click(mailbox: Mailbox, pks: list[int]) -> None:
        for _ in range(8):
            sync_messages(pks, user=mailbox.owner, at=NOON, leave_out_marked=False)
            mark_synced(pks, user=mailbox.owner, at=NOON)
            mark_not_synced(pks, user=mailbox.owner, at=NOON)

    together(lambda: click(*anna), lambda: click(*petr), lambda: click(*anna))

    assert not Transfer.objects.active().exists()
    assert_states_follow_the_facts()


def test_clicks_while_carriers_claim_and_give_back():
    anna, petr = colleague(keys=KEYS), colleague(keys=KEYS[::-1])

    def click(mailbox: Mailbox, pks: list[int]) -> None:
        for _ in range(8):
            sync_messages(pks, user=mailbox.owner, at=NOON, leave_out_marked=False)
            mark_synced(pks[::2], user=mailbox.owner, at=NOON)

    def carry(mailbox: Mailbox, _pks: list[int]) -> None:
        for _ in range(12):
            batch = claim_batch(mailbox, lane=Lane.INTERACTIVE, at=now())
            if batch is not None:
                recording.give_back_unfetched(batch, [], cause="", not_before=NOON)

    together(*(lambda who=who, work=work: work(*who) for who in (anna, petr) for work in (click, carry)))

    assert not Transfer.objects.filter(status=Status.CLAIMED).exists()
    assert_states_follow_the_facts()


def test_two_carriers_bring_the_same_mails_at_once_in_opposite_order(desk_for):
    anna, petr = desk_for(), desk_for()
    contact = anna.coripo.contact(anna.customer)
    mine, theirs = [], []
    for number in range(6):
        words = {
            "message_id": f"<{number}-{anna.customer}>",
            "sender": anna.customer,
            "to": anna.person["mail"],
            "cc": petr.person["mail"],
        }
        mine.append(anna.receives(**words))
        theirs.append(petr.receives(**words))
    for message, other in zip(mine, theirs[::-1], strict=True):
        anna.sync(message)
        petr.sync(other)

    together(anna.deliver, petr.deliver)
    # Who came second looked again a little later.
    anna.deliver()

    assert set(Message.objects.values_list("state", flat=True)) == {"synced"}
    for message in mine:
        (record,) = anna.coripo.emails(message.email_key)
        assert [found["id"] for found in anna.coripo.linked(record["id"], "contacts")] == [contact]
    assert_states_follow_the_facts()


def test_a_page_of_mail_is_read_while_a_colleague_asks_for_the_same_mails():
    """Both hold copies of the same mails: the import its own rows and those of new ones, the colleague all of them."""
    mine = MailFolderFactory()
    theirs, pks = colleague(keys=KEYS)
    known = [MessageFactory(folder=mine, email_key=key) for key in KEYS[6:]]
    page = [graph_message(row.graph_id, row.email_key) for row in known[::-1]]

    def read_pages() -> None:
        for turn in range(25):
            fresh = [graph_message(f"new-{turn}-{number}", key) for number, key in enumerate(KEYS[:6])]
            with transaction.atomic():
                decide_new_messages(store_messages(mine, [*page, *fresh], at=NOON))

    def ask() -> None:
        for _ in range(25):
            sync_messages(pks, user=theirs.owner, at=NOON, leave_out_marked=False)
            mark_synced(pks, user=theirs.owner, at=NOON)

    together(read_pages, ask)

    assert Message.objects.filter(folder=mine).count() == len(known) + 25 * 6
    assert_states_follow_the_facts()


def test_a_copy_that_arrives_while_its_mail_is_stored_is_shown_as_synced():
    CrmServer.objects.current()
    folder = MailFolderFactory()
    MessageFactory(email_key=KEYS[0])
    is_half_way = threading.Event()

    def arrive() -> None:
        with transaction.atomic():
            decide_new_messages([MessageFactory(folder=folder, email_key=KEYS[0]).pk])
            is_half_way.set()
            # The other one has reached the mail by now, and waits for this commit.
            threading.Event().wait(0.5)

    def store() -> None:
        is_half_way.wait(10)
        with writing_facts([(KEYS[0], "")]):
            CrmEmailFactory(email_key=KEYS[0])

    together(arrive, store)

    assert list(Message.objects.values_list("state", flat=True)) == ["synced", "synced"]


def test_who_waits_for_a_creator_changes_nothing_of_the_record(desk_for):
    anna, petr = desk_for(), desk_for()
    petr.coripo.contact(petr.customer)
    waiting, other = petr.receives(), petr.receives()
    row = CrmEmailFactory(
        email_key=waiting.email_key,
        status=CrmEmail.Status.INTENDED,
        creator_claim=uuid4(),
        creator_lease_until=now() + LONG,
    )
    # This one was begun before, so that CORIPO is asked for it between reading the rows and writing them.
    begun = CrmEmailFactory(email_key=other.email_key, status=CrmEmail.Status.INTENDED)
    petr.sandbox.fault("slow", "coripo:get_entry_list", times=0, seconds=0.7)
    petr.sync(waiting, other)

    def the_creator_succeeds() -> None:
        wait_until(lambda: CrmEmail.objects.get(pk=begun.pk).creator_claim, seconds=20, what="intended")
        CrmEmail.objects.filter(pk=row.pk).update(
            status=CrmEmail.Status.EXISTS, created_by=anna.user, creator_claim=None
        )

    together(petr.deliver, the_creator_succeeds)

    row.refresh_from_db()
    assert (row.status, row.created_by) == (CrmEmail.Status.EXISTS, anna.user)


def test_a_carrier_without_its_lease_does_not_keep_the_right_to_create():
    mailbox, (pk,) = colleague(keys=KEYS[:1])
    TransferFactory(message_id=pk, mailbox=mailbox)
    batch = claim_batch(mailbox, lane=Lane.INTERACTIVE, at=NOON)
    row = CrmEmailFactory(
        email_key=KEYS[0], status=CrmEmail.Status.INTENDED, creator_claim=batch.claim, creator_lease_until=NOON
    )
    Transfer.objects.update(status=Status.QUEUED, claim=None)

    assert not batch.renew(at=now())

    row.refresh_from_db()
    assert row.creator_lease_until == NOON


def graph_message(graph_id: str, key: str) -> GraphMessage:
    (message,) = message_page(
        {"value": [{"id": graph_id, "internetMessageId": f"<{key}>", "receivedDateTime": "2026-11-24T10:00:00Z"}]}
    ).messages
    return message


def assert_states_follow_the_facts() -> None:
    stored = dict(Message.objects.values_list("pk", "state"))
    with writing_facts(Message.objects.values_list("email_key", "variant")):
        pass
    assert dict(Message.objects.values_list("pk", "state")) == stored
