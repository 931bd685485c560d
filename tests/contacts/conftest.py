"""The address book of somebody new in the sandbox, on both sides."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.contacts.books import Book
from tests.contacts.both import Both
from tests.coripo import Coripo
from tests.factories import CrmAccountFactory, UserFactory
from tests.mailboxes.signing_in import connect
from tests.sandbox_server import Sandbox


@pytest.fixture
def unread_book(sandbox: Sandbox, db: None) -> Book:
    """A mailbox whose contacts nobody has allowed the portal to see."""
    person = sandbox.person()
    return Book(sandbox, person, connect(person, user=UserFactory.create(), at=timezone.now()))


@pytest.fixture
def book(unread_book: Book) -> Book:
    unread_book.allow()
    return unread_book


@pytest.fixture
def both(book: Book) -> Both:
    """The same person with a login at CORIPO."""
    person = book.person
    account = CrmAccountFactory.create(
        user=book.mailbox.owner, user_name=person["coripo_user"], password=person["coripo_password"]
    )
    return Both(book, account, Coripo(book.sandbox.url, person["coripo_user"], person["coripo_password"]))
