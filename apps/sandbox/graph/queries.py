"""The options of a Graph query: what may be asked, what may be combined, and how the rest is refused.

Graph is stricter than OData, and two measurements of it differ. Where they do, the
stricter one holds here, so that a client that passes here passes there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from apps.sandbox.graph import errors

PAGE_SIZE = 10  # Graph: where nothing is said
MAX_TOP = 1000  # Graph: api/user-list-messages
MESSAGE_ORDER = {
    "receivedDateTime": "received_at",
    "sentDateTime": "sent_at",
    "subject": "subject",
    "from/emailAddress/name": "from_name",
    "from/emailAddress/address": "from_address",
    "isRead": "is_read",
    "isDraft": "is_draft",
    "importance": "importance",
    "hasAttachments": "has_attachments",
    "lastModifiedDateTime": "modified_at",
    "createdDateTime": "received_at",
}


@dataclass(frozen=True)
class Order:
    """One property of `$orderby`."""

    name: str
    descending: bool


@dataclass(frozen=True)
class Options:
    """The options of one request; unset ones are None, and `top` says nothing where the caller said nothing."""

    select: tuple[str, ...] | None
    filter: str | None
    order: tuple[Order, ...]
    top: int | None
    skip: int
    counts: bool
    search: str | None
    skip_token: str
    expand: str | None
    given: tuple[str, ...]


def options(query: QueryDict) -> Options:
    """Read the options of a query. Raises GraphError for values that are out of range."""
    values = {name.lower(): str(query[name]).strip() for name in query}
    select = values.get("$select")
    return Options(
        select=tuple(name.strip() for name in select.split(",") if name.strip()) if select else None,
        filter=values.get("$filter") or None,
        order=_order(values.get("$orderby", "")),
        top=_number("Top", values["$top"], lowest=1, highest=MAX_TOP) if "$top" in values else None,
        skip=_number("Skip", values.get("$skip", "0"), lowest=0, highest=2**31),
        counts=values.get("$count", "").lower() == "true",
        search=values.get("$search") or None,
        skip_token=values.get("$skiptoken", ""),
        expand=values.get("$expand") or None,
        given=tuple(name for name in values if name.startswith("$")),
    )


def selected(names: Sequence[str] | None, known: Sequence[str], resource: str) -> tuple[str, ...] | None:
    """The selected properties as Graph spells them. Raises GraphError for one that the resource does not have."""
    if names is None:
        return None
    spellings: Mapping[str, str] = {name.lower(): name for name in known}
    for name in names:
        if name.lower() not in spellings:
            raise errors.unknown_property(name, resource)
    return tuple(dict.fromkeys(spellings[name.lower()] for name in names))


NEWEST_FIRST = (Order("receivedDateTime", descending=True),)


def ordering(
    order: Sequence[Order], known: Mapping[str, str] = MESSAGE_ORDER, unasked: Sequence[Order] = NEWEST_FIRST
) -> list[str]:
    """The order for the database by the `known` properties, made total by the row's number; `unasked` says which it is
    where nothing is asked.
    """
    fields = []
    for item in order or unasked:
        field = {name.lower(): field for name, field in known.items()}.get(item.name.lower())
        if field is None:
            raise errors.invalid_query(f"The property '{item.name}' cannot be used in the $orderby query option.")
        fields.append(f"-{field}" if item.descending else field)
    return [*fields, "-id"]


def _order(text: str) -> tuple[Order, ...]:
    items = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _space, direction = item.partition(" ")
        if direction.strip().lower() not in {"", "asc", "desc"}:
            raise errors.bad_request(f"Syntax error at position {len(name) + 1} in '{text}'.")
        items.append(Order(name, descending=direction.strip().lower() == "desc"))
    return tuple(items)


def _number(option: str, text: str, *, lowest: int, highest: int) -> int:
    if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
        raise errors.invalid_query(
            f"The value of the {option} query option must be a number from {lowest} to {highest}."
        )
    return int(text)
