"""Searching a module by words, as somebody does who looks for a record to link with. No means to identify anybody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from apps.crm import queries, shapes, texts
from apps.crm.calling import Caller
from apps.crm.errors import CrmForbidden, CrmRejected
from apps.crm.face import SHORTEST_SEARCH, FoundRecord, FoundRecords
from apps.crm.modules import table_of

MOST_WORDS = 6
# Companies by whose names contacts are found, and contacts that are found so.
MOST_COMPANIES, MOST_EMPLOYEES = 20, 200
# Fewer digits are in half of all numbers.
SHORTEST_NUMBER = 5
_NUMBER = re.compile(r"[+0-9\s()/.-]+")
_HOME_COUNTRY = "420"
_HOME_DIGITS = 9


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a module is searched and shown.

    Each word has to occur in one of `sought`. `number` is a column that a whole number is compared with. `title` makes
    the name, `detail` says more of it, and `stage` is the field with the key of its stage or status. The company is behind
    the link `owner`, or in the field `company_field`.
    """

    sought: tuple[str, ...] = ("name",)
    number: str = ""
    title: tuple[str, ...] = ("name",)
    detail: tuple[str, ...] = ()
    stage: str = ""
    # Bare field names: those with their table are ignored.
    order: str = "name, id"
    company_field: str = ""
    owner: str = ""
    has_addresses: bool = False
    phones: tuple[str, ...] = ()
    # Found by a word of the owner's name as well.
    is_sought_by_owner: bool = False


_PEOPLE = _Shape(
    sought=("first_name", "last_name"),
    title=("first_name", "last_name"),
    detail=("title",),
    order="last_name, first_name, id",
    owner="accounts",
    has_addresses=True,
)
_SHAPES: Mapping[str, _Shape] = {
    "Accounts": _Shape(detail=("billing_address_city",), has_addresses=True),
    "Contacts": replace(
        _PEOPLE, phones=("phone_work", "phone_mobile", "phone_home", "phone_other"), is_sought_by_owner=True
    ),
    "Leads": _Shape(
        sought=("first_name", "last_name", "account_name"),
        title=_PEOPLE.title,
        detail=_PEOPLE.detail,
        order=_PEOPLE.order,
        # A lead's company is a text of its own; only a converted one has a record.
        company_field="account_name",
        has_addresses=True,
    ),
    "Opportunities": _Shape(stage="sales_stage", owner="accounts"),
    "Cases": _Shape(number="case_number", detail=("case_number",), stage="status", owner="accounts"),
    "Project": _Shape(stage="status"),
    "ProjectTask": _Shape(stage="status"),
    "Bugs": _Shape(number="bug_number", detail=("bug_number",), stage="status"),
}


def search(caller: Caller, module: str, text: str, *, limit: int) -> FoundRecords:
    shape = _SHAPES.get(module)
    if shape is None:
        raise CrmRejected(field="module", reason=f"{module} is not searched")
    words = text.split()[:MOST_WORDS]
    if len("".join(words)) < SHORTEST_SEARCH:
        raise CrmRejected(field="text", reason="it is too short")
    number = _number(text) if shape.phones else ""
    employees = _employees(caller, words) if shape.is_sought_by_owner and not number else {}
    links = [(shape.owner, ["name"])] if shape.owner else []
    if shape.has_addresses:
        # The link to all addresses never says which is the first.
        links.append(("email_addresses_primary", ["email_address"]))
    answer = caller.read(
        "get_entry_list",
        module_name=module,
        query=_condition(module, shape, words, number, employees),
        order_by=shape.order,
        offset=0,
        select_fields=[
            *("id", *shape.title, *shape.detail, *shape.phones),
            *filter(None, [shape.stage, shape.company_field]),
        ],
        link_name_to_fields_array=[{"name": name, "value": fields} for name, fields in links],
        max_results=limit + 1,
        deleted=0,
        favorites=False,
    )
    records = shapes.page_in(answer).records
    found = [_found(module, shape, record, number) for record in records[:limit] if _is_meant(shape, record, number)]
    return FoundRecords(tuple(found), has_more=len(records) > limit)


