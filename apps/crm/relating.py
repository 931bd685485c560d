"""What belongs to contacts: their companies, and the open opportunities and cases of both, from the links of a list."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from apps.crm import queries, shapes
from apps.crm.calling import Caller
from apps.crm.face import FoundRecord, FoundRecords
from apps.crm.modules import table_of

# Somebody decides among them at a glance, and a link brings all that it leads to.
MOST_OWNERS = 50

_OPPORTUNITIES = ("opportunities", ("id", "name", "sales_stage"))
_CASES = ("cases", ("id", "name", "case_number", "status"))
_CLOSED_STAGES = frozenset({"Closed Won", "Closed Lost"})
# Older sites have the word alone, newer ones write the state before it: "Closed_Rejected".
_CLOSED_STATUSES = frozenset({"Closed", "Rejected", "Duplicate"})

_Row = Mapping[str, str]


def related_records(caller: Caller, contact_ids: Sequence[str], *, limit: int) -> FoundRecords:
    contacts = _with_links(
        caller, "Contacts", contact_ids, (("accounts", ("id", "name", "billing_address_city")), _OPPORTUNITIES, _CASES)
    )
    companies = {
        row["id"]: FoundRecord("Accounts", row["id"], row.get("name", ""), detail=row.get("billing_address_city", ""))
        for contact in contacts
        for row in contact.links.get("accounts", ())
        if row.get("id")
    }
    owners = _with_links(caller, "Accounts", companies, (_OPPORTUNITIES, _CASES))
    # The companies' records come first: theirs have a company to be told apart by.
    found: dict[tuple[str, str], FoundRecord] = {("Accounts", key): company for key, company in companies.items()}
    for owner in (*owners, *contacts):
        company = companies[owner.id].name if owner.id in companies else ""
        for record in _open_records(owner, company=company):
            found.setdefault((record.module, record.id), record)
    by_module: dict[str, list[FoundRecord]] = defaultdict(list)
    for record in found.values():
        by_module[record.module].append(record)
    shown = [record for records in by_module.values() for record in records[:limit]]
    return FoundRecords(tuple(shown), has_more=len(shown) < len(found))


def _with_links(
    caller: Caller, module: str, ids: Iterable[str], links: Sequence[tuple[str, Sequence[str]]]
) -> tuple[shapes.Record, ...]:
    """The records with these ids as far as this login sees them; nothing is asked about none."""
    wanted = [one for one in ids if queries.is_id(one)][:MOST_OWNERS]
    if not wanted:
        return ()
    answer = caller.read(
        "get_entry_list",
        module_name=module,
        query=queries.with_ids(table_of(module), wanted),
        order_by="id",
        offset=0,
        select_fields=["id"],
        link_name_to_fields_array=[{"name": name, "value": list(fields)} for name, fields in links],
        max_results=len(wanted),
        deleted=0,
        favorites=False,
    )
    return shapes.page_in(answer).records


def _open_records(owner: shapes.Record, *, company: str) -> Iterable[FoundRecord]:
    for row in owner.links.get("opportunities", ()):
        if row.get("id") and row.get("sales_stage", "") not in _CLOSED_STAGES:
            yield FoundRecord(
                "Opportunities", row["id"], row.get("name", ""), company=company, stage=row.get("sales_stage", "")
            )
    for row in owner.links.get("cases", ()):
        if row.get("id") and not _is_closed(row):
            yield FoundRecord(
                "Cases",
                row["id"],
                row.get("name", ""),
                detail=row.get("case_number", ""),
                company=company,
                stage=row.get("status", ""),
            )


def _is_closed(case: _Row) -> bool:
    status = case.get("status", "")
    return status in _CLOSED_STATUSES or status.startswith("Closed_")
