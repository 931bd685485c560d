"""The shapes of v4_1 answers, parsed once. A shape that is none of the measured ones is a `CrmContractBroken`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.crm import texts
from apps.crm.errors import CrmContractBroken

INVALID_LOGIN = 10
INVALID_SESSION = 11
NO_MODULE = 20
ACCESS_DENIED = 40
TOO_MANY_SESSIONS = 60
# After `login` these mean that the login is no good: refused, not configured, expired, locked out, LDAP says no.
LOGIN_FAULTS = frozenset({INVALID_LOGIN, 12, 13, 1008, 1009, 1012})


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of the protocol. It comes with HTTP 200, and its number is sometimes text."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record with those wanted fields that have a value, and its linked records where links were wanted."""

    id: str
    fields: Mapping[str, str]
    links: Mapping[str, tuple[Mapping[str, str], ...]]

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `size` counts its rows, unreadable ones too; `total` is None where CORIPO does not count."""

    records: tuple[Record, ...]
    size: int
    total: int | None


def fault_in(answer: Any) -> Fault | None:
    if not isinstance(answer, dict) or "number" not in answer or "name" not in answer:
        return None
    if "entry_list" in answer or "id" in answer:
        return None
    try:
        return Fault(number=int(answer["number"]), name=str(answer["name"])[:80])
    except (TypeError, ValueError) as error:
        raise CrmContractBroken("a fault without a number") from error


def records_in(answer: Any) -> tuple[Record, ...]:
    """The live records of any reading. Missing and deleted ones are left out: they come as a warning.

    Whether the links of a missing record are an empty entry or no entry differs between calls, and so does the shape
    of the links; all are understood.
    """
    entries = [_record_fields(entry) for entry in _list(answer, "entry_list")]
    links = _list(answer, "relationship_list") if _dict(answer).get("relationship_list") else []
    live = [entry for entry in entries if entry is not None]
    if links and len(links) == len(entries):
        links = [link for link, entry in zip(links, entries, strict=True) if entry is not None]
    if links and len(links) != len(live):
        raise CrmContractBroken("links that belong to no record")
    return tuple(
        Record(id=record_id, fields=fields, links=_links(link))
        for (record_id, fields), link in zip(live, links or [[]] * len(live), strict=True)
    )


def page_in(answer: Any) -> Page:
    """One page of `get_entry_list`."""
    return Page(
        records=records_in(answer),
        size=len(_list(answer, "entry_list")),
        total=_total(_dict(answer).get("total_count")),
    )


def fields_in(name_values: Any) -> dict[str, str]:
    """Field → plain text, from `{field: {"name", "value"}}`. Without any value that is an empty list."""
    return dict(_pairs(name_values))


def options_in(answer: Any, field: str) -> dict[str, str]:
    """What a field chooses from, key → word, from `get_module_fields`: an empty list for a field that takes any text."""
    fields = _dict(answer).get("module_fields") or {}
    return fields_in(_dict(_dict(fields).get(field) or {}).get("options"))


def id_in(answer: Any) -> str:
    """The id that a write answers with, "" where there is none: a refused write answers `null`, or the id -1."""
    record_id = answer.get("id") if isinstance(answer, dict) else None
    return record_id if isinstance(record_id, str) and record_id != "-1" else ""


def name_values(fields: Mapping[str, str]) -> list[dict[str, str]]:
    """Fields as every version of the API takes them."""
    return [{"name": name, "value": value} for name, value in fields.items()]


def _record_fields(entry: Any) -> tuple[str, dict[str, str]] | None:
    record = _dict(entry)
    if isinstance(record.get("name_value_list"), list) and record["name_value_list"]:
        return None
    return str(record.get("id") or ""), fields_in(record.get("name_value_list"))


def _links(links: Any) -> dict[str, tuple[Mapping[str, str], ...]]:
    """Link → rows, from a list of links (`get_entry`) or one inside `link_list`, its rows in `link_value` (lists)."""
    if isinstance(links, dict):
        links = links.get("link_list")
    found: dict[str, tuple[Mapping[str, str], ...]] = {}
    for link in links if isinstance(links, list) else []:
        rows = _dict(link).get("records") or []
        if not isinstance(rows, list):
            raise CrmContractBroken("a link without rows")
        found[str(link.get("name", ""))] = tuple(
            fields_in(row["link_value"] if isinstance(row, dict) and "link_value" in row else row) for row in rows
        )
    return found


def _pairs(name_values: Any) -> Iterator[tuple[str, str]]:
    if isinstance(name_values, dict):
        for name, pair in name_values.items():
            value = pair.get("value") if isinstance(pair, dict) else pair
            yield str(name), texts.read(_text(value))
    elif name_values:
        raise CrmContractBroken("fields that are no fields")


def _text(value: Any) -> str:
    if value is None or value is False:
        return ""
    return "1" if value is True else str(value)


def _total(value: Any) -> int | None:
    try:
        total = int(value)
    except (TypeError, ValueError):
        return None
    return total if total >= 0 else None


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CrmContractBroken("an answer of another kind than expected")
    return value


def _list(answer: Any, name: str) -> Sequence[Any]:
    entries = _dict(answer).get(name)
    if not isinstance(entries, list):
        raise CrmContractBroken(f"an answer without {name}")
    return entries
