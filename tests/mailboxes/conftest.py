"""A connected mailbox of somebody new in the sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.mailboxes.actions import refresh_now
from apps.mailboxes.importing import look_at_due_mailboxes
from apps.mailboxes.models import Mailbox, MailFolder, Message
from tests.factories import UserFactory
from tests.mailboxes.signing_in import connect
from tests.sandbox_server import Sandbox, mime


@dataclass
class Post:
    """A person's mailbox on both sides: `arrive` puts mail into the sandbox, `look` lets the portal read it."""

    sandbox: Sandbox
    person: dict[str, str]
    mailbox: Mailbox
    decided: list[int] = field(default_factory=list)

    def arrive(
        self, subject: str = "Nabídka", *, folder: str = "inbox", at: datetime | None = None, **words: str
    ) -> str:
        words = {"sender": "jana@kovarna-morava.example", "to": self.person["mail"], **words}
        at = at or timezone.now() - timedelta(hours=1)
        words.setdefault("message_id", f"<{uuid4()}@zakaznik.example>")
        raw = mime(subject=subject, date=at, **words)  # type: ignore[arg-type]
        return self.sandbox.deliver(self.person["mail"], raw, folder=folder, received_at=at)

    def look(self, *, seconds: float = 20.0, with_tree: bool = False) -> bool:
        """One look now, whatever was planned; at the folder tree as well where it is due, or told."""
        now = timezone.now()
        Mailbox.objects.filter(pk=self.mailbox.pk).update(next_look_at=now)
        if with_tree:
            refresh_now(self.mailbox, at=now)
        has_more = look_at_due_mailboxes(until=now + timedelta(seconds=seconds), decide=self.decided.extend)
        self.mailbox.refresh_from_db()
        return has_more

    def subjects(self) -> list[str]:
        """What the owner sees, the newest first."""
        present = Message.objects.filter(mailbox=self.mailbox).present()
        return list(present.order_by("-received_at", "-pk").values_list("subject", flat=True))

    def organise(self, method: str, folder: str, **words: str) -> None:
        """What the owner does to a folder in Outlook: POST makes it, PATCH renames or moves it, DELETE removes it."""
        self.sandbox.control(method, "folders", json={"mailbox": self.person["mail"], "folder": folder, **words})

    def named(self, name: str) -> MailFolder:
        return self.mailbox.folders.get(name=name)

    def folder(self, kind: str) -> MailFolder:
        return self.mailbox.folders.get(kind=kind)


@pytest.fixture
def post(sandbox: Sandbox, db: None) -> Post:
    person = sandbox.person()
    mailbox = connect(person, user=UserFactory.create(), at=timezone.now())
    return Post(sandbox=sandbox, person=person, mailbox=mailbox)
