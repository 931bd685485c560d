"""What a run made is taken back in CORIPO; what somebody has worked on since stays, and is named with the reason."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from apps.core.clock import now
from apps.crm.face import FoundRecord
from apps.mailboxes.models import Message
from apps.sync import claiming, undoing
from apps.sync.actions import choose_records
from apps.sync.bulk import start_run
from apps.sync.delivery import deliver_due
from apps.sync.models import CrmEmail, CrmLink, Mark, Transfer, Undoing
from apps.sync.outcomes import tallies
from apps.sync.tending import tend_runs
from apps.sync.undo_asking import ask_undo_of_automat, ask_undo_of_message, ask_undo_of_run, may_undo_message
from apps.sync.undoing import undo_due
from apps.work.models import Fence, Lane, Run, Status
from tests.desk import Desk
from tests.sandbox_server import mime
from tests.sync.carrier import LEASE_SECONDS, carrier
from tests.sync.proving import prove, told
from tests.visitor import wait_until

UNDO = """
from datetime import timedelta
from apps.core.clock import now
from apps.sync.undo_asking import ask_undo_of_automat, ask_undo_of_message, ask_undo_of_run, may_undo_message
from apps.sync.undoing import undo_due
undo_due("interactive", until=now() + timedelta(seconds=30))
"""

pytestmark = pytest.mark.django_db(transaction=True)


def synced(desk: Desk, count: int, *, files: int = 0) -> list[Message]:
    """Mails of a known customer, in CORIPO by one click."""
    desk.coripo.contact(desk.customer, company=desk.coripo.company("Kovárna Morava a.s."))
    for number in range(count):
        at = now() - timedelta(hours=1, minutes=number)
        letter = mime(
            sender=desk.customer,
            to=desk.person["mail"],
            subject=f"Zpráva {number}",
            message_id=f"<{uuid4().hex}@kovarna-morava.example>",
            date=at,
            files=((f"{number}.txt", f"soubor {number}".encode()),) if number < files else (),
        )
        desk.sandbox.deliver(desk.person["mail"], letter, received_at=at)
    desk.look()
    messages = list(Message.objects.filter(mailbox=desk.mailbox).order_by("-received_at"))
    desk.sync(*messages)
    desk.deliver()
    assert set(states(messages)) == {"synced"}
    return messages


def record_of(message: Message) -> CrmEmail:
    return CrmEmail.objects.get(email_key=message.email_key)


def states(messages: list[Message]) -> Counter[str]:
    pks = [message.pk for message in messages]
    return Counter(Message.objects.filter(pk__in=pks).values_list("state", flat=True))


def live(desk: Desk, messages: list[Message]) -> set[str]:
    keys = {message.email_key for message in messages}
    return {found["message_id"].casefold() for found in desk.coripo.emails()} & keys


def foreseen(run: Run) -> Run:
    tend_runs(until=now() + timedelta(seconds=60))
    run.refresh_from_db()
    assert run.status == Run.Status.READY
    return run


def undone(run: Run, *, turns: int = 1) -> Run:
    """The run after the person's word, and after so many tries at it."""
    assert start_run(run, at=now())
    return gone_on(run, turns=turns)


def gone_on(run: Run, *, turns: int = 1) -> Run:
    for _turn in range(turns):
        tend_runs(until=now() + timedelta(seconds=60))
        Fence.objects.all().delete()
        Undoing.objects.filter(status=Status.QUEUED).update(not_before=now())
        undo_due(run.lane, until=now() + timedelta(seconds=60))
    tend_runs(until=now() + timedelta(seconds=60))
    run.refresh_from_db()
    return run


