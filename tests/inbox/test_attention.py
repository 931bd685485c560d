"""The page of what waits for a person: groups by cause, with the button that deals with each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import CrmAccount, User
from apps.core.clock import now
from apps.mailboxes.models import Mailbox, Message
from apps.sync.actions import mark_not_synced, mark_synced
from apps.sync.bulk import start_run
from apps.sync.claiming import crm_key
from apps.sync.models import CrmFile, Mark, Outcome, Transfer
from apps.sync.outcomes import RunOutcome
from apps.sync.states import refresh_states
from apps.work.fences import raise_fence
from apps.work.models import Lane, Run, Status
from tests.factories import (
    NOON,
    CrmAccountFactory,
    CrmEmailFactory,
    MailFolderFactory,
    MessageFactory,
    ParticipantFactory,
    TransferFactory,
)
from tests.sync.runs import add_mails, asked, inbox_of, tended

from .conftest import second_mailbox

pytestmark = pytest.mark.django_db


def failed(user: User, cause: str) -> Message:
    message = MessageFactory.create(folder=inbox_of(user))
    TransferFactory(message=message, status=Status.FAILED, cause=cause, finished_at=NOON)
    refresh_states([(message.email_key, message.variant)])
    return message


def stored_in_part(user: User, cause: str) -> Message:
    """A mail of which a file failed: with the mark that every transfer leaves."""
    message = MessageFactory.create(folder=inbox_of(user))
    record = CrmEmailFactory.create(email_key=message.email_key)
    CrmFile.objects.create(
        crm_email=record, note_id=str(record.pk), name="a.pdf", size=1, outcome=Outcome.FAILED, cause=cause
    )
    Mark.objects.create(
        home_account_id=message.mailbox.home_account_id,
        email_key=message.email_key,
        value=Mark.Value.SYNCED,
        source=Mark.Source.TRANSFER,
        set_at=NOON,
    )
    TransferFactory(message=message, status=Status.DONE, result=Transfer.Result.STORED, finished_at=NOON)
    refresh_states([(message.email_key, message.variant)])
    return message


def page_of(client: Client, query: str = "") -> str:
    return client.get(f"/attention/{query}").content.decode()


def pks_of(listed: str, messages: list[Message]) -> set[int]:
    return {message.pk for message in messages if f'href="/inbox/{message.pk}/' in listed}


def test_failures_stand_by_their_cause_and_lead_to_their_list(people: dict[str, Client], owner: User):
    rejected = [failed(owner, "crm_rejected"), failed(owner, "crm_rejected")]
    poison = failed(owner, "poison")
    in_part = stored_in_part(owner, "crm_rejected")
    everything = [*rejected, poison, in_part]

    page = page_of(people["owner"])

    assert page.index("CORIPO refused this e-mail.") < page.index("The transfer broke off three times")
    for query, messages in {
        "state=failed&cause=crm_rejected": rejected,
        "state=failed&cause=poison": [poison],
        "state=partial&cause=crm_rejected": [in_part],
    }.items():
        assert f'href="/inbox/?{query.replace("&", "&amp;")}"' in page
        listed = people["owner"].get(f"/inbox/?{query}").content.decode()
        assert "<b>Cause:</b>" in listed
        assert 'href="/inbox/?state=not_synced"' in listed, "another state knows nothing of the cause"
        assert pks_of(listed, everything) == {message.pk for message in messages}
    assert "CORIPO refused" not in page_of(people["teammate"])


def test_the_newest_transfer_says_the_cause(people: dict[str, Client], owner: User):
    message = failed(owner, "poison")
    TransferFactory(message=message, status=Status.FAILED, cause="crm_forbidden", finished_at=NOON)

    page = page_of(people["owner"])

    assert "cause=crm_forbidden" in page
    assert "cause=poison" not in page


@pytest.mark.parametrize(("state", "make"), [("failed", failed), ("partial", stored_in_part)])
def test_a_whole_group_is_tried_again_and_nothing_else(people: dict[str, Client], owner: User, state: str, make):
    group = [make(owner, "crm_rejected") for _ in range(3)]
    other = make(owner, "crm_forbidden")

    response = people["owner"].post("/attention/again/", {"state": state, "cause": "crm_rejected"})

    run = tended(Run.objects.get())
    assert response["Location"] == f"/runs/{run.pk}/"
    queued = Transfer.objects.filter(status=Status.QUEUED)
    assert set(queued.values_list("message", flat=True)) == {message.pk for message in group}
    assert all(transfer.is_repair for transfer in queued)
    other.refresh_from_db()
    assert other.state == state


def test_a_large_group_goes_behind_single_clicks_and_no_rule_leaves_it_out(people: dict[str, Client], owner: User):
    folder = inbox_of(owner)
    add_mails(folder, 201)
    Transfer.objects.bulk_create(
        Transfer(
            message=message,
            mailbox=folder.mailbox,
            requested_by=owner,
            lane=Lane.INTERACTIVE,
            queued_at=NOON,
            not_before=NOON,
            finished_at=NOON,
            status=Status.FAILED,
            cause="crm_rejected",
        )
        for message in folder.messages.all()
    )
    refresh_states(folder.messages.values_list("email_key", "variant"))

    people["owner"].post("/attention/again/", {"state": "failed", "cause": "crm_rejected"})
    tended(Run.objects.get())

    waiting = Transfer.objects.filter(status=Status.QUEUED)
    assert waiting.count() == waiting.filter(lane=Lane.AUTOMATIC, is_repair=True).count() == 201


def test_what_was_settled_meanwhile_is_not_asked_for(people: dict[str, Client], owner: User):
    message = failed(owner, "poison")
    mark_synced([message.pk], user=owner, at=now())

    page = people["owner"].post("/attention/again/", {"state": "failed", "cause": "poison"}, follow=True)

    assert "Nothing of that kind is left." in page.content.decode()
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "data", [{}, {"state": "synced", "cause": "poison"}, {"state": "failed"}, {"state": "failed", "cause": "x y"}]
)
def test_nonsense_asks_for_nothing(people: dict[str, Client], owner: User, data: dict[str, str]):
    failed(owner, "poison")

    page = people["owner"].post("/attention/again/", data, follow=True)

    assert "This selection cannot be read." in page.content.decode()
    assert not Run.objects.exists()


def test_somebody_else_tries_nothing_of_mine(people: dict[str, Client], owner: User):
    failed(owner, "poison")

    people["teammate"].post("/attention/again/", {"state": "failed", "cause": "poison"})

    assert not Run.objects.exists()


def test_strangers_stand_by_address_those_with_most_mails_first(people: dict[str, Client], owner: User):
    folder = inbox_of(owner)
    add_mails(folder, 1, sender="jednou@firma.example", state="no_match")
    add_mails(folder, 3, sender="Casto@Firma.example", state="no_match")
    sent = MessageFactory(folder=folder, direction="sent", state="no_match", received_at=NOON - timedelta(days=9))
    ParticipantFactory(message=sent, role="to", position=1, name="", address="druhy@firma.example")
    ParticipantFactory(message=sent, role="to", position=0, name="První", address="prvni@firma.example")
    newest = folder.messages.filter(sender_address="Casto@Firma.example").order_by("-received_at")[0]

    page = page_of(people["owner"])

    assert page.index("casto@firma.example") < page.index("jednou@firma.example") < page.index("prvni@firma.example")
    assert "druhy@firma.example" not in page
    assert f'href="/inbox/{newest.pk}/records/"' in page
    assert 'href="/inbox/?state=no_match&amp;q=casto%40firma.example">3 e-mails' in page
    assert "jednou@firma.example" not in page_of(people["teammate"])


def test_strangers_are_paged(people: dict[str, Client], owner: User):
    folder = inbox_of(owner)
    for number in range(21):
        add_mails(folder, 1, sender=f"nekdo{number:02}@firma.example", state="no_match")

    assert "nekdo20@" not in page_of(people["owner"])
    assert "nekdo20@" in page_of(people["owner"], "?page=2")
    assert "nekdo20@" in page_of(people["owner"], "?page=999")
    assert "nekdo00@" in page_of(people["owner"], "?page=x")


def test_gone_and_hidden_are_shown_and_not_tried(people: dict[str, Client], owner: User):
    folder = inbox_of(owner)
    MessageFactory(folder=folder, state="gone")
    MessageFactory(folder=folder, state="hidden")
    MessageFactory(folder=MailFolderFactory(mailbox=folder.mailbox, is_followed=False), state="gone")

    page = page_of(people["owner"])

    assert 'href="/inbox/?state=gone"' in page
    assert 'href="/inbox/?state=hidden"' in page
    assert "Try again" not in page


def test_every_broken_connection_has_its_button(people: dict[str, Client], owner: User):
    mailbox, second = owner.mailboxes.get(), second_mailbox(owner)
    Mailbox.objects.update(status=Mailbox.Status.RECONNECT)
    account = CrmAccountFactory(user=owner, status=CrmAccount.Status.REFUSED)
    for _ in range(2):
        raise_fence(crm_key(account.server), reason="crm_unreachable")

    page = page_of(people["owner"])

    assert f"The connection to {mailbox.address} has ended." in page
    assert f"The connection to {second.address} has ended." in page
    assert page.count("Connect again</button>") == 2
    assert "CORIPO has refused your login since" in page
    assert "CORIPO has not answered since" in page


def test_where_nothing_waits_the_page_says_so(people: dict[str, Client], owner: User):
    CrmAccountFactory(user=owner)
    MessageFactory(folder=inbox_of(owner), state="synced")

    assert "Nothing waits for you" in page_of(people["owner"])


def test_every_page_leads_here_with_the_number(people: dict[str, Client], owner: User):
    failed(owner, "poison")

    page = people["owner"].get("/status/").content.decode()

    assert '<a href="/attention/"><b>1 e-mail needs your decision.</b></a>' in page
    assert '<span class="nav__count nav__count--loud">1</span>' in page


def test_the_page_costs_the_same_however_much_waits(people: dict[str, Client], owner: User):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(people["owner"])
        return len(queries)

    def add_one_of_each(number: int) -> None:
        failed(owner, f"cause_{number}")
        stored_in_part(owner, f"cause_{number}")
        for state in ("gone", "hidden"):
            MessageFactory(folder=inbox_of(owner), state=state)
        for direction in ("received", "sent"):
            add_mails(inbox_of(owner), 1, sender=f"nekdo{number}@x.example", state="no_match", direction=direction)

    add_one_of_each(0)
    cost_of_one = cost()
    for number in range(1, 6):
        add_one_of_each(number)

    assert cost() == cost_of_one


@pytest.mark.parametrize("wanted", [{"state": "partial", "cause": "crm_rejected"}, {"state": "partial"}, {}])
def test_what_arrived_in_part_goes_again_unless_a_person_marked_it(owner: User, wanted: dict[str, str]):
    in_part, left_alone = stored_in_part(owner, "crm_rejected"), stored_in_part(owner, "crm_rejected")
    mark_not_synced([left_alone.pk], user=owner, at=NOON)
    mark_synced([left_alone.pk], user=owner, at=NOON)

    run = tended(asked(owner, **wanted))
    start_run(run, at=NOON)
    tended(run)

    assert run.forecast == {RunOutcome.ALREADY: 1, RunOutcome.LEFT_OUT: 1}
    waiting = Transfer.objects.get(status=Status.QUEUED)
    assert (waiting.message, waiting.is_repair) == (in_part, True)


def test_picked_one_by_one_it_goes_again_as_well(people: dict[str, Client], owner: User):
    in_part = stored_in_part(owner, "crm_rejected")

    people["owner"].post("/inbox/act/", {"action": "sync", "message": [in_part.pk]})

    assert Transfer.objects.get(status=Status.QUEUED).message == in_part
