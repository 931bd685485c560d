"""A contact's card as CORIPO's fields, and CORIPO's fields as a card."""

import re
from collections.abc import Iterable, Mapping
from datetime import date

from apps.core.addresses import canonical
from apps.crm import dates, shapes, texts
from apps.crm.contact_face import CrmCard, CrmPlace, StoredContact
from apps.crm.face import CrmCompany

ROW_FIELDS = (
    "id",
    "date_entered",
    "date_modified",
    "modified_user_id",
    "modified_by_name",
    "created_by",
    "assigned_user_id",
    "deleted",
    "account_id",
)
LINKS = {
    "accounts": ("id", "name"),
    "email_addresses": ("id", "email_address"),
    # The link to all addresses never says which is the first.
    "email_addresses_primary": ("id",),
}
# Field of the card → field of CORIPO, and the length at which an installation without changes cuts it.
_LINES = {
    "salutation": ("salutation", 255),
    "first_name": ("first_name", 100),
    "last_name": ("last_name", 100),
    "position": ("title", 100),
    "department": ("department", 100),
    "phone_work": ("phone_work", 100),
    "phone_mobile": ("phone_mobile", 100),
    "phone_home": ("phone_home", 100),
    "phone_other": ("phone_other", 100),
    "fax": ("phone_fax", 100),
    "assistant": ("assistant", 75),
}
_PLACES = {"work_address": "primary_address", "other_address": "alt_address"}
_PARTS = {
    "street": ("street", 150),
    "city": ("city", 100),
    "state": ("state", 100),
    "postal_code": ("postalcode", 20),
    "country": ("country", 255),
}
_LONGEST_LINE = 4_000
# CORIPO cuts the others by itself, and what it made of them is read back.
_CUT_AT: Mapping[str, int] = {
    **dict(_LINES.values()),
    **{f"{place}_{part}": length for place in _PLACES.values() for part, length in _PARTS.values()},
    "description": 20_000,
}
# Field of CORIPO → field of the card.
CARD_FIELDS: Mapping[str, str] = {
    **{field: name for name, (field, _length) in _LINES.items()},
    **{f"{place}_{part}": name for name, place in _PLACES.items() for part, _length in _PARTS.values()},
    "birthdate": "birthday",
    "description": "notes",
}
FIELDS = (*ROW_FIELDS, *CARD_FIELDS)
# What it keeps as an address. Anything else is dropped without a word.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def plain_fields(card: CrmCard) -> dict[str, str]:
    """Every field but addresses and company, written so that what is read back says the same."""
    fields = {field: texts.line(getattr(card, name), limit=_LONGEST_LINE) for name, (field, _length) in _LINES.items()}
    for name, prefix in _PLACES.items():
        place: CrmPlace = getattr(card, name)
        for part, (field, _length) in _PARTS.items():
            write = texts.lines if part == "street" else _line
            fields[f"{prefix}_{field}"] = write(getattr(place, part))
    fields["birthdate"] = card.birthday.isoformat() if card.birthday else ""
    fields["description"] = texts.lines(card.notes)
    return fields


def changed_fields(before: CrmCard, after: CrmCard) -> dict[str, str]:
    former = plain_fields(before)
    return {field: value for field, value in plain_fields(after).items() if value != former[field]}


def unkept_fields(sent: Mapping[str, str], card: CrmCard, before: Mapping[str, str]) -> tuple[str, ...]:
    """The fields of the card that CORIPO left as they were, or empty. What it cut, or wrote in its own way, it kept."""
    now = plain_fields(card)
    unkept = (CARD_FIELDS[field] for field, value in sent.items() if not _is_kept(field, value, now, before))
    return tuple(dict.fromkeys(unkept))


def stored(record: shapes.Record) -> StoredContact:
    is_deleted = record["deleted"] == "1"
    companies = () if is_deleted else _companies(record)
    shown = next((one for one in companies if one.id == record["account_id"]), companies[-1] if companies else None)
    return StoredContact(
        id=record.id,
        card=_card(record, shown, () if is_deleted else tuple(address_rows(record).values())),
        companies=companies,
        modified_at=dates.parsed(record["date_modified"]),
        entered_at=dates.parsed(record["date_entered"]),
        modifier_id=record["modified_user_id"],
        modifier_name=record["modified_by_name"],
        creator_id=record["created_by"],
        assigned_user_id=record["assigned_user_id"],
        is_deleted=is_deleted,
    )


def address_rows(record: shapes.Record) -> dict[str, str]:
    """The addresses as written, by the id of their row, the primary one first."""
    primary = {row.get("id", "") for row in record.links.get("email_addresses_primary", ())}
    rows = [row for row in record.links.get("email_addresses", ()) if row.get("email_address")]
    rows.sort(key=lambda row: row.get("id", "") not in primary)
    return {row.get("id", ""): row["email_address"] for row in rows}


def key_of(address: str) -> str:
    """The form in which addresses are compared; odd ones of CORIPO have one as well."""
    return canonical(address) or address.casefold()


def keys_of(addresses: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(map(key_of, addresses)))


def storable(addresses: Iterable[str]) -> dict[str, str]:
    """By their keys the addresses that CORIPO takes, in the spelling that it takes."""
    found: dict[str, str] = {}
    for address in addresses:
        spelling = next((it for it in (address.strip(), canonical(address)) if _ADDRESS.fullmatch(it)), "")
        if spelling:
            found.setdefault(key_of(address), spelling)
    return found


def reachable(after: Iterable[str], there: Iterable[str]) -> list[str]:
    """The keys of `after` that a contact can have: CORIPO takes the address, or has it already, odd as it may be."""
    after = tuple(after)
    possible = {*storable(after), *there}
    return [key for key in keys_of(after) if key in possible]


def _card(record: shapes.Record, company: CrmCompany | None, addresses: tuple[str, ...]) -> CrmCard:
    lines = {name: record[field] for name, (field, _length) in _LINES.items()}
    places = {
        name: CrmPlace(**{part: _read(record[f"{prefix}_{field}"]) for part, (field, _length) in _PARTS.items()})
        for name, prefix in _PLACES.items()
    }
    unique = {key_of(address): address for address in reversed(addresses)}
    return CrmCard(
        **lines,
        work_address=places["work_address"],
        other_address=places["other_address"],
        birthday=_day(record["birthdate"]),
        notes=_read(record["description"]),
        company=company.name if company else "",
        company_id=company.id if company else "",
        addresses=tuple(unique[key] for key in keys_of(addresses)),
    )


def _companies(record: shapes.Record) -> tuple[CrmCompany, ...]:
    names = {row["id"]: row.get("name", "") for row in record.links.get("accounts", ()) if row.get("id")}
    return tuple(CrmCompany(id=company_id, name=name) for company_id, name in names.items())


def _is_kept(field: str, sent: str, now: Mapping[str, str], before: Mapping[str, str]) -> bool:
    read = now[field].strip()
    if read == sent.strip():
        return True
    if sent.startswith(read) and len(read) >= _CUT_AT.get(field, _LONGEST_LINE) - 1:
        return True
    return bool(read) and read != before.get(field, "").strip()


def _line(text: str) -> str:
    return texts.line(text, limit=_LONGEST_LINE)


def _read(text: str) -> str:
    return text.replace("\r\n", "\n")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
