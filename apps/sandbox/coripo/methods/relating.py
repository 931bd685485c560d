"""Tying records together and reading what is tied. Source: measured on SuiteCRM 7.14.6, "Relationships"."""

from typing import Any

from django.db import transaction

from apps.sandbox.coripo.access import hidden_ids
from apps.sandbox.coripo.arguments import as_list, as_number, as_text, as_texts, link_requests
from apps.sandbox.coripo.catalogue import MODULES, known_module, module_named
from apps.sandbox.coripo.faults import Fault, NotAllowed, PhpFatal
from apps.sandbox.coripo.methods.reading import entries_of, links_of, matching
from apps.sandbox.coripo.models import EmailAddressOfBean, User
from apps.sandbox.coripo.queries.ordering import order
from apps.sandbox.coripo.sessions import session_of


def set_relationship(
    session: Any,
    module_name: Any,
    module_id: Any,
    link_field_name: Any,
    related_ids: Any,
    name_value_list: Any = None,
    delete: Any = 0,
) -> Any:
    """Tie or untie. The counts are of calls, not of ids, and say "created" for ids that do not exist as well."""
    with session_of(session) as user:
        tally = {"created": 0, "failed": 0, "deleted": 0}
        tally[_relate(user, module_name, module_id, link_field_name, related_ids, name_value_list, delete)] += 1
        return tally


def set_relationships(
    session: Any,
    module_names: Any,
    module_ids: Any,
    link_field_names: Any,
    related_ids: Any,
    name_value_lists: Any,
    delete_array: Any,
) -> Any:
    """The same for many: the arguments are lists of equal length, and the counts are sums."""
    with session_of(session) as user:
        names, ids, links, related = (
            as_list(each) for each in (module_names, module_ids, link_field_names, related_ids)
        )
        if not names or not len(names) == len(ids) == len(links):
            raise Fault(31)
        values, deletes = as_list(name_value_lists), as_list(delete_array)
        tally = {"created": 0, "failed": 0, "deleted": 0}
        # One transaction spares the disk; nothing here fails half-way.
        with transaction.atomic():
            for number, name in enumerate(names):
                outcome = _relate(
                    user,
                    name,
                    ids[number],
                    links[number],
                    related[number] if number < len(related) else [],
                    values[number] if number < len(values) else None,
                    deletes[number] if number < len(deletes) else 0,
                )
                tally[outcome] += 1
        return tally


def get_relationships(
    session: Any,
    module_name: Any,
    module_id: Any,
    link_field_name: Any,
    related_module_query: Any,
    related_fields: Any,
    related_module_link_name_to_fields_array: Any,
    deleted: Any,
    order_by: Any = "",
    offset: Any = 0,
    limit: Any = False,
) -> Any:
    """The records that a link leads to. An unknown link gives none, an unknown record a fatal error."""
    with session_of(session) as user:
        module = module_named(module_name)
        record = module.model._default_manager.filter(pk=as_text(module_id), deleted=False).first()
        if record is None:
            raise PhpFatal("call to a member function on bool")
        if hidden_ids([record], module, user):
            raise NotAllowed
        link = module.links.get(as_text(link_field_name))
        if link is None:
            return {"entry_list": [], "relationship_list": []}
        target = MODULES[link.target]
        tied = link.far_ids([record.pk]).get(record.pk, [])
        found = matching(target, as_text(related_module_query), with_deleted=False).filter(pk__in=tied)
        start, size = max(as_number(offset), 0), as_number(limit)
        records = list(order(found, target, as_text(order_by), offset=0)[start : start + size if size > 0 else None])
        requests = link_requests(related_module_link_name_to_fields_array)
        asked = as_texts(related_fields)
        entries = entries_of(target, records, asked, with_texts=False)
        if not any(field in target.fields for field in asked):
            entries = [entry | {"name_value_list": []} for entry in entries]
        return {"entry_list": entries, "relationship_list": links_of(target, records, requests)}


def _relate(
    user: User,
    module_name: object,
    module_id: object,
    link_name: object,
    related_ids: object,
    name_value_list: object,
    delete: object,
) -> str:
    """What became of it: "created", "deleted" or "failed". No id is checked on either side, as measured."""
    module = known_module(as_text(module_name))
    link = module.links.get(as_text(link_name)) if module else None
    if module is None or link is None:
        return "failed"
    near_id, far_ids = as_text(module_id), as_texts(related_ids)
    if user.is_restricted:
        record = module.model._default_manager.filter(pk=near_id).first()
        if record is not None and hidden_ids([record], module, user):
            return "failed"
    if as_number(delete):
        link.remove(near_id, far_ids)
        return "deleted"
    link.add(near_id, far_ids)
    if link.target == "EmailAddresses" and _asks_for_primary(name_value_list):
        # It makes a second primary address: the former one keeps its flag.
        EmailAddressOfBean.objects.filter(bean_id=near_id, email_address_id__in=far_ids, deleted=False).update(
            primary_address=True
        )
    return "created"


def _asks_for_primary(name_value_list: object) -> bool:
    """Only pairs in a list are read here."""
    return any(
        isinstance(item, dict) and item.get("name") == "primary_address" and as_text(item.get("value")) in {"1", "true"}
        for item in as_list(name_value_list)
    )
