"""What goes into CORIPO by itself: every case of the policy, as a table."""

from __future__ import annotations

import pytest

from apps.mailboxes.models import Message
from apps.sync.causes import SENTENCES
from apps.sync.models import Mark, SyncRules
from apps.sync.policy import Case, left_out_by
from apps.work.models import Lane

Kind = Message.Kind
BY_ITSELF = (Lane.AUTOMATIC, Lane.BACKFILL)


@pytest.mark.parametrize("lane", BY_ITSELF)
@pytest.mark.parametrize(
    ("kind", "is_private", "mark", "rule"),
    [
        (Kind.MAIL, False, "", ""),
        (Kind.ENCRYPTED, False, "", ""),
        (Kind.MEETING, False, "", "kind_meeting"),
        (Kind.BOUNCE, False, "", "kind_bounce"),
        (Kind.AUTO_REPLY, False, "", "kind_auto_reply"),
        (Kind.BULK, False, "", "kind_bulk"),
        (Kind.MAIL, True, "", "private"),
        (Kind.BULK, True, "", "private"),
        (Kind.MAIL, False, Mark.Value.SYNCED, "marked"),
        (Kind.BULK, True, Mark.Value.SYNCED, "marked"),
        (Kind.MAIL, False, Mark.Value.CLEARED, ""),
    ],
)
def test_at_first_runs_leave_out_what_nobody_writes_to_anybody(lane, kind, is_private, mark, rule):
    assert left_out_by(Case(lane, kind, is_private, mark), SyncRules()) == rule


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("is_private", [True, False])
@pytest.mark.parametrize("mark", ["", *Mark.Value])
def test_what_a_person_asked_for_goes_whatever_it_is(kind, is_private, mark):
    rules = SyncRules(left_out_kinds=[str(each) for each in Kind])

    assert left_out_by(Case(Lane.INTERACTIVE, kind, is_private, mark), rules) == ""


@pytest.mark.parametrize("lane", BY_ITSELF)
@pytest.mark.parametrize("kind", Kind)
def test_what_was_in_coripo_before_goes_there_again_whatever_it_is(lane, kind):
    rules = SyncRules(left_out_kinds=[str(each) for each in Kind])

    assert left_out_by(Case(lane, kind, is_private=True, mark=Mark.Value.SYNCED, is_repair=True), rules) == ""


@pytest.mark.parametrize("lane", BY_ITSELF)
@pytest.mark.parametrize("kind", Kind)
def test_each_kind_follows_its_own_setting(lane, kind):
    assert left_out_by(Case(lane, kind), SyncRules(left_out_kinds=[str(kind)])) == f"kind_{kind}"
    assert left_out_by(Case(lane, kind, is_private=True), SyncRules(left_out_kinds=[], takes_private=True)) == ""


def test_every_rule_has_words():
    offered = [kind for kind in Kind if kind != Kind.MAIL]

    assert {"marked", "private", *(f"kind_{kind}" for kind in offered)} <= set(SENTENCES)
