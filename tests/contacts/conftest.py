"""The address book of somebody new in the sandbox, on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from tests.contacts.books import Book
from tests.contacts.both import Both
from tests.coripo import Coripo
from tests.factories import CrmAccountFactory, UserFactory
from tests.mailboxes.signing_in import connect
from tests.sandbox_server import Sandbox


@pytest.fixture
def book_for(sandbox: Sandbox, db: None) -> Iterator[Callable[..., Book]]:
    """Makes somebody new, whose contacts nobody has allowed the portal to see."""

    def make(**words: str) -> Book:
        person = sandbox.person(**words)
        return Book(sandbox, person, connect(person, user=UserFactory.create(), at=timezone.now()))

    yield make
    sandbox.calm()


@pytest.fixture
def unread_book(book_for: Callable[..., Book]) -> Book:
    return book_for()


@pytest.fixture
def book(unread_book: Book) -> Book:
    unread_book.allow()
    return unread_book


@pytest.fixture
def both_for(book_for: Callable[..., Book]) -> Callable[..., Both]:
    """Makes somebody new with an allowed address book and a login at CORIPO."""

    def make(**words: str) -> Both:
        book = book_for(**words)
        book.allow()
        person = book.person
        account = CrmAccountFactory.create(
            user=book.mailbox.owner, user_name=person["coripo_user"], password=person["coripo_password"]
        )
        return Both(book, account, Coripo(book.sandbox.url, person["coripo_user"], person["coripo_password"]))

    return make


@pytest.fixture
def both(both_for: Callable[..., Both]) -> Both:
    return both_for()
