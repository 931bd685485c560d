"""Mailboxes with rows, for the tests of the pages. The four people come from tests/conftest.py."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.mailboxes.models import Mailbox, MailFolder, Message
from apps.mailboxes.search import search_text
from tests.factories import NOON, MailboxFactory, MailFolderFactory, MessageFactory, ParticipantFactory

FOLDERS = {
    MailFolder.Kind.INBOX: ("Inbox", True),
    MailFolder.Kind.SENT: ("Sent items", True),
    MailFolder.Kind.ORDINARY: ("Private", False),
}


@pytest.fixture
def owner(people: dict[str, Client]) -> User:
    return User.objects.get(username="owner")


@pytest.fixture
def teammate(people: dict[str, Client]) -> User:
    return User.objects.get(username="teammate")


def folder_of(mailbox: Mailbox, kind: str) -> MailFolder:
    name, is_followed = FOLDERS[MailFolder.Kind(kind)]
    known = MailFolder.objects.filter(mailbox=mailbox, kind=kind).first()
    return known or MailFolderFactory.create(
        mailbox=mailbox, kind=kind, name=name, is_followed=is_followed, completed_at=NOON
    )


def second_mailbox(user: User) -> Mailbox:
    known = user.mailboxes.filter(address="second@firma.example").first()
    return known or MailboxFactory.create(owner=user, address="second@firma.example")


def make_message(
    user: User, *, folder: str = MailFolder.Kind.INBOX, mailbox: Mailbox | None = None, **fields: object
) -> Message:
    """A message to the user from Jana, or sent mail in the folder for that; received at NOON unless told."""
    mailbox = mailbox or user.mailboxes.order_by("pk")[0]
    is_sent = folder == MailFolder.Kind.SENT
    message = MessageFactory.create(
        folder=folder_of(mailbox, folder),
        direction=Message.Direction.SENT if is_sent else Message.Direction.RECEIVED,
        **{"received_at": NOON, **fields},
    )
    message.search_text = search_text(
        f"{message.subject} {message.sender_name} {message.sender_address} {message.preview}"
    )
    message.save(update_fields=["search_text"])
    ParticipantFactory(message=message)
    to = {"written_address": mailbox.address, "address": mailbox.address}
    ParticipantFactory(message=message, role="to", name="Owner", **to)
    return message


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)
