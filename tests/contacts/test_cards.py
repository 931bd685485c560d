"""Cards in rows: what was read comes back, and what follows from it for lists and searches."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contacts.cards import canonical_addresses, columns_of, from_json, stored, to_json
from apps.core.addresses import Address
from apps.graph.cards import Card, Place

texts = st.text(max_size=12)
places = st.builds(Place, **{field.name: texts for field in fields(Place)})
kinds = {
    "addresses": st.lists(st.builds(Address, name=texts, address=texts), max_size=3).map(tuple),
    "birthday": st.none() | st.dates(date(1600, 1, 1)),
    **dict.fromkeys(("business_phones", "home_phones", "categories"), st.lists(texts, max_size=2).map(tuple)),
    **dict.fromkeys(("business_address", "home_address", "other_address"), places),
}
card_texts = {field.name: texts for field in fields(Card)}
cards = st.builds(Card, **{**card_texts, **kinds})


@given(cards)
def test_a_card_comes_back_from_its_row(card: Card) -> None:
    """Through JSON as a database keeps it; what it cannot keep is gone at once and not at the second time."""
    assert from_json(to_json(card)) == card
    columns = json.loads(json.dumps(columns_of(card)))
    assert from_json(columns["card"]) == stored(card) == stored(stored(card))
    assert "\x00" not in json.dumps(columns["card"])


@pytest.mark.parametrize(
    ("card", "shown", "sorted_by"),
    [
        (Card(given_name="Žofie", surname="Čápková"), "Žofie Čápková", "capkova zofie"),
        (Card(display_name="Ing. Petr Dub", given_name="Petr", surname="Dub"), "Ing. Petr Dub", "dub petr"),
        (Card(company="Kovárna a.s."), "Kovárna a.s.", "kovarna a.s."),
        (Card(addresses=(Address("", "info@firma.example"),)), "info@firma.example", "info@firma.example"),
        (Card(), "", ""),
    ],
)
def test_how_a_contact_is_shown_and_sorted(card: Card, shown: str, sorted_by: str) -> None:
    columns = columns_of(card)
    assert (columns["display_name"], columns["sort_name"]) == (shown, sorted_by)


def test_addresses_are_found_in_one_form() -> None:
    written = ("A@Firma.example", "a@firma.example", "/o=Exchange/cn=a", "b@firma.example")
    card = Card(addresses=tuple(Address("", address) for address in written))
    assert canonical_addresses(card) == ["a@firma.example", "b@firma.example"]
