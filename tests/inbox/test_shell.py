"""What surrounds every page."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import CrmAccount, User
from apps.inbox.context import Shell, attention_of, shell_of
from apps.mailboxes.models import Mailbox, MailFolder
from tests.factories import (
    CrmAccountFactory,
    MailboxFactory,
    MailFolderFactory,
    MessageFactory,
    TransferFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return UserFactory()


def connected(user: User, **words: object) -> Mailbox:
    return MailboxFactory(owner=user, **{"looked_at": timezone.now(), **words})


def headline(shell: Shell) -> str:
    return shell.trouble.headline if shell.trouble else ""


def test_all_is_well(user: User) -> None:
    connected(user)
    CrmAccountFactory(user=user)

    shell = shell_of(user)

    assert shell.trouble is None
    assert shell.health
    assert shell.health.sentence.startswith("Up to date at ")


def test_followed_folders_are_listed_inbox_and_sent_first(user: User) -> None:
    mailbox = connected(user)
    MailFolderFactory(mailbox=mailbox, name="Archiv", kind=MailFolder.Kind.ARCHIVE)
    MailFolderFactory(mailbox=mailbox, name="Odeslaná pošta", kind=MailFolder.Kind.SENT)
    MailFolderFactory(mailbox=mailbox, name="Doručená pošta", kind=MailFolder.Kind.INBOX)
    MailFolderFactory(mailbox=mailbox, name="Vypnutá", kind=MailFolder.Kind.ORDINARY, is_followed=False)
    MailFolderFactory(mailbox=mailbox, name="Zmizelá", kind=MailFolder.Kind.ORDINARY, is_gone=True)
    MailFolderFactory(name="Cizí")

    (shown,) = shell_of(user).mailboxes

    assert [folder.name for folder in shown.folders] == ["Doručená pošta", "Odeslaná pošta", "Archiv"]


def test_mail_is_as_fresh_as_its_oldest_mailbox(user: User) -> None:
    connected(user, looked_at=timezone.now() - timedelta(days=400))
    connected(user)

    health = shell_of(user).health

    assert health
    assert str((timezone.now() - timedelta(days=400)).year) in health.sentence


def test_a_mailbox_that_was_never_looked_at_is_being_loaded(user: User) -> None:
    connected(user, looked_at=None)

    health = shell_of(user).health

    assert health
    assert health.sentence == "Loading mail"


def test_the_mailbox_is_mended_before_coripo(user: User) -> None:
    mailbox = connected(user, status=Mailbox.Status.RECONNECT)
    CrmAccountFactory(user=user, status=CrmAccount.Status.REFUSED)

    shell = shell_of(user)

    assert headline(shell) == f"The connection to {mailbox.address} has ended."
    assert shell.health
    assert shell.health.icon == "failed"


def test_a_refused_login_says_how_much_is_waiting(user: User) -> None:
    folder = MailFolderFactory(mailbox=connected(user))
    CrmAccountFactory(user=user, status=CrmAccount.Status.REFUSED)
    TransferFactory(message=MessageFactory(folder=folder))
    TransferFactory(message=MessageFactory(folder=folder))
    TransferFactory()

    shell = shell_of(user)

    assert headline(shell).startswith("CORIPO has refused your login since ")
    assert shell.trouble
    assert shell.trouble.sentence == "Nothing was lost, 2 e-mails are waiting."


def test_first_steps_are_offered_until_there_is_a_mailbox(user: User) -> None:
    assert headline(shell_of(user)) == "No mailbox is connected yet."
    assert shell_of(user).health is None


def test_what_was_not_transferred_is_counted_and_leads_to_its_list(user: User) -> None:
    folder = MailFolderFactory(mailbox=connected(user))
    for state in ("failed", "failed", "partial", "no_match", "gone", "hidden", "synced"):
        MessageFactory(folder=folder, state=state)
    MessageFactory(folder=folder, state="failed", gone_at=timezone.now())
    MessageFactory(folder=MailFolderFactory(mailbox=folder.mailbox, is_followed=False), state="failed")
    MessageFactory(state="failed")

    attention = shell_of(user).attention

    assert attention
    assert attention.headline == "3 e-mails need your decision."
    assert [(one.label, one.count, one.query) for one in attention.undecided] == [
        ("Error", "2", "?state=failed"),
        ("Synced with errors", "1", "?state=partial"),
    ]


def test_a_broken_connection_and_the_undecided_stand_side_by_side(people: dict[str, Client]) -> None:
    mailbox = User.objects.get(username="owner").mailboxes.get()
    MessageFactory(folder=MailFolderFactory(mailbox=mailbox), state="failed")
    Mailbox.objects.filter(pk=mailbox.pk).update(status=Mailbox.Status.RECONNECT)

    page = people["owner"].get("/status/").content.decode()

    assert f"The connection to {mailbox.address} has ended." in page
    assert "1 e-mail needs your decision." in page
    assert "need your decision" not in people["teammate"].get("/status/").content.decode()


def test_nothing_undecided_shows_nothing(user: User) -> None:
    MessageFactory(folder=MailFolderFactory(mailbox=connected(user)), state="no_match")

    assert shell_of(user).attention is None


def test_the_undecided_cost_one_query_however_many_there_are(user: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            shell_of(user)
        return len(queries)

    folder = MailFolderFactory(mailbox=connected(user))
    cost_of_none = cost()
    for _ in range(5):
        MessageFactory(folder=folder, state="failed")
        MessageFactory(folder=MailFolderFactory(mailbox=connected(user)), state="partial")

    assert cost() == cost_of_none


def test_counting_ends_where_nobody_counts_any_more() -> None:
    attention = attention_of({"failed": 999, "partial": 1})

    assert attention
    assert attention.headline == "999+ e-mails need your decision."


def test_who_is_not_signed_in_gets_no_navigation(client: Client) -> None:
    page = client.get("/nowhere/").content.decode()

    assert "We have not found this page" in page
    assert "<nav" not in page


def test_a_page_escapes_what_microsoft_calls_things(people: dict[str, Client]) -> None:
    mailbox = User.objects.get(username="owner").mailboxes.get()
    MailFolderFactory(mailbox=mailbox, name="<script>alert(1)</script>")

    page = people["owner"].get("/status/").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
