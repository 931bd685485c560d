"""Automatic sync: what it takes, what it skips by which rule, and that it never goes beyond its settings."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.mailboxes.models import MailFolder, Message
from apps.sync import automat
from apps.sync.actions import mark_not_synced, mark_synced, sync_messages
from apps.sync.automat import decide_due, has_undecided
from apps.sync.automatic import FIELDS, confirm, pause, propose, proposed_rules, run_now, switch_off
from apps.sync.dry_run import dry_run
from apps.sync.dry_run_asking import ask_due
from apps.sync.models import Mark, Transfer
from apps.sync.reasons import why
from apps.sync.rules import rules_of
from apps.sync.states import writing_facts
from apps.work.models import Lane, Slot, Status
from tests.desk import Desk
from tests.factories import NOON, CrmEmailFactory, MailFolderFactory, UserFactory
from tests.visitor import wait_until

from .carrier import carrier
from .runs import add_mails, begun, desk_of
from .threads import together

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = NOON - timedelta(days=3650)
DECIDE = """
from datetime import timedelta
from apps.core.clock import now
from apps.sync.automat import decide_due
decide_due(until=now() + timedelta(seconds=60))
"""


@pytest.fixture
def folder():
    return desk_of(UserFactory())


@pytest.fixture
def user(folder):
    return folder.mailbox.owner


def switch_on(user, **changes):
    rules = rules_of(user)
    propose({name: getattr(rules, name) for name in FIELDS} | {"since": LONG_AGO} | changes, user=user)
    assert confirm(user=user, at=now())


def decide_all():
    decide_due(until=now() + timedelta(seconds=60))


def outcomes(user) -> dict[int, str]:
    """What became of each message: "goes", the rule that skipped it, or "" for nothing."""
    found = dict.fromkeys(Message.objects.visible_to(user).order_by("pk").values_list("pk", flat=True), "")
    for pk, status, cause in Transfer.objects.order_by("pk").values_list("message", "status", "cause"):
        found[pk] = "goes" if status == Status.QUEUED else cause
    return found


def states(user) -> set[str]:
    return set(Message.objects.visible_to(user).values_list("state", flat=True))


def test_until_it_is_switched_on_nothing_happens(folder, user):
    add_mails(folder, 3)
    rules_of(user)

    assert not has_undecided(at=now())
    decide_all()
    assert outcomes(user) == dict.fromkeys(outcomes(user), "")


def test_without_a_day_it_begins_with_what_comes_after(folder, user):
    add_mails(folder, 2)
    switch_on(user, since=None)
    add_mails(folder, 1, received_at=now())

    decide_all()

    assert sorted(outcomes(user).values()) == ["", "", "goes"]
    assert not has_undecided(at=now())


def test_new_mail_goes_before_older(folder, user):
    add_mails(folder, 2)
    switch_on(user)
    add_mails(folder, 1, received_at=now() + timedelta(seconds=1))

    decide_all()

    assert sorted(Transfer.objects.values_list("lane", flat=True)) == [Lane.AUTOMATIC, Lane.BACKFILL, Lane.BACKFILL]


def test_older_mail_waits_in_bounds_and_new_mail_does_not_wait_for_it(folder, user, monkeypatch):
    monkeypatch.setattr(automat, "MOST_OLDER_WAITING", 50)
    monkeypatch.setattr(automat, "PORTION", 25)
    add_mails(folder, 200)
    switch_on(user)
    decide_all()
    assert Transfer.objects.count() == 50

    add_mails(folder, 3, received_at=now() + timedelta(seconds=1))
    decide_all()
    assert Transfer.objects.filter(lane=Lane.AUTOMATIC).count() == 3


def test_directions_and_folders_are_left_out_and_stay_not_synced(folder, user):
    other = MailFolderFactory(mailbox=folder.mailbox, kind=MailFolder.Kind.ORDINARY, name="Soukromé")
    unfollowed = MailFolderFactory(mailbox=folder.mailbox, kind=MailFolder.Kind.ORDINARY, is_followed=False)
    add_mails(folder, 1)
    add_mails(folder, 1, direction="sent")
    add_mails(other, 1)
    add_mails(unfollowed, 1)
    switch_on(user, takes_sent=False, left_out_folders=[other.pk])

    decide_all()

    assert list(outcomes(user).values()) == ["goes", "", "", ""]
    told = why(Message.objects.get(direction="sent"), user=user)
    assert told.cause == "direction"


@pytest.mark.parametrize(
    ("fields", "sender", "rule"),
    [
        ({}, "a@pravnik.example", "excluded"),
        ({"is_private": True}, "a@firma.example", "private"),
        ({"kind": "bulk"}, "a@firma.example", "kind_bulk"),
    ],
)
def test_a_rule_skips_and_why_names_it(folder, user, fields, sender, rule):
    add_mails(folder, 1, sender=sender, **fields)
    switch_on(user, left_out_addresses=["pravnik.example"])

    decide_all()

    message = Message.objects.get()
    assert message.state == "skipped"
    told = why(message, user=user)
    assert (told.cause, told.remedy.label) == (rule, "Sync anyway")


def test_a_rule_that_is_taken_away_lets_the_skipped_go_and_a_new_one_takes_waiting_mail_back(folder, user):
    add_mails(folder, 3, sender="a@pravnik.example")
    add_mails(folder, 2, sender="b@firma.example")
    switch_on(user, left_out_addresses=["pravnik.example"])
    decide_all()
    assert list(outcomes(user).values()) == ["excluded"] * 3 + ["goes"] * 2

    switch_on(user, left_out_addresses=["firma.example"])
    decide_all()

    assert list(outcomes(user).values()) == ["goes"] * 3 + ["excluded"] * 2
    assert Transfer.objects.active().count() == 3


def test_a_mark_decides_before_and_a_cleared_one_beyond_the_settings(folder, user):
    add_mails(folder, 3)
    marked, cleared, plain = Message.objects.order_by("pk")
    mark_synced([marked.pk], user=user, at=now())
    mark_not_synced([cleared.pk], user=user, at=now())
    switch_on(user, since=now())

    decide_all()

    assert outcomes(user) == {marked.pk: "", cleared.pk: "goes", plain.pk: ""}
    assert not has_undecided(at=now())


def test_a_new_subfolder_is_as_the_nearest_folder_above_that_speaks_for_it(folder, user):
    def below(parent, name):
        words = {"kind": MailFolder.Kind.ORDINARY, "is_followed": True, "parent_graph_id": parent.graph_id}
        return MailFolderFactory(mailbox=folder.mailbox, name=name, **words)

    private, lone, work = (below(folder, name) for name in ("Soukromé", "Jen tohle", "Práce"))
    wanted = below(private, "Přece ano")
    switch_on(
        user,
        left_out_folders=[private.pk, lone.pk],
        taken_folders=[folder.pk, work.pk, wanted.pk],
        lone_folders=[lone.pk, work.pk],
    )
    new = {name: below(parent, name) for name, parent in (("a", private), ("b", lone), ("c", work), ("d", wanted))}
    new["e"] = below(new["a"], "e")
    new["f"] = below(folder, "f")
    for each in (private, lone, work, wanted, *new.values()):
        add_mails(each, 1)

    decide_all()

    assert list(outcomes(user).values()) == ["", "", "goes", "goes", "", "goes", "", "goes", "", "goes"]
    held = Message.objects.get(folder=new["e"])
    assert why(held, user=user).cause == "folder"


def test_a_deleted_record_is_left_alone(folder, user):
    add_mails(folder, 1)
    message = Message.objects.get()
    with writing_facts([(message.email_key, message.variant)]):
        CrmEmailFactory(email_key=message.email_key, status="deleted")
    switch_on(user)

    decide_all()

    message.refresh_from_db()
    assert (message.state, Transfer.objects.count()) == ("gone", 0)


def test_a_pause_takes_waiting_mail_back_and_run_now_ends_it(folder, user):
    add_mails(folder, 4)
    switch_on(user)
    decide_all()
    assert Transfer.objects.active().count() == 4

    pause(user=user, until=now() + timedelta(hours=1))
    decide_all()
    assert (Transfer.objects.count(), states(user)) == (0, {"not_synced"})
    assert why(Message.objects.first(), user=user).sentence.startswith("Automatic sync is paused")

    run_now(user=user, at=now())
    decide_all()
    assert Transfer.objects.active().count() == 4


def test_a_pause_ends_by_itself(folder, user):
    add_mails(folder, 1)
    switch_on(user)
    pause(user=user, until=now() - timedelta(seconds=1))

    decide_all()

    assert Transfer.objects.active().count() == 1


def test_switching_off_leaves_what_a_person_asked_for(folder, user):
    add_mails(folder, 3)
    switch_on(user)
    decide_all()
    wanted = Message.objects.first()
    sync_messages([wanted.pk], user=user, at=now(), leave_out_marked=False)

    switch_off(user=user)
    decide_all()

    assert list(Transfer.objects.values_list("message", flat=True)) == [wanted.pk]


def test_the_dry_run_lists_what_the_real_run_does(folder, user):
    """300 mails of every sort: list and outcome are one."""
    other = MailFolderFactory(mailbox=folder.mailbox, kind=MailFolder.Kind.ORDINARY, name="Jiné")
    kinds = ["mail", "bulk", "meeting", "bounce", "auto_reply", "encrypted"]
    for number in range(60):
        add_mails(
            other if number % 7 == 0 else folder,
            5,
            sender=f"a@{'pravnik' if number % 5 == 0 else 'firma'}.example",
            kind=kinds[number % 6],
            is_private=number % 11 == 0,
            direction="sent" if number % 4 == 0 else "received",
            kind_read_at=NOON if number % 2 else None,
        )
    pks = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    mark_synced(pks[::13], user=user, at=now())
    mark_not_synced(pks[::17], user=user, at=now())
    # Some were skipped before, by other settings.
    switch_on(user, left_out_addresses=["firma.example"])
    decide_all()
    switch_off(user=user)

    rules = rules_of(user)
    changes = {
        "left_out_addresses": ["pravnik.example"],
        "left_out_folders": [other.pk],
        "takes_sent": True,
        "since": NOON - timedelta(minutes=250),
    }
    propose({name: getattr(rules, name) for name in FIELDS} | changes, user=user)
    foreseen = dry_run(proposed_rules(user, at=now()), rules, at=now())
    before = outcomes(user)
    assert confirm(user=user, at=now())
    decide_all()

    listed = {pk: "goes" if decision.goes else decision.rule for pk, decision in foreseen.decisions.items()}
    real = outcomes(user)
    assert {pk: real[pk] for pk in listed} == listed
    assert {pk: rule for pk, rule in real.items() if pk not in listed and rule != before[pk]} == {}
    assert foreseen.is_complete
    assert set(listed.values()) >= {"goes", "excluded", "private", "kind_bulk", "kind_meeting"}
    assert foreseen.open > 0 < foreseen.goes


def test_the_dry_run_says_who_has_a_match_once_coripo_was_asked_and_the_real_run_agrees(desk: Desk):
    desk.coripo.contact(desk.customer)
    desk.coripo.create("Accounts", name="Firma", email1="info@firma-jedna.example")
    for sender in (desk.customer, desk.customer, "info@firma-jedna.example", "nikdo@jinde.example"):
        desk.receives(sender=sender)
    desk.rule(companies_by_address=True)
    rules = rules_of(desk.user)
    propose({name: getattr(rules, name) for name in FIELDS} | {"since": LONG_AGO}, user=desk.user)

    def foreseen():
        return list(dry_run(proposed_rules(desk.user, at=now()), rules, at=now()).matches.values())

    assert foreseen() == ["unasked"] * 4
    desk.sandbox.forget_requests()
    ask_due(until=now() + timedelta(seconds=20))
    ask_due(until=now() + timedelta(seconds=20))
    assert desk.sandbox.requests()["total"]["coripo"] <= 3, "a login and two questions, once"
    listed = dry_run(proposed_rules(desk.user, at=now()), rules, at=now()).matches
    assert sorted(listed.values()) == ["match", "match", "match", "no_match"]

    assert confirm(user=desk.user, at=now())
    decide_all()
    for lane in (Lane.AUTOMATIC, Lane.BACKFILL):
        desk.deliver(lane)
    states_now = dict(Message.objects.filter(pk__in=listed).values_list("pk", "state"))
    assert states_now == {pk: "synced" if said == "match" else "no_match" for pk, said in listed.items()}


def test_a_dry_run_writes_nothing(folder, user):
    add_mails(folder, 5)
    rules = rules_of(user)
    propose({name: getattr(rules, name) for name in FIELDS} | {"since": LONG_AGO}, user=user)

    assert dry_run(proposed_rules(user, at=now()), rules, at=now()).goes == 0
    assert dry_run(proposed_rules(user, at=now()), rules, at=now()).open == 5
    assert (Transfer.objects.count(), rules_of(user).is_automatic) == (0, False)


def test_killed_while_it_decides_it_only_repeats(folder, user, monkeypatch):
    add_mails(folder, 3000)
    switch_on(user)
    monkeypatch.setattr(automat, "MOST_OLDER_WAITING", 5000)
    for _ in range(2):
        with carrier(DECIDE) as process:
            before = Transfer.objects.count()
            wait_until(lambda before=before: Transfer.objects.count() > before, seconds=30, what="a portion is decided")
            process.send_signal(signal.SIGKILL)
        # The dead one's turn is a lease.
        automat_slot_ends()
    decide_all()

    assert Transfer.objects.count() == Transfer.objects.values("message").distinct().count() == 3000
    assert states(user) == {"queued"}


def automat_slot_ends():
    Slot.objects.filter(key__startswith="automat:").update(holder=None, lease_until=None)


def test_scenario_21_two_automats_a_bulk_run_and_clicks_at_once_ask_for_each_mail_once(folder, user):
    add_mails(folder, 300)
    switch_on(user)
    pks = list(Message.objects.values_list("pk", flat=True))

    together(
        decide_all,
        lambda: begun(user),
        lambda: sync_messages(pks[:50], user=user, at=now(), leave_out_marked=True),
        decide_all,
    )
    decide_all()

    assert Transfer.objects.active().count() == Transfer.objects.active().values("message").distinct().count() == 300
    assert states(user) == {"queued"}


def test_who_has_left_is_no_longer_served(folder, user):
    add_mails(folder, 2)
    switch_on(user)
    user.is_active = False
    user.save(update_fields=["is_active"])

    assert not has_undecided(at=now())
    decide_all()
    assert Transfer.objects.count() == 0


def test_a_mail_that_arrives_goes_by_itself_and_a_newsletter_is_skipped_without_being_read(desk: Desk):
    desk.coripo.contact(desk.customer)
    switch_on(desk.user, since=None)
    message = desk.receives(date=now())
    letter = desk.receives_raw(
        (
            f"From: Jana <{desk.customer}>\r\nTo: {desk.person['mail']}\r\nSubject: Novinky\r\n"
            "Message-ID: <novinky-1@kovarna-morava.example>\r\nList-Id: <novinky>\r\n"
            "Content-Type: text/plain\r\n\r\ntext"
        ).encode()
    )

    decide_all()
    letter.refresh_from_db()
    assert letter.state == "skipped", "the list brought its headers"
    desk.deliver(Lane.AUTOMATIC)

    message.refresh_from_db()
    letter.refresh_from_db()
    assert (message.state, letter.state) == ("synced", "skipped")
    assert why(letter, user=desk.user).cause == "kind_bulk"
    assert Mark.objects.get(email_key=message.email_key).source == Mark.Source.TRANSFER
    decide_all()
    assert Transfer.objects.active().count() == 0
