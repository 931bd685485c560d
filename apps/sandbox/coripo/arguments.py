"""Arguments as PHP takes them: loosely, and with a fatal error where looseness ends."""

from collections.abc import Mapping
from typing import Any

from apps.sandbox.coripo.faults import PhpFatal


def as_text(value: object) -> str:
    """Raises PhpFatal for a list or an object, which have no text."""
    match value:
        case None | False:
            return ""
        case True:
            return "1"
        case str():
            return value
        case int() | float():
            return str(value)
        case _:
            raise PhpFatal("a list where a text should be")


def as_number(value: object) -> int:
    """0 for whatever is no whole number."""
    try:
        return int(as_text(value) or 0)
    except ValueError:
        return 0


def as_list(value: object) -> list[Any]:
    """An object counts as the list of its values, a single text as a list of one."""
    match value:
        case list():
            return value
        case dict():
            return list(value.values())
        case None | "" | False:
            return []
        case _:
            return [value]


def as_texts(value: object) -> list[str]:
    return [as_text(item) for item in as_list(value)]


def name_values(value: object) -> dict[str, str]:
    """A name_value_list in any of its three forms: pairs in a list, an object of values, an object of pairs."""
    pairs: list[tuple[object, object]]
    match value:
        case list():
            pairs = [(item.get("name"), item.get("value")) for item in value if isinstance(item, Mapping)]
        case dict():
            pairs = [
                (item.get("name", name), item.get("value")) if isinstance(item, Mapping) else (name, item)
                for name, item in value.items()
            ]
        case _:
            raise PhpFatal("no name_value_list")
    return {as_text(name): as_text(item) for name, item in pairs if name}


def link_requests(value: object) -> list[tuple[str, list[str]]]:
    """A link_name_to_fields_array: links and the fields wanted of what they lead to."""
    return [
        (as_text(item.get("name")), as_texts(item.get("value"))) for item in as_list(value) if isinstance(item, Mapping)
    ]
