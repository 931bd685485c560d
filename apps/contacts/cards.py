"""Cards of contacts as JSON in rows, and what a row says of a card: how it is called, sorted and found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from apps.core.addresses import Address, canonical
from apps.graph.cards import Card, GraphContact, Place
from apps.mailboxes.search import search_text
from apps.mailboxes.texts import folded, storable

_TUPLES = {"business_phones", "home_phones", "categories"}
_PLACES = {"business_address", "home_address", "other_address"}


def to_json(card: Card) -> dict[str, Any]:
    """What is empty is left out. `from_json` makes the same card of it."""
    told = {name: getattr(card, name) for name in _NAMES if getattr(card, name) != getattr(_EMPTY, name)}
    return {name: _plain(value) for name, value in told.items()}


def from_json(data: Mapping[str, Any]) -> Card:
    """The card that `to_json` was given; a part that this version does not know is left out."""
    known = {name: value for name, value in data.items() if name in _NAMES}
    for name in known.keys() & _TUPLES:
        known[name] = tuple(known[name])
    for name in known.keys() & _PLACES:
        known[name] = Place(**known[name])
    if "addresses" in known:
        known["addresses"] = tuple(Address(name=name, address=address) for name, address in known["addresses"])
    if "birthday" in known:
        known["birthday"] = date.fromisoformat(known["birthday"])
    return Card(**known)


def stored(card: Card) -> Card:
    """The card as a row can hold it: without what PostgreSQL or UTF-8 refuse."""
    return from_json(_storable(to_json(card)))


def columns_of(card: Card) -> dict[str, Any]:
    """The columns of OutlookContact that follow from a card, `card` among them."""
    card = stored(card)
    name = display_name(card)
    people = [name, card.company, card.nickname, *(one.address for one in card.addresses)]
    return {
        "card": to_json(card),
        "display_name": name[:300],
        "company": card.company[:300],
        "sort_name": sort_name(card)[:300],
        "search_text": search_text("\n".join(people)),
    }


def display_name(card: Card) -> str:
    """How a person is called; one without any name by the company, or by the first address. "" for an empty card."""
    parts = (card.title, card.given_name, card.middle_name, card.surname, card.suffix)
    first = card.addresses[0].address if card.addresses else ""
    return card.display_name or " ".join(filter(None, parts)) or card.company or first


def sort_name(card: Card) -> str:
    """The key of the list: the family name first, folded, so that case and diacritics do not part namesakes."""
    names = folded(" ".join(filter(None, (card.surname, card.given_name, card.middle_name))))
    return names or folded(display_name(card))


def canonical_addresses(card: Card) -> list[str]:
    """The different addresses in their canonical form, in the card's order; what is no SMTP address is left out."""
    return list(dict.fromkeys(filter(None, (canonical(one.address) for one in card.addresses))))


def graph_contact(row: Any) -> GraphContact:
    """A row of OutlookContact, with its folder, as Graph's contact: what a change is written over."""
    return GraphContact(
        id=row.graph_id,
        version=row.version,
        folder_id=row.folder.graph_id,
        created_at=row.created_at,
        modified_at=row.modified_at,
        card=from_json(row.card),
        crm_id=row.crm_id,
        is_private=row.is_private,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Address):
        return [value.name, value.address]
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Place):
        return {part: text for part, text in asdict(value).items() if text}
    return value.isoformat() if isinstance(value, date) else value


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    return {name: _storable(one) for name, one in value.items()} if isinstance(value, dict) else value


_EMPTY = Card()
_NAMES = [field.name for field in fields(Card)]
