"""Reading records by id and by condition. Source: measured on SuiteCRM 7.14.6, "Shapes" and "Finding things"."""

from collections.abc import Sequence
from typing import Any

from django.db import models

from apps.sandbox.coripo.access import hidden_ids, visible
from apps.sandbox.coripo.arguments import as_number, as_text, as_texts, link_requests
from apps.sandbox.coripo.catalogue import MODULES, Module, module_named
from apps.sandbox.coripo.faults import NotAllowed
from apps.sandbox.coripo.queries.ordering import order
from apps.sandbox.coripo.queries.where import condition
from apps.sandbox.coripo.records import read
from apps.sandbox.coripo.sessions import session_of

DEFAULT_PAGE = 20  # list_max_entries_per_page as installed.
WARNING = "Access to this object is denied since it has been deleted or does not exist"

Nvl = dict[str, dict[str, str]] | list[Any]


def get_entry(
    session: Any,
    module_name: Any,
    id: Any,
    select_fields: Any,
    link_name_to_fields_array: Any,
    track_view: Any = False,
) -> Any:
    """One record, with its links in the plain shape."""
    with session_of(session) as user:
        entries, links = _by_ids(user, module_name, [as_text(id)], select_fields, link_name_to_fields_array)
        return {"entry_list": entries, "relationship_list": links}


def get_entries(
    session: Any,
    module_name: Any,
    ids: Any,
    select_fields: Any,
    link_name_to_fields_array: Any,
    track_view: Any = False,
) -> Any:
    """Several records in the order of their ids, with their links in the shape of get_entry_list."""
    with session_of(session) as user:
        entries, links = _by_ids(user, module_name, as_texts(ids), select_fields, link_name_to_fields_array)
        return {"entry_list": entries, "relationship_list": _as_link_lists(links)}


def get_entry_list(
    session: Any,
    module_name: Any,
    query: Any,
    order_by: Any,
    offset: Any,
    select_fields: Any,
    link_name_to_fields_array: Any,
    max_results: Any,
    deleted: Any,
    favorites: Any = False,
) -> Any:
    """The records that meet the condition. E-mails come without bodies and addresses."""
    with session_of(session) as user:
        module = module_named(module_name)
        found = matching(module, as_text(query), with_deleted=bool(as_number(deleted)))
        found = visible(found, module, user)
        start = max(as_number(offset), 0)
        size = as_number(max_results)
        total = found.count()
        page = list(
            order(found, module, as_text(order_by), offset=start)[start : start + (size if size > 0 else DEFAULT_PAGE)]
        )
        links = links_of(module, page, link_requests(link_name_to_fields_array))
        return {
            "result_count": len(page),
            "total_count": str(total) if total else 0,
            "next_offset": start + len(page),
            "entry_list": entries_of(module, page, as_texts(select_fields), with_texts=False),
            "relationship_list": _as_link_lists(links),
        }


def get_entries_count(session: Any, module_name: Any, query: Any, deleted: Any) -> Any:
    """How many records meet the condition, as a text."""
    with session_of(session) as user:
        module = module_named(module_name)
        found = matching(module, as_text(query), with_deleted=bool(as_number(deleted)))
        return {"result_count": str(visible(found, module, user).count())}


def matching(module: Module, query: str, *, with_deleted: bool) -> models.QuerySet[Any]:
    """The records that meet the condition; raises fault 40 and DatabaseFailure as `condition` does."""
    found = module.model._default_manager.all()
    if not with_deleted:
        found = found.filter(deleted=False)
    where = condition(query, module)
    return found if where is None else found.filter(where)


def entries_of(
    module: Module, records: Sequence[Any], asked: Sequence[str], *, with_texts: bool
) -> list[dict[str, Any]]:
    rows = read(module, records, asked, with_texts=with_texts)
    return [
        {"id": record.pk, "module_name": module.name, "name_value_list": nvl(row)}
        for record, row in zip(records, rows, strict=True)
    ]


def nvl(row: dict[str, str]) -> Nvl:
    """PHP has one kind of array, so an object without fields is written as an empty list."""
    return {name: {"name": name, "value": value} for name, value in row.items()} or []


def _by_ids(
    user: Any, module_name: Any, ids: list[str], select_fields: Any, link_name_to_fields_array: Any
) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]]]:
    """Entries and links. One hidden record is fault 40 for all; deleted and missing ones are a warning each."""
    module = module_named(module_name)
    live = {record.pk: record for record in module.model._default_manager.filter(pk__in=ids, deleted=False)}
    if hidden_ids(list(live.values()), module, user):
        raise NotAllowed
    records = list(live.values())
    entries = {entry["id"]: entry for entry in entries_of(module, records, as_texts(select_fields), with_texts=True)}
    requests = link_requests(link_name_to_fields_array)
    links = dict(zip(live, links_of(module, records, requests), strict=True)) if requests else {}
    return [entries.get(id) or _missing(module, id) for id in ids], [links[id] for id in ids if id in links]


def _missing(module: Module, id: str) -> dict[str, Any]:
    warning = [{"name": "warning", "value": WARNING}, {"name": "deleted", "value": "1"}]
    return {"id": id, "module_name": module.name, "name_value_list": warning}


def links_of(
    module: Module, records: Sequence[Any], requests: Sequence[tuple[str, list[str]]]
) -> list[list[dict[str, Any]]]:
    """For each record its links, each with the wanted fields of what it leads to. Unknown links are left out."""
    ids = [record.pk for record in records]
    by_record: dict[str, list[dict[str, Any]]] = {id: [] for id in ids}
    for name, fields in requests:
        link = module.links.get(name)
        if link is None:
            continue
        target = MODULES[link.target]
        tied = link.far_ids(ids)
        far = list(target.model._default_manager.filter(pk__in={f for fs in tied.values() for f in fs}, deleted=False))
        asked = [field for field in fields if field in target.fields]
        rows = read(target, far, asked, with_texts=False) if asked else [{} for _ in far]
        shown = {record.pk: nvl(row) for record, row in zip(far, rows, strict=True)}
        for id in ids:
            kept = [shown[far_id] for far_id in tied.get(id, []) if far_id in shown]
            by_record[id].append({"name": name, "records": kept})
    return [by_record[id] for id in ids] if requests else []


def _as_link_lists(links: Sequence[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The other shape of links: every record wrapped in `link_value`, every list in `link_list`."""
    return [
        {
            "link_list": [
                {"name": link["name"], "records": [{"link_value": row} for row in link["records"]]}
                for link in of_record
            ]
        }
        for of_record in links
    ]
