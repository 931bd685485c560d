"""The page on which records are picked for an e-mail: what it offers, what it takes, and what it does when CORIPO is silent."""

from __future__ import annotations

import re
from html import unescape
from uuid import uuid4

import pytest
from django.core import signing
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import CrmAccount, User
from apps.crm.face import FoundRecord
from apps.inbox.picking import MOST_PICKED, record_of_ticket, ticket_for
from apps.mailboxes.models import MailFolder, Message, MessageState
from apps.sync.models import ChosenLink, ConversationLink, CrmEmail, CrmLink, Outcome, Transfer
from tests.coripo import Coripo
from tests.factories import NOON, CrmAccountFactory, CrmEmailFactory, ParticipantFactory
from tests.sandbox_server import Sandbox

from .conftest import make_message, minutes

PART = {"HX-Request": "true", "HX-Target": "found-records"}
COMPANY = FoundRecord("Accounts", "11111111-1111-4111-8111-111111111111", "Kovárna & syn", company="", detail="Brno")


@pytest.fixture
def message(owner: User) -> Message:
    return make_message(owner, state="no_match")


@pytest.fixture
def coripo(sandbox: Sandbox, owner: User) -> Coripo:
    """The owner's login at the running sandbox, stored in the portal as well."""
    person = sandbox.person()
    login = {"user_name": person["coripo_user"], "password": person["coripo_password"]}
    CrmAccount.objects.filter(user=owner).delete()
    CrmAccountFactory(user=owner, **login)
    return Coripo(sandbox.url, person["coripo_user"], person["coripo_password"])


def url_of(message: Message) -> str:
    return reverse("message_records", args=[message.pk])


def text(response: HttpResponse) -> str:
    return unescape(response.content.decode())


def tickets(response: HttpResponse) -> list[str]:
    return re.findall(r'name="record" value="([^"]+)"', response.content.decode())


def chosen(message: Message, record: FoundRecord = COMPANY, **words: object) -> ChosenLink:
    return ChosenLink.objects.create(
        **{
            "home_account_id": message.mailbox.home_account_id,
            "email_key": message.email_key,
            "module": record.module,
            "record_id": record.id,
            "name": record.name,
            "address": "jana@kovarna-morava.example",
            "chosen_by": message.mailbox.owner,
            "chosen_at": NOON,
            **words,
        }
    )


# ── The way there ─────────────────────────────────────────────────────────
@pytest.mark.parametrize(("state", "words"), [("no_match", "Pick a record"), ("synced", "Link with another record")])
def test_the_panel_leads_there(people: dict[str, Client], owner: User, state: str, words: str) -> None:
    message = make_message(owner, state=state)

    page = text(people["owner"].get(reverse("message", args=[message.pk])))

    assert f'href="{url_of(message)}"' in page
    assert words in page


def test_nothing_is_offered_where_nothing_can_be_linked(people: dict[str, Client], owner: User) -> None:
    for message in (make_message(owner, state=MessageState.HIDDEN), make_message(owner, gone_at=NOON)):
        assert url_of(message) not in text(people["owner"].get(reverse("message", args=[message.pk])))


# ── Searching ─────────────────────────────────────────────────────────────
def test_companies_are_found_with_their_evidence(people: dict[str, Client], message: Message, coripo: Coripo) -> None:
    coripo.create("Accounts", name="Žďárská lisovna", billing_address_city="Žďár", email1="info@zdarska.example")

    answer = people["owner"].get(url_of(message), {"module": "Accounts", "text": "zdarska lis"}, headers=PART)

    assert "<html" not in text(answer)
    assert "1 record found" in text(answer)
    assert "info@zdarska.example · Žďár" in text(answer)


