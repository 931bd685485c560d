"""A desk: somebody with a connected mailbox and a CORIPO login, both in the running sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from apps.accounts.models import CrmAccount, User
from apps.core.clock import now
from apps.mailboxes.actions import begin_connecting, connect_mailbox
from apps.mailboxes.importing import look_at_due_mailboxes
from apps.mailboxes.models import Mailbox, Message
from apps.sync.actions import sync_messages
from apps.sync.delivery import deliver_due
from apps.sync.models import Transfer
from apps.sync.rules import rules_of
from apps.sync.states import decide_new_messages, writing_facts
from apps.work.models import Fence, Lane, Status
from tests.coripo import Coripo
from tests.factories import CrmAccountFactory, UserFactory
from tests.sandbox_server import Sandbox, mime
from tests.visitor import consent


@dataclass
class Desk:
    sandbox: Sandbox
    person: dict[str, str]
    user: User
    mailbox: Mailbox
    account: CrmAccount
    coripo: Coripo
    customer: str = field(default_factory=lambda: f"jana-{uuid4().hex[:10]}@kovarna-morava.example")

    def receives(self, *, received_at: datetime | None = None, **words: object) -> Message:
        """A mail arrives from the customer (unless said otherwise), now (unless said otherwise), and is imported."""
        words.setdefault("sender", f"Jana Dvořáková <{self.customer}>")
        words.setdefault("to", self.person["mail"])
        words.setdefault("message_id", f"<{uuid4().hex}@kovarna-morava.example>")
        words.setdefault("date", now() - timedelta(hours=1))
        files = self.sandbox.deliver(
            self.person["mail"],
            mime(**words),  # type: ignore[arg-type]
            received_at=received_at,
        )
        self.look()
        return Message.objects.get(mailbox=self.mailbox, graph_id=files)

    def receives_raw(self, raw: bytes) -> Message:
        """A mail arrives as these bytes and is imported."""
        graph_id = self.sandbox.deliver(self.person["mail"], raw)
        self.look()
        return Message.objects.get(mailbox=self.mailbox, graph_id=graph_id)

    def look(self) -> None:
        Mailbox.objects.filter(pk=self.mailbox.pk).update(next_look_at=now())
        Fence.objects.all().delete()
        look_at_due_mailboxes(until=now() + timedelta(seconds=20), decide=decide_new_messages)

    def sync(self, *messages: Message, **words: bool) -> None:
        sync_messages(
            [message.pk for message in messages], user=self.user, at=now(), **{"leave_out_marked": False, **words}
        )

    def wait_in(self, lane: Lane, *messages: Message) -> None:
        """These wait in a lane that no person has asked for."""
        with writing_facts((message.email_key, message.variant) for message in messages):
            for message in messages:
                Transfer.objects.create(
                    message=message,
                    mailbox=self.mailbox,
                    requested_by=self.user,
                    lane=lane,
                    queued_at=now(),
                    not_before=now(),
                )

    def deliver(self, lane: Lane = Lane.INTERACTIVE) -> None:
        """One drain of a lane, with what waits for its retry time due at once."""
        Fence.objects.all().delete()
        Transfer.objects.filter(status=Status.QUEUED).update(not_before=now())
        deliver_due(lane, until=now() + timedelta(seconds=20))

    def rule(self, **changes: object) -> None:
        rules = rules_of(self.user)
        for name, value in changes.items():
            setattr(rules, name, value)
        rules.save()


@pytest.fixture
def desk_for(sandbox: Sandbox) -> Callable[..., Desk]:
    def make(*, address: str | None = None, **words: object) -> Desk:
        person = sandbox.person(**words)
        user = UserFactory(username=person["coripo_user"], email=person["mail"])
        flow = begin_connecting(redirect_uri="http://127.0.0.1:9/mailboxes/callback/")
        mailbox = connect_mailbox(flow, consent(person, flow["auth_uri"]), user=user, at=now())
        account = CrmAccountFactory(user=user, user_name=person["coripo_user"], password=person["coripo_password"])
        coripo = Coripo(sandbox.url, person["coripo_user"], person["coripo_password"])
        return Desk(sandbox, person, user, mailbox, account, coripo)

    return make


@pytest.fixture
def desk(desk_for: Callable[..., Desk]) -> Desk:
    return desk_for()
