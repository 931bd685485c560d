"""Two who come back from Microsoft with one account in the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Barrier, BrokenBarrierError

import pytest
from django.db.models.signals import pre_save
from django.utils import timezone

from apps.accounts.models import User
from apps.graph import signin
from apps.mailboxes.actions import MailboxTaken, connect_mailbox
from apps.mailboxes.models import Mailbox, MailboxToken
from apps.mailboxes.tokens import SCOPES
from tests.factories import UserFactory
from tests.mailboxes.signing_in import CALLBACK, answer_to
from tests.sandbox_server import Sandbox
from tests.sync.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def same_moment() -> Iterator[None]:
    """Both have found no mailbox before either writes one. SQLite lets in one at a time, who then waits in vain."""
    both = Barrier(2)

    def meet(**_: object) -> None:
        try:
            both.wait(timeout=1)
        except BrokenBarrierError:
            return

    pre_save.connect(meet, sender=Mailbox)
    yield
    pre_save.disconnect(meet, sender=Mailbox)


def connecting(person: dict[str, str], user: User, outcomes: list[str]) -> Callable[[], None]:
    """The sign-in at Microsoft is done; what is left is to come back."""
    flow = signin.begin(scopes=SCOPES, redirect_uri=CALLBACK)
    answer = answer_to(flow["auth_uri"], person)

    def come_back() -> None:
        try:
            connect_mailbox(flow, answer, user=user, at=timezone.now())
            outcomes.append("connected")
        except MailboxTaken:
            outcomes.append("taken")

    return come_back


def test_of_two_people_one_connects_the_mailbox_and_the_other_hears_that_it_is_taken(
    sandbox: Sandbox, same_moment: None
) -> None:
    person, outcomes = sandbox.person(), []
    anna, petr = UserFactory.create(), UserFactory.create()

    together(connecting(person, anna, outcomes), connecting(person, petr, outcomes))

    assert sorted(outcomes) == ["connected", "taken"]
    assert Mailbox.objects.get().owner in (anna, petr)
    assert MailboxToken.objects.count() == 1


def test_one_person_in_two_tabs_connects_one_mailbox(sandbox: Sandbox, same_moment: None) -> None:
    person, outcomes = sandbox.person(), []
    anna = UserFactory.create()

    together(connecting(person, anna, outcomes), connecting(person, anna, outcomes))

    assert outcomes == ["connected", "connected"]
    assert MailboxToken.objects.get().mailbox == Mailbox.objects.get()