def stages(caller: Caller, module: str) -> dict[str, str]:
    shape = _SHAPES.get(module)
    if shape is None or not shape.stage:
        return {}
    answer = caller.read("get_module_fields", module_name=module, fields=[shape.stage])
    return shapes.options_in(answer, shape.stage)


def _condition(module: str, shape: _Shape, words: list[str], number: str, employees: Mapping[str, list[str]]) -> str:
    table = table_of(module)
    conditions = [queries.containing(table, shape.sought, word) for word in words]
    for position, word in enumerate(words):
        if employees.get(word):
            conditions[position] = f"({conditions[position]} OR {queries.with_ids(table, employees[word])})"
    alternatives = [" AND ".join(conditions)]
    if number:
        alternatives.append(queries.with_digits(table, shape.phones, number))
    if len(words) == 1 and shape.has_addresses:
        alternatives.append(queries.with_address_like(module, words[0]))
    if len(words) == 1 and shape.number and words[0].isascii() and words[0].isdecimal():
        alternatives.append(f"{table}.{shape.number}={int(words[0])}")
    return " OR ".join(f"({alternative})" for alternative in alternatives)


def _employees(caller: Caller, words: list[str]) -> dict[str, list[str]]:
    """By each word the contacts of companies that have it in their name. A condition on contacts may not ask for them."""
    sought = list(filter(None, words))
    try:
        answer = caller.read(
            "get_entry_list",
            module_name="Accounts",
            query=" OR ".join(queries.containing("accounts", ("name",), word) for word in sought),
            order_by="name, id",
            offset=0,
            select_fields=["id", "name"],
            link_name_to_fields_array=[{"name": "contacts", "value": ["id"]}],
            max_results=MOST_COMPANIES,
            deleted=0,
            favorites=False,
        )
    except CrmForbidden:
        return {}
    companies = shapes.page_in(answer).records
    return {
        word: [
            row["id"]
            for company in companies
            if texts.folded(word) in texts.folded(company["name"])
            for row in company.links.get("contacts", ())
            if queries.is_id(row.get("id", ""))
        ][:MOST_EMPLOYEES]
        for word in sought
    }


def _number(text: str) -> str:
    """The digits of a phone number, without the country where it is our own; "" for any other text."""
    if not _NUMBER.fullmatch(text):
        return ""
    digits = _digits(text).removeprefix("00")
    if len(digits) == len(_HOME_COUNTRY) + _HOME_DIGITS:
        digits = digits.removeprefix(_HOME_COUNTRY)
    return digits if len(digits) >= SHORTEST_NUMBER else ""


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _is_meant(shape: _Shape, record: shapes.Record, number: str) -> bool:
    """The database finds digits in their order with anything between them, and thus other numbers as well."""
    phones = [_digits(record[name]) for name in shape.phones] if number else []
    loose = re.compile(".*".join(number))
    return not any(map(loose.search, phones)) or any(number in phone for phone in phones)


def _found(module: str, shape: _Shape, record: shapes.Record, number: str) -> FoundRecord:
    phones = [record[name] for name in shape.phones if record[name]]
    phones.sort(key=lambda phone: not number or number not in _digits(phone))
    owners = [row.get("name", "") for row in record.links.get(shape.owner, ())]
    companies = [*owners, *([record[shape.company_field]] if shape.company_field else [])]
    addresses = [row.get("email_address", "") for row in record.links.get("email_addresses_primary", ())]
    return FoundRecord(
        module=module,
        id=record.id,
        name=" ".join(filter(None, (record[name] for name in shape.title))).strip(),
        detail=", ".join(filter(None, (record[name] for name in shape.detail))),
        company=", ".join(dict.fromkeys(filter(None, companies))),
        address=next(filter(None, addresses), ""),
        stage=record[shape.stage] if shape.stage else "",
        phone=next(iter(phones), ""),
    )
