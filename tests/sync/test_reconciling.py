"""The proof that nothing is lost: what differs is named and mended, what does not is left alone."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import CrmAccount
from apps.core.clock import now
from apps.mailboxes.models import Mailbox, Message
from apps.sync.models import CrmEmail, CrmFile, CrmLink, CrmSight, Finding, Mark, Reconciliation, SyncRules, Transfer
from apps.sync.proof_asking import clear_old, next_night, plan_nightly, request_check
from apps.sync.reconciling import give_back_silent, reconcile_due
from apps.sync.reconciling_mailbox import BY_ID_EVERY_NIGHTS
from apps.sync.states import writing_facts
from apps.work.models import Fence, Lane, Status
from tests.factories import NOON, CrmEmailFactory, MailboxFactory, TransferFactory
from tests.sandbox_server import mime
from tests.sync.proving import finish, prove, told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stored(desk):
    """Three mails of a known customer that are in CORIPO, the last one with an attachment."""
    desk.contact = desk.coripo.contact(desk.customer, company=desk.coripo.company("Kovárna Morava a.s."))
    messages = [receive(desk), receive(desk), receive(desk, files=(("nabidka.pdf", b"%PDF-1.4 nabidka"),))]
    desk.sync(*messages)
    desk.deliver()
    return messages


def receive(desk, **words):
    """A mail that came days ago, so that it is old enough to be counted."""
    at = now() - timedelta(days=3)
    words = {"sender": desk.customer, "message_id": f"<{uuid4().hex}@kovarna-morava.example>", **words}
    graph_id = desk.sandbox.deliver(desk.person["mail"], mime(to=desk.person["mail"], date=at, **words), received_at=at)
    desk.look()
    return Message.objects.get(mailbox=desk.mailbox, graph_id=graph_id)


def record_of(message) -> CrmEmail:
    return CrmEmail.objects.get(email_key=message.email_key, variant=message.variant)


def lose(desk, message, what: str) -> None:
    desk.sandbox.control("POST", "coripo/lose", json={"id": record_of(message).record_id, "what": what})


def state_of(message) -> str:
    return Message.objects.values_list("state", flat=True).get(pk=message.pk)


def test_where_nothing_differs_the_sum_is_right_and_nothing_is_named(desk, stored):
    waiting = receive(desk)

    check = prove(desk)

    assert (check.status, check.cause) == (Status.DONE, "")
    assert (check.in_microsoft, check.here, check.records_checked) == (4, 4, 3)
    assert check.states == {"synced": 3, "not_synced": 1}
    assert not check.findings.exists()
    assert state_of(waiting) == "not_synced"


def test_what_the_window_leaves_out_drafts_and_folders_that_nobody_follows_are_no_gaps(desk, stored):
    Mailbox.objects.update(window_days=2)
    desk.look()

    check = prove(desk)

    assert (check.in_microsoft, check.here) == (0, 0)
    assert not check.findings.exists()


def test_a_lost_row_comes_back_with_its_state(desk, stored):
    stored[0].delete()

    check = prove(desk)

    assert told(check.findings.all()) == [("row_lost", "repaired", "")]
    back = check.findings.get().message
    assert (back.email_key, back.state) == (stored[0].email_key, "synced")
    assert (check.in_microsoft, check.here, check.states) == (3, 3, {"synced": 3})
    assert len(desk.coripo.emails(stored[0].email_key)) == 1


def test_a_row_whose_message_left_unnoticed_is_looked_up_by_its_id(desk, stored):
    desk.sandbox.control("DELETE", f"messages/{stored[0].graph_id}")
    desk.look()
    # As if what the delta said had been lost on the way.
    Message.objects.filter(pk=stored[0].pk).update(gone_at=None, missing_since=None)

    check = prove(desk)

    assert told(check.findings.all()) == [("message_left", "repaired", "")]
    assert Message.objects.get(pk=stored[0].pk).gone_at is not None
    assert (check.in_microsoft, check.here) == (2, 2)


def test_many_lost_rows_are_named_in_one_statement_and_settled_in_one(desk, stored):
    Message.objects.all().delete()

    with CaptureQueriesContext(connection) as asked:
        check = prove(desk)

    assert told(check.findings.all()) == [("row_lost", "repaired", "")] * 3
    assert {finding.message.subject for finding in check.findings.all()} == {message.subject for message in stored}
    statements = [query["sql"] for query in asked]
    assert sum('INTO "sync_finding"' in sql for sql in statements) == 1
    assert sum(sql.startswith('UPDATE "sync_finding" SET "message_id"') for sql in statements) == 1


@pytest.fixture
def exchanged(desk, stored):
    """As many rows as messages in the folder, and yet not the same: one row is lost, one has no message any more."""
    desk.sandbox.control("DELETE", f"messages/{stored[1].graph_id}")
    desk.look()
    Message.objects.filter(pk=stored[1].pk).update(gone_at=None, missing_since=None)
    stored[0].delete()
    return [("message_left", "repaired", ""), ("row_lost", "repaired", "")]


def test_a_lost_row_behind_a_surplus_one_is_found_when_a_person_asks(desk, exchanged):
    check = prove(desk)

    assert told(check.findings.all()) == exchanged
    assert (check.in_microsoft, check.here) == (2, 2)
    assert not prove(desk).findings.exists()


def test_by_itself_it_is_found_in_the_night_in_which_the_ids_of_its_folder_have_their_turn(desk, stored, exchanged):
    at = now()
    since_its_night = timedelta(days=(at.toordinal() + stored[2].folder_id) % BY_ID_EVERY_NIGHTS)
    found = []
    for night in (at - since_its_night - timedelta(days=1), at - since_its_night):
        plan_nightly(at=at)
        Reconciliation.objects.filter(status=Status.QUEUED).update(started_at=night)
        found.append(told(finish(desk).findings.all()))

    assert found == [[], exchanged]


def test_a_record_that_is_missing_physically_is_stored_again_under_its_own_id(desk, stored):
    lose(desk, stored[2], "record")
    before = record_of(stored[2])

    check = prove(desk)

    after = record_of(stored[2])
    assert told(check.findings.all()) == [("record_lost", "repaired", "")]
    assert (after.record_id, after.status) == (before.record_id, CrmEmail.Status.EXISTS)
    assert [found["id"] for found in desk.coripo.emails(stored[2].email_key)] == [before.record_id]
    assert [found["id"] for found in desk.coripo.linked(before.record_id, "contacts")] == [desk.contact]
    assert [found["filename"] for found in desk.coripo.linked(before.record_id, "notes")] == ["nabidka.pdf"]
    assert state_of(stored[2]) == "synced"


def test_a_record_that_somebody_deleted_in_coripo_is_named_and_left(desk, stored):
    desk.coripo.delete("Emails", record_of(stored[0]).record_id)

    check = prove(desk)

    assert told(check.findings.all()) == [("record_deleted", "left", "gone")]
    assert state_of(stored[0]) == "gone"
    assert desk.coripo.emails(stored[0].email_key) == []
    assert not prove(desk).findings.exists()


def test_links_that_were_dropped_are_made_again(desk, stored):
    lose(desk, stored[0], "links")

    check = prove(desk)

    assert told(check.findings.all()) == [("links_lost", "repaired", "")]
    record_id = record_of(stored[0]).record_id
    assert [found["id"] for found in desk.coripo.linked(record_id, "contacts")] == [desk.contact]
    assert len(desk.coripo.linked(record_id, "accounts")) == 1


def test_a_link_with_a_contact_that_is_gone_from_coripo_is_left_and_not_named_again(desk, stored):
    lose(desk, stored[0], "links")
    desk.coripo.delete("Contacts", desk.contact)

    check = prove(desk)

    assert ("links_lost", "left", "target_gone") in told(check.findings.all())
    assert CrmLink.objects.filter(cause="target_gone", record_id=desk.contact).exists()
    assert state_of(stored[0]) == "synced"
    assert not prove(desk).findings.exists()


def test_files_that_were_lost_are_stored_again(desk, stored):
    lose(desk, stored[2], "files")

    check = prove(desk)

    assert told(check.findings.all()) == [("files_lost", "repaired", "")]
    found = desk.coripo.linked(record_of(stored[2]).record_id, "notes")
    assert [note["id"] for note in found] == list(CrmFile.objects.values_list("note_id", flat=True))


def test_lost_files_that_the_owner_wants_no_more_are_left_and_said_once(desk, stored):
    SyncRules.objects.update_or_create(user=desk.user, defaults={"store_attachments": False})
    lose(desk, stored[2], "files")

    check = prove(desk)

    assert told(check.findings.all()) == [("files_lost", "left", "attachments_off")]
    assert desk.coripo.linked(record_of(stored[2]).record_id, "notes") == []
    assert (state_of(stored[2]), Transfer.objects.filter(is_repair=True).exists()) == ("synced", False)
    assert not prove(desk).findings.exists()


def test_lost_files_that_a_rule_keeps_back_during_the_repair_are_not_called_repaired(desk, stored):
    lose(desk, stored[2], "files")
    request_check(desk.mailbox, user=desk.user, at=now())
    reconcile_due(until=now() + timedelta(seconds=20))
    check = Reconciliation.objects.get(stage="repair")
    SyncRules.objects.update_or_create(user=desk.user, defaults={"unwanted_types": ["pdf"]})

    finish(desk)

    assert told(check.findings.all()) == [("files_lost", "left", "unwanted_type")]
    assert not prove(desk).findings.exists()


def test_what_is_lost_of_a_mail_that_left_the_mailbox_is_said_once(desk, stored):
    for message, what in ((stored[0], "record"), (stored[2], "files")):
        lose(desk, message, what)
        desk.sandbox.control("DELETE", f"messages/{message.graph_id}")
    desk.look()

    check = prove(desk)

    assert told(check.findings.all()) == [
        ("files_lost", "left", "left_mailbox"),
        ("record_lost", "left", "left_mailbox"),
    ]
    assert not prove(desk).findings.exists()


def test_a_repair_goes_although_the_mail_was_marked_and_its_kind_is_left_out_of_runs(desk, stored):
    Message.objects.filter(pk=stored[0].pk).update(kind=Message.Kind.BULK, is_private=True)
    lose(desk, stored[0], "record")

    check = prove(desk)

    assert told(check.findings.all()) == [("record_lost", "repaired", "")]
    assert Mark.objects.filter(email_key=stored[0].email_key, value="synced").exists()


def test_a_second_record_of_the_same_mail_is_named_and_never_deleted(desk, stored):
    fields = desk.coripo.email(record_of(stored[0]).record_id)
    double = desk.coripo.create(
        "Emails",
        name=fields["name"],
        message_id=stored[0].email_key,
        from_addr=desk.customer,
        date_sent_received=fields["date_sent_received"],
        type="inbound",
    )

    check = prove(desk)

    assert told(check.findings.all()) == [("record_doubled", "left", "doubled")]
    assert double in {found["id"] for found in desk.coripo.emails(stored[0].email_key)}


@pytest.mark.parametrize(("sender", "is_double"), [(str.upper, True), (lambda _: "somebody@else.example", False)])
def test_another_record_under_the_message_id_is_judged_as_the_transfer_judges_it(desk, stored, sender, is_double):
    desk.coripo.create(
        "Emails",
        name="Another subject",
        message_id=stored[0].email_key,
        from_addr=sender(desk.customer),
        date_sent_received="2026-01-05 10:00:00",
        type="inbound",
    )

    check = prove(desk)

    assert told(check.findings.all()) == ([("record_doubled", "left", "doubled")] if is_double else [])


def test_what_this_login_may_not_see_is_no_loss(desk_for):
    alice, bob = desk_for(), desk_for(coripo_role="restricted")
    alice.coripo.contact(alice.customer)
    message = receive(alice)
    alice.sync(message)
    alice.deliver()
    theirs = receive(bob, sender=f"Jana <{alice.customer}>", message_id=f"<{message.email_key}>")
    assert state_of(theirs) == "synced"

    check = prove(bob)

    assert told(check.findings.all()) == [("record_unseen", "left", "hidden")]
    assert (state_of(theirs), state_of(message)) == ("hidden", "synced")
    assert len(alice.coripo.emails(message.email_key)) == 1
    assert not prove(bob).findings.exists()


def test_a_record_that_this_login_sees_again_is_hidden_no_longer(desk, stored):
    record = record_of(stored[0])
    with writing_facts([(record.email_key, record.variant)]):
        CrmSight.objects.filter(crm_email=record).update(is_visible=False)
    assert state_of(stored[0]) == "hidden"

    check = prove(desk)

    assert told(check.findings.all()) == [("state_wrong", "repaired", "")]
    assert state_of(stored[0]) == "synced"


def test_a_record_of_another_program_that_is_not_seen_any_more_is_not_stored_twice(desk, stored):
    CrmEmail.objects.filter(pk=record_of(stored[0]).pk).update(is_adopted=True)
    lose(desk, stored[0], "record")

    check = prove(desk)

    assert told(check.findings.all()) == [("record_unseen", "left", "hidden")]
    assert CrmSight.objects.filter(crm_email=record_of(stored[0]), is_visible=False).exists()
    assert (state_of(stored[0]), desk.coripo.emails(stored[0].email_key)) == ("hidden", [])


def test_a_row_that_forgot_its_record_finds_it_again(desk, stored):
    record_of(stored[0]).delete()

    check = prove(desk)

    assert ("record_forgotten", "repaired", "") in told(check.findings.all())
    assert state_of(stored[0]) == "synced"
    assert len(desk.coripo.emails(stored[0].email_key)) == 1


def test_states_without_facts_and_transfers_held_by_nobody_are_mended(desk, stored):
    Message.objects.filter(pk=stored[0].pk).update(state="failed")
    Transfer.objects.filter(message=stored[1]).update(status=Status.CLAIMED, claim=None, lease_until=None)
    Message.objects.filter(pk=stored[1].pk).update(state="running")
    Mark.objects.create(
        home_account_id=desk.mailbox.home_account_id, email_key="nobody@has.example", value="synced", set_at=NOON
    )

    check = prove(desk)

    assert told(check.findings.all()) == [("state_wrong", "repaired", ""), ("transfer_stranded", "repaired", "")]
    desk.deliver()
    assert [state_of(message) for message in stored] == ["synced"] * 3


def test_without_a_login_at_coripo_the_mailbox_is_checked_and_coripo_is_said_to_be_not(desk, stored):
    CrmAccount.objects.update(status=CrmAccount.Status.REFUSED)
    lose(desk, stored[1], "record")
    stored[0].delete()

    check = prove(desk)

    assert (check.status, check.cause, check.records_checked) == (Status.DONE, "crm_not_connected", 0)
    assert told(check.findings.all()) == [("row_lost", "repaired", "")]


def test_a_silent_coripo_is_waited_for_behind_the_fence(desk, stored):
    desk.sandbox.fault("unavailable", "coripo", times=1)
    request_check(desk.mailbox, user=desk.user, at=now())

    reconcile_due(until=now() + timedelta(seconds=20))

    check = Reconciliation.objects.get()
    assert (check.status, check.stage, check.cause) == (Status.QUEUED, "coripo", "crm_unreachable")
    assert check.not_before > now()
    desk.sandbox.calm()
    Fence.objects.all().delete()
    assert finish(desk).records_checked == 3


def test_a_check_whose_carrier_died_goes_on_where_it_was(desk, stored):
    request_check(desk.mailbox, user=desk.user, at=now())
    reconcile_due(until=now() + timedelta(seconds=20))
    done = Reconciliation.objects.get()
    Reconciliation.objects.filter(pk=done.pk).update(
        status=Status.CLAIMED, stage="coripo", position=0, records_checked=0, lease_until=now() - timedelta(seconds=1)
    )

    give_back_silent(at=now())

    assert finish(desk).records_checked == 3


def test_two_planners_plan_each_mailbox_once_and_a_person_draws_it_forward(desk):
    MailboxFactory(status=Mailbox.Status.RECONNECT)
    at = now()
    plan_nightly(at=at)
    plan_nightly(at=at)

    planned = Reconciliation.objects.get()
    assert (planned.mailbox, planned.lane) == (desk.mailbox, Lane.AUTOMATIC)
    assert at < planned.not_before == next_night(desk.mailbox, at=at) <= at + timedelta(days=1)
    request_check(desk.mailbox, user=desk.user, at=at)
    planned.refresh_from_db()
    assert (planned.not_before, planned.lane, planned.asked_by) == (at, Lane.INTERACTIVE, desk.user)


def test_checks_of_many_mailboxes_are_spread_over_the_night():
    times = {next_night(Mailbox(pk=pk), at=NOON) for pk in range(1, 101)}

    assert len({moment.replace(minute=0, second=0) for moment in times}) == 4
    assert len(times) >= 36


def test_what_was_proven_long_ago_is_forgotten(desk):
    for days in (89, 91):
        Reconciliation.objects.create(
            mailbox=desk.mailbox,
            status=Status.DONE,
            lane=Lane.AUTOMATIC,
            queued_at=NOON,
            not_before=NOON,
            finished_at=NOON - timedelta(days=days),
        )

    clear_old(at=NOON)

    assert list(Reconciliation.objects.values_list("finished_at", flat=True)) == [NOON - timedelta(days=89)]


def test_findings_go_with_their_check_and_transfers_stay(desk):
    transfer = TransferFactory()
    record = CrmEmailFactory()
    check = Reconciliation.objects.create(
        mailbox=desk.mailbox, lane=Lane.AUTOMATIC, queued_at=NOON, not_before=NOON, finished_at=NOON
    )
    Finding.objects.create(
        reconciliation=check,
        kind="links_lost",
        key="1",
        outcome="left",
        found_at=NOON,
        transfer=transfer,
        crm_email=record,
    )

    clear_old(at=NOON + timedelta(days=91))

    assert not Finding.objects.exists()
    assert Transfer.objects.filter(pk=transfer.pk).exists()
