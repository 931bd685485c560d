"""Whom CORIPO has under the addresses of mails: contacts, and by rule companies and leads with an address of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from apps.accounts.models import User
from apps.crm.errors import CrmForbidden
from apps.crm.face import CrmClient, CrmContact
from apps.sync.deciding import Target
from apps.sync.models import KnownAddress, NoMatch, SyncRules

T = TypeVar("T")
COMPANIES, LEADS = "Accounts", "Leads"


@dataclass(frozen=True, slots=True)
class Matches:
    """By canonical address; who was asked about has an entry in `contacts`. `records` are companies and open leads, of
    those `modules` that were asked about. Of who has a `converted` address, the lead gave way to a contact."""

    contacts: Mapping[str, tuple[CrmContact, ...]]
    records: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    converted: frozenset[str] = frozenset()

    def linked(self, rules: SyncRules) -> dict[str, tuple[Target, ...]]:
        """The records that a mail is linked with because they have one of its addresses."""
        wanted = linked_modules(rules)
        return {
            address: tuple(target for target in targets if target.module in wanted)
            for address, targets in self.records.items()
        }

    @property
    def matched(self) -> list[str]:
        """The addresses that somebody has."""
        return [address for address, contacts in self.contacts.items() if contacts or self.records.get(address)]

    def ids(self, address: str) -> set[str]:
        contacts, records = self.contacts.get(address, ()), self.records.get(address, ())
        return {contact.id for contact in contacts} | {target.record_id for target in records}

    def of(self, addresses: Sequence[str]) -> Matches:
        """The same of these addresses alone."""
        return Matches({it: self.contacts[it] for it in addresses}, self.records, self.modules, self.converted)


def linked_modules(rules: SyncRules) -> tuple[str, ...]:
    """Which records beside contacts are linked by their own address."""
    return tuple(
        module
        for module, is_linked in ((COMPANIES, rules.companies_by_address), (LEADS, rules.leads_by_address))
        if is_linked
    )


def asked_modules(rules: SyncRules) -> tuple[str, ...]:
    """Which CORIPO is asked about: before a lead is made of somebody, one that is there already is looked for."""
    linked = linked_modules(rules)
    return (*linked, LEADS) if rules.no_match == NoMatch.LEAD and LEADS not in linked else linked


def look_up(addresses: Sequence[str], *, crm: CrmClient, rules: SyncRules) -> Matches:
    """Ask CORIPO about these addresses: one request for each hundred, and as many more for each rule. Raises CrmError."""
    contacts = crm.find_contacts(addresses)
    records: dict[str, tuple[Target, ...]] = {}
    modules = asked_modules(rules)
    companies = _allowed(crm.find_companies, addresses) if COMPANIES in modules else {}
    leads = _allowed(crm.find_leads, addresses) if LEADS in modules else {}
    for address in contacts:
        records[address] = (
            *(Target(COMPANIES, one.id, one.name) for one in companies.get(address, ())),
            *(Target(LEADS, one.id, one.name) for one in leads.get(address, ()) if not one.is_converted),
        )
    converted = frozenset(address for address, found in leads.items() if any(one.is_converted for one in found))
    return Matches(contacts, records, modules, converted)


def _allowed(find: Callable[[Sequence[str]], dict[str, T]], addresses: Sequence[str]) -> dict[str, T]:
    try:
        return find(addresses)
    except CrmForbidden:
        # Who may not list the module sees none of it, and that keeps no mail from its contacts.
        return {}


def remember(found: Matches, *, user: User, at: datetime) -> dict[str, KnownAddress]:
    """Keep what CORIPO said about these addresses, for the pages of this user."""
    rows = [
        KnownAddress(
            user=user,
            address=address,
            contacts=[_stored(contact) for contact in contacts],
            records=[asdict(target) for target in found.records.get(address, ())],
            modules=list(found.modules),
            looked_at=at,
        )
        # In one order, so that two who remember the same people do not wait for each other in a circle.
        for address, contacts in sorted(found.contacts.items())
    ]
    KnownAddress.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "address"],
        update_fields=["contacts", "records", "modules", "looked_at"],
    )
    return {row.address: row for row in rows}


def tells(row: KnownAddress, rules: SyncRules) -> bool:
    """Whether everything that these rules ask about was asked then."""
    return set(asked_modules(rules)) <= set(row.modules)


def has_match(row: KnownAddress, rules: SyncRules) -> bool:
    """Whether a mail with this address is linked because of it."""
    return bool(row.contacts) or any(record["module"] in linked_modules(rules) for record in row.records)


def ids_of(row: KnownAddress) -> set[str]:
    return {contact["id"] for contact in row.contacts} | {record["record_id"] for record in row.records}


def all_records_of(row: KnownAddress) -> list[Target]:
    return [Target(**record) for record in row.records]


def _stored(contact: CrmContact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "name": contact.name,
        "title": contact.title,
        "companies": [asdict(company) for company in contact.companies],
    }
