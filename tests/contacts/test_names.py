from __future__ import annotations

import time
from dataclasses import astuple, fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.contacts.names import Name, readable, split_name
from apps.contacts.robots import is_robot
from tests.contacts.display_names import CZECH, FOREIGN

# What people and programs put into names, to be mixed wildly.
CRUMBS = [
    "Ing.",
    "Ph.D.",
    "Novák",
    "Petr",
    "van",
    ",",
    "|",
    "(",
    ")",
    '"',
    "s.r.o.",
    " - ",
    "@",
    "&",
    "NGUYEN",
    "/o=",
    "/cn=",
]
WILD = st.lists(st.one_of(st.sampled_from(CRUMBS), st.text(max_size=6)), max_size=25).map(" ".join)


def test_a_hundred_display_names() -> None:
    wrong = [
        f"{display!r} <{address}>: {split_name(display, address)} instead of {expected}"
        for display, address, expected in CZECH + FOREIGN
        if split_name(display, address) != expected
    ]

    assert len(CZECH) == len(FOREIGN) == 50
    assert len(wrong) <= 5, "\n".join(wrong)


@settings(max_examples=60, deadline=None)
@given(display=WILD, address=WILD)
def test_no_part_of_a_name_is_made_up(display: str, address: str) -> None:
    name = split_name(display, address)

    source = _letters(f"{display} {address}")
    for part, text in zip(fields(Name), astuple(name), strict=True):
        assert all(_letters(word) in source for word in text.split()), part.name


def _letters(text: str) -> str:
    return "".join(sign for sign in readable(text).casefold() if sign.isalnum())


@pytest.mark.parametrize("crumb", ["(", '"', "Ing.", "a, ", " - ", "van ", "s.", "@ ", "x@"])
def test_a_long_name_costs_no_more_than_its_beginning(crumb: str) -> None:
    began = time.perf_counter()
    split_name(crumb * 100_000, crumb * 100_000)

    assert time.perf_counter() - began < 0.2


@pytest.mark.parametrize(
    ("address", "kind", "expected"),
    [
        ("no-reply@shop.example", "", True),
        ("noreply-accounts@shop.example", "", True),
        ("MAILER-DAEMON@firma.example", "", True),
        ("neodpovidejte@urad.example", "", True),
        ("reply+AAB4F2@ticket.example", "", True),
        ("beskydy-request@lists.klub.example", "", True),
        ("jan.novak@bounces.shop.example", "", True),
        ("jan.novak@firma.example", "bulk", True),
        ("jan.novak@firma.example", "auto_reply", False),
        ("info@firma.example", "", False),
        ("noreen.alertson@firma.example", "", False),
        ("norbert.rootman@firma.example", "mail", False),
    ],
)
def test_robots(address: str, kind: str, expected: bool) -> None:
    assert is_robot(address, kind) is expected