def test_more_than_a_page_is_said(people: dict[str, Client], message: Message, coripo: Coripo) -> None:
    for number in range(11):
        coripo.create("Accounts", name=f"Mnohokovárna {number:02}")

    answer = people["owner"].get(url_of(message), {"text": "mnohokov"})

    assert len(tickets(answer)) == 10
    assert "There are more." in text(answer)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"text": "a"}, "Write at least two characters."),
        ({"text": "nic-takoveho-neni"}, "Nothing in CORIPO fits."),
        ({"text": "nic-takoveho-neni", "module": "Users"}, "Search companies with an address at"),
        ({"text": "x" * 101}, "Search companies with an address at"),
    ],
)
def test_what_finds_nothing_says_so(
    people: dict[str, Client], message: Message, coripo: Coripo, query: dict[str, str], words: str
) -> None:
    assert words in text(people["owner"].get(url_of(message), query))


def test_who_has_no_login_is_asked_to_connect(people: dict[str, Client], message: Message, owner: User) -> None:
    CrmAccount.objects.filter(user=owner).delete()

    assert "the portal needs your login there" in text(people["owner"].get(url_of(message), {"text": "kovárna"}))


def test_a_silent_coripo_loses_nothing(
    people: dict[str, Client], message: Message, owner: User, coripo: Coripo, sandbox: Sandbox
) -> None:
    sandbox.fault("5xx", "coripo:get_entry_list", times=0)

    answer = people["owner"].get(url_of(message), {"text": "kovárna", "record": ticket_for(COMPANY, user=owner)})

    assert "CORIPO does not answer. What you have picked stays picked." in text(answer)
    assert [record_of_ticket(ticket, user=owner) for ticket in tickets(answer)] == [COMPANY]
    assert "Try again" in text(answer)


def test_a_login_that_is_refused_is_not_tried_again(
    people: dict[str, Client], message: Message, owner: User, coripo: Coripo
) -> None:
    account = CrmAccount.objects.get(user=owner)
    account.password = "wrong"
    account.generation += 1
    account.save()

    answer = people["owner"].get(url_of(message), {"text": "kovárna"})

    assert "the portal needs your login there" in text(answer)
    assert CrmAccount.objects.get(user=owner).status == CrmAccount.Status.REFUSED


# ── What is offered beforehand ────────────────────────────────────────────
def test_what_was_picked_for_the_same_person_is_offered(
    people: dict[str, Client], owner: User, message: Message
) -> None:
    chosen(message)
    other = make_message(owner)

    page = people["owner"].get(url_of(other))

    assert "What you picked for this address before" in text(page)
    assert [record_of_ticket(ticket, user=owner).id for ticket in tickets(page)] == [COMPANY.id]
    assert "Search companies with an address at kovarna-morava.example" in text(page)


def test_what_is_linked_already_cannot_be_picked(people: dict[str, Client], owner: User, message: Message) -> None:
    chosen(make_message(owner))
    record = CrmEmailFactory(email_key=message.email_key)
    record.links.create(module=COMPANY.module, record_id=COMPANY.id, outcome=Outcome.MADE, made_at=NOON)

    page = text(people["owner"].get(url_of(message)))

    assert re.search(r'name="record"[^>]* disabled', page)


def test_the_page_costs_the_same_for_many_choices(people: dict[str, Client], message: Message) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            people["owner"].get(url_of(message))
        return len(queries)

    chosen(message)
    cost()
    cost_of_one = cost()
    for number in range(10):
        chosen(message, FoundRecord("Contacts", f"c-{number}", f"Kontakt {number}"))

    assert cost() == cost_of_one


