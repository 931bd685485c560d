"""Assigning the earlier e-mails of a person to the contact in CORIPO with which somebody has linked them."""

from __future__ import annotations

from datetime import datetime

from apps.accounts.models import User
from apps.contacts.models import ContactAddress, OutlookContact
from apps.crm.face import FoundRecord
from apps.mailboxes.models import Message, MessageQuerySet, MessageState, Participant
from apps.sync.actions import choose_records_for

# The record is there, so a transfer only adds the link.
STORED = (MessageState.SYNCED, MessageState.PARTIAL, MessageState.RESYNC)
# As many as a selection takes at once; what is older is a matter of a run over the person's mails.
MOST_AT_ONCE = 200


def mails_to_assign(contact: OutlookContact, *, user: User) -> MessageQuerySet:
    """The mails from an address of the contact that are in CORIPO, as this user has them."""
    addresses = ContactAddress.objects.filter(contact=contact).values("address")
    sent = Participant.objects.filter(role=Participant.Role.FROM, address__in=addresses)
    mails = Message.objects.visible_to(user).filter(mailbox=contact.mailbox_id, state__in=STORED, gone_at=None)
    return mails.filter(pk__in=sent.values("message"))


def count_to_assign(contact: OutlookContact, *, user: User) -> int:
    """Counted up to MOST_AT_ONCE."""
    return mails_to_assign(contact, user=user).order_by()[:MOST_AT_ONCE].count()


def assign_mails(contact: OutlookContact, record: FoundRecord, *, user: User, at: datetime) -> int:
    """Link the newest of these mails with the record as well. Returns how many are on their way for it."""
    newest = mails_to_assign(contact, user=user).order_by("-received_at", "-pk")[:MOST_AT_ONCE]
    pks = list(newest.values_list("pk", flat=True))
    return len(pks) if pks and choose_records_for(pks, [record], user=user, at=at) else 0
