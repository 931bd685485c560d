"""Addresses of a mail header, as Exchange lists them: a name and an address each, whatever the header looks like.

Python's own reader changed between the versions that we run on (it became strict and empties odd headers), so this one
is ours: it never refuses, and what it cannot split it hands on whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.sandbox.graph.headers import decoded


@dataclass(frozen=True)
class Address:
    """`address` is as written: SMTP in any spelling, X.500, or empty. `name` falls back to the address."""

    name: str
    address: str

    def as_json(self) -> dict[str, dict[str, str]]:
        return {"emailAddress": {"name": self.name, "address": self.address}}


def addresses(header: str) -> list[Address]:
    """The addresses of one header value, groups dissolved ("Team: a@x.example, b@x.example;" gives two)."""
    found = (_address(text) for text in _split(header))
    return [address for address in found if address is not None]


def _split(header: str) -> Iterator[str]:
    """The texts between commas, leaving alone those in quotes, comments and angle brackets."""
    text, quoted, angled, depth, escaped = "", False, False, 0, False
    for char in header:
        if escaped:
            escaped = False
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif not quoted:
            if char == "(" and not angled:
                depth += 1
            elif char == ")" and depth:
                depth -= 1
            elif not depth:
                if char in "<>":
                    angled = char == "<"
                elif char == ":" and not angled and "@" not in text:
                    text = ""  # the name of a group
                    continue
                elif char in ",;" and not angled:
                    yield text
                    text = ""
                    continue
        text += char
    yield text


def _address(text: str) -> Address | None:
    text = " ".join(text.split())
    if not text:
        return None
    before, bracket, after = _outside_quotes(text)
    if bracket:
        address, name = after.partition(">")[0].strip(), _plain(before)
    else:
        address, comment, rest = text.partition("(")
        # The old way to write a name: jana@firm.example (Jana Svobodová)
        name = _plain(rest.rpartition(")")[0] or rest) if comment else ""
        address = address.strip()
    address = decoded(address)
    if not address and not name:
        return None
    return Address(name=name or address, address=address)


def _outside_quotes(text: str) -> tuple[str, str, str]:
    """Split at the first `<` that is not inside quotes."""
    quoted = False
    for position, char in enumerate(text):
        if char == '"' and text[position - 1 : position] != "\\":
            quoted = not quoted
        elif char == "<" and not quoted:
            return text[:position], "<", text[position + 1 :]
    return text.partition("<") if quoted else (text, "", "")


def _plain(name: str) -> str:
    """A display name without its quotes and back-slashes, encoded words decoded."""
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1]
        name = name.replace('\\"', '"').replace("\\\\", "\\")
    return " ".join(decoded(name).split())