# ── Picking ───────────────────────────────────────────────────────────────
def test_picked_records_are_chosen_and_the_mail_goes(people: dict[str, Client], owner: User, message: Message) -> None:
    contact = FoundRecord("Contacts", "c-1", "Jana Dvořáková", company="Kovárna & syn")
    picked = [ticket_for(record, user=owner) for record in (COMPANY, contact, COMPANY)]

    answer = people["owner"].post(url_of(message), {"action": "link", "record": picked}, follow=True)

    assert "will be linked with 2 records" in text(answer)
    assert list(ChosenLink.objects.order_by("pk").values_list("module", "name", "company", "address")) == [
        ("Accounts", "Kovárna & syn", "", "jana@kovarna-morava.example"),
        ("Contacts", "Jana Dvořáková", "Kovárna & syn", "jana@kovarna-morava.example"),
    ]
    assert Transfer.objects.get().message == message
    message.refresh_from_db()
    assert message.state == "queued"


def test_sent_mail_is_remembered_by_its_first_recipient(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, folder=MailFolder.Kind.SENT)

    people["owner"].post(url_of(message), {"record": ticket_for(COMPANY, user=owner)})

    assert ChosenLink.objects.get().address == message.mailbox.address


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([], "Pick at least one record first."),
        (["nonsense"], "This choice cannot be read."),
        (["eyJhIjoxfQ:1abc:def"], "This choice cannot be read."),
        (["x"] * (MOST_PICKED + 1), f"Pick at most {MOST_PICKED} records at once."),
    ],
)
def test_what_is_no_choice_is_refused(
    people: dict[str, Client], message: Message, records: list[str], words: str
) -> None:
    answer = people["owner"].post(url_of(message), {"record": records})

    assert words in text(answer)
    assert not ChosenLink.objects.exists()
    assert not Transfer.objects.exists()


def test_a_ticket_of_somebody_else_is_worth_nothing(
    people: dict[str, Client], message: Message, teammate: User
) -> None:
    people["owner"].post(url_of(message), {"record": ticket_for(COMPANY, user=teammate)})

    assert not ChosenLink.objects.exists()
    with pytest.raises(signing.BadSignature):
        record_of_ticket(ticket_for(COMPANY, user=teammate), user=message.mailbox.owner)


def test_the_button_that_searches_keeps_what_was_picked_and_links_nothing(
    people: dict[str, Client], owner: User, message: Message, coripo: Coripo
) -> None:
    sent = {"action": "search", "text": "nic-takoveho-neni", "record": ticket_for(COMPANY, user=owner)}

    answer = people["owner"].post(url_of(message), sent)

    assert "Nothing else fits." in text(answer)
    assert [record_of_ticket(ticket, user=owner) for ticket in tickets(answer)] == [COMPANY]
    assert not Transfer.objects.exists()


def test_a_choice_that_is_not_linked_can_be_taken_back(people: dict[str, Client], message: Message) -> None:
    chosen(message)
    assert "Take back: Kovárna & syn" in text(people["owner"].get(url_of(message)))

    answer = people["owner"].post(
        reverse("forget_record", args=[message.pk]), {"module": COMPANY.module, "record_id": COMPANY.id}, follow=True
    )

    assert "Picked for this e-mail" not in text(answer)
    assert not ChosenLink.objects.exists()


def test_the_plan_of_a_failed_mail_names_what_was_picked(
    people: dict[str, Client], owner: User, coripo: Coripo
) -> None:
    message = make_message(owner, state="failed")
    chosen(message)

    assert "links it with what you chose: Kovárna & syn" in text(
        people["owner"].get(reverse("people", args=[message.pk]))
    )


# ── What belongs to the people ────────────────────────────────────────────
def company_of_somebody_in(message: Message, coripo: Coripo) -> str:
    """The company of a contact whom the mail names and no other mail does."""
    address = f"{uuid4().hex[:10]}@kovarna-morava.example"
    ParticipantFactory(message=message, role="cc", name="Petr", written_address=address, address=address)
    company = coripo.company("Kovárna Morava a.s.")
    coripo.contact(address, company=company)
    return company


