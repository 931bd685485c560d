"""What a person decides about a contact that waits for it, on top of what was decided for it before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount, User
from apps.contacts.actions import Asked, bring_to_outlook, sync_contacts, undo_transfers
from apps.contacts.cards import from_json
from apps.contacts.correspondents import contacts_with
from apps.contacts.fields import crm_values, outlook_values
from apps.contacts.models import AddressBook, ContactLink, ContactTransfer, OutlookContact
from apps.contacts.wishes import Wish
from apps.core.addresses import canonical
from apps.sync.finding import SEARCH_SECONDS
from apps.work.models import Status

# The buttons of states that need a person, and what each of them says.
DECISIONS: dict[str, dict[str, Any]] = {
    "sync": {},
    "sync_private": {"takes_private": True},
    "create_new": {"is_new": True, "crm_id": "", "may_create": True},
    "create_company": {"makes_company": True, "without_company": False, "company_id": ""},
    "without_company": {"without_company": True, "makes_company": False, "company_id": ""},
}
_CHANGED_SOMETHING = (
    ContactTransfer.Result.CREATED,
    ContactTransfer.Result.LINKED,
    ContactTransfer.Result.WRITTEN,
    ContactTransfer.Result.CONFLICT,
)


def decide(contact: OutlookContact, decision: str, *, user: User, at: datetime, **more: Any) -> Asked:
    """Sync the contact with this decision of DECISIONS. One that waited for a choice keeps those that were made before."""
    newest = ContactTransfer.objects.filter(contact=contact).order_by("-pk").first()
    asked = newest is not None and (newest.status == Status.FAILED or newest.result == ContactTransfer.Result.ASKING)
    before = Wish.from_json(newest.wish) if newest is not None and asked else Wish()
    return sync_contacts([contact.pk], user=user, at=at, wish=replace(before, **DECISIONS[decision], **more))


def transfer_to_undo(contact: OutlookContact) -> ContactTransfer | None:
    """The contact's newest transfer, if it changed something that can be taken back."""
    newest = ContactTransfer.objects.filter(contact=contact).order_by("-pk").first()
    is_sync = newest is not None and newest.purpose == ContactTransfer.Purpose.SYNC and newest.status == Status.DONE
    return newest if newest is not None and is_sync and newest.result in _CHANGED_SOMETHING else None


def undo_last(contact: OutlookContact, *, user: User, at: datetime) -> Asked | None:
    """Take back what the last transfer did; None where there is nothing to take back."""
    newest = transfer_to_undo(contact)
    return undo_transfers(ContactTransfer.objects.filter(pk=newest.pk), user=user, at=at) if newest else None


def create_again_in_outlook(contact: OutlookContact, *, user: User, at: datetime) -> ContactTransfer | None:
    """Make a contact that was deleted in Outlook once more, and give it the contact in CORIPO that this one had.

    None where there is nothing to give, or where the address book cannot be written.
    """
    book = AddressBook.objects.visible_to(user).filter(mailbox=contact.mailbox_id, refused_at=None).first()
    link = getattr(contact, "link", None)
    if contact.gone_at is None or book is None or link is None:
        return None
    return bring_to_outlook(book, link.crm_id, outlook_values(from_json(contact.card)), user=user, at=at)


@dataclass(frozen=True, slots=True)
class Brought:
    """`transfer` makes the contact in Outlook; or `there` has one of its addresses already, and nothing is made."""

    transfer: ContactTransfer | None = None
    there: OutlookContact | None = None


def bring_from_crm(book: AddressBook, crm_id: str, *, user: User, at: datetime) -> Brought | None:
    """Make a contact in Outlook of one of CORIPO; None where it is not to be seen there, or no login works.

    One request. Raises CrmError.
    """
    account = CrmAccount.objects.working_for(user).first()
    if account is None:
        return None
    with crm_login(account, read_seconds=SEARCH_SECONDS) as crm:
        stored = crm.read_contacts([crm_id]).get(crm_id)
    if stored is None or stored.is_deleted:
        return None
    linked = ContactLink.objects.filter(mailbox=book.mailbox_id, crm_id=crm_id).select_related("contact").first()
    addresses = [address for one in stored.card.addresses if (address := canonical(one))]
    there = linked.contact if linked else next(iter(contacts_with(book.mailbox_id, addresses).values()), None)
    if there is not None and there.gone_at is None:
        return Brought(there=there)
    return Brought(bring_to_outlook(book, crm_id, crm_values(stored.card), user=user, at=at))
