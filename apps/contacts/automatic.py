"""What goes by itself: contacts that changed on a side, as far as their owner's settings take them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from apps.accounts.models import User
from apps.contacts.agreeing import record_problem
from apps.contacts.models import ContactLink, ContactRules, ContactTransfer, OutlookContact, WhichContacts
from apps.contacts.rules import rules_of
from apps.contacts.states import writing_facts
from apps.contacts.waking import wake_contact_carrier
from apps.contacts.wishes import Wish
from apps.core.clock import now
from apps.work.models import Lane, Status

# What the automat may do with somebody whom CORIPO does not have.
_LINKED_ONLY = Wish(may_create=False)


def changed_in_outlook(contact_ids: Collection[int]) -> None:
    """These contacts are new, changed, back or gone in Outlook; inside the transaction that wrote their rows."""
    at = now()
    gone = ContactLink.objects.filter(contact__in=contact_ids, contact__gone_at__isnull=False)
    for link in gone.select_related("contact"):
        record_problem(link, ContactLink.Problem.OUTLOOK_GONE, at=at)
    back = ContactLink.objects.filter(
        contact__in=contact_ids, contact__gone_at=None, problem=ContactLink.Problem.OUTLOOK_GONE
    )
    with writing_facts(back.values_list("contact", flat=True)):
        back.update(problem="")
    there = OutlookContact.objects.there().filter(pk__in=contact_ids)
    # Whom CORIPO was asked about may have another address by now.
    there.filter(link=None).update(sought_at=None)
    for owner in User.objects.filter(mailboxes__outlook_contacts__in=there).distinct():
        queue_automatic(owner, contact_ids, at=at)


def queue_automatic(
    user: User,
    contact_ids: Collection[int],
    *,
    at: datetime,
    origin: ContactTransfer.Origin = ContactTransfer.Origin.AUTOMAT,
) -> int:
    """Let those of these contacts go by themselves that the settings take. Where a transfer is under way, that one does it, or
    another one follows it.

    One that is not linked goes only once CORIPO was asked about it. What a check found is looked at in any case. Returns
    how many go.
    """
    rules = rules_of(user)
    if not contact_ids or not (rules.is_automatic or origin == ContactTransfer.Origin.PROOF):
        return 0
    wanted = OutlookContact.objects.visible_to(user).there().filter(pk__in=contact_ids).select_related("link")
    contacts = list(wanted.order_by("pk"))
    with writing_facts([contact.pk for contact in contacts]):
        active = ContactTransfer.objects.active().filter(contact__in=contacts)
        under_way = set(active.values_list("contact", flat=True))
        # What a carrier has in hand may have been read before this change; whether it goes by itself is seen at its end.
        active.filter(status=Status.CLAIMED).update(is_overtaken=True)
        going = [contact for contact in contacts if contact.pk not in under_way and _goes(contact, rules)]
        ContactTransfer.objects.bulk_create(
            [
                ContactTransfer(
                    mailbox_id=contact.mailbox_id,
                    contact=contact,
                    requested_by=user,
                    purpose=ContactTransfer.Purpose.SYNC,
                    origin=origin,
                    lane=Lane.AUTOMATIC,
                    queued_at=at,
                    not_before=at,
                    wish={} if rules.which != WhichContacts.LINKED else _LINKED_ONLY.to_json(),
                )
                for contact in going
            ],
            ignore_conflicts=True,
        )
        if going:
            wake_contact_carrier(Lane.AUTOMATIC)
    return len(going)


def _goes(contact: OutlookContact, rules: ContactRules) -> bool:
    if contact.is_private and not rules.takes_private:
        return False
    if hasattr(contact, "link"):
        return not contact.link.problem
    if contact.sought_at is None:
        return False
    if rules.which == WhichContacts.CATEGORY:
        return rules.category.casefold() in [str(one).casefold() for one in contact.card.get("categories", ())]
    return rules.which == WhichContacts.ALL
