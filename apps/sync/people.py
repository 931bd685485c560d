"""The people of a mail and what CORIPO knows of them: for the panel, from knowledge that says how old it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount, CrmServer, User
from apps.core.addresses import domain_of, without_tag
from apps.mailboxes.models import Message, Participant
from apps.mailboxes.own_addresses import own_addresses_of_user
from apps.sync.deciding import MOST_ADDRESSES, all_counted_addresses
from apps.sync.leads import address_for_lead
from apps.sync.matching import COMPANIES, LEADS, all_records_of, linked_modules, look_up, remember, tells
from apps.sync.models import KnownAddress, NoMatch, SyncRules
from apps.sync.rules import rules_of

FRESH_FOR = timedelta(minutes=10)
# Somebody who was unknown may have been entered since, so "nobody" is asked about again soon.
NOBODY_FRESH_FOR = timedelta(minutes=1)
KIND_OF = {COMPANIES: "company", LEADS: "lead"}
IN_CORIPO = ("contact", *KIND_OF.values())
# Whom CORIPO is asked about.
SOUGHT = (*IN_CORIPO, "unknown")


@dataclass(frozen=True, slots=True)
class KnownContact:
    id: str
    name: str
    title: str
    url: str
    companies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A company or lead with the address of somebody. `is_linked` says whether the rules link a mail with it."""

    module: str
    id: str
    name: str
    url: str
    is_linked: bool


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody of the mail. `kind` is contact, lead, company, unknown, unresolved (named without an e-mail address), own,
    internal, uncounted (of a header that the rules leave out) or beyond (of more people than are looked up); `is_looked_up` says
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
    records: tuple[KnownRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What *Sync e-mail* will do, from what is known now. `records` are companies and leads with an address of the mail;
    `new_lead` is of whom a lead will be made, "" where nobody needs one."""

    contacts: tuple[str, ...]
    records: tuple[str, ...]
    companies: tuple[str, ...]
    chosen: tuple[str, ...]
    is_complete: bool
    stores_without_match: bool
    new_lead: str

    @property
    def linked(self) -> tuple[str, ...]:
        return (*self.contacts, *self.records)


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
        if tells(row, rules) and (row.contacts or row.records or row.looked_at > at - NOBODY_FRESH_FOR)
    }
    missing = [address for address in dict.fromkeys(sought) if address not in known]
    account = CrmAccount.objects.select_related("server").filter(user=user, status=CrmAccount.Status.ACTIVE).first()
    if missing and ask and account:
        known |= _look_up(account, missing, rules=rules, at=at)
    server = CrmServer.objects.current()
    within = frozenset(counted)
    return [
        _person(it, kinds.of(it) or ("" if it.address in within else "beyond"), known, server, rules)
        for it in participants
    ]


def people_beyond_limit(message: Message, rules: SyncRules) -> int:
    """How many people of the mail count, where they are more than are looked up in CORIPO; else 0."""
    if message.participants.count() <= MOST_ADDRESSES:
        return 0
    people = message.participants.values_list("role", "address")
    counted = len(all_counted_addresses(people, own=own_addresses_of_user(rules.user), rules=rules))
    return counted if counted > MOST_ADDRESSES else 0


def plan(
    people: Sequence[KnownPerson], *, user: User, message: Message | None = None, chosen: Sequence[str] = ()
) -> Plan:
    """`chosen` are the names of the records that somebody chose for the mail; `message` tells of whom a lead is made."""
    rules = rules_of(user)
    contacts = {contact.id: contact for person in people for contact in person.contacts}
    records = {record.id: record for person in people for record in person.records if record.is_linked}
    has_match = bool(contacts or records or chosen)
    companies = dict.fromkeys(name for contact in contacts.values() for name in contact.companies)
    return Plan(
        contacts=tuple(contact.name for contact in contacts.values()),
        records=tuple(record.name for record in records.values()),
        companies=tuple(companies) if rules.link_companies else (),
        chosen=tuple(chosen),
        is_complete=all(person.is_looked_up for person in people if person.kind in SOUGHT),
        stores_without_match=rules.no_match == NoMatch.STORE,
        new_lead="" if has_match or message is None else _lead_of(message, people, rules=rules),
    )


def _lead_of(message: Message, people: Sequence[KnownPerson], *, rules: SyncRules) -> str:
    """Whose lead the mail will be linked with, one that is there or a new one."""
    address = address_for_lead(message, own=own_addresses_of_user(rules.user), rules=rules)
    return message.sender_name or message.sender_address if address else ""


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


def _look_up(account: CrmAccount, addresses: list[str], *, rules: SyncRules, at: datetime) -> dict[str, KnownAddress]:
    with crm_login(account) as crm:
        found = look_up(addresses, crm=crm, rules=rules)
    return remember(found, user=account.user, at=at)


def _person(
    participant: Participant, kind: str, known: dict[str, KnownAddress], server: CrmServer, rules: SyncRules
) -> KnownPerson:
    row = known.get(participant.address)
    contacts, records = _contacts(row, server), _records(row, server, rules)
    in_coripo = "contact" if contacts else KIND_OF[records[0].module] if records else "unknown"
    return KnownPerson(
        role=participant.role,
        name=participant.name,
        address=participant.written_address,
        kind=kind or in_coripo,
        contacts=contacts,
        is_looked_up=bool(kind) or row is not None,
        suggested=() if kind or contacts or records else _contacts(known.get(without_tag(participant.address)), server),
        records=records,
    )


def _records(row: KnownAddress | None, server: CrmServer, rules: SyncRules) -> tuple[KnownRecord, ...]:
    linked = linked_modules(rules)
    return tuple(
        KnownRecord(
            module=target.module,
            id=target.record_id,
            name=target.name,
            url=server.record_url(target.module, target.record_id),
            is_linked=target.module in linked,
        )
        for target in (all_records_of(row) if row else ())
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
