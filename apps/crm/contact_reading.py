"""Whole contacts: by id, by address, and what changed since a moment of CORIPO's own clock."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from apps.crm import dates, queries, shapes
from apps.crm.calling import Caller
from apps.crm.contact_face import ContactPage, StoredContact
from apps.crm.contact_fields import FIELDS, LINKS, stored
from apps.crm.people import sought, with_addresses
from apps.crm.portions import portions
from apps.crm.reading import IDS_PER_QUERY, rows

# A save takes its time of day some moments before others can see it, and clocks of a server and its proxy may differ.
OVERLAP = timedelta(minutes=5)
# From the first page to the last.
LONGEST_READING = timedelta(hours=1)


def read_contacts(caller: Caller, ids: Iterable[str]) -> dict[str, StoredContact]:
    return {contact_id: stored(record) for contact_id, record in contact_records(caller, ids).items()}


def contact_records(caller: Caller, ids: Iterable[str]) -> dict[str, shapes.Record]:
    """As they came, deleted ones too, with the rows of their addresses."""
    found: dict[str, shapes.Record] = {}
    for portion in portions(dict.fromkeys(filter(queries.is_id, ids)), most=IDS_PER_QUERY):
        query = queries.with_ids("contacts", portion)
        for record in rows(caller, "Contacts", query=query, fields=FIELDS, links=LINKS, deleted=True):
            found[record.id] = record
    return found


def contacts_with(caller: Caller, addresses: Sequence[str]) -> dict[str, tuple[StoredContact, ...]]:
    found: dict[str, dict[str, StoredContact]] = {address: {} for address in sought(addresses)}
    for record, named in with_addresses(caller, "Contacts", found, fields=FIELDS, links=LINKS):
        for address in named:
            if address in found:
                found[address][record.id] = stored(record)
    return {address: tuple(contacts.values()) for address, contacts in found.items()}


def contacts_changed(caller: Caller, since: datetime | None, *, after_id: str, limit: int) -> ContactPage:
    query = queries.contacts_after(dates.written(since), after_id) if since else ""
    if since and not after_id:
        found, has_more = _with_readdressed(caller, query, since, limit)
    else:
        found, has_more = _page(caller, query, limit)
    newest = found[-1].modified_at if found else None
    if has_more and newest:
        return ContactPage(tuple(found), newest, found[-1].id, has_more=True)
    server_now = caller.transport.server_now
    if after_id and server_now:
        # Those were told when this reading began, and perhaps there are more by now.
        found += _with_readdressed(caller, "", server_now - LONGEST_READING, limit)[0]
    moments = (since, newest, server_now - OVERLAP if server_now else None)
    return ContactPage(tuple(found), max(filter(None, moments), default=None))


def _with_readdressed(caller: Caller, query: str, since: datetime, limit: int) -> tuple[list[StoredContact], bool]:
    """All whose addresses changed since that moment, and then the first page of the others that the condition names."""
    found: list[StoredContact] = []
    passed: tuple[str, str] | None = None
    while True:
        readdressed = queries.contacts_readdressed(dates.written(since), passed)
        contacts, has_more = _page(caller, f"{query} OR ({readdressed})" if query else readdressed, limit)
        found += contacts
        newest = contacts[-1].modified_at if contacts else None
        if not (has_more and newest) or (query and newest >= since):
            return found, has_more
        passed = (dates.written(newest), contacts[-1].id)


def _page(caller: Caller, query: str, limit: int) -> tuple[list[StoredContact], bool]:
    answer = caller.read(
        "get_entry_list",
        module_name="Contacts",
        query=query,
        order_by="date_modified, id",
        offset=0,
        select_fields=list(FIELDS),
        link_name_to_fields_array=[{"name": name, "value": list(fields)} for name, fields in LINKS.items()],
        max_results=limit + 1,
        deleted=1,
        favorites=False,
    )
    page = shapes.page_in(answer)
    return [stored(record) for record in page.records[:limit]], page.size > limit or (page.total or 0) > page.size
