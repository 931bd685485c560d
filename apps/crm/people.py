"""Whose addresses these are in CORIPO: contacts, companies and leads, each in one request for many addresses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from apps.core.addresses import canonical
from apps.crm import queries, shapes
from apps.crm.calling import Caller
from apps.crm.errors import CrmContractBroken, CrmThrottled, CrmUnreachable
from apps.crm.face import CrmCompany, CrmContact, CrmLead
from apps.crm.portions import portions
from apps.crm.reading import rows

# Measured with 50 in 0.02 s; a condition is some kilobytes of SQL then, which every server parses.
ADDRESSES_PER_QUERY = 100
# No contact can have this address: RFC 2606 keeps the domain free.
NOBODY = "nobody@portal.invalid"
LEAD_FIELDS = ("id", "first_name", "last_name", "account_name", "status", "converted")
_ADDRESSES = {"email_addresses": ("email_address",)}


def is_answering(caller: Caller) -> bool:
    try:
        find_contacts(caller, [NOBODY])
    except (CrmUnreachable, CrmThrottled, CrmContractBroken):
        return False
    return True


def find_contacts(caller: Caller, addresses: Sequence[str]) -> dict[str, tuple[CrmContact, ...]]:
    fields = ("id", "first_name", "last_name", "title", "phone_work", "phone_mobile")
    links = {"accounts": ("id", "name")}
    found: dict[str, dict[str, CrmContact]] = {address: {} for address in sought(addresses)}
    for record, named in with_addresses(caller, "Contacts", found, fields=fields, links=links):
        contact = _contact(record, named)
        for address in named:
            if address in found:
                found[address][contact.id] = contact
    return {address: tuple(contacts.values()) for address, contacts in found.items()}


def find_companies(caller: Caller, addresses: Sequence[str]) -> dict[str, tuple[CrmCompany, ...]]:
    found: dict[str, dict[str, CrmCompany]] = {address: {} for address in sought(addresses)}
    for record, named in with_addresses(caller, "Accounts", found, fields=("id", "name")):
        for address in named:
            if address in found:
                found[address][record.id] = CrmCompany(id=record.id, name=record["name"])
    return {address: tuple(companies.values()) for address, companies in found.items()}


def find_leads(caller: Caller, addresses: Sequence[str]) -> dict[str, tuple[CrmLead, ...]]:
    found: dict[str, dict[str, CrmLead]] = {address: {} for address in sought(addresses)}
    for record, named in with_addresses(caller, "Leads", found, fields=LEAD_FIELDS):
        for address in named:
            if address in found:
                found[address][record.id] = lead_of(record, named)
    return {address: tuple(leads.values()) for address, leads in found.items()}


def lead_of(record: shapes.Record, addresses: Iterable[str]) -> CrmLead:
    return CrmLead(
        id=record.id,
        name=_full_name(record),
        company=record["account_name"],
        addresses=tuple(addresses),
        # Some sites keep the one of them only, and what is not set comes as "".
        is_converted=record["converted"] == "1" or record["status"] == "Converted",
    )


def addresses_of(record: shapes.Record) -> tuple[str, ...]:
    """All addresses of a record that was read with its link to them, canonical, each once."""
    written = (canonical(row.get("email_address", "")) for row in record.links.get("email_addresses", ()))
    return tuple(dict.fromkeys(address for address in written if address))


def sought(addresses: Iterable[str]) -> list[str]:
    """The addresses, canonical; what is no SMTP address is left out."""
    return [address for address in map(canonical, addresses) if address]


def with_addresses(
    caller: Caller,
    module: str,
    addresses: Iterable[str],
    *,
    fields: Sequence[str],
    links: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[tuple[shapes.Record, tuple[str, ...]]]:
    """The records of a module that have one of the addresses, each with all of its own."""
    # Nobody can have a quoted local part: CORIPO drops such an address when it is entered.
    askable = (it for it in addresses if '"' not in it and "\\" not in it)
    for portion in portions(askable, most=ADDRESSES_PER_QUERY):
        query = queries.with_addresses(module, portion)
        for record in rows(caller, module, query=query, fields=fields, links={**_ADDRESSES, **(links or {})}):
            yield record, addresses_of(record)


def _contact(record: shapes.Record, addresses: tuple[str, ...]) -> CrmContact:
    companies = {row["id"]: row.get("name", "") for row in record.links.get("accounts", ()) if row.get("id")}
    return CrmContact(
        id=record.id,
        name=_full_name(record),
        title=record["title"],
        phone=record["phone_work"] or record["phone_mobile"],
        addresses=addresses,
        companies=tuple(CrmCompany(id=company_id, name=name) for company_id, name in companies.items()),
    )


def _full_name(record: shapes.Record) -> str:
    return f"{record['first_name']} {record['last_name']}".strip()
