"""What changed at contacts since a moment of CORIPO's own clock, in one request."""

from datetime import datetime

from apps.core.addresses import canonical
from apps.crm import dates, queries, shapes
from apps.crm.calling import Caller
from apps.crm.face import ChangedContacts

# More than this is an import or a merge of everything: who waits for somebody is then asked about by address.
MOST_CHANGED = 200


def changed_contacts(caller: Caller, since: datetime | None) -> ChangedContacts:
    answer = caller.read(
        "get_entry_list",
        module_name="Contacts",
        query=queries.contacts_changed_since(dates.written(since)) if since else "",
        order_by="date_modified desc, id",
        offset=0,
        select_fields=["id", "date_modified"],
        link_name_to_fields_array=[{"name": "email_addresses", "value": ["email_address"]}] if since else [],
        max_results=MOST_CHANGED if since else 1,
        deleted=0,
        favorites=False,
    )
    page = shapes.page_in(answer)
    moments = (dates.parsed(record["date_modified"]) for record in page.records)
    addresses = (
        canonical(row.get("email_address", ""))
        for record in page.records
        for row in record.links.get("email_addresses", ())
    )
    return ChangedContacts(
        addresses=frozenset(filter(None, addresses)),
        newest=max(filter(None, moments), default=None),
        has_more=since is not None and page.size >= MOST_CHANGED,
    )
