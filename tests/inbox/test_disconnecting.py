"""Disconnecting a mailbox: what the portal forgets, and that marks outlive the connection unless they are to go."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.core.clock import now
from apps.mailboxes import clearing
from apps.mailboxes.models import Mailbox, MailboxToken, MailFolder, Message
from apps.mailboxes.turns import TurnLost, due_mailboxes, take_turn_at
from apps.sync.actions import mark_not_synced, mark_synced
from apps.sync.models import Mark, Transfer
from apps.sync.states import decide_new_messages
from apps.work.models import Status
from tests.factories import NOON, MailboxFactory, MailFolderFactory, MessageFactory, TransferFactory

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
    assert not Mailbox.objects.visible_to(owner).exists()
    assert not MailFolder.objects.visible_to(owner).exists()
    assert not Message.objects.visible_to(owner).exists()
    assert not MailboxToken.objects.exists()


def test_its_rows_go_in_portions_while_it_may_be_connected_again(
    people: dict[str, Client], owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = owner.mailboxes.get()
    moving, waiting, *_others = fifty_mails(mailbox)
    TransferFactory.create(message=moving, status=Status.CLAIMED, lease_until=now() + timedelta(minutes=1))
    TransferFactory.create(message=waiting, not_before=NOON)
    turn = take_turn_at(mailbox, at=now())
    assert turn is not None

    disconnect(people["owner"], mailbox)
    again = fifty_mails(connected_again(mailbox))

    # The request has touched none of the fifty, but nobody carries them on.
    assert Message.objects.count() == 2 * MARKED
    assert Transfer.objects.get().message == waiting
    with pytest.raises(TurnLost):
        turn.keep(at=now())
    assert mailbox not in due_mailboxes(at=now())
    monkeypatch.setattr(clearing, "PORTION", 20)
    assert clearing.clear_away(until=now())
    assert not clearing.clear_away(until=now() + timedelta(minutes=1))
    assert set(Message.objects.all()) == set(again)
    assert not Transfer.objects.exists()
    assert [known.pk for known in owner.mailboxes.all()] == [again[0].mailbox_id]


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
    assert {mail.state for mail in Message.objects.visible_to(other)} == {"marked"}


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
