from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.contacts.names import Name, readable, split_name
from apps.contacts.signatures import read_signature

TABLES = ("signatures_czech.txt", "signatures_foreign.txt")
NEVER_WRONG = ("phone", "mobile", "email")
CRUMBS = [
    "--",
    "S pozdravem",
    "Petr Novák",
    "Tel.: +420 602 123 456",
    "> ",
    "\n",
    "Od: x",
    "Komu: y",
    "napsal:",
    "s.r.o.",
]
WILD = st.lists(st.one_of(st.sampled_from(CRUMBS), st.text(max_size=6)), max_size=25).map(" ".join)


def mails(table: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Of each mail of a table whom it is from, its text, and the expected fields with their values."""
    parts = (Path(__file__).parent / table).read_text().removeprefix("#### ").split("\n#### ")
    return [
        (*mail.split("\n", 1), [tuple(line.split(": ", 1)) for line in expected.splitlines()[1:]])  # type: ignore[misc]
        for mail, expected in zip(parts[::2], parts[1::2], strict=True)
    ]


def test_forty_signatures() -> None:
    expected_count, found_right, wrong, dangerous = 0, 0, [], []
    for sender, text, expected in [mail for table in TABLES for mail in mails(table)]:
        display, address = sender.removesuffix(">").rsplit(" <", 1)
        proposals = read_signature(text, split_name(display, address), address)
        found = [(it.field, it.value) for it in proposals]
        expected_count += len(expected)
        found_right += len(set(found) & set(expected))
        missing, extra = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
        wrong += [f"{sender}: missing {missing}, extra {extra}"] if missing or extra else []
        dangerous += [pair for pair in extra if pair[0] in NEVER_WRONG]
        assert all(text.splitlines()[it.line_number - 1].strip() == it.line for it in proposals)

    assert [len(mails(table)) for table in TABLES] == [20, 20]
    assert not dangerous, "\n".join(wrong)
    assert found_right >= 0.95 * expected_count, "\n".join(wrong)
    assert len(wrong) <= 2, "\n".join(wrong)


@settings(max_examples=60, deadline=None)
@given(text=WILD, name=WILD)
def test_nothing_is_proposed_that_the_line_does_not_say(text: str, name: str) -> None:
    for it in read_signature(text, split_name(name, name), name):
        said, value = _signs(it.line), _signs(it.value)
        # A number without country code is shown with one.
        assert value in said or (it.field in ("phone", "mobile") and value.endswith(said_digits(said)[-7:]))


@pytest.mark.parametrize(
    "crumb",
    ["S pozdravem\nPetr Novák\n", "> a\nb", "Tel.: 602 123 456, ", "From: a\n", "x" * 50 + " napsal:\n", "a@", "1 2 "],
)
def test_time_grows_with_the_text_only(crumb: str) -> None:
    text = "S pozdravem\nPetr Novák\n" + crumb * 10_000
    began = time.perf_counter()
    read_signature(text, Name(given="Petr", family="Novák"), "novak@firma.example")

    assert time.perf_counter() - began < 1


def said_digits(said: str) -> str:
    return "".join(sign for sign in said if sign.isdigit())


def _signs(text: str) -> str:
    return "".join(sign for sign in readable(text).casefold() if sign.isalnum())
