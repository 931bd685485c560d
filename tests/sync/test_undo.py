"""What a run made is taken back in CORIPO; what somebody has worked on since stays, and is named with the reason."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.core.clock import now
from apps.mailboxes.models import Message
from apps.sync.bulk import start_run
from apps.sync.models import CrmEmail, Mark, Undoing
from apps.sync.outcomes import tallies
from apps.sync.tending import tend_runs
from apps.sync.undo_asking import ask_undo_of_run
from apps.sync.undoing import undo_due
from apps.work.models import Fence, Run, Status
from tests.desk import Desk
from tests.sandbox_server import mime
from tests.sync.proving import prove, told

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

    run = foreseen(ask_undo_of_run(Run.objects.get(), at=now()))
    assert run.forecast == {"removed": 45, "undo_edited": 3, "undo_linked": 2}
    assert dict(run.named) == stays
    assert len(live(desk, messages)) == 50, "a forecast does nothing"
    sandbox.forget_requests()
    run = undone(run)

    assert run.status == Run.Status.DONE
    assert tallies([run])[run.pk] == {"removed": 45, "kept": 5}
    kept = Undoing.objects.filter(run=run, result=Undoing.Result.KEPT).values_list("message", "cause")
    assert dict(kept) == stays
    assert sandbox.requests()["total"]["coripo"] <= 10, "fifty together cost what one costs"
    assert live(desk, messages) == {message.email_key for message in (*edited, *linked)}
    assert states(others) == {"gone": 45}
    assert set(Mark.objects.filter(source="undo").values_list("value", flat=True)) == {"synced"}

    # Nobody takes them again by himself, and the proof does not miss them.
    check = prove(desk)
    assert (told(check.findings.all()), len(live(desk, messages))) == ([], 5)
    # Asked for again, the mail gets a record of its own: the next generation.
    desk.sync(others[0])
    desk.deliver()
    assert (record_of(others[0]).generation, states(others[:1])) == (1, {"synced": 1})
    assert len(desk.coripo.emails(others[0].email_key)) == 1
