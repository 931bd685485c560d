"""What both sides say of a person, field by field, in one form: the values that the merge compares and copies.

What has no equal stays on its side: of Outlook the suffix, nickname, web page, categories, a third phone, and the other
address of somebody who has one at home; of CORIPO the fax and every company but the one that counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from apps.contacts.companies import company_key
from apps.contacts.models import Field
from apps.core.addresses import Address, canonical
from apps.graph.cards import MOST_ADDRESSES, NOWHERE, Card, Place

if TYPE_CHECKING:
    from apps.crm.contact_face import CrmCard, CrmPlace

Value = str | list[str] | dict[str, str]
Values = dict[str, Value]
"""By Field: a text, a list of addresses with the primary one first, or the filled parts of a place. All of it is JSON."""

PLACES = frozenset({Field.WORK_ADDRESS, Field.OTHER_ADDRESS})
PHONES = frozenset({Field.PHONE_WORK, Field.PHONE_MOBILE, Field.PHONE_HOME, Field.PHONE_OTHER})
_TEXTS_IN_OUTLOOK = {
    Field.TITLE: "title",
    Field.LAST_NAME: "surname",
    Field.POSITION: "job_title",
    Field.DEPARTMENT: "department",
    Field.COMPANY: "company",
    Field.PHONE_MOBILE: "mobile_phone",
    Field.ASSISTANT: "assistant",
    Field.NOTES: "notes",
}
_TEXTS_IN_CRM = {
    Field.TITLE: "salutation",
    Field.FIRST_NAME: "first_name",
    Field.LAST_NAME: "last_name",
    Field.POSITION: "position",
    Field.DEPARTMENT: "department",
    Field.PHONE_WORK: "phone_work",
    Field.PHONE_MOBILE: "phone_mobile",
    Field.PHONE_HOME: "phone_home",
    Field.PHONE_OTHER: "phone_other",
    Field.ASSISTANT: "assistant",
    Field.NOTES: "notes",
}
# What the columns of SuiteCRM hold; it cuts the rest without a word.
_LONGEST_IN_CRM: dict[str, int] = {
    Field.TITLE: 255,
    Field.FIRST_NAME: 100,
    Field.LAST_NAME: 100,
    Field.POSITION: 100,
    Field.DEPARTMENT: 255,
    Field.COMPANY: 150,
    **dict.fromkeys(PHONES, 100),
    Field.ASSISTANT: 75,
}
_LONGEST_PART_IN_CRM = {"street": 150, "city": 100, "state": 100, "postal_code": 20, "country": 255}
_NO_NUMBER = re.compile(r"[\s()./-]|[\u2010-\u2015\u200b-\u200f\u2060\ufeff]")


def empty(field: str) -> Value:
    if field == Field.ADDRESSES:
        return []
    return {} if field in PLACES else ""


# ── Outlook ───────────────────────────────────────────────────────────────


def outlook_values(card: Card, *, agreed: Mapping[str, Value] | None = None) -> Values:
    """The card's values. `agreed` is what Outlook had when the sides last agreed: it tells which of two phones is which,
    since Outlook moves the second one up where the first is taken away.
    """
    work, other = _business_phones(card, agreed or {})
    return {
        **{field.value: getattr(card, name) for field, name in _TEXTS_IN_OUTLOOK.items()},
        Field.FIRST_NAME.value: " ".join(filter(None, (card.given_name, card.middle_name))),
        Field.ADDRESSES.value: [one.address for one in card.addresses],
        Field.PHONE_WORK.value: work,
        Field.PHONE_OTHER.value: other,
        Field.PHONE_HOME.value: card.home_phones[0] if card.home_phones else "",
        Field.WORK_ADDRESS.value: _parts(card.business_address),
        Field.OTHER_ADDRESS.value: _parts(getattr(card, _other_place(card))),
        Field.BIRTHDAY.value: card.birthday.isoformat() if card.birthday else "",
    }


def with_outlook_values(card: Card, values: Mapping[str, Value], *, agreed: Mapping[str, Value] | None = None) -> Card:
    """The card with these values; fields that are not among them stay. `agreed` as for `outlook_values`."""
    now = outlook_values(card, agreed=agreed)
    changes: dict[str, Any] = {name: values[field] for field, name in _TEXTS_IN_OUTLOOK.items() if field in values}
    if Field.FIRST_NAME in values and values[Field.FIRST_NAME] != now[Field.FIRST_NAME]:
        changes |= _first_names(card, str(values[Field.FIRST_NAME]))
    if Field.ADDRESSES in values:
        # The names that Outlook shows beside the addresses stay with them.
        known = {address_key(one.address): one for one in card.addresses}
        changes["addresses"] = tuple(
            known.get(address_key(text), Address(name="", address=text))
            for text in values[Field.ADDRESSES][:MOST_ADDRESSES]  # type: ignore[index]
        )
    if values.keys() & {Field.PHONE_WORK, Field.PHONE_OTHER}:
        wanted = {**now, **values}
        both = (str(wanted[Field.PHONE_WORK]), str(wanted[Field.PHONE_OTHER]))
        if both != (now[Field.PHONE_WORK], now[Field.PHONE_OTHER]):
            changes["business_phones"] = tuple(filter(None, both))
    if Field.PHONE_HOME in values:
        changes["home_phones"] = tuple(filter(None, (str(values[Field.PHONE_HOME]), *card.home_phones[1:])))
    if Field.WORK_ADDRESS in values:
        changes["business_address"] = Place(**values[Field.WORK_ADDRESS])  # type: ignore[arg-type]
    if Field.OTHER_ADDRESS in values:
        changes[_other_place(card)] = Place(**values[Field.OTHER_ADDRESS])  # type: ignore[arg-type]
    if Field.BIRTHDAY in values:
        changes["birthday"] = _day(values[Field.BIRTHDAY])
    return replace(card, **changes)


def _business_phones(card: Card, agreed: Mapping[str, Value]) -> tuple[str, str]:
    """The phone at work and the other one: first those that were so before, then what is left, in its order."""
    left = list(card.business_phones[:2])
    found = {}
    for field in (Field.PHONE_WORK, Field.PHONE_OTHER):
        same = next((phone for phone in left if agreed.get(field) and is_same(field, phone, agreed[field])), "")
        if same:
            found[field] = same
            left.remove(same)
    for field in (Field.PHONE_WORK, Field.PHONE_OTHER):
        if field not in found and left:
            found[field] = left.pop(0)
    return found.get(Field.PHONE_WORK, ""), found.get(Field.PHONE_OTHER, "")


def _first_names(card: Card, text: str) -> dict[str, str]:
    """CORIPO has one field for given and middle name: the middle one stays apart where it still ends the text."""
    ending = f" {card.middle_name}"
    if card.middle_name and text.endswith(ending):
        return {"given_name": text.removesuffix(ending)}
    return {"given_name": text, "middle_name": ""}


def _other_place(card: Card) -> str:
    return "other_address" if card.home_address == NOWHERE else "home_address"


# ── CORIPO ────────────────────────────────────────────────────────────────


def crm_values(card: CrmCard) -> Values:
    return {
        **{field.value: getattr(card, name) for field, name in _TEXTS_IN_CRM.items()},
        Field.COMPANY.value: card.company,
        Field.ADDRESSES.value: list(card.addresses),
        Field.WORK_ADDRESS.value: _parts(card.work_address),
        Field.OTHER_ADDRESS.value: _parts(card.other_address),
        Field.BIRTHDAY.value: card.birthday.isoformat() if card.birthday else "",
    }


def with_crm_values(card: CrmCard, values: Mapping[str, Value], *, company_id: str = "") -> CrmCard:
    """The card with these values as CORIPO can hold them. `company_id` is the company's that the caller found by the name
    among the values; without it the contact keeps the company that it has.
    """
    values = {field: fit_for_crm(field, value) for field, value in values.items()}
    changes: dict[str, Any] = {name: values[field] for field, name in _TEXTS_IN_CRM.items() if field in values}
    if company_id:
        changes |= {"company_id": company_id, "company": values.get(Field.COMPANY, card.company)}
    if Field.ADDRESSES in values:
        changes["addresses"] = tuple(values[Field.ADDRESSES])
    if Field.WORK_ADDRESS in values:
        changes["work_address"] = type(card.work_address)(**values[Field.WORK_ADDRESS])  # type: ignore[arg-type]
    if Field.OTHER_ADDRESS in values:
        changes["other_address"] = type(card.other_address)(**values[Field.OTHER_ADDRESS])  # type: ignore[arg-type]
    if Field.BIRTHDAY in values:
        changes["birthday"] = _day(values[Field.BIRTHDAY])
    return replace(card, **changes)


def fit_for_crm(field: str, value: Value) -> Value:
    """The value as CORIPO will hold it: cut where its column ends."""
    if isinstance(value, dict):
        return {part: text[: _LONGEST_PART_IN_CRM[part]].strip() for part, text in value.items()}
    if isinstance(value, str) and field in _LONGEST_IN_CRM:
        return value.strip()[: _LONGEST_IN_CRM[field]].strip()
    return value


# ── Equal and less ────────────────────────────────────────────────────────


def is_same(field: str, one: Value, other: Value) -> bool:
    """Whether two values are equal but for what means nothing: blanks around, line ends, the spelling of phones and
    addresses, the legal form of a company, the order of addresses that are not the primary one.
    """
    return _form(field, one) == _form(field, other)


def is_same_across(field: str, outlook: Value, crm: Value) -> bool:
    """Whether both sides say the same, as far as CORIPO can hold it."""
    return is_same(field, outlook, crm) or is_same(field, fit_for_crm(field, outlook), crm)


def is_less(field: str, one: Value, other: Value) -> bool:
    """Whether one value only lacks what the other has: it is empty, or a place with fewer parts, else the same."""
    if is_same(field, one, other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        first, second = _form(field, one), dict(_form(field, other))
        return all(second.get(part) == text for part, text in first)
    return not _form(field, one)


def address_key(address: str) -> str:
    """In which two spellings of an address are equal; what is no SMTP address is compared as text."""
    return canonical(address) or _text(address).casefold()


def keys_of(addresses: Value) -> set[str]:
    return set(map(address_key, addresses))


def _form(field: str, value: Value) -> Any:
    if isinstance(value, list):
        keys = list(dict.fromkeys(filter(None, map(address_key, value))))
        return keys[:1] + sorted(keys[1:])
    if isinstance(value, dict):
        return sorted((part, _text(text)) for part, text in value.items() if _text(text))
    if field in PHONES:
        return re.sub(r"^00", "+", _NO_NUMBER.sub("", _text(value)))
    return company_key(value) if field == Field.COMPANY else _text(value)


def _text(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()


def _parts(place: Place | CrmPlace) -> dict[str, str]:
    return {part: text for part, text in asdict(place).items() if text}


def _day(value: Value) -> date | None:
    return date.fromisoformat(str(value)) if value else None
