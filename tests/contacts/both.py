"""One person's address book and CORIPO side by side, carried by the real carrier against the stand-ins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.accounts.models import CrmAccount, User
from apps.contacts.actions import sync_contacts
from apps.contacts.carrying import carry_due
from apps.contacts.models import ContactTransfer, OutlookContact
from apps.contacts.wishes import Wish
from apps.core.clock import now
from apps.work.models import Fence, Lane, Status
from tests.contacts.books import Book
from tests.coripo import Coripo


@dataclass
class Both:
    """`sync` asks and carries until nothing is due; what is read back comes from the services themselves."""

    book: Book
    account: CrmAccount
    coripo: Coripo

    @property
    def user(self) -> User:
        return self.account.user

    def write(self, surname: str, **facts: Any) -> OutlookContact:
        """Somebody writes a contact in Outlook, and the portal has seen it."""
        graph_id = self.book.write(surname, **facts)
        self.book.look()
        return self.book.contact(graph_id)

    def sync(
        self, *contacts: OutlookContact, wish: Wish | None = None, lane: Lane = Lane.INTERACTIVE
    ) -> ContactTransfer:
        sync_contacts([contact.pk for contact in contacts], user=self.user, at=now(), wish=wish, lane=lane)
        self.carry(lane)
        return self.newest(contacts[0])

    def carry(self, lane: Lane = Lane.INTERACTIVE, *, rounds: int = 8) -> None:
        for _ in range(rounds):
            ContactTransfer.objects.filter(status=Status.QUEUED).update(not_before=now())
            Fence.objects.all().delete()
            carry_due(lane, until=now() + timedelta(seconds=20), call_another=lambda: None)
            if not ContactTransfer.objects.active().exists():
                return

    def automatic(self, contact: OutlookContact) -> ContactTransfer:
        """The contact goes by itself, as it does when a side has changed."""
        ContactTransfer.objects.create(
            mailbox=self.book.mailbox,
            contact=contact,
            requested_by=self.user,
            purpose=ContactTransfer.Purpose.SYNC,
            origin=ContactTransfer.Origin.AUTOMAT,
            lane=Lane.AUTOMATIC,
            queued_at=now(),
            not_before=now(),
        )
        self.carry(Lane.AUTOMATIC)
        return self.newest(contact)

    def newest(self, contact: OutlookContact) -> ContactTransfer:
        return ContactTransfer.objects.filter(contact=contact).latest("pk")

    def in_crm(self, contact: OutlookContact) -> dict[str, Any]:
        """CORIPO's record of a linked contact, field by field, its addresses and companies as well."""
        contact.refresh_from_db()
        return self.coripo.whole_contact(contact.link.crm_id)

    def in_outlook(self, contact: OutlookContact) -> dict[str, Any]:
        told = self.book.sandbox.control("GET", f"contacts?mailbox={self.book.person['mail']}")["contacts"]
        return next(one for one in told if one["id"] == contact.graph_id)
