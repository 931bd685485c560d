"""Conditions are SQL, so nothing that comes from a mail may leave its literal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.crm import queries

LITERAL = re.compile(r"'(?:[^']|'')*'")


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_a_message_id_never_leaves_its_literal(message_ids: list[str]) -> None:
    condition = queries.emails_with_message_ids(message_ids)

    assert re.fullmatch(r"[A-Za-z_.,() ]*", LITERAL.sub("", condition))
    assert "\\" not in condition


def test_a_message_id_is_looked_for_with_and_without_brackets() -> None:
    assert queries.emails_with_message_ids(["o'x@y"]) == "emails.message_id IN ('o''x@y','<o''x@y>')"


def test_a_backslash_is_matched_by_pattern() -> None:
    assert (
        queries.emails_with_message_ids(["a\\b@y"])
        == "emails.message_id LIKE 'a_b@y' OR emails.message_id LIKE '<a_b@y>'"
    )


@pytest.mark.parametrize("value", ["a\\", "a\n", "a\x00"])
def test_what_cannot_be_quoted_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be quoted"):
        queries.quoted(value)


@pytest.mark.parametrize(
    ("text", "is_id"),
    [
        ("9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d", True),
        ("1", True),
        ("a'b", False),
        ("", False),
        ("x" * 37, False),
        ("1\n", False),
    ],
)
def test_what_an_id_may_be(text: str, is_id: bool) -> None:
    assert queries.is_id(text) is is_id
