"""What a run will do, said before: what the forecast counts is what becomes of the messages."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.crm.face import FoundRecord
from apps.mailboxes.kinds import remember_kinds
from apps.mailboxes.models import Message
from apps.sync import bulk
from apps.sync.actions import choose_records, mark_not_synced, mark_synced
from apps.sync.bulk import ask_run, start_run
from apps.sync.delivery import deliver_due
from apps.sync.listing import MessageFilter
from apps.sync.models import CrmEmail, KnownAddress, Transfer
from apps.sync.tending import tend_runs
from apps.work.models import Function, Lane, Run
from tests.desk import Desk
from tests.factories import CrmEmailFactory, UserFactory

from .runs import add_mails, asked, desk_of, tended

pytestmark = pytest.mark.django_db(transaction=True)


def forecast_of(desk: Desk) -> Run:
    run = ask_run(MessageFilter(), function=Function.SYNC, user=desk.user, at=now())
    tend_runs(until=now() + timedelta(seconds=60))
    run.refresh_from_db()
    assert run.status == Run.Status.READY
    return run


def carried(desk: Desk, run: Run) -> Run:
    start_run(run, at=now())
    tend_runs(until=now() + timedelta(seconds=60))
    for _ in range(20):
        desk.deliver()
        deliver_due(Lane.AUTOMATIC, until=now() + timedelta(seconds=60))
        if not Transfer.objects.active().exists():
            break
    tend_runs(until=now() + timedelta(seconds=60))
    run.refresh_from_db()
    assert run.status == Run.Status.DONE
    return run


def test_the_forecast_equals_the_result(desk: Desk) -> None:
    desk.coripo.contact(desk.customer)
    matched = [desk.receives() for _ in range(6)]
    unmatched = [desk.receives(sender=f"nikdo-{n}@jinde.example") for n in range(4)]
    desk.receives(sender=desk.person["mail"], to=f"taky-nikdo@jinde.example, {desk.customer}")
    # Archived by another program, of somebody whom nobody knows; and one that its owner keeps out.
    foreign = desk.receives(sender="davny@jinde.example", subject="Archivováno dříve")
    desk.coripo.create("Emails", name="Archivováno dříve", message_id=foreign.email_key)
    mark_synced([matched[0].pk, unmatched[0].pk], user=desk.user, at=now())

    run = forecast_of(desk)
    assert run.forecast == {"stored": 6, "no_match": 3, "already": 1, "left_out": 2}
    assert not Transfer.objects.exists(), "a forecast changes nothing"

    run = carried(desk, run)
    assert run.tally == run.forecast


def test_the_second_run_over_the_same_mail_finds_all_of_it(desk: Desk) -> None:
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sync(message)
    desk.deliver()

    mark_not_synced([message.pk], user=desk.user, at=now())

    run = carried(desk, forecast_of(desk))

    assert run.tally == run.forecast == {"already": 1}


def test_a_rule_that_stores_without_match_is_foreseen(desk: Desk) -> None:
    desk.rule(no_match="store")
    desk.receives(sender="nikdo@jinde.example")

    run = carried(desk, forecast_of(desk))

    assert run.tally == run.forecast == {"stored": 1}


@pytest.mark.parametrize(
    ("most_at_once", "expected"), [(200, {"stored": 2}), (0, {"stored": 1, "skipped": 1})], ids=["by hand", "in bulk"]
)
def test_what_a_rule_leaves_out_in_the_lane_of_the_run_is_foreseen(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, most_at_once: int, expected: dict[str, int]
) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", most_at_once)
    desk.coripo.contact(desk.customer)
    desk.receives()
    # Its headers were read before, when somebody opened it.
    remember_kinds([(desk.receives(), Message.Kind.BULK, False)], at=now())

    run = carried(desk, forecast_of(desk))

    assert run.tally == run.forecast == expected


def test_a_chosen_record_counts_as_a_match(desk: Desk) -> None:
    message = desk.receives(sender="nikdo@jinde.example")
    company = FoundRecord("Accounts", desk.coripo.company("Kovárna Morava a.s."), "Kovárna Morava a.s.")
    choose_records(message.pk, [company], user=desk.user, at=now())
    Transfer.objects.all().delete()

    run = carried(desk, forecast_of(desk))

    assert run.tally == run.forecast == {"stored": 1}


def test_where_coripo_is_silent_the_forecast_says_what_it_does_not_know(desk: Desk) -> None:
    desk.coripo.contact(desk.customer)
    desk.receives()
    desk.receives(sender="nikdo@jinde.example")
    KnownAddress.objects.create(
        user=desk.user, address=desk.customer, contacts=[{"id": "1", "name": "Jana", "companies": []}], looked_at=now()
    )
    desk.sandbox.fault("5xx", "coripo", times=50)

    assert forecast_of(desk).forecast == {"stored": 1, "unknown": 1}


def test_a_portion_asks_coripo_as_often_for_many_as_for_few(desk: Desk) -> None:
    desk.coripo.contact(desk.customer)
    desk.look()
    add_mails(desk.mailbox.folders.get(kind="inbox"), 30, sender=desk.customer)
    desk.sandbox.forget_requests()

    run = forecast_of(desk)

    assert run.forecast == {"stored": 30}
    assert desk.sandbox.requests()["total"]["coripo"] <= 6


def test_records_that_are_deleted_or_not_visible_are_foreseen_as_such(desk: Desk) -> None:
    desk.look()
    folder = desk.mailbox.folders.get(kind="inbox")
    add_mails(folder, 202, sender=desk.customer)
    first, second = Message.objects.order_by("pk")[:2]
    CrmEmailFactory(email_key=first.email_key, status=CrmEmail.Status.DELETED)
    CrmEmailFactory(email_key=second.email_key).sights.create(user=desk.user, is_visible=False, looked_at=now())

    assert Counter(forecast_of(desk).forecast) == {"gone": 1, "hidden": 1, "no_match": 200}


def test_a_forecast_that_was_not_awaited_is_given_up() -> None:
    folder = desk_of(UserFactory())
    add_mails(folder, 3)
    run = asked(folder.mailbox.owner)

    assert start_run(run, at=now())

    run = tended(run)
    assert (run.status, run.forecast, run.asked) == (Run.Status.RUNNING, {}, 3)
