"""Runs over all that a filter matches: asked for by filter and moment, expanded in portions, steered on the way."""

from __future__ import annotations

import signal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.clock import now
from apps.mailboxes.models import Message
from apps.sync import tending
from apps.sync.actions import mark_synced, sync_messages
from apps.sync.bulk import cancel_run, discard_run, pause_run, resume_run, retry_failed, start_run
from apps.sync.claiming import BATCH_SIZE, claim_batch, give_back_expired, mailboxes_with_due, next_mailbox
from apps.sync.models import Mark, Transfer
from apps.sync.outcomes import OF_ITEMS, outcome_of, shows, tallies
from apps.sync.remaining import estimate
from apps.work.models import Function, Lane, Run, Slot, Status
from tests.factories import NOON, MessageFactory, RunFactory, TransferFactory, UserFactory
from tests.visitor import wait_until

from .carrier import carrier
from .runs import add_mails, asked, begun, desk_of, tended
from .threads import together

TEND = """
from datetime import timedelta
from apps.core.clock import now
from apps.sync.tending import tend_runs
tend_runs(until=now() + timedelta(seconds=60))
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder():
    return desk_of(UserFactory())


@pytest.fixture
def user(folder):
    return folder.mailbox.owner


@pytest.fixture
def small_portions(monkeypatch):
    """Several portions without thousands of rows; a setting of the code under test, not a stand-in for it."""
    monkeypatch.setattr(tending, "PORTION", 100)


def test_up_to_200_are_asked_for_at_once_and_by_hand(folder, user):
    add_mails(folder, 200)

    run = begun(user)

    assert (run.status, run.lane, run.asked) == (Run.Status.RUNNING, Lane.INTERACTIVE, 200)
    assert set(Transfer.objects.values_list("lane", "run")) == {(Lane.INTERACTIVE, run.pk)}
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}


def test_more_are_left_to_a_worker_behind_what_is_asked_for_by_hand(folder, user, small_portions):
    add_mails(folder, 250)

    run = begun(user)
    assert (run.status, Transfer.objects.count()) == (Run.Status.EXPANDING, 0)

    run = tended(run)
    assert (run.status, run.asked, run.matched) == (Run.Status.RUNNING, 250, 250)
    assert set(Transfer.objects.values_list("lane", flat=True)) == {Lane.AUTOMATIC}


def test_what_arrives_after_the_page_was_shown_is_not_meant(folder, user):
    add_mails(folder, 3)
    newest = Message.objects.order_by("-pk")[0].pk
    # Also older mail that is loaded later: its place in the list is below, its row is new.
    add_mails(folder, 2)

    run = begun(user, up_to=newest)

    assert run.asked == 3
    assert not Transfer.objects.filter(message__gt=newest).exists()


def test_a_filter_reaches_own_messages_only(folder, user):
    add_mails(folder, 2)
    add_mails(desk_of(UserFactory()), 3)

    run = begun(user)

    assert run.asked == 2
    assert set(Transfer.objects.values_list("mailbox", flat=True)) == {folder.mailbox_id}


def test_marked_ones_are_left_out_and_those_under_way_stay_where_they_are(folder, user, small_portions):
    add_mails(folder, 250)
    pks = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    mark_synced(pks[:10], user=user, at=now())
    sync_messages(pks[10:15], user=user, at=now(), leave_out_marked=False)

    run = tended(begun(user))

    assert (run.asked, run.left_out, run.already) == (235, 10, 5)
    assert Transfer.objects.filter(lane=Lane.INTERACTIVE).count() == 5
    assert tallies([run])[run.pk] == {"waiting": 235, "left_out": 10, "elsewhere": 5}


def test_a_run_that_nobody_can_read_holds_up_nobody_else(folder, user, small_portions, caplog):
    unreadable = RunFactory(status=Run.Status.EXPANDING, wanted={"of_a_later_version": 1})
    add_mails(folder, 250)

    run = tended(begun(user))

    assert (run.status, run.asked) == (Run.Status.RUNNING, 250)
    assert [record.run_id for record in caplog.records if record.message == "run broke off"] == [unreadable.pk]


def test_a_worker_that_was_killed_in_between_is_followed_by_one_that_goes_on(folder, user, small_portions, monkeypatch):
    add_mails(folder, 250)
    run = tended(begun(user), portions=1)
    assert run.asked == 100

    def die(*_args: object, **_words: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        # Everything of the portion is written by then but its commit.
        killed.setattr(Run, "save", die)
        with pytest.raises(KeyboardInterrupt):
            tended(run, portions=1)
    assert Transfer.objects.count() == 100

    run = tended(run)
    assert (run.asked, Transfer.objects.count()) == (250, 250)
    assert Transfer.objects.values("message").distinct().count() == 250


def test_a_worker_that_is_killed_at_any_moment_leaves_whole_portions(folder, user):
    add_mails(folder, 5_000)
    run = begun(user)

    with carrier(TEND) as worker:
        wait_until(Transfer.objects.exists, seconds=60, what="the expansion has begun")
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    run.refresh_from_db()
    assert (run.status, run.asked) == (Run.Status.EXPANDING, Transfer.objects.count())
    assert run.asked % tending.PORTION == 0
    # Its turn ends with its lease; the next worker goes on.
    Slot.objects.update(lease_until=NOON)
    run = tended(run)
    assert (run.asked, Transfer.objects.values("message").distinct().count()) == (5_000, 5_000)
    assert Message.objects.filter(state="queued").count() == 5_000


def test_two_workers_at_one_run_ask_for_nothing_twice(folder, user, small_portions):
    add_mails(folder, 450)
    run = begun(user)

    together(*[lambda: [tending.tend(run.pk, at=now()) for _ in range(4)]] * 3)

    run.refresh_from_db()
    assert (run.asked, run.status, Transfer.objects.count()) == (450, Run.Status.RUNNING, 450)


@pytest.mark.parametrize(("function", "value"), [(Function.MARK, "synced"), (Function.UNMARK, "cleared")])
def test_marks_are_set_by_filter_too(folder, user, small_portions, function, value):
    add_mails(folder, 250)

    run = asked(user, function)
    run = tended(run)
    assert run.forecast == {"marked": 250}
    start_run(run, at=now())
    run = tended(run)

    assert (run.status, run.tally) == (Run.Status.DONE, {"marked": 250})
    assert Mark.objects.filter(value=value).count() == 250


def test_nothing_of_a_paused_run_is_taken_and_all_of_it_after(folder, user, small_portions):
    add_mails(folder, 250)
    run = tended(begun(user), portions=1)
    mailbox = next_mailbox(lane=Lane.AUTOMATIC, at=now())
    batch = claim_batch(mailbox, lane=Lane.AUTOMATIC, at=now())

    assert pause_run(run)

    assert not mailboxes_with_due(lane=Lane.AUTOMATIC, at=now()).exists()
    assert claim_batch(mailbox, lane=Lane.AUTOMATIC, at=now()) is None
    assert tended(run).asked == 100, "the expansion rests as well"
    # What was under way and comes back waits with the others.
    batch.held().update(lease_until=NOON)
    give_back_expired(at=now())
    assert next_mailbox(lane=Lane.AUTOMATIC, at=now()) is None

    assert resume_run(run, at=now())
    assert tended(run).asked == 250
    assert next_mailbox(lane=Lane.AUTOMATIC, at=now()) == mailbox
    assert Transfer.objects.due(lane=Lane.AUTOMATIC, at=now()).count() == 250


def test_a_paused_run_of_which_the_last_mails_arrive_ends_by_itself(folder, user):
    add_mails(folder, 3)
    run = begun(user)
    batch = claim_batch(folder.mailbox, lane=Lane.INTERACTIVE, at=now())
    pause_run(run)
    assert tended(run).status == Run.Status.PAUSED
    assert not tending.has_runs_to_tend()

    batch.held().update(status=Status.DONE, result=Transfer.Result.STORED, claim=None, finished_at=now())

    assert tending.has_runs_to_tend()
    assert (tended(run).status, run.tally) == (Run.Status.DONE, {"stored": 3})


def test_a_click_on_a_message_of_a_paused_run_goes_and_outlives_the_end_of_the_run(folder, user, small_portions):
    add_mails(folder, 250)
    run = tended(begun(user))
    pause_run(run)
    clicked = Message.objects.order_by("pk")[7]

    sync_messages([clicked.pk], user=user, at=now(), leave_out_marked=False)

    assert next_mailbox(lane=Lane.AUTOMATIC, at=now()) is None
    taken = claim_batch(folder.mailbox, lane=Lane.INTERACTIVE, at=now())
    assert [transfer.message_id for transfer in taken.transfers] == [clicked.pk]
    taken.held().update(status=Status.QUEUED, claim=None, lease_until=None)
    run.refresh_from_db()
    assert tallies([run])[run.pk] == {"waiting": 249, "singly": 1}
    cancel_run(run, at=now())
    run = tended(run)
    assert (run.status, run.tally) == (Run.Status.CANCELLED, {"taken_back": 249, "singly": 1})
    assert [t.message_id for t in Transfer.objects.all()] == [clicked.pk]


def test_a_click_on_what_is_on_its_way_for_a_run_brings_it_before_a_person(folder, user, small_portions):
    add_mails(folder, 250)
    run = tended(begun(user))
    (clicked, *_others) = claim_batch(folder.mailbox, lane=Lane.AUTOMATIC, at=now()).transfers

    asked = sync_messages([clicked.message_id], user=user, at=now(), leave_out_marked=False)
    pause_run(run)

    clicked.refresh_from_db()
    assert (clicked.status, clicked.lane, clicked.run) == (Status.CLAIMED, Lane.INTERACTIVE, asked.run)
    assert (asked.queued, asked.already) == (0, 1)
    # Its carrier dies: it is tried again at once, and not with the run that rests.
    Transfer.objects.filter(pk=clicked.pk).update(lease_until=NOON)
    give_back_expired(at=now())
    assert next_mailbox(lane=Lane.INTERACTIVE, at=now()) == folder.mailbox


def test_cancelling_takes_back_what_waits_and_lets_finish_what_is_under_way(folder, user, small_portions):
    add_mails(folder, 250)
    run = tended(begun(user))
    mailbox = next_mailbox(lane=Lane.AUTOMATIC, at=now())
    batch = claim_batch(mailbox, lane=Lane.AUTOMATIC, at=now())

    assert cancel_run(run, at=now())
    run = tended(run)

    waiting = 250 - BATCH_SIZE
    assert (run.status, run.taken_back) == (Run.Status.CANCELLING, waiting)
    assert Message.objects.filter(state="not_synced").count() == waiting
    batch.held().update(status=Status.DONE, result="no_match", claim=None, finished_at=now())
    run = tended(run)
    assert (run.status, run.tally) == (Run.Status.CANCELLED, {"no_match": BATCH_SIZE, "taken_back": waiting})


def test_what_was_taken_back_is_what_it_was_before(folder, user):
    add_mails(folder, 1)
    message = Message.objects.get()
    TransferFactory(message=message, status=Status.DONE, result="no_match", cause="no_contact")
    run = begun(user)

    cancel_run(run, at=now())

    message.refresh_from_db()
    assert message.state == "no_match"


def test_failures_are_tried_again_unless_somebody_has_asked_since(folder, user):
    add_mails(folder, 4)
    run = begun(user)
    Transfer.objects.update(status=Status.FAILED, cause="crm_rejected", finished_at=NOON)
    first = Message.objects.order_by("pk")[0]
    sync_messages([first.pk], user=user, at=now(), leave_out_marked=False)
    run = tended(run)
    assert (run.status, run.tally) == (Run.Status.DONE, {"failed": 4})

    assert retry_failed(run, at=now())
    run = tended(run)

    assert run.status == Run.Status.RUNNING
    assert tallies([run])[run.pk] == {"waiting": 3, "failed": 1}
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}


def test_each_verb_says_no_where_it_means_nothing(folder, user):
    add_mails(folder, 1)
    run = begun(user)

    assert not start_run(run, at=now())
    assert not discard_run(run)
    assert not resume_run(run, at=now())
    assert not retry_failed(run, at=now())
    assert pause_run(run)
    assert not pause_run(run)


def test_a_discarded_run_has_touched_nothing(folder, user):
    add_mails(folder, 3)
    run = asked(user)

    assert discard_run(run)

    assert not Transfer.objects.exists()
    assert not Run.objects.exists()


def test_every_end_of_a_transfer_has_one_outcome_and_is_found_by_it(folder):
    endings = [
        (Status.QUEUED, "", ""),
        (Status.CLAIMED, "", ""),
        (Status.FAILED, "", "poison"),
        (Status.DONE, "", ""),
        (Status.DONE, "stored", ""),
        (Status.DONE, "stored", "existed"),
        (Status.DONE, "stored", "gone"),
        (Status.DONE, "stored", "hidden"),
        (Status.DONE, "no_match", "no_contact"),
        (Status.DONE, "skipped", "left_mailbox"),
    ]
    for status, result, cause in endings:
        TransferFactory(message=MessageFactory(folder=folder), status=status, result=result, cause=cause)

    assert {outcome_of(*ending) for ending in endings} == set(OF_ITEMS)
    for outcome in OF_ITEMS:
        (found,) = Transfer.objects.filter(shows(outcome))
        assert outcome_of(found.status, found.result, found.cause) == outcome


def test_twenty_runs_are_counted_in_one_query(folder):
    runs = [RunFactory(requested_by=folder.mailbox.owner, asked=2) for _ in range(20)]
    for run in runs:
        for _ in range(2):
            TransferFactory(run=run, message=MessageFactory(folder=folder))

    with CaptureQueriesContext(connection) as queries:
        counted = tallies(runs)

    assert len(queries) == 1
    assert all(counted[run.pk] == {"waiting": 2} for run in runs)


def test_an_estimate_says_how_sure_it_is_and_is_none_before_enough_is_known():
    even = [n / 10 for n in range(600)]
    jerky = [1.0] * 100 + [59.0] * 20

    steady = estimate(even, 60, left=600)

    assert steady is not None
    assert steady.likely.total_seconds() == pytest.approx(60, abs=1)
    assert steady.least <= steady.likely <= steady.most
    assert estimate(even[:90], 9, left=600) is None
    assert estimate(jerky, 60, left=600) is None