def test_what_belongs_to_the_people_is_a_part_of_its_own(
    people: dict[str, Client], owner: User, message: Message, coripo: Coripo
) -> None:
    company = company_of_somebody_in(message, coripo)
    opportunity = coripo.create("Opportunities", name="Lis na míru", sales_stage="Prospecting")
    coripo.call(
        "set_relationship",
        module_name="Accounts",
        module_id=company,
        link_field_name="opportunities",
        related_ids=[opportunity],
        name_value_list=[],
        delete=0,
    )

    page = text(people["owner"].get(url_of(message)))
    part = people["owner"].get(
        url_of(message), {"suggest": "1"}, headers={"HX-Request": "true", "HX-Target": "related-records"}
    )

    assert f'hx-get="{url_of(message)}?suggest=1"' in page
    assert "<html" not in text(part)
    shown = {record.id: record for record in (record_of_ticket(ticket, user=owner) for ticket in tickets(part))}
    assert {company, opportunity} <= set(shown)
    assert "Oslovení" in text(part), "the word of CORIPO, not its key"


def test_without_scripts_a_button_shows_it_and_keeps_what_was_picked(
    people: dict[str, Client], owner: User, message: Message, coripo: Coripo
) -> None:
    company = company_of_somebody_in(message, coripo)
    sent = {"action": "suggest", "record": ticket_for(COMPANY, user=owner), "for_later": "on"}
    message.conversation_id = "conversation"
    message.save()

    answer = people["owner"].post(url_of(message), sent)

    found = [record_of_ticket(ticket, user=owner).id for ticket in tickets(answer)]
    assert found[0] == COMPANY.id
    assert company in found
    assert re.search(r'name="for_later"[^>]* checked', text(answer))
    assert not ChosenLink.objects.exists()


def test_a_silent_coripo_suggests_nothing_and_says_so(
    people: dict[str, Client], message: Message, coripo: Coripo, sandbox: Sandbox
) -> None:
    sandbox.fault("5xx", "coripo:get_entry_list", times=0)

    answer = people["owner"].get(url_of(message), {"suggest": "1"})

    assert answer.status_code == 200
    assert "CORIPO does not answer." in text(answer)


# ── The rest of the conversation ──────────────────────────────────────────
def in_conversation(owner: User, **fields: object) -> Message:
    return make_message(owner, conversation_id="conversation", **fields)


def test_the_other_mails_of_the_conversation_are_counted_before(people: dict[str, Client], owner: User) -> None:
    message = in_conversation(owner, state="no_match")
    for state in ("synced", "not_synced", "marked"):
        in_conversation(owner, state=state)
    in_conversation(owner, gone_at=NOON)

    page = text(people["owner"].get(url_of(message)))

    assert "Sync and link its other e-mails as well (2)" in page
    assert "1 marked by hand is left out." in page


def test_a_choice_for_the_whole_conversation_says_how_many_go(people: dict[str, Client], owner: User) -> None:
    message, other = in_conversation(owner), in_conversation(owner)
    picked = {"record": ticket_for(COMPANY, user=owner), "for_others": "on", "for_later": "on"}

    answer = people["owner"].post(url_of(message), picked, follow=True)

    assert "2 e-mails of the conversation are on their way and will be linked with 1 record." in text(answer)
    assert set(Transfer.objects.values_list("message", flat=True)) == {message.pk, other.pk}
    assert "Later replies are linked with" in text(answer)


def test_linking_later_replies_is_stopped_in_the_panel(people: dict[str, Client], owner: User) -> None:
    message = in_conversation(owner)
    people["owner"].post(url_of(message), {"record": ticket_for(COMPANY, user=owner), "for_later": "on"})
    later = in_conversation(owner, received_at=NOON + minutes(5))
    panel = text(people["owner"].get(reverse("message", args=[later.pk])))
    assert "Stop linking later replies with Kovárna & syn" in panel

    answer = people["owner"].post(
        reverse("forget_later", args=[later.pk]), {"module": COMPANY.module, "record_id": COMPANY.id}, follow=True
    )

    assert "Later replies are linked with" not in text(answer)
    assert not ConversationLink.objects.exists()


