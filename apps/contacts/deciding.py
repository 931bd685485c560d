"""What a person decides about a contact that waits for it, on top of what was decided for it before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from apps.accounts.models import User
from apps.contacts.actions import Asked, create_contact, sync_contacts
from apps.contacts.cards import from_json
from apps.contacts.models import AddressBook, ContactTransfer, OutlookContact
from apps.contacts.wishes import Wish
from apps.work.models import Status

# The buttons of states that need a person, and what each of them says.
DECISIONS: dict[str, dict[str, Any]] = {
    "sync": {},
    "sync_private": {"takes_private": True},
    "create_new": {"is_new": True, "crm_id": "", "may_create": True},
    "create_company": {"makes_company": True, "without_company": False, "company_id": ""},
    "without_company": {"without_company": True, "makes_company": False, "company_id": ""},
}


def decide(contact: OutlookContact, decision: str, *, user: User, at: datetime, **more: Any) -> Asked:
    """Sync the contact with this decision of DECISIONS. One that waited for a choice keeps those that were made before."""
    newest = ContactTransfer.objects.filter(contact=contact).order_by("-pk").first()
    asked = newest is not None and (newest.status == Status.FAILED or newest.result == ContactTransfer.Result.ASKING)
    before = Wish.from_json(newest.wish) if newest is not None and asked else Wish()
    return sync_contacts([contact.pk], user=user, at=at, wish=replace(before, **DECISIONS[decision], **more))


def create_again_in_outlook(contact: OutlookContact, *, user: User, at: datetime) -> ContactTransfer | None:
    """Make a contact that was deleted in Outlook once more, and give it the contact in CORIPO that this one had.

    None where there is nothing to give, or where the address book cannot be written.
    """
    book = AddressBook.objects.visible_to(user).filter(mailbox=contact.mailbox_id, refused_at=None).first()
    link = getattr(contact, "link", None)
    if contact.gone_at is None or book is None or link is None:
        return None
    wish = Wish(crm_id=link.crm_id, may_create=False, takes_over=True)
    return create_contact(book, from_json(contact.card), folder=None, syncs_then=True, user=user, at=at, wish=wish)
