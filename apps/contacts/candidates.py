"""Whom of CORIPO a person may link a contact with: by address, by suggestion and by search, and what the link would change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass

from django.utils.functional import Promise

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount, User
from apps.contacts.agreeing import judge, values_of
from apps.contacts.cards import canonical_addresses, from_json
from apps.contacts.evidence import evidence
from apps.contacts.models import ContactLink, Field, OnConflict, OutlookContact, Side, Suggestion
from apps.contacts.person import CONTACTS, words_for
from apps.contacts.rules import rules_of
from apps.contacts.settling import Seen, token_of
from apps.contacts.telling import text_of
from apps.crm.contact_face import StoredContact
from apps.crm.face import SHORTEST_SEARCH, CrmClient
from apps.sync.finding import MOST_FOUND, SEARCH_SECONDS


@dataclass(frozen=True, slots=True)
class Candidate:
    """`taken_by` is the contact of the same address book with which it is linked already."""

    stored: StoredContact
    evidence: tuple[Promise, ...]
    certainty: int
    url: str
    taken_by: OutlookContact | None
    is_current: bool
    has_address: bool

    @property
    def name(self) -> str:
        return name_of(self.stored)

    @property
    def plain_name(self) -> str:
        card = self.stored.card
        return f"{card.first_name} {card.last_name}".strip()

    @property
    def companies(self) -> str:
        return ", ".join(company.name for company in self.stored.companies)

    @property
    def address(self) -> str:
        return ", ".join(self.stored.card.addresses)

    @property
    def phone(self) -> str:
        card = self.stored.card
        return card.phone_mobile or card.phone_work or card.phone_home or card.phone_other


@dataclass(frozen=True, slots=True)
class Found:
    """The best first. With `has_more`, more words would tell."""

    candidates: tuple[Candidate, ...]
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A field in which two contacts differ, as the page of a link asks about it. `chosen` is preselected, "" for neither."""

    field: str
    label: str
    outlook: str
    crm: str
    token: str
    chosen: str


@dataclass(frozen=True, slots=True)
class Change:
    """What the link writes where nothing has to be decided: an empty field is filled, an address is added."""

    label: str
    side: Side
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    candidate: Candidate
    choices: tuple[Choice, ...]
    changes: tuple[Change, ...]
    same: tuple[tuple[str, str], ...]
    seen: Mapping[str, Seen]


def find_candidates(contact: OutlookContact, text: str, *, user: User) -> Found | None:
    """Who has an address of the contact, who is suggested, and who fits the words; None where no login at CORIPO works.

    Four requests at most. Raises CrmError.
    """
    account = CrmAccount.objects.working_for(user).first()
    if account is None:
        return None
    with crm_login(account, read_seconds=SEARCH_SECONDS) as crm:
        stored, has_more = _ask(contact, text, crm)
    found = _candidates(contact, stored, account)
    return Found(tuple(sorted(found, key=lambda it: (not it.has_address, -it.certainty, it.name))), has_more)


def compare(contact: OutlookContact, crm_id: str, *, user: User) -> Comparison | None:
    """What would differ and change between the two; None where the contact is not to be seen in CORIPO.

    One request. Raises CrmError, and LookupError where no login at CORIPO works.
    """
    account = CrmAccount.objects.working_for(user).first()
    if account is None:
        raise LookupError
    with crm_login(account, read_seconds=SEARCH_SECONDS) as crm:
        stored = crm.read_contacts([crm_id]).get(crm_id)
    if stored is None or stored.is_deleted:
        return None
    rules, card = rules_of(user), from_json(contact.card)
    # A copy, since this link is only thought of: the contact itself would believe that it has it.
    link = ContactLink(contact=copy(contact), mailbox_id=contact.mailbox_id, crm_id=crm_id)
    asking = rules_of(user)
    asking.on_conflict = OnConflict.ASK
    merged = judge(link, card, stored, asking)
    outlook, crm_side = values_of(link, card, stored)
    seen = {clash.field: (clash.outlook, clash.crm) for clash in merged.differences}
    # What the settings would decide, shown and changeable before anything is written.
    decided = {step.field: step.side for step in judge(link, card, stored, rules).steps if step.field in seen}
    other = {Side.OUTLOOK: Side.CRM, Side.CRM: Side.OUTLOOK}
    told = {*seen, *(step.field for step in merged.steps)}
    return Comparison(
        candidate=_candidates(contact, [stored], account)[0],
        choices=tuple(
            Choice(
                name,
                str(Field(name).label),
                text_of(ours),
                text_of(theirs),
                token_of((ours, theirs)),
                other[decided[name]].value if name in decided else "",
            )
            for name, (ours, theirs) in seen.items()
        ),
        changes=tuple(
            Change(str(Field(step.field).label), step.side, text_of(step.before), text_of(step.after))
            for step in merged.steps
        ),
        same=tuple(
            (str(field.label), text_of(outlook.get(field) or crm_side.get(field)))
            for field in Field
            if field not in told and (outlook.get(field) or crm_side.get(field))
        ),
        seen=seen,
    )


def name_of(stored: StoredContact) -> str:
    card = stored.card
    return " ".join(filter(None, (card.salutation, card.first_name, card.last_name))) or stored.id


def _ask(contact: OutlookContact, text: str, crm: CrmClient) -> tuple[list[StoredContact], bool]:
    addresses = canonical_addresses(from_json(contact.card))
    by_address = crm.contacts_with(addresses) if addresses else {}
    people = {one.id: one for some in by_address.values() for one in some}
    link = ContactLink.objects.filter(contact=contact).first()
    wanted = list(Suggestion.objects.open().filter(contact=contact).values_list("crm_id", flat=True))
    wanted += [link.crm_id] if link else []
    has_more = False
    if len(text.replace(" ", "")) >= SHORTEST_SEARCH:
        found = crm.search(CONTACTS, text, limit=MOST_FOUND)
        wanted += [record.id for record in found.records]
        has_more = found.has_more
    missing = sorted(set(wanted) - set(people))
    if missing:
        people |= crm.read_contacts(missing)
    return [one for one in people.values() if not one.is_deleted], has_more


def _candidates(contact: OutlookContact, people: Iterable[StoredContact], account: CrmAccount) -> list[Candidate]:
    people = list(people)
    links = ContactLink.objects.filter(mailbox=contact.mailbox_id, crm_id__in=[one.id for one in people])
    owners = {link.crm_id: link.contact for link in links.select_related("contact")}
    card = from_json(contact.card)
    found = []
    for one in people:
        told, owner = evidence(card, one), owners.get(one.id)
        found.append(
            Candidate(
                stored=one,
                evidence=words_for(told.codes),
                certainty=told.certainty,
                url=account.server.record_url(CONTACTS, one.id),
                taken_by=owner if owner and owner.pk != contact.pk else None,
                is_current=bool(owner and owner.pk == contact.pk),
                has_address="same_address" in told.codes,
            )
        )
    return found
