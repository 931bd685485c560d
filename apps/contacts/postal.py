"""Postal addresses in the lines of a signature: Czech and Slovak ones, and those of their neighbours and of English ones."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.contacts.signature_words import COUNTRIES
from apps.mailboxes.texts import folded

_CITY = r"[^\W\d_][^\d,|;:@]{1,40}?(?:\s\d{1,2})?(?:\s?[-–]\s?[^\W\d_][^\d,|;:@]{1,30})?"
_CZECH_CODE = r"(?:(?:CZ|SK)\s?[- ]\s?)?\d{3}\s?\d{2}"
_FOREIGN_CODE = r"(?:(?:DE?|F|I)-\s?)?\d{5}|(?:(?:AT?|CH|B|DK|L|H)-\s?)?\d{4}(?:\s[A-Z]{2}(?=\s))?|\d{2}-\d{3}"
_CODE_FIRST = re.compile(rf"^(?:(?:PSČ|PSC)\s?:?\s?)?(?P<code>{_CZECH_CODE}|{_FOREIGN_CODE})\s+(?P<city>{_CITY})$")
_CODE_LAST = re.compile(
    rf"^(?P<city>{_CITY})\s+(?P<code>{_CZECH_CODE}|[A-Z]{{1,2}}\d[A-Z\d]?\s?\d[A-Z]{{2}}|[A-Z]{{2}}\s\d{{5}}(?:-\d{{4}})?)$"
)
_CODE_ALONE = re.compile(
    rf"^(?P<code>{_CZECH_CODE}|{_FOREIGN_CODE}|[A-Z]{{1,2}}\d[A-Z\d]?\s?\d[A-Z]{{2}}|[A-Z]{{2}}\s\d{{5}}(?:-\d{{4}})?)$"
)
_ROOM = re.compile(r"(?:suite|unit|floor|apt\.?|level|patro|kancelář)\s\w+$", re.IGNORECASE)
_STATE = re.compile(r"[A-Z]{2}\s\d{5}(?:-\d{4})?$")
_CITY_ALONE = re.compile(rf"^{_CITY}$")
# Průmyslová 12/3a · č.p. 15 · 12 High Street · ul. 3 Maja 7
_STREET = re.compile(
    r"^(?:(?:\d{1,2}\.\s)?[^\W\d_][^\d,|;:@]{1,45}\s(?:č\.\s?p\.\s?)?\d{1,5}(?:\s?[/-]\s?\d{1,5})?\s?[a-zA-Z]?"
    r"|(?:ul\.|nám\.|tř\.|al\.|al|ulica|ulice)\s[^,|;:@]{2,45}\s\d{1,5}(?:/\d{1,5})?[a-zA-Z]?"
    r"|č\.\s?p\.\s?\d{1,4}"
    r"|(?:Unit|Suite|Floor)?\s?\d{1,5}[a-zA-Z]?\s[^\W\d_][^\d,|;:@]{2,45})$"
)
_LABEL = re.compile(
    r"^(?:adresa|address|adresse|adres|sídlo|sidlo|provozovna|pobočka|kancelář|fakturační adresa|anschrift|[aA])\s*:\s*",
    re.I,
)
_NO_CITY = re.compile(r"\b(?:tel|fax|mob|ič|dič|gsm|e-?mail|www|vat|id)\b|[.!?]$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Parts of a postal address as written, "" where they are not there. `used` are the pieces they were taken from."""

    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    used: tuple[str, ...] = ()


def place_in(pieces: list[str], street_above: str = "") -> Place | None:
    """The address in the comma-separated pieces of a line; `street_above` is the line before, if it may be a street."""
    bare = [_LABEL.sub("", piece) for piece in pieces]
    for index, piece in enumerate(bare):
        found = None if _STATE.match(piece) else _CODE_FIRST.match(piece) or _CODE_LAST.match(piece)
        before = bare[index - 1] if index else ""
        if found:
            code, city = found["code"], found["city"]
            street, street_index = (before, index - 1) if index and is_street(before) else ("", index)
        elif found := _CODE_ALONE.match(piece):
            # Erie, PA 16501
            if not before or not _is_city(before):
                continue
            code, city = found["code"], before
            street_index = index - 2 if index > 1 and is_street(bare[index - 2]) else index - 1
            street = bare[street_index] if street_index == index - 2 else ""
        else:
            continue
        if index > 1 and street_index and _ROOM.match(street) and is_street(bare[street_index - 1]):
            # 500 Market St, Suite 200
            street_index -= 1
            street = f"{bare[street_index]}, {street}"
        street = street or (street_above if street_index == 0 else "")
        # Four digits may be a year, and five may be anything: they need a street or a country's sign beside them.
        is_certain = bool(re.match(_CZECH_CODE + "$", code)) and len(code.replace(" ", "")) >= 5 and " " in code
        if _NO_CITY.search(city) or not (is_certain or street or re.match(r"[A-Z]{1,2}-", code)):
            continue
        country, end = _country(bare[index + 1 : index + 2], index)
        return Place(street, code, city.strip(" -–"), country, tuple(pieces[street_index : end + 1]))
    # Frýdlantská 1214, Frýdek-Místek
    for index, (street, city) in enumerate(zip(bare, bare[1:], strict=False)):
        if is_street(street) and _is_city(city) and folded(city) not in COUNTRIES:
            country, end = _country(bare[index + 2 : index + 3], index + 1)
            return Place(street, "", city, country, tuple(pieces[index : end + 1]))
    return None


def is_street(text: str) -> bool:
    return bool(_STREET.match(_LABEL.sub("", text))) and not _NO_CITY.search(text)


def country_in(text: str) -> str:
    """The code of the country that the text names, "" if none."""
    return COUNTRIES.get(folded(text).strip(" ."), "")


def without_label(text: str) -> str:
    return _LABEL.sub("", text)


def _is_city(text: str) -> bool:
    return bool(_CITY_ALONE.match(text)) and text[:1].isupper() and len(text.split()) < 5 and not _NO_CITY.search(text)


def _country(following: list[str], index: int) -> tuple[str, int]:
    return (following[0], index + 1) if following and country_in(following[0]) else ("", index)
