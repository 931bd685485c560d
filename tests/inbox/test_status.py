from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import CrmAccount, User
from apps.inbox import moving
from apps.mailboxes.connection import graph_key
from apps.mailboxes.models import Mailbox
from apps.sync import status_queries
from apps.sync.claiming import crm_key
from apps.work.fences import raise_fence
from apps.work.models import Status
from tests.factories import NOON, CrmAccountFactory, MailboxFactory, MailFolderFactory, MessageFactory, TransferFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(people: dict[str, Client]) -> Mailbox:
    return User.objects.get(username="owner").mailboxes.get()


def page_of(people: dict[str, Client]) -> str:
    return people["owner"].get("/status/").content.decode()


def test_connections_that_work_are_in_order(people: dict[str, Client], mailbox: Mailbox) -> None:
    Mailbox.objects.update(looked_at=NOON)
    CrmAccountFactory(user=mailbox.owner, user_name="m.novak")

    page = page_of(people)

    assert page.count("In order") == 2
    assert "m.novak" in page


@pytest.mark.parametrize(
    ("status", "words"),
    [(Mailbox.Status.RECONNECT, "Waiting for you"), (Mailbox.Status.UNAVAILABLE, "No access to the mailbox")],
)
def test_a_broken_mailbox_waits_for_its_owner(
    people: dict[str, Client], mailbox: Mailbox, status: str, words: str
) -> None:
    Mailbox.objects.filter(pk=mailbox.pk).update(status=status)

    assert words in page_of(people)


def test_a_pause_that_microsoft_asks_for_is_said_with_its_end(people: dict[str, Client], mailbox: Mailbox) -> None:
    raise_fence(f"graph:{mailbox.home_account_id}", reason="graph_throttled", seconds=600)

    page = page_of(people)

    assert "Microsoft 365 asks for a pause" in page
    assert "until " in page


def test_a_silent_coripo_is_said_with_its_beginning(people: dict[str, Client], mailbox: Mailbox) -> None:
    account = CrmAccountFactory(user=mailbox.owner)
    raise_fence(crm_key(account.server), reason="crm_unreachable", seconds=600)

    page = page_of(people)

    assert "CORIPO does not answer" in page
    assert "since " in page


def test_a_refused_login_is_said(people: dict[str, Client], mailbox: Mailbox) -> None:
    CrmAccountFactory(user=mailbox.owner, status=CrmAccount.Status.REFUSED)

    assert "Login refused, waiting for you" in page_of(people)


def test_own_work_is_counted_and_nobody_elses(people: dict[str, Client], mailbox: Mailbox) -> None:
    folder = MailFolderFactory(mailbox=mailbox)
    for _number in range(3):
        TransferFactory(message=MessageFactory(folder=folder))
    TransferFactory(
        message=MessageFactory(folder=folder), status=Status.DONE, finished_at=timezone.now() - timedelta(days=1)
    )
    TransferFactory()

    answer = people["owner"].get("/status/")

    assert (answer.context["waiting"], answer.context["running"], answer.context["failed"]) == ("3", "0", "0")
    assert "The last one was finished" in answer.content.decode()


def test_counting_ends_and_the_last_one_is_what_ended_last(
    people: dict[str, Client], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = MailFolderFactory(mailbox=mailbox)
    for hours in (1, 2, 3):
        words = {"status": Status.DONE, "finished_at": NOON - timedelta(hours=hours)}
        TransferFactory(message=MessageFactory(folder=folder), **words)
        TransferFactory(message=MessageFactory(folder=folder), status=Status.QUEUED)
    CrmAccountFactory(user=mailbox.owner, status=CrmAccount.Status.REFUSED)
    monkeypatch.setattr(status_queries, "COUNT_LIMIT", 3)
    monkeypatch.setattr(moving, "COUNT_LIMIT", 3)

    answer = people["owner"].get("/status/")

    assert (answer.context["waiting"], answer.context["newest"]) == ("2+", NOON - timedelta(hours=1))
    assert "2+ e-mails are waiting" in answer.content.decode()


def test_the_page_costs_as_much_for_many_mailboxes_as_for_one(people: dict[str, Client], mailbox: Mailbox) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(people)
        return len(captured)

    page_of(people)  # what only a first visit costs
    few = queries()
    for number in range(5):
        other = MailboxFactory.create(owner=mailbox.owner, address=f"other{number}@firma.example")
        raise_fence(graph_key(other), reason="graph_throttled", seconds=60)

    assert queries() == few
    assert page_of(people).count("Microsoft 365 asks for a pause") == 5