def test_the_plan_of_a_later_reply_names_what_it_inherits(
    people: dict[str, Client], owner: User, coripo: Coripo
) -> None:
    message = in_conversation(owner)
    people["owner"].post(url_of(message), {"record": ticket_for(COMPANY, user=owner), "for_later": "on"})
    later = in_conversation(owner, received_at=NOON + minutes(5))

    assert "links it with what you chose: Kovárna & syn" in text(
        people["owner"].get(reverse("people", args=[later.pk]))
    )


# ── Unlinking ─────────────────────────────────────────────────────────────
def linked(message: Message, record: FoundRecord = COMPANY, **words: object) -> CrmLink:
    stored = CrmEmail.objects.filter(email_key=message.email_key).first() or CrmEmailFactory(
        email_key=message.email_key
    )
    return CrmLink.objects.create(
        **{
            "crm_email": stored,
            "module": record.module,
            "record_id": record.id,
            "name": record.name,
            "outcome": Outcome.MADE,
            "made_by": message.mailbox.owner,
            "made_at": NOON,
            **words,
        }
    )


def test_every_link_has_a_button_or_says_why_not(people: dict[str, Client], teammate: User, owner: User) -> None:
    message = make_message(owner, state="synced")
    linked(message)
    linked(message, FoundRecord("Cases", "c-1", "Porucha lisu"), is_adopted=True)
    linked(message, FoundRecord("Bugs", "b-1", "Netěsní"), made_by=teammate)
    linked(message, FoundRecord("Leads", "l-1", "Zájemce"), made_by=None)

    page = text(people["owner"].get(url_of(message)))

    assert page.count('aria-label="Unlink: ') == 1
    assert 'aria-label="Unlink: Kovárna & syn"' in page
    assert "The link was in CORIPO before the portal came to it." in page
    assert f"Linked by {teammate.shown_name}." in page
    assert "Somebody who is no longer here linked it." in page


def test_what_stays_linked_is_said(people: dict[str, Client], owner: User, coripo: Coripo) -> None:
    message = make_message(owner, state="synced")
    linked(message, is_adopted=True)

    for record, words in (
        (COMPANY, "so it stays. It can be removed there."),
        (FoundRecord("Bugs", "b-1", ""), "is not linked with this record any more."),
    ):
        answer = people["owner"].post(
            reverse("unlink_record", args=[message.pk]),
            {"module": record.module, "record_id": record.id},
            follow=True,
        )
        assert words in text(answer)
    assert CrmLink.objects.count() == 1


def test_a_silent_coripo_is_told_of(people: dict[str, Client], owner: User, coripo: Coripo, sandbox: Sandbox) -> None:
    message = make_message(owner, state="synced")
    linked(message)
    sandbox.fault("5xx", "coripo:get_entry_list", times=0)

    answer = people["owner"].post(
        reverse("unlink_record", args=[message.pk]), {"module": COMPANY.module, "record_id": COMPANY.id}, follow=True
    )

    assert "CORIPO does not answer, so the record may be linked still." in text(answer)
    assert 'aria-label="Unlink: Kovárna & syn"' in text(answer)


def test_page_and_panel_cost_the_same_for_many_links(people: dict[str, Client], owner: User) -> None:
    message = in_conversation(owner, state="synced")
    pages = (url_of(message), reverse("message", args=[message.pk]))

    def cost() -> list[int]:
        costs = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                people["owner"].get(page)
            costs.append(len(queries))
        return costs

    def one_more(number: int) -> None:
        record = FoundRecord("Cases", f"c-{number}", f"Případ {number}")
        linked(message, record)
        people["owner"].post(url_of(message), {"record": ticket_for(record, user=owner), "for_later": "on"})
        in_conversation(owner)

    one_more(0)
    cost()
    cost_of_one = cost()
    for number in range(1, 6):
        one_more(number)

    assert cost() == cost_of_one
