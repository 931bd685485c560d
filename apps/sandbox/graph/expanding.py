"""`$expand` of messages: attachments, and extended properties by their ids."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apps.sandbox.graph import errors, properties, shapes
from apps.sandbox.graph.queries import selected

ITEM = re.compile(r"(?P<name>[A-Za-z]+)\s*(?P<arguments>\(.*\))?", re.DOTALL)
SELECT = re.compile(r"\(\s*\$select\s*=([^()]*)\)", re.IGNORECASE)


@dataclass(frozen=True)
class Expansion:
    """`attachments` says whether they come, `attachment_properties` which of theirs (None: all, with their bytes);
    `tags` are the extended properties that come.
    """

    attachments: bool = False
    attachment_properties: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    tags_of_many: tuple[str, ...] = ()


NOTHING = Expansion()


def expansion(expand: str | None) -> Expansion:
    """Read `$expand`. Raises GraphError for what Graph would refuse, or cannot be served here."""
    attachments, chosen = False, None
    tags: tuple[str, ...] = ()
    tags_of_many: tuple[str, ...] = ()
    for item in _items(expand or ""):
        found = ITEM.fullmatch(item)
        name, arguments = (found["name"].lower(), found["arguments"] or "") if found else ("", "")
        if name == "attachments":
            attachments, chosen = True, _attachment_properties(arguments)
        elif name == properties.NAME.lower():
            tags = properties.expanded_tags(arguments)
        elif name == properties.MANY.lower():
            tags_of_many = properties.expanded_tags(arguments, properties.MANY)
        else:
            raise errors.not_served(f"$expand={item}")
    return Expansion(attachments, chosen, tags, tags_of_many)


def _attachment_properties(arguments: str) -> tuple[str, ...] | None:
    if not arguments:
        return None
    found = SELECT.fullmatch(arguments)
    if found is None:
        raise errors.not_served(f"$expand=attachments{arguments}")
    return selected([name.strip() for name in found[1].split(",")], shapes.ATTACHMENT_PROPERTIES, "attachment")


def _items(expand: str) -> Iterator[str]:
    """The texts between the commas that are in no brackets and no quotes."""
    item, depth, quoted = "", 0, False
    for char in expand:
        if char == "'":
            quoted = not quoted
        elif not quoted:
            depth += (char == "(") - (char == ")")
        if char == "," and not depth and not quoted:
            yield item.strip()
            item = ""
        else:
            item += char
    if item.strip():
        yield item.strip()
