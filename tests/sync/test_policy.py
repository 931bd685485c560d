"""What goes into CORIPO by itself: the order of decision, as a table."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation

from apps.inbox.panel import setting_of
from apps.mailboxes.models import Message, MessageState
from apps.sync.causes import SENTENCES, sentence_for
from apps.sync.models import Mark, SyncRules
from apps.sync.policy import Case, Decision, decide, left_out_by
from apps.work.models import Lane
from tests.factories import NOON

Kind = Message.Kind
State = MessageState
BY_ITSELF = (Lane.AUTOMATIC, Lane.BACKFILL)
SENT = Message.Direction.SENT
SYNCED, CLEARED = Mark.Value.SYNCED, Mark.Value.CLEARED
LAWYER = frozenset({"kdokoli@pravnik.example"})

RULES = {
    "is_automatic": True,
    "left_out_addresses": ["pravnik.example", "rodina@seznam.example"],
    "takes_sent": False,
    "since": NOON,
}


def case(lane: Lane = Lane.AUTOMATIC, kind: Kind = Kind.MAIL, **words: object) -> Case:
    return Case(lane, kind, **{"received_at": NOON, **words})  # type: ignore[arg-type]


# mark, exclusion, rule, state: what decides, from the strongest down. Each row holds everything that is weaker than its rule.
WEAK = {"direction": SENT, "is_folder_taken": False, "received_at": NOON - timedelta(days=1)}
EVERYTHING = {**WEAK, "addresses": LAWYER, "is_private": True, "kind": Kind.BULK}
ORDER = [
    ({**EVERYTHING, "state": State.GONE, "mark": SYNCED}, "gone", "left"),
    ({**EVERYTHING, "state": State.MARKED, "mark": SYNCED}, "marked", "left"),
    ({**EVERYTHING, "state": State.QUEUED, "mark": CLEARED}, "under_way", "left"),
    ({**EVERYTHING, "state": State.RUNNING}, "under_way", "left"),
    ({**EVERYTHING, "state": State.FAILED}, "failed", "left"),
    ({**EVERYTHING, "state": State.RESYNC, "mark": CLEARED}, "excluded", "skipped"),
    ({**EVERYTHING, "mark": CLEARED}, "excluded", "skipped"),
    ({**EVERYTHING, "addresses": frozenset(), "mark": CLEARED}, "private", "skipped"),
    ({**WEAK, "kind": Kind.BULK, "mark": CLEARED}, "kind_bulk", "skipped"),
    ({**WEAK, "mark": CLEARED}, "cleared", "goes"),
    ({**WEAK, "mark": CLEARED, "state": State.RESYNC}, "cleared", "goes"),
    ({**WEAK, "mark": CLEARED, "state": State.NO_MATCH}, "cleared", "goes"),
    ({**WEAK, "state": State.SYNCED}, "recorded", "left"),
    ({**WEAK, "state": State.PARTIAL}, "recorded", "left"),
    ({**WEAK, "state": State.HIDDEN}, "recorded", "left"),
    ({**WEAK, "state": State.NO_MATCH}, "no_match", "left"),
    (WEAK, "direction", "left"),
    ({**WEAK, "direction": Message.Direction.RECEIVED}, "folder", "left"),
    ({"received_at": NOON - timedelta(seconds=1)}, "since", "left"),
    ({"state": State.SKIPPED}, "automatic", "goes"),
    ({}, "automatic", "goes"),
]


@pytest.mark.parametrize("lane", BY_ITSELF)
@pytest.mark.parametrize(("words", "rule", "outcome"), ORDER)
def test_what_decides_first(lane, words, rule, outcome):
    decision = decide(case(lane, **words), SyncRules(**RULES))

    assert decision == Decision(outcome == "goes", rule, is_stored=outcome == "skipped")


@pytest.mark.parametrize(("words", "_rule", "_outcome"), ORDER)
def test_what_a_person_asked_for_goes_whatever_it_is(words, _rule, _outcome):
    for rules in (SyncRules(**RULES), SyncRules()):
        assert decide(case(Lane.INTERACTIVE, **words), rules) == Decision(True, "asked")
        assert left_out_by(case(Lane.INTERACTIVE, **words), rules) == ""


@pytest.mark.parametrize(("words", "rule", "outcome"), ORDER)
def test_while_it_is_off_nothing_goes_and_nothing_is_skipped(words, rule, outcome):
    is_stronger = rule in ("gone", "marked", "under_way", "failed")

    assert decide(case(**words), SyncRules(**RULES | {"is_automatic": False})) == Decision(
        False, rule if is_stronger else "off"
    )


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


@pytest.mark.parametrize(
    ("address", "is_excluded"),
    [
        ("kdokoli@pravnik.example", True),
        ("kdokoli@posta.pravnik.example", True),
        ("kdokoli@nepravnik.example", False),
        ("kdokoli@pravnik.example.cz", False),
        ("rodina@seznam.example", True),
        ("jina@seznam.example", False),
    ],
)
def test_a_domain_is_left_out_with_all_below_it_and_an_address_alone(address, is_excluded):
    found = left_out_by(case(addresses=frozenset({"jana@firma.example", address})), SyncRules(**RULES))

    assert found == ("excluded" if is_excluded else "")


@pytest.mark.parametrize(
    ("rules", "is_open"),
    [({}, True), ({"left_out_kinds": []}, True), ({"left_out_kinds": [], "takes_private": True}, False)],
)
def test_what_only_the_letter_tells_is_decided_when_it_is_read(rules, is_open):
    decision = decide(case(is_read=False), SyncRules(**RULES | rules))

    assert decision == Decision(True, "automatic", is_open=is_open)


def test_every_rule_has_words():
    offered = [f"kind_{kind}" for kind in Kind if kind != Kind.MAIL]
    said_by_the_state = {"asked", "under_way", "failed", "recorded", "no_match"}

    told = ({rule for _words, rule, _outcome in ORDER} | {"off", "paused", *offered}) - said_by_the_state
    assert told <= set(SENTENCES)
    english = {rule: sentence_for(rule) for rule in told}
    with translation.override("cs"):
        assert not [rule for rule in told if sentence_for(rule) == english[rule]]
    # What a setting decides leads to it; a mark and a deleted record are nobody's setting.
    assert all(setting_of(rule) for rule in told - {"gone", "marked"})
