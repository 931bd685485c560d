"""Contacts of one address book that may be the same person: pointed out, never merged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.contacts.cards import from_json
from apps.contacts.companies import company_key
from apps.contacts.models import ContactAddress, OutlookContact

# Whoever has more of the same is a shared box, and no person.
MOST_TOLD = 5
_SAME_ADDRESS = _("same e-mail address")
_SAME_COMPANY = _("same name and company")
_SAME_PHONE = _("same name and phone")


@dataclass(frozen=True, slots=True)
class Twin:
    contact: OutlookContact
    why: Promise


def twins_of(contacts: Sequence[OutlookContact]) -> dict[int, list[Twin]]:
    """By contact, others of its address book with an address of its own, or with its name and its company or a phone.

    Three queries, however many contacts they are; none without any.
    """
    if not contacts:
        return {}
    pks, mailboxes = {one.pk for one in contacts}, {one.mailbox_id for one in contacts}
    own = list(ContactAddress.objects.filter(contact__in=pks).values_list("contact", "mailbox", "address"))
    found: dict[int, dict[int, Twin]] = {}
    holders: dict[tuple[int, str], list[OutlookContact]] = {}
    sharing = ContactAddress.objects.filter(
        mailbox__in=mailboxes, address__in={address for _pk, _mailbox, address in own}, contact__gone_at=None
    )
    for row in sharing.select_related("contact").order_by("contact"):
        holders.setdefault((row.mailbox_id, row.address), []).append(row.contact)
    for pk, mailbox, address in own:
        _note(found, pk, holders.get((mailbox, address), ()), _SAME_ADDRESS)
    names = {one.sort_name for one in contacts if one.sort_name}
    namesakes: dict[tuple[int, str], list[OutlookContact]] = {}
    for one in OutlookContact.objects.there().filter(mailbox__in=mailboxes, sort_name__in=names).order_by("pk"):
        namesakes.setdefault((one.mailbox_id, one.sort_name), []).append(one)
    for contact in contacts:
        others = [one for one in namesakes.get((contact.mailbox_id, contact.sort_name), ()) if one.pk != contact.pk]
        key, phones = company_key(contact.company), _phones(contact) if others else set()
        _note(found, contact.pk, [one for one in others if key and company_key(one.company) == key], _SAME_COMPANY)
        _note(found, contact.pk, [one for one in others if phones & _phones(one)], _SAME_PHONE)
    return {pk: list(twins.values())[:MOST_TOLD] for pk, twins in found.items()}


def _note(found: dict[int, dict[int, Twin]], pk: int, others: Iterable[OutlookContact], why: Promise) -> None:
    for other in others:
        if other.pk != pk:
            found.setdefault(pk, {}).setdefault(other.pk, Twin(other, why))


def _phones(contact: OutlookContact) -> set[str]:
    card = from_json(contact.card)
    numbers = (*card.business_phones, *card.home_phones, card.mobile_phone)
    return {digits for one in numbers if (digits := "".join(sign for sign in one if sign.isdecimal())[-9:])}
