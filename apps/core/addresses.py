"""E-mail addresses: shown as written, compared in one canonical form. Plain Python, for wires too."""

import re
import unicodedata
from dataclasses import dataclass

_SHAPE = re.compile(
    r"^[^@\s<>,;\x00-\x1f\x7f]+@[^@\s<>,;\x00-\x1f\x7f]+$|^\"[^\"\x00-\x1f\x7f]+\"@[^@\s<>,;\x00-\x1f\x7f]+$"
)
MAX_LENGTH = 254  # RFC 5321: a path has at most 256 octets, the brackets included


@dataclass(frozen=True, slots=True)
class Address:
    """Somebody in a header, as written there: the address may be an X.500 name, or empty."""

    name: str
    address: str


def canonical(address: str) -> str:
    """The form in which two spellings of one address are equal: NFC, lower case, domain in its ASCII form (IDNA).

    Returns "" for what is no SMTP address (X.500 names, empty text, several addresses): such a person matches nobody.
    No guessing with "+tags" or dots: this is archiving, and two boxes that differ are two boxes.
    """
    text = unicodedata.normalize("NFC", address).strip().strip("<>").strip().lower()
    if len(text) > MAX_LENGTH or not _SHAPE.match(text):
        return ""
    local, _, domain = text.rpartition("@")
    domain = domain.rstrip(".")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return f"{local}@{domain}" if domain else ""


def without_tag(address: str) -> str:
    """The box behind `jana+crm@firm.example`, if it is one: a guess for people to confirm. "" for an address without tag."""
    local, at, domain = canonical(address).rpartition("@")
    bare, plus, _tag = local.partition("+")
    return f"{bare}{at}{domain}" if bare and plus and not bare.startswith('"') else ""


def domain_of(address: str) -> str:
    return canonical(address).rpartition("@")[2]
