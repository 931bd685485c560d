"""What speaks for two contacts being the same person, and how much."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.contacts.cards import canonical_addresses, sort_name
from apps.contacts.companies import company_key
from apps.core.addresses import canonical, domain_of
from apps.crm.contact_face import StoredContact
from apps.graph.cards import Card
from apps.mailboxes.texts import folded

WORDS: dict[str, Promise] = {
    "same_address": _("same e-mail address"),
    "same_name": _("same name"),
    "similar_name": _("similar name"),
    "same_phone": _("same phone"),
    "same_company": _("same company"),
    "same_domain": _("e-mail address of the same domain"),
}
_WEIGHTS = {
    "same_address": 70,
    "same_name": 25,
    "similar_name": 10,
    "same_phone": 30,
    "same_company": 15,
    "same_domain": 10,
}
# What never is certain: only the two people know.
MOST = 99
# Below this, a pair is not worth a person's look: a namesake in another company.
LEAST = 35
# Of a number, what is left without the code of its country.
_DIGITS_THAT_COUNT = 9


@dataclass(frozen=True, slots=True)
class Evidence:
    """Codes of WORDS, the strongest first, and a percentage."""

    codes: tuple[str, ...]
    certainty: int


def evidence(card: Card, stored: StoredContact) -> Evidence:
    """What speaks for this card of Outlook and this contact of CORIPO being one person."""
    ours, theirs = set(canonical_addresses(card)), set(filter(None, map(canonical, stored.card.addresses)))
    our_name, their_name = sort_name(card).split(), _words(stored)
    phones = _numbers(*card.business_phones, *card.home_phones, card.mobile_phone)
    their_phones = _numbers(
        stored.card.phone_work, stored.card.phone_mobile, stored.card.phone_home, stored.card.phone_other
    )
    companies = {company_key(company.name) for company in stored.companies}
    found = {
        "same_address": bool(ours & theirs),
        "same_name": bool(our_name) and sorted(our_name) == sorted(their_name),
        "same_phone": bool(phones & their_phones),
        "same_company": bool(card.company) and company_key(card.company) in companies,
        "same_domain": bool({domain_of(one) for one in ours} & {domain_of(one) for one in theirs}),
    }
    # Of a couple in one mailbox the address says the name, so each of the weaker ones is told beside the stronger.
    found["similar_name"] = not found["same_name"] and bool(set(our_name) & set(their_name))
    found["same_domain"] = found["same_domain"] and not found["same_address"]
    codes = [code for code in _WEIGHTS if found[code]]
    certainty = min(sum(_WEIGHTS[code] for code in codes), MOST)
    if found["same_address"] and not found["same_name"] and not found["similar_name"] and our_name and their_name:
        # A shared box: two people, as like as not.
        certainty //= 2
    return Evidence(tuple(sorted(codes, key=lambda code: -_WEIGHTS[code])), certainty)


def _words(stored: StoredContact) -> list[str]:
    return folded(f"{stored.card.last_name} {stored.card.first_name}").split()


def _numbers(*phones: str) -> set[str]:
    digits = ("".join(sign for sign in phone if sign.isdecimal()) for phone in phones)
    return {number[-_DIGITS_THAT_COUNT:] for number in digits if len(number) >= _DIGITS_THAT_COUNT}
