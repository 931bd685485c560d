"""The state of a message: the table that users read, and the stored column against the facts behind it."""

from __future__ import annotations

from itertools import product

import pytest

from apps.mailboxes.models import MessageState
from apps.sync.facts import Facts, state_of
from apps.sync.models import Mark, Transfer
from apps.work.models import Status

TABLE = {
    # (mark, record, transfer, result): state; visible and without failures
    ("", "", "", ""): "not_synced",
    ("cleared", "", "", ""): "not_synced",
    ("", "exists", "", ""): "synced",
    ("synced", "exists", "", ""): "synced",
    ("synced", "", "", ""): "marked",
    ("cleared", "exists", "", ""): "resync",
    ("", "deleted", "", ""): "gone",
    ("synced", "deleted", "", ""): "gone",
    ("synced", "exists", "queued", ""): "queued",
    ("cleared", "", "claimed", ""): "running",
    ("synced", "exists", "failed", ""): "failed",
    ("", "", "done", "no_match"): "no_match",
    ("cleared", "", "done", "no_match"): "no_match",
    ("synced", "", "done", "no_match"): "marked",
    ("", "", "done", "skipped"): "skipped",
    ("", "exists", "done", "stored"): "synced",
}


@pytest.mark.parametrize(("facts", "state"), TABLE.items())
def test_the_table_of_states(facts, state):
    mark, record, transfer, result = facts

    assert state_of(Facts(mark=mark, record=record, transfer=transfer, result=result)) == state


@pytest.mark.parametrize("mark", ["", "synced", "cleared"])
def test_a_record_without_access_is_hidden_and_one_with_failures_partial(mark):
    assert state_of(Facts(mark=mark, record="exists", is_visible=False)) == "hidden"
    assert state_of(Facts(mark=mark, record="exists", has_failures=True)) == "partial"


def test_every_combination_of_facts_has_exactly_one_state():
    for mark, record, visible, failures, transfer, result in product(
        ("", *Mark.Value),
        ("", "exists", "deleted"),
        (True, False),
        (True, False),
        ("", *Status),
        ("", *Transfer.Result),
    ):
        assert state_of(Facts(mark, record, visible, failures, transfer, result)) in MessageState
