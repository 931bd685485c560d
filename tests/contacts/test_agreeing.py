"""A judgement written down: snapshot, differences, history and state; and the stored state against its facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.contacts.agreeing import cards_after, judge, record_agreement, record_intent, record_problem, record_refusal
from apps.contacts.causes import HISTORY, SENTENCES, why
from apps.contacts.models import (
    ContactChange,
    ContactFolder,
    ContactLink,
    ContactRules,
    ContactTransfer,
    Difference,
    Field,
    OnConflict,
    OutlookContact,
    Side,
    Suggestion,
)
from apps.contacts.settling import choices, seen_in, token_of
from apps.contacts.states import Facts, state_of, with_wrong_state, writing_facts
from apps.core.addresses import Address
from apps.crm.contact_face import CrmCard, StoredContact
from apps.crm.face import CrmCompany
from apps.graph.cards import Card
from apps.work.models import Lane, Status
from tests.factories import NOON, MailboxFactory

Result = ContactTransfer.Result
CARD = Card(given_name="Jana", surname="Malá", company="Kovárna", addresses=(Address("", "jana@kovarna.example"),))
STORED = StoredContact(
    id="11111111-0000-0000-0000-000000000001",
    card=CrmCard(first_name="Jana", last_name="Malá", company="Jiná", addresses=("jana@kovarna.example",)),
    companies=(CrmCompany("2", "Jiná"), CrmCompany("1", "KOVÁRNA s.r.o.")),
    modified_at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    modifier_name="Petr Starý",
)


@pytest.fixture
def link(db):
    mailbox = MailboxFactory()
    folder = ContactFolder.objects.create(mailbox=mailbox, graph_id="f", name="Kontakty", is_default=True)
    contact = OutlookContact.objects.create(mailbox=mailbox, folder=folder, graph_id="c", modified_at=NOON)
    return ContactLink.objects.create(
        mailbox=mailbox, contact=contact, crm_id=STORED.id, origin=ContactLink.Origin.ADDRESS, linked_at=NOON
    )


def carry(link, card, stored, *, rules=None, wished=None, written=frozenset(Side), dies=False, at=NOON):
    """What a carrier does, without the calls outside: both sides as they are afterwards, and the word for it."""
    merged = judge(link, card, stored, rules or ContactRules(), wished=wished)
    record_intent(link, merged, at=at)
    after, after_crm = cards_after(link, card, stored, merged)
    card = after if Side.OUTLOOK in written else card
    stored = replace(stored, card=after_crm) if Side.CRM in written else stored
    if dies:
        return card, stored, None
    return card, stored, record_agreement(link, merged, outlook=card, crm=stored, written=written, at=at)


def history(link):
    return list(link.contact.changes.order_by("pk").values_list("kind", "side", "field", "before", "after", "cause"))


def state(link):
    link.contact.refresh_from_db()
    return link.contact.state, link.contact.cause


def test_a_change_is_carried_told_and_agreed_on_and_a_quiet_round_writes_nothing(link):
    card, stored, first = carry(link, CARD, STORED)
    changed = replace(stored, card=replace(stored.card, position="jednatelka"))
    card, stored, second = carry(link, card, changed)
    card, stored, third = carry(link, card, stored)

    assert (first, second, third) == (Result.IN_STEP, Result.WRITTEN, Result.IN_STEP)
    assert card.job_title == "jednatelka"
    assert history(link) == [("written", "outlook", "position", "", "jednatelka", "changed")]
    link.refresh_from_db()
    assert link.snapshot["position"] == ["jednatelka", "jednatelka"]
    assert link.snapshot["company"] == ["Kovárna", "KOVÁRNA s.r.o."]
    assert (link.writing, link.crm_companies[0], link.agreed_at) == ({}, ["2", "Jiná"], NOON)
    assert state(link) == ("linked", "")


def test_a_difference_waits_for_a_person_whose_choice_holds_for_what_was_seen(link):
    card, stored, _ = carry(link, CARD, STORED)
    both = replace(card, job_title="A"), replace(stored, card=replace(stored.card, position="B"))
    assert carry(link, *both)[2] == Result.CONFLICT
    assert carry(link, *both, at=NOON + timedelta(hours=1))[2] == Result.CONFLICT
    row = Difference.objects.get()
    assert (row.outlook_value, row.crm_value, row.crm_by, row.found_at) == ("A", "B", "Petr Starý", NOON)
    assert state(link) == ("conflict", "differs")
    assert why(link.contact).remedy.action == "settle"

    token = token_of(("A", "B"))
    assert choices({"position": ("A", "C")}, {"position": ("crm", token)}).stale == ("position",)
    wished = choices(seen_in(link), {"position": ("crm", token), "title": ("crm", ""), "notes": ("x", "")}).wished
    newer = both[0], replace(stored, card=replace(stored.card, position="C"))
    assert carry(link, *newer, wished=wished)[2] == Result.CONFLICT
    card, stored, word = carry(link, *both, wished=wished)

    assert (word, card.job_title, Difference.objects.count()) == (Result.WRITTEN, "B", 0)
    assert [line[0] for line in history(link)] == ["conflict", "written", "settled"]
    assert history(link)[1] == ("written", "outlook", "position", "A", "B", "picked")
    assert state(link) == ("linked", "")


def test_a_write_that_nobody_recorded_is_known_as_our_own(link):
    card, stored, _ = carry(link, CARD, STORED)
    card, stored, _ = carry(link, replace(card, job_title="A"), stored, dies=True)
    assert (stored.card.position, history(link)) == ("A", [])

    # The next one dies as well, before it writes.
    link.refresh_from_db()
    carry(link, replace(card, job_title="AB"), stored, written=frozenset(), dies=True)
    link.refresh_from_db()
    card, stored, word = carry(link, replace(card, job_title="AB"), stored)

    assert (word, stored.card.position, Difference.objects.count()) == (Result.WRITTEN, "AB", 0)
    assert [line[3:] for line in history(link)] == [("", "A", "broken_off"), ("A", "AB", "changed")]


def test_a_side_that_refused_is_tried_again_and_the_other_stays_written(link):
    card, stored, _ = carry(link, CARD, STORED)
    card, stored = replace(card, job_title="A"), replace(stored, card=replace(stored.card, assistant="Eva"))
    merged = judge(link, card, stored, ContactRules())
    record_intent(link, merged, at=NOON)
    record_refusal(link, Side.OUTLOOK)
    stored = replace(stored, card=cards_after(link, card, stored, merged)[1])
    record_agreement(link, merged, outlook=card, crm=stored, written=frozenset({Side.CRM}), at=NOON)

    link.refresh_from_db()
    assert (link.snapshot["position"], link.snapshot["assistant"], link.writing) == (["A", "A"], ["", ""], {})
    assert carry(link, card, stored)[0].assistant == "Eva"


def test_what_is_gone_is_told_once(link):
    for _ in range(2):
        record_problem(link, ContactLink.Problem.CRM_GONE, at=NOON)

    assert history(link) == [("gone", "crm", "", None, None, "crm_gone")]
    assert state(link) == ("asking", "crm_gone")
    assert why(link.contact).remedy.action == "create_again"


def test_emptied_fields_and_rules_are_in_the_history(link):
    card, stored, _ = carry(link, replace(CARD, job_title="A", title="Ing."), STORED)
    rules = ContactRules(on_conflict=OnConflict.FILL_EMPTY)
    stored = replace(stored, card=replace(stored.card, salutation="Mgr."))
    carry(link, replace(card, job_title="", title="JUDr."), stored, rules=rules)

    assert history(link)[2:] == [
        ("gone", "outlook", "title", "JUDr.", "Mgr.", "rule_fill_empty"),
        ("gone", "outlook", "position", "A", "", "emptied"),
    ]
    assert state(link) == ("linked", "")


# ── States ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(), ("alone", "")),
        (Facts(has_suggestions=True), ("suggested", "")),
        (Facts(is_linked=True), ("linked", "")),
        (Facts(is_linked=True, has_suggestions=True, transfer="done", result="written"), ("linked", "")),
        (Facts(is_linked=True, has_differences=True), ("conflict", "differs")),
        (Facts(is_linked=True, has_differences=True, problem="crm_gone"), ("asking", "crm_gone")),
        (Facts(has_suggestions=True, transfer="queued", cause="crm_unreachable"), ("queued", "crm_unreachable")),
        (Facts(is_linked=True, problem="crm_gone", transfer="claimed"), ("queued", "")),
        (Facts(is_linked=True, has_differences=True, transfer="failed", cause="poison"), ("failed", "poison")),
        (Facts(transfer="done", result="asking", cause="several_matches"), ("asking", "several_matches")),
        (Facts(transfer="done", result="skipped", cause="private"), ("alone", "private")),
    ],
)
def test_the_table_of_states(facts, expected):
    assert state_of(facts) == expected


def test_every_state_has_a_reason_in_words(link):
    contact = link.contact
    for cause, held in product(["", *SENTENCES, *HISTORY, "crm_unreachable"], OutlookContact.State.values):
        contact.state, contact.cause = held, cause
        assert why(contact).sentence


FACTS = st.one_of(
    st.tuples(st.just("link"), st.sampled_from(["", "crm_gone"])),
    st.tuples(st.just("unlink"), st.none()),
    st.tuples(st.just("differ"), st.booleans()),
    st.tuples(st.just("suggest"), st.sampled_from(["open", "dismissed", "none"])),
    st.tuples(st.just("transfer"), st.tuples(st.sampled_from(Status.values), st.sampled_from(Result.values))),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(FACTS, max_size=8))
def test_no_history_leaves_a_state_that_its_facts_do_not_give(link, operations):
    contact, mailbox = link.contact, link.mailbox
    for kind, what in operations:
        with writing_facts([contact.pk]):
            here = ContactLink.objects.filter(contact=contact)
            if kind == "link" and not here.update(problem=what):
                ContactLink.objects.create(
                    mailbox=mailbox, contact=contact, crm_id=STORED.id, origin="person", linked_at=NOON, problem=what
                )
            elif kind == "unlink":
                here.delete()
            elif kind == "differ":
                Difference.objects.filter(link__in=here).delete()
                for one in here if what else ():
                    Difference.objects.create(
                        link=one, field=Field.TITLE, outlook_value="A", crm_value="B", found_at=NOON
                    )
            elif kind == "suggest":
                Suggestion.objects.filter(contact=contact).delete()
                if what != "none":
                    dismissed_at = NOON if what == "dismissed" else None
                    Suggestion.objects.create(
                        contact=contact, crm_id="x", certainty=50, found_at=NOON, dismissed_at=dismissed_at
                    )
            elif kind == "transfer":
                status, result = what
                ContactTransfer.objects.filter(contact=contact).active().update(status=Status.DONE)
                ContactTransfer.objects.create(
                    mailbox=mailbox,
                    contact=contact,
                    requested_by=mailbox.owner,
                    purpose="sync",
                    lane=Lane.AUTOMATIC,
                    status=status,
                    result=result if status == Status.DONE else "",
                    cause="private" if result == Result.SKIPPED else "",
                    queued_at=NOON,
                    not_before=NOON,
                )
        assert with_wrong_state([contact.pk]) == []


def test_states_cost_the_same_for_one_contact_and_for_fifty(link, django_assert_max_num_queries):
    more = [
        OutlookContact(mailbox=link.mailbox, folder=link.contact.folder, graph_id=f"c{number}") for number in range(50)
    ]
    pks = [row.pk for row in OutlookContact.objects.bulk_create(more)]

    with django_assert_max_num_queries(9), writing_facts([link.contact.pk, *pks]):
        pass

    assert ContactChange.objects.count() == 0
