"""Trouble that is one mail's own, and trouble that comes in the middle: the others go on, and everything comes to an end."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.core.clock import now
from apps.mailboxes import tokens
from apps.mailboxes.models import MailboxToken
from apps.mailboxes.tokens import MailboxTokens
from apps.sync import recording
from apps.sync.claiming import claim_batch
from apps.sync.delivery import deliver_due
from apps.sync.fetching import fetch_letters
from apps.sync.models import CrmEmail, CrmFile, CrmLink, Outcome, Transfer
from apps.sync.recording import MOST_FAILURES
from apps.sync.rules import rules_of
from apps.work.models import Fence, Lane, Status
from tests.sync.threads import together
from tests.visitor import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_letter_that_graph_cannot_give_does_not_stand_before_the_others(desk):
    desk.coripo.contact(desk.customer)
    broken, *others = [desk.receives() for _ in range(3)]
    desk.sandbox.fault("5xx", f"graph:{broken.graph_id}", times=0)
    desk.sync(broken, *others)

    for _ in range(2):
        Fence.objects.all().delete()
        deliver_due(Lane.INTERACTIVE, until=now() + timedelta(seconds=20))

    assert [type(other).objects.get(pk=other.pk).state for other in others] == ["synced", "synced"]
    waiting = Transfer.objects.get(message=broken)
    assert (waiting.status, waiting.cause) == (Status.QUEUED, "graph_trouble")
    assert waiting.failures >= 1


def test_a_token_that_a_dead_process_was_refreshing_is_no_trouble_of_graph(desk, monkeypatch):
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    # Each token is near its end as soon as it comes.
    desk.sandbox.control("POST", "knobs", json={"at_life": 60})
    source = MailboxTokens(desk.mailbox.pk)
    source.access_token(rejected=source.access_token())
    ends_at = now() + timedelta(seconds=3)
    MailboxToken.objects.update(refresh_claim=uuid4(), refresh_lease_until=ends_at)
    monkeypatch.setattr(tokens, "LONGEST_WAIT_SECONDS", 0.2)
    desk.sync(message)

    deliver_due(Lane.INTERACTIVE, until=now() + timedelta(seconds=2))

    waiting = Transfer.objects.get()
    assert (waiting.status, waiting.failures, waiting.cause) == (Status.QUEUED, 0, "")
    assert waiting.not_before <= ends_at
    assert not Fence.objects.exists(), "nobody else is kept away"

    MailboxToken.objects.update(refresh_lease_until=now() - timedelta(seconds=1))
    desk.deliver()
    message.refresh_from_db()
    assert message.state == "synced"


def test_a_mail_that_breaks_off_again_and_again_ends_with_a_reason_and_a_person_may_try_again(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    for method in ("set_entries", "set_entry"):
        desk.sandbox.fault("5xx", f"coripo:{method}", times=0)
    desk.sync(message)
    Transfer.objects.update(failures=MOST_FAILURES - 2)

    desk.deliver()
    message.refresh_from_db()
    assert message.state == "queued"

    desk.deliver()
    message.refresh_from_db()
    assert (message.state, Transfer.objects.get().cause) == ("failed", "tried_often")

    desk.sandbox.calm()
    desk.sync(message)
    desk.deliver()
    message.refresh_from_db()
    assert message.state == "synced"
    assert len(desk.coripo.emails(message.email_key)) == 1


def test_the_third_fault_of_ours_sets_a_mail_aside_wherever_it_comes(desk):
    message = desk.receives()
    desk.sync(message)

    for _ in range(3):
        Transfer.objects.update(not_before=now())
        batch = claim_batch(desk.mailbox, lane=Lane.INTERACTIVE, at=now())
        assert len(fetch_letters(batch, lane=Lane.INTERACTIVE, rules=rules_of(desk.user))) == 1
        recording.give_back_crashed(batch, at=now())

    message.refresh_from_db()
    assert (message.state, Transfer.objects.get().cause) == ("failed", "poison")


def test_uploads_give_way_when_the_time_is_up_and_are_finished_later(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives(files=tuple((f"{number}.pdf", b"%PDF " + bytes([number])) for number in range(3)))
    desk.sandbox.fault("slow", "coripo:set_note_attachment", times=1, seconds=1.5)
    desk.sync(message)

    deliver_due(Lane.INTERACTIVE, until=now() + timedelta(seconds=1))

    message.refresh_from_db()
    assert (message.state, CrmFile.objects.filter(outcome=Outcome.MADE).count()) == ("queued", 1)

    desk.deliver()

    message.refresh_from_db()
    record = CrmEmail.objects.get()
    assert message.state == "synced"
    assert len(desk.coripo.linked(record.record_id, "notes")) == 3


def test_a_password_that_ends_during_the_uploads_parks_the_login_and_blames_no_file(desk):
    desk.coripo.contact(desk.customer)
    first, message = desk.receives(), desk.receives(files=(("nabídka.pdf", b"%PDF-1.4 x"),))
    desk.sync(first)
    desk.deliver()
    # The session of that delivery rests and is used again; it ends during the upload, and the password is wrong by then.
    right, desk.account.password = desk.account.password, "spatne-heslo"
    desk.account.save(update_fields=["password"])
    desk.sandbox.fault("slow", "coripo:set_note_attachment", times=1, seconds=1.5)
    desk.sandbox.forget_requests()
    desk.sync(message)

    together(desk.deliver, lambda: expire_sessions_during_the_upload(desk))

    desk.account.refresh_from_db(), message.refresh_from_db()
    assert (desk.account.status, message.state) == ("refused", "queued")
    assert not CrmFile.objects.filter(outcome=Outcome.FAILED).exists()

    desk.account.password, desk.account.status, desk.account.generation = right, "active", 2
    desk.account.save()
    desk.deliver()
    message.refresh_from_db()
    assert message.state == "synced"


def test_a_link_that_failed_and_is_wanted_no_more_is_no_error_any_more(desk):
    contact = desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sync(message)
    desk.deliver()
    record = CrmEmail.objects.get()
    CrmLink.objects.create(
        crm_email=record,
        module="Contacts",
        record_id="11111111-1111-4111-8111-111111111111",
        outcome=Outcome.FAILED,
        made_by=desk.user,
        made_at=now(),
    )

    desk.sync(message)
    message.refresh_from_db()
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"
    assert [link.record_id for link in CrmLink.objects.all()] == [contact]


def expire_sessions_during_the_upload(desk) -> None:
    def is_uploading() -> bool:
        return "coripo:set_note_attachment" in desk.sandbox.requests()["by_part"]

    wait_until(is_uploading, seconds=20, what="the upload")
    desk.sandbox.control("POST", "coripo/expire-sessions")
