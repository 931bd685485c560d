"""The people of a mail and what CORIPO knows of them: for the panel, from knowledge that says how old it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount, CrmServer, User
from apps.core.addresses import domain_of, without_tag
from apps.crm.face import CrmContact
from apps.mailboxes.models import Message, Participant
from apps.mailboxes.own_addresses import own_addresses_of_user
from apps.sync.deciding import MOST_ADDRESSES, all_counted_addresses
from apps.sync.models import KnownAddress, NoMatch, SyncRules
from apps.sync.rules import rules_of

FRESH_FOR = timedelta(minutes=10)
# Somebody who was unknown may have been entered since, so "nobody" is asked about again soon.
NOBODY_FRESH_FOR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class KnownContact:
    id: str
    name: str
    title: str
    url: str
    companies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody of the mail. `kind` is contact, unknown, unresolved (named without an e-mail address), own, internal,
    uncounted (of a header that the rules leave out) or beyond (of more people than are looked up); `is_looked_up` says
    whether what is shown is what CORIPO knows.

    `suggested` are contacts with the address behind a tag, `jana@` of `jana+crm@`: a guess, until a person takes it.
    """

    role: str
    name: str
    address: str
    kind: str
    contacts: tuple[KnownContact, ...]
    is_looked_up: bool
    suggested: tuple[KnownContact, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What *Sync e-mail* will do, from what is known now."""

    contacts: tuple[str, ...]
    companies: tuple[str, ...]
    chosen: tuple[str, ...]
    is_complete: bool
    stores_without_match: bool


def known_people(message: Message, *, user: User, at: datetime, ask: bool) -> list[KnownPerson]:
    """The mail's people in the order of its headers, each address once. With `ask`, CORIPO is asked about what is not
    known freshly, of the first MOST_ADDRESSES people that count; raises CrmError then."""
    named = list(message.participants.order_by("pk"))
    participants = _each_once(named)
    rules = rules_of(user)
    kinds = _Kinds(
        own=own_addresses_of_user(user),
        internal=frozenset(rules.internal_domains),
        # Somebody may stand in several headers; one that counts is enough.
        in_counted=frozenset(person.address for person in named if person.role in rules.counted_roles),
    )
    counted = [p.address for p in participants if kinds.of(p) == ""][:MOST_ADDRESSES]
    sought = counted + [behind for address in counted if (behind := without_tag(address))]
    known = {
        row.address: row
        for row in KnownAddress.objects.filter(user=user, address__in=sought, looked_at__gt=at - FRESH_FOR)
        if row.contacts or row.looked_at > at - NOBODY_FRESH_FOR
    }
    missing = [address for address in dict.fromkeys(sought) if address not in known]
    account = CrmAccount.objects.select_related("server").filter(user=user, status=CrmAccount.Status.ACTIVE).first()
    if missing and ask and account:
        known |= _look_up(account, missing, at=at)
    server = CrmServer.objects.current()
    within = frozenset(counted)
    return [
        _person(it, kinds.of(it) or ("" if it.address in within else "beyond"), known, server) for it in participants
    ]


def people_beyond_limit(message: Message, rules: SyncRules) -> int:
    """How many people of the mail count, where they are more than are looked up in CORIPO; else 0."""
    if message.participants.count() <= MOST_ADDRESSES:
        return 0
    people = message.participants.values_list("role", "address")
    counted = len(all_counted_addresses(people, own=own_addresses_of_user(rules.user), rules=rules))
    return counted if counted > MOST_ADDRESSES else 0


def plan(people: Sequence[KnownPerson], *, user: User, chosen: Sequence[str] = ()) -> Plan:
    """`chosen` are the names of the records that somebody chose for the mail."""
    rules = rules_of(user)
    contacts = {contact.id: contact for person in people for contact in person.contacts}
    companies = dict.fromkeys(name for contact in contacts.values() for name in contact.companies)
    return Plan(
        contacts=tuple(contact.name for contact in contacts.values()),
        companies=tuple(companies) if rules.link_companies else (),
        chosen=tuple(chosen),
        is_complete=all(person.is_looked_up for person in people if person.kind in ("contact", "unknown")),
        stores_without_match=rules.no_match == NoMatch.STORE,
    )


def _each_once(named: Sequence[Participant]) -> list[Participant]:
    found: dict[str, Participant] = {}
    for participant in named:
        found.setdefault(participant.address or f"{participant.name} {participant.written_address}", participant)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Why somebody is not looked up in CORIPO. `in_counted` are the addresses in a header that counts."""

    own: frozenset[str]
    internal: frozenset[str]
    in_counted: frozenset[str]

    def of(self, participant: Participant) -> str:
        """The kind; "" for those whom CORIPO is asked about."""
        if participant.address in self.own:
            return "own"
        if not participant.address:
            return "unresolved"
        if domain_of(participant.address) in self.internal:
            return "internal"
        return "" if participant.address in self.in_counted else "uncounted"


def _look_up(account: CrmAccount, addresses: list[str], *, at: datetime) -> dict[str, KnownAddress]:
    with crm_login(account) as crm:
        found = crm.find_contacts(addresses)
    return remember(found, user=account.user, at=at)


def remember(found: Mapping[str, tuple[CrmContact, ...]], *, user: User, at: datetime) -> dict[str, KnownAddress]:
    """Keep what CORIPO said about these addresses, for the pages of this user."""
    rows = [
        KnownAddress(user=user, address=address, contacts=[_stored(contact) for contact in contacts], looked_at=at)
        # In one order, so that two who remember the same people do not wait for each other in a circle.
        for address, contacts in sorted(found.items())
    ]
    KnownAddress.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "address"], update_fields=["contacts", "looked_at"]
    )
    return {row.address: row for row in rows}


def _stored(contact: CrmContact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "name": contact.name,
        "title": contact.title,
        "companies": [asdict(company) for company in contact.companies],
    }


def _person(participant: Participant, kind: str, known: dict[str, KnownAddress], server: CrmServer) -> KnownPerson:
    row = known.get(participant.address)
    contacts = _contacts(row, server)
    return KnownPerson(
        role=participant.role,
        name=participant.name,
        address=participant.written_address,
        kind=kind or ("contact" if contacts else "unknown"),
        contacts=contacts,
        is_looked_up=bool(kind) or row is not None,
        suggested=() if kind or contacts else _contacts(known.get(without_tag(participant.address)), server),
    )


def _contacts(row: KnownAddress | None, server: CrmServer) -> tuple[KnownContact, ...]:
    return tuple(
        KnownContact(
            id=contact["id"],
            name=contact["name"],
            title=contact["title"],
            url=server.record_url("Contacts", contact["id"]),
            companies=tuple(company["name"] for company in contact["companies"]),
        )
        for contact in (row.contacts if row else ())
    )