def test_of_fifty_made_the_five_that_somebody_has_worked_on_stay_and_are_named(desk, sandbox):
    messages = synced(desk, 50, files=2)
    edited, linked, others = messages[:3], messages[3:5], messages[5:]
    notes = {note["id"] for note in desk.coripo.linked(record_of(messages[0]).record_id, "notes")}
    assert notes
    # CORIPO tells time to the second.
    newest = max(CrmEmail.objects.values_list("modified_at", flat=True))
    wait_until(lambda: now() > newest + timedelta(seconds=1), seconds=3, what="the second of the transfer is over")
    for message in edited:
        desk.coripo.create("Emails", id=record_of(message).record_id, name="Přejmenováno")
    elsewhere = desk.coripo.create("Opportunities", name="Nový jeřáb")
    for message in linked:
        desk.coripo.call(
            "set_relationship",
            module_name="Emails",
            module_id=record_of(message).record_id,
            link_field_name="opportunities",
            related_ids=[elsewhere],
            name_value_list=[],
            delete=0,
        )
    stays = {message.pk: "undo_edited" for message in edited} | {message.pk: "undo_linked" for message in linked}

    client = Client()
    client.force_login(desk.user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/runs/undo/", {"of": "run", "run": Run.objects.get().pk})
    run = foreseen(Run.objects.get(function="undo"))
    assert run.forecast == {"removed": 45, "undo_edited": 3, "undo_linked": 2}
    assert dict(run.named) == stays
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "<b>45</b> will be removed from CORIPO" in page
    assert page.count("It was changed in CORIPO since.") == 1 + 3, "the reason with its number, and each by name"
    assert len(live(desk, messages)) == 50, "a forecast does nothing"
    sandbox.forget_requests()
    client.post(f"/runs/{run.pk}/act/", {"action": "start"})
    run = gone_on(run)

    assert run.status == Run.Status.DONE
    assert tallies([run])[run.pk] == {"removed": 45, "kept": 5}
    kept = Undoing.objects.filter(run=run, result=Undoing.Result.KEPT).values_list("message", "cause")
    assert dict(kept) == stays
    assert sandbox.requests()["total"]["coripo"] <= 10, "fifty together cost what one costs"
    assert live(desk, messages) == {message.email_key for message in (*edited, *linked)}
    # Their files went with them, and those of an e-mail that stays are as they were.
    assert {note["id"] for note in desk.coripo.linked(record_of(messages[0]).record_id, "notes")} == notes
    assert states(others) == {"gone": 45}
    assert set(Mark.objects.filter(source="undo").values_list("value", flat=True)) == {"synced"}
    results = client.get(f"/runs/{run.pk}/?outcome=kept").content.decode()
    assert results.count("Somebody linked it with something else in CORIPO.") == 2
    lines = b"".join(client.get(f"/runs/{run.pk}/export/").streaming_content).decode().splitlines()
    assert sum(",stay," in line for line in lines) == 5
    assert "Its transfer was undone" in client.get(f"/inbox/{others[0].pk}/").content.decode()

    # Nobody takes them again by himself, and the proof does not miss them.
    check = prove(desk)
    assert (told(check.findings.all()), len(live(desk, messages))) == ([], 5)
    # Asked for again, the mail gets a record of its own: the next generation.
    desk.sync(others[0])
    desk.deliver()
    assert (record_of(others[0]).generation, states(others[:1])) == (1, {"synced": 1})
    assert len(desk.coripo.emails(others[0].email_key)) == 1


def test_who_came_second_takes_back_own_links_only_and_who_came_first_nothing_any_more(desk, desk_for):
    (message,) = synced(desk, 1)
    second = desk_for()
    raw = mime(
        sender=desk.customer,
        to=second.person["mail"],
        subject="Zpráva 0",
        message_id=f"<{message.email_key}>",
        date=message.sent_at,
    )
    copy = second.receives_raw(raw)
    company = second.coripo.company("Jiná s.r.o.")
    choose_records(copy.pk, [FoundRecord("Accounts", company, "Jiná s.r.o.")], user=second.user, at=now())
    second.deliver()
    record = record_of(message)
    before = {link["id"] for link in desk.coripo.linked(record.record_id, "accounts")}
    assert (company in before, may_undo_message(copy, user=second.user)) == (True, True)

    first = foreseen(ask_undo_of_message(message, user=desk.user, at=now()))
    assert first.forecast == {"undo_colleague": 1}
    run = undone(foreseen(ask_undo_of_message(copy, user=second.user, at=now())))

    assert tallies([run])[run.pk] == {"unlinked": 1}
    assert {link["id"] for link in desk.coripo.linked(record.record_id, "accounts")} == before - {company}
    assert states([message, copy]) == {"synced": 2}
    assert not CrmLink.objects.filter(made_by=second.user).exists()


def test_in_the_middle_of_a_run_what_waits_is_cancelled_before_what_was_made_is_taken_back(desk, monkeypatch):
    monkeypatch.setattr(claiming, "BATCH_SIZE", 5)
    synced(desk, 1)
    files = (("a.txt", b"jedna"), ("b.txt", b"dva"))
    messages = [desk.receives(files=files) for _number in range(8)]
    desk.sync(*messages)
    deliver_due(Lane.INTERACTIVE, until=now() + timedelta(milliseconds=50))
    asked = Run.objects.order_by("-pk")[0]
    half_way = Transfer.objects.filter(run=asked, status=Status.QUEUED, attempts=1)
    assert (half_way.exists(), len(live(desk, messages))) == (True, 5), (
        "the files of some wait, and their records are there"
    )

    run = ask_undo_of_run(asked, at=now())
    assert start_run(run, at=now())
    desk.deliver()
    run = gone_on(run)

    asked.refresh_from_db()
    assert (asked.status, asked.taken_back) == (Run.Status.CANCELLED, 3)
    assert tallies([run])[run.pk] == {"removed": 5}
    assert (states(messages), live(desk, messages)) == ({"gone": 5, "not_synced": 3}, set())


@pytest.mark.parametrize("weather", ["killed", "unseen", "broken", "away"])
def test_whatever_befalls_it_it_ends_the_same_and_a_click_meanwhile_is_not_lost(desk, sandbox, settings, weather):
    settings.LEASE_SECONDS = LEASE_SECONDS
    messages = synced(desk, 6, files=1)
    run = ask_undo_of_run(Run.objects.get(), at=now())
    assert start_run(run, at=now())
    tend_runs(until=now() + timedelta(seconds=60))
    sandbox.forget_requests()
    if weather in ("killed", "unseen"):
        sandbox.control("POST", "coripo/knobs", json={"latency_ms": 400})
        with carrier(UNDO) as process:
            wait_until(lambda: "coripo:set_entries" in sandbox.requests()["by_part"], seconds=20, what="deleting")
            if weather == "killed":
                process.kill()
            else:
                sandbox.fault("5xx", "coripo:get_entry_list", times=0)
                process.wait(30)
    elif weather == "broken":
        sandbox.control("POST", "coripo/knobs", json={"break_batch_after": 3})
    else:
        sandbox.fault("5xx", "coripo", times=0)
    gone_on(run)
    desk.sync(messages[0])
    desk.deliver()
    sandbox.calm()
    wait_until(lambda: undoing.give_back_silent(at=now()) or not claimed(), seconds=10, what="leases end")
    run = gone_on(run, turns=2)
    for _turn in range(3):
        desk.deliver()

    assert run.status == Run.Status.DONE
    stayed = set(Undoing.objects.filter(result=Undoing.Result.KEPT).values_list("message", "cause"))
    assert stayed <= {(messages[0].pk, "undo_asked_again"), (messages[0].pk, "undo_other_run")}
    assert live(desk, messages) == {messages[0].email_key}, "all are gone but the one that was asked for again"
    assert states(messages) == {"gone": 5, "synced": 1}
    assert len(desk.coripo.emails(messages[0].email_key)) == 1
    assert not CrmEmail.objects.filter(status=CrmEmail.Status.UNDOING).exists()


def claimed() -> bool:
    return Undoing.objects.filter(status=Status.CLAIMED).exists()


def test_a_span_of_the_automat_is_what_went_by_itself_in_it(desk):
    messages = synced(desk, 3)
    Transfer.objects.filter(message__in=messages[:2]).update(origin=Transfer.Origin.AUTOMAT, run=None)
    Transfer.objects.filter(message=messages[0]).update(finished_at=now() - timedelta(days=2))

    run = ask_undo_of_automat(now() - timedelta(hours=1), now(), user=desk.user, at=now())

    assert foreseen(run).forecast == {"removed": 1}
