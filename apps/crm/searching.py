"""Searching a module by words, as somebody does who looks for a record to link with. No means to identify anybody."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.crm import queries, shapes
from apps.crm.calling import Caller
from apps.crm.errors import CrmRejected
from apps.crm.face import SHORTEST_SEARCH, FoundRecord, FoundRecords
from apps.crm.modules import table_of

MOST_WORDS = 6


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
    "Contacts": _PEOPLE,
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
    links = [(shape.owner, ["name"])] if shape.owner else []
    if shape.has_addresses:
        # The link to all addresses never says which is the first.
        links.append(("email_addresses_primary", ["email_address"]))
    answer = caller.read(
        "get_entry_list",
        module_name=module,
        query=_condition(module, shape, words),
        order_by=shape.order,
        offset=0,
        select_fields=["id", *shape.title, *shape.detail, *filter(None, [shape.stage, shape.company_field])],
        link_name_to_fields_array=[{"name": name, "value": fields} for name, fields in links],
        max_results=limit + 1,
        deleted=0,
        favorites=False,
    )
    found = [_found(module, shape, record) for record in shapes.page_in(answer).records]
    return FoundRecords(tuple(found[:limit]), has_more=len(found) > limit)


def stages(caller: Caller, module: str) -> dict[str, str]:
    shape = _SHAPES.get(module)
    if shape is None or not shape.stage:
        return {}
    answer = caller.read("get_module_fields", module_name=module, fields=[shape.stage])
    return shapes.options_in(answer, shape.stage)


def _condition(module: str, shape: _Shape, words: list[str]) -> str:
    table = table_of(module)
    alternatives = [" AND ".join(queries.containing(table, shape.sought, word) for word in words)]
    if len(words) == 1 and shape.has_addresses:
        alternatives.append(queries.with_address_like(module, words[0]))
    if len(words) == 1 and shape.number and words[0].isascii() and words[0].isdecimal():
        alternatives.append(f"{table}.{shape.number}={int(words[0])}")
    return " OR ".join(f"({alternative})" for alternative in alternatives)


def _found(module: str, shape: _Shape, record: shapes.Record) -> FoundRecord:
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
    )
