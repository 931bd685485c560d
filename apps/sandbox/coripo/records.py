"""Records as a read gives them: columns, and the fields that other tables answer for.

Everything is fetched for a whole list of records at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.sandbox.coripo.addresses import addresses_of
from apps.sandbox.coripo.catalogue import ADDRESS_FIELDS, EMAIL_TEXT_FIELDS, MODULES, WHO, Module
from apps.sandbox.coripo.cleaning import escaped
from apps.sandbox.coripo.letters import read_texts
from apps.sandbox.coripo.models import Account, User

Fields = dict[str, str]


def read(module: Module, records: Sequence[Any], asked: Sequence[str], *, with_texts: bool = True) -> list[Fields]:
    """The asked fields of each record as clients get them; no asked field means all, unknown ones are left out.

    Without texts the fields that only a full read fills (bodies and addresses of e-mails) are empty: lists do that.
    """
    wanted = [name for name in asked if name in module.fields] if asked else list(module.fields)
    extras = computed_fields(module, records, wanted, with_texts=with_texts)
    rows = []
    for record in records:
        extra = extras[record.pk]
        rows.append(
            {
                name: extra[name] if name in extra else shown(getattr(record, module.columns[name].name))
                for name in wanted
            }
        )
    return rows


def shown(value: object) -> str:
    """A column's value as text: times in UTC, truth as 1 and 0, texts escaped."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case date():
            return value.isoformat()
        case int() | Decimal():
            return str(value)
        case _:
            return escaped(str(value))


def title_of(module: Module, record: Any) -> str:
    """What a person calls the record."""
    return str(record) if module.is_of_people else str(getattr(record, "name", record))


def titles(module: Module, ids: Iterable[str]) -> dict[str, str]:
    """Titles of the live records among the ids."""
    records = module.model._default_manager.filter(pk__in=set(ids) - {""}, deleted=False)
    return {record.pk: title_of(module, record) for record in records}


def companies_of(module: Module, ids: Sequence[str]) -> dict[str, str]:
    """Id of the company that each record shows as its own: of several the one tied last."""
    tied = module.links["accounts"].far_ids(ids)
    live = set(
        Account.objects.filter(pk__in={far for fars in tied.values() for far in fars}, deleted=False).values_list(
            "pk", flat=True
        )
    )
    shown_ids = {near: [far for far in fars if far in live] for near, fars in tied.items()}
    return {near: fars[-1] for near, fars in shown_ids.items() if fars}


def computed_fields(
    module: Module, records: Sequence[Any], wanted: Sequence[str], *, with_texts: bool
) -> Mapping[str, Fields]:
    """Those of the wanted fields that are no columns, by record id."""
    needed = set(wanted) & set(module.computed)
    extras: dict[str, Fields] = {record.pk: dict.fromkeys(needed, "") for record in records}
    if not needed or not records:
        return extras
    ids = list(extras)
    if module.is_of_people:
        for record in records:
            extras[record.pk] |= dict.fromkeys(needed & {"name", "full_name"}, escaped(str(record)))
    if needed & set(WHO):
        _add_people(records, extras, needed)
    if needed & set(ADDRESS_FIELDS):
        for record_id, found in addresses_of(module=module.name, record_ids=ids).items():
            both = dict(zip(ADDRESS_FIELDS, map(escaped, found), strict=False))
            extras[record_id] |= {name: value for name, value in both.items() if name in needed}
    if needed & {"account_id", "account_name"}:
        _add_companies(module, records, extras, needed)
    if "parent_name" in needed:
        _add_parents(module, records, extras)
    if with_texts and needed & set(EMAIL_TEXT_FIELDS):
        for email_id, texts in read_texts(ids).items():
            extras[email_id] |= {name: value for name, value in texts.items() if name in needed}
    if "is_admin" in needed:
        for record in records:
            extras[record.pk]["is_admin"] = "1" if record.is_admin else "0"
    return extras


def _add_people(records: Sequence[Any], extras: dict[str, Fields], needed: set[str]) -> None:
    columns = {
        "assigned_user_name": "assigned_user_id",
        "created_by_name": "created_by",
        "modified_by_name": "modified_user_id",
    }
    ids = {getattr(record, column) for record in records for column in columns.values()}
    names = {user.pk: escaped(str(user)) for user in User.objects.filter(pk__in=ids)}
    for record in records:
        for name, column in columns.items():
            if name in needed:
                extras[record.pk][name] = names.get(getattr(record, column), "")


def _add_companies(module: Module, records: Sequence[Any], extras: dict[str, Fields], needed: set[str]) -> None:
    if "account_id" in module.computed:
        company_ids = companies_of(module, list(extras))
    else:
        company_ids = {record.pk: record.account_id for record in records}
    names = titles(MODULES["Accounts"], company_ids.values())
    for record_id, company_id in company_ids.items():
        values = {"account_id": company_id, "account_name": escaped(names.get(company_id, ""))}
        extras[record_id] |= {name: value for name, value in values.items() if name in needed}


def _add_parents(module: Module, records: Sequence[Any], extras: dict[str, Fields]) -> None:
    by_module: dict[str, set[str]] = {}
    parents = {
        record.pk: (getattr(record, "parent_type", module.name), record.parent_id)
        for record in records
        if record.parent_id
    }
    for parent_module, parent_id in parents.values():
        by_module.setdefault(parent_module, set()).add(parent_id)
    names = {name: titles(MODULES[name], ids) for name, ids in by_module.items() if name in MODULES}
    for record_id, (parent_module, parent_id) in parents.items():
        extras[record_id]["parent_name"] = escaped(names.get(parent_module, {}).get(parent_id, ""))
