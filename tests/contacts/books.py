"""The address book of somebody in the sandbox, and what its owner does to it in Outlook."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.contacts.consent import begin, finish
from apps.contacts.models import AddressBook, OutlookContact
from apps.contacts.reading import look_at_due_books
from apps.mailboxes.models import Mailbox
from tests.mailboxes.signing_in import CALLBACK, answer_to
from tests.sandbox_server import Sandbox


@dataclass
class Book:
    """`write` and its siblings are what the owner does in Outlook; `look` lets the portal read. `told` is whom it told of."""

    sandbox: Sandbox
    person: dict[str, str]
    mailbox: Mailbox
    told: list[int] = field(default_factory=list)

    @property
    def row(self) -> AddressBook:
        return AddressBook.objects.get(mailbox=self.mailbox)

    def allow(self, *, consent: str = "Accept") -> AddressBook:
        flow = begin(self.mailbox, redirect_uri=CALLBACK)
        answer = answer_to(flow["auth_uri"], self.person, consent=consent)
        return finish(flow, answer, mailbox=self.mailbox, at=timezone.now())

    def write(self, surname: str, *, folder: str = "", properties: dict[str, str] | None = None, **facts: Any) -> str:
        words = {"mailbox": self.person["mail"], "folder": folder, "contact": {"surname": surname, **facts}}
        made = self.sandbox.control("POST", "contacts", json={**words, "properties": properties or {}})
        return str(made["id"])

    def change(self, contact_id: str, properties: dict[str, str] | None = None, **facts: Any) -> None:
        words = {"contact": facts, "properties": properties or {}}
        self.sandbox.control("PATCH", f"contacts/{contact_id}", json=words)

    def move(self, contact_id: str, folder: str) -> None:
        self.sandbox.control("POST", f"contacts/{contact_id}/move", json={"folder": folder})

    def delete(self, contact_id: str) -> None:
        self.sandbox.control("DELETE", f"contacts/{contact_id}")

    def organise(self, method: str, folder: str, **words: str) -> None:
        words = {"mailbox": self.person["mail"], "folder": folder, **words}
        self.sandbox.control(method, "contact-folders", json=words)

    def look(self, *, with_tree: bool = False, seconds: float = 20.0) -> int:
        """One look now, whatever was planned. Returns how many requests it cost at Graph."""
        at = timezone.now()
        changes = {"folders_read_at": None} if with_tree else {}
        AddressBook.objects.filter(mailbox=self.mailbox).update(next_look_at=at, **changes)
        self.told.clear()
        self.sandbox.forget_requests()
        look_at_due_books(until=at + timedelta(seconds=seconds), changed=self.told.extend)
        return int(self.sandbox.requests()["total"].get("graph", 0))

    def names(self) -> list[str]:
        rows = OutlookContact.objects.there().filter(mailbox=self.mailbox)
        return list(rows.order_by("sort_name", "pk").values_list("display_name", flat=True))

    def contact(self, contact_id: str) -> OutlookContact:
        return OutlookContact.objects.select_related("folder").get(mailbox=self.mailbox, graph_id=contact_id)
