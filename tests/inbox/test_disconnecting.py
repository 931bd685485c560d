"""Disconnecting a mailbox: what the portal forgets, and that marks outlive the connection unless they are to go."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.mailboxes.models import Mailbox, MailboxToken, Message
from apps.sync.actions import mark_not_synced, mark_synced
from apps.sync.models import Mark
from apps.sync.states import decide_new_messages
from tests.factories import NOON, MailboxFactory, MailFolderFactory, MessageFactory

MARKED = 50


def fifty_mails(mailbox: Mailbox) -> list[Message]:
    """What an import brings, with the states that it decides."""
    folder = MailFolderFactory.create(mailbox=mailbox)
    mails = [MessageFactory.create(folder=folder, email_key=f"mail-{n}@x.example") for n in range(MARKED)]
    decide_new_messages(mail.pk for mail in mails)
    return list(Message.objects.filter(mailbox=mailbox))


def connected_again(mailbox: Mailbox) -> Mailbox:
    """A new connection of the same mailbox at Microsoft."""
    return MailboxFactory.create(owner=mailbox.owner, home_account_id=mailbox.home_account_id)


def disconnect(client: Client, mailbox: Mailbox, **ticked: str) -> str:
    answer = client.post(reverse("disconnect_mailbox", args=[mailbox.pk]), ticked, follow=True)
    assert answer.redirect_chain == [(reverse("settings_mailboxes"), 302)]
    return answer.content.decode()


def test_tokens_and_mail_are_forgotten(people: dict[str, Client], owner: User) -> None:
    mailbox = owner.mailboxes.get()
    MessageFactory.create(folder=MailFolderFactory.create(mailbox=mailbox))
    MailboxToken.objects.create(mailbox=mailbox, cache="{}")

    page = disconnect(people["owner"], mailbox)

    assert f"{mailbox.address} is disconnected." in page
    assert "forgotten" not in page
    assert not Mailbox.objects.filter(pk=mailbox.pk).exists()
    assert not Message.objects.exists()
    assert not MailboxToken.objects.exists()


@pytest.mark.parametrize(("mark", "state"), [(mark_synced, "marked"), (mark_not_synced, "not_synced")])
def test_fifty_marks_outlive_the_connection(people: dict[str, Client], owner: User, mark, state: str) -> None:
    mailbox = owner.mailboxes.get()
    mark([mail.pk for mail in fifty_mails(mailbox)], user=owner, at=NOON)
    before = set(Mark.objects.values_list("email_key", "value", "set_by", "set_at"))

    disconnect(people["owner"], mailbox)
    again = fifty_mails(connected_again(mailbox))

    assert len(before) == MARKED
    assert set(Mark.objects.values_list("email_key", "value", "set_by", "set_at")) == before
    assert {mail.state for mail in again} == {state}


def test_with_the_box_ticked_all_of_them_go_and_nobody_elses(people: dict[str, Client], owner: User) -> None:
    mailbox, other = owner.mailboxes.get(), User.objects.get(username="teammate")
    mark_synced([mail.pk for mail in fifty_mails(mailbox)], user=owner, at=NOON)
    mark_synced([mail.pk for mail in fifty_mails(other.mailboxes.get())], user=other, at=NOON)

    page = disconnect(people["owner"], mailbox, forget_marks="on")
    again = fifty_mails(connected_again(mailbox))

    assert "Your marks of its e-mails are forgotten." in page
    assert {mail.state for mail in again} == {"not_synced"}
    assert Mark.objects.count() == MARKED
    assert set(Mark.objects.values_list("set_by__username", flat=True)) == {"teammate"}
    assert {mail.state for mail in Message.objects.filter(mailbox__owner=other)} == {"marked"}


def test_the_box_is_offered_and_not_ticked(people: dict[str, Client], owner: User) -> None:
    page = people["owner"].get(reverse("settings_mailboxes")).content.decode()

    assert '<input type="checkbox" name="forget_marks" aria-describedby=' in page
    assert "Forget my marks" in page


@pytest.mark.parametrize("who", ["teammate", "administrator", "stranger"])
def test_a_foreign_mailbox_keeps_its_connection_and_its_marks(people: dict[str, Client], owner: User, who: str) -> None:
    mailbox = owner.mailboxes.get()
    mark_synced([mail.pk for mail in fifty_mails(mailbox)], user=owner, at=NOON)

    answer = people[who].post(reverse("disconnect_mailbox", args=[mailbox.pk]), {"forget_marks": "on"})

    assert answer.status_code == (302 if who == "stranger" else 404)
    assert Mailbox.objects.filter(pk=mailbox.pk).exists()
    assert Mark.objects.count() == MARKED


def test_it_is_not_a_link(people: dict[str, Client], owner: User) -> None:
    mailbox = owner.mailboxes.get()

    people["owner"].get(reverse("disconnect_mailbox", args=[mailbox.pk]))

    assert Mailbox.objects.filter(pk=mailbox.pk).exists()
