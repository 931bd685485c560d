"""Extended properties of one value and of many: how their ids are spelt, and what `$expand` and `$filter` may ask of them.

They come only where `$expand` names them; nothing lists them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import FloatField, Q, QuerySet
from django.db.models.functions import Cast

from apps.sandbox.graph import errors
from apps.sandbox.graph.models import Contact, ExtendedProperty, Message

NAME = "singleValueExtendedProperties"
MANY = "multiValueExtendedProperties"
# The type of a property that holds many values ends so.
ARRAY = "Array"
TYPES = {
    name.lower(): name
    for name in (
        *("ApplicationTime", "Binary", "Boolean", "CLSID", "Currency", "Double", "Float", "Integer", "Long"),
        *("Short", "String", "SystemTime"),
    )
}
GUID = r"\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}"
TAG = re.compile(
    rf"(?P<type>\w+)\s+(?:(?P<set>{GUID})\s+(?:name\s+(?P<name>.+)|id\s+(?P<id>0x[0-9a-f]+))|(?P<mapi>0x[0-9a-f]+))",
    re.IGNORECASE,
)
EXPANDED = re.compile(r"\(\s*\$filter\s*=\s*(?P<filter>.+)\)", re.DOTALL)
ONE_ID = re.compile(r"\s*id\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)
OPERATORS = {"eq": "exact", "gt": "gt", "ge": "gte", "lt": "lt", "le": "lte"}


def tag_of(text: str) -> str:
    """The id of a property in one spelling: all but the name are compared in any case. Raises GraphError."""
    found = TAG.fullmatch(text.strip())
    kind = TYPES.get(found["type"].lower()) if found else None
    if found is None or kind is None:
        raise errors.invalid_extended_property(text)
    if found["mapi"]:
        return f"{kind} {found['mapi'].lower()}"
    rest = f"Name {found['name']}" if found["name"] else f"Id {found['id'].lower()}"
    return f"{kind} {found['set'].lower()} {rest}"


def tag_of_many(text: str) -> str:
    """The same for a property of many values, whose type says so: "StringArray {...} Name X". Raises GraphError."""
    kind, _space, rest = text.strip().partition(" ")
    single, array = kind[: -len(ARRAY)], kind[-len(ARRAY) :]
    if array.lower() != ARRAY.lower():
        raise errors.invalid_extended_property(text)
    kind, _space, rest = tag_of(f"{single} {rest}").partition(" ")
    return f"{kind}{ARRAY} {rest}"


def expanded_tags(arguments: str, name: str = NAME) -> tuple[str, ...]:
    """The properties that `$expand=singleValueExtendedProperties(...)` names. Raises GraphError.

    >>> expanded_tags("($filter=id eq 'Integer 0x0e07' or id eq 'String 0x001A')")
    ('Integer 0x0e07', 'String 0x001a')
    """
    found = EXPANDED.fullmatch(arguments.strip())
    ids = [ONE_ID.fullmatch(part) for part in re.split(r"\s+or\s+(?=id\s)", found["filter"])] if found else [None]
    read = tag_of_many if name == MANY else tag_of
    tags = [read(one[1].replace("''", "'")) for one in ids if one]
    if len(tags) != len(ids):
        raise errors.bad_request(f"$expand of {name} needs a $filter by id.")
    return tuple(tags)


def shown(rows: Sequence[Message] | Sequence[Contact], tags: Sequence[str]) -> dict[int, list[dict[str, str]]]:
    """The values of the named properties, by message or contact; rows that have none of them are not in it."""
    owner = "contact" if rows and isinstance(rows[0], Contact) else "message"
    found: dict[int, list[dict[str, str]]] = {}
    for row in ExtendedProperty.objects.filter(**{f"{owner}__in": rows}, tag__in=tags).order_by("pk"):
        found.setdefault(getattr(row, f"{owner}_id"), []).append({"id": row.tag, "value": row.value})
    return found


def shown_many(rows: Sequence[Message] | Sequence[Contact], tags: Sequence[str]) -> dict[int, list[dict[str, Any]]]:
    """The same for properties of many values."""
    return {
        pk: [{"id": one["id"], "value": json.loads(one["value"])} for one in values]
        for pk, values in shown(rows, tags).items()
    }


def written(value: Any) -> dict[str, str]:
    """What a PATCH sets, by tag. Raises GraphError for a value of the wrong kind: they are all texts."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise errors.bad_request(f"Cannot convert the literal of '{NAME}' to the expected type.")
    found = {}
    for item in value:
        if not isinstance(item.get("id"), str) or not isinstance(item.get("value"), str):
            raise errors.bad_request(f"Cannot convert the literal of '{NAME}' to the expected type.")
        found[tag_of(item["id"])] = item["value"]
    return found


def written_many(value: Any) -> dict[str, str]:
    """The same for properties of many values, kept as JSON. Raises GraphError unless each value is a list of texts."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise errors.bad_request(f"Cannot convert the literal of '{MANY}' to the expected type.")
    found = {}
    for item in value:
        texts = item.get("value")
        is_valid = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
        if not isinstance(item.get("id"), str) or not is_valid:
            raise errors.bad_request(f"Cannot convert the literal of '{MANY}' to the expected type.")
        found[tag_of_many(item["id"])] = json.dumps(texts)
    return found


def is_extended(name: str) -> bool:
    """Whether a property of a resource is the list of its extended ones."""
    return name.lower() in {NAME.lower(), MANY.lower()}


def in_content(content: Mapping[str, Any]) -> dict[str, str]:
    """What the JSON of a write sets of extended properties, by tag. Raises GraphError."""
    tags: dict[str, str] = {}
    for name, value in content.items():
        if name.lower() == NAME.lower():
            tags |= written(value)
        elif name.lower() == MANY.lower():
            tags |= written_many(value)
    return tags


def having(tag: str, operator: str, value: str, *, owner: str = "message") -> Q:
    """Messages (or contacts, by `owner`) whose property compares so with a text, in any case of letters."""
    rows = ExtendedProperty.objects.filter(tag=tag_of(tag))
    if operator == "ne":
        return _of(rows.exclude(value__iexact=value), owner)
    return _of(rows.filter(**{f"value__i{'exact' if operator == 'eq' else operator}": value}), owner)


def having_number(tag: str, operator: str, value: float, *, owner: str = "message") -> Q:
    """Those whose property, read as a number, compares so."""
    rows = ExtendedProperty.objects.filter(tag=tag_of(tag)).annotate(number=Cast("value", FloatField()))
    return _of(
        rows.exclude(number=value) if operator == "ne" else rows.filter(**{f"number__{OPERATORS[operator]}": value}),
        owner,
    )


def _of(rows: QuerySet[ExtendedProperty], owner: str) -> Q:
    # A null among them would turn "not in" into nothing.
    return Q(pk__in=rows.exclude(**{owner: None}).values(owner))
