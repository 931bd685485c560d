"""One message: its doors, the panel, and what a person may ask of it."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.mailboxes.models import Message, MessageState
from apps.sync.models import CrmEmail, CrmLink, Mark, Outcome, Transfer
from apps.work.models import Status
from tests.factories import NOON, CrmEmailFactory, ParticipantFactory, TransferFactory, UserFactory

from .conftest import make_message

PANEL_OF_HTMX = {"HX-Request": "true", "HX-Target": "panel"}

# Every door that leads to one message, and how it is knocked at.
DOORS = [
    ("get", "message", {}),
    ("get", "message_body", {}),
    ("get", "people", {}),
    ("get", "message_records", {}),
    ("post", "message_records", {}),
    ("post", "forget_record", {}),
    ("get", "files", {}),
    ("get", "attachment", {"attachment_id": "AAMk="}),
    ("get", "open_record", {}),
    ("post", "open_record", {}),
    ("post", "act_on_message", {}),
]


@pytest.mark.parametrize("who", ["teammate", "administrator"])
@pytest.mark.parametrize(("method", "name", "more"), DOORS)
def test_a_foreign_message_is_not_found(
    people: dict[str, Client], owner: User, who: str, method: str, name: str, more: dict[str, str]
) -> None:
    message = make_message(owner)
    url = reverse(name, kwargs={"pk": message.pk, **more})

    response = getattr(people[who], method)(url, {"action": "sync"})

    assert response.status_code == 404
    assert message.subject not in response.content.decode()
    assert not Transfer.objects.exists()


@pytest.mark.parametrize(("method", "name", "more"), DOORS)
def test_a_stranger_is_asked_to_sign_in(
    people: dict[str, Client], owner: User, method: str, name: str, more: dict[str, str]
) -> None:
    url = reverse(name, kwargs={"pk": make_message(owner).pk, **more})

    response = getattr(people["stranger"], method)(url)

    assert response.status_code == 302
    assert reverse("account_login") in response["Location"]


@pytest.mark.parametrize("name", ["act_on_message", "act_on_selection", "refresh"])
def test_what_changes_something_takes_no_get(people: dict[str, Client], owner: User, name: str) -> None:
    args = [make_message(owner).pk] if name == "act_on_message" else []

    assert people["owner"].get(reverse(name, args=args)).status_code == 302


@pytest.mark.parametrize("state", MessageState.values)
def test_the_panel_bears_the_state_and_says_why(people: dict[str, Client], owner: User, state: str) -> None:
    message = make_message(owner, state=state)

    page = people["owner"].get(reverse("message", args=[message.pk])).content.decode()

    assert re.search(rf'<article class="panel"[^>]*data-state="{state}"', page)
    assert re.search(rf'id="panel-head-\d+" data-state="{state}"', page)
    assert "Why?" in page
    assert "Open e-mail in CORIPO" in page
    assert "Sync e-mail" in page
    assert ("Mark as synced" in page) or ("Mark as not synced" in page)


def test_the_panel_shows_headers_folder_and_colleague(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="synced", subject="<b>Quote</b>")
    ParticipantFactory(message=message, role="cc", name="Pavel <script>", written_address="pavel@x.example")
    colleague = UserFactory(first_name="Eva", last_name="Malá")
    record = CrmEmailFactory.create(email_key=message.email_key, created_by=colleague, creator_name="Eva Malá")
    CrmLink.objects.create(
        crm_email=record, module="Contacts", record_id="c1", name="Jana Dvořáková", outcome=Outcome.MADE, made_at=NOON
    )

    page = people["owner"].get(reverse("message", args=[message.pk])).content.decode()

    assert "by Eva Malá" in page
    assert "&lt;b&gt;Quote&lt;/b&gt;" in page
    assert "<script>" not in page
    assert "Pavel &lt;script&gt; &lt;pavel@x.example&gt;" in page
    assert "module=Contacts&amp;action=DetailView&amp;record=c1" in page
    assert "Inbox" in page


def test_ones_own_record_names_no_colleague(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="synced")
    CrmEmailFactory(email_key=message.email_key, created_by=owner, creator_name="Somebody")

    assert "by Somebody" not in people["owner"].get(reverse("message", args=[message.pk])).content.decode()


def test_htmx_gets_the_panel_alone(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner)

    page = people["owner"].get(reverse("message", args=[message.pk]), headers=PANEL_OF_HTMX).content.decode()

    assert page.lstrip().startswith('<article class="panel" id="panel"')


def test_the_list_beside_the_panel_keeps_its_filter(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="failed")
    make_message(owner, state="synced", subject="Not in this filter")

    page = people["owner"].get(reverse("message", args=[message.pk]), {"state": "failed"}).content.decode()

    assert "Not in this filter" not in page
    assert f'href="{reverse("inbox")}?state=failed"' in page


def test_the_cost_of_the_panel_does_not_grow_with_its_people(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            people["owner"].get(reverse("message", args=[message.pk]))
        return len(queries)

    cost()
    cost_of_few = cost()
    for number in range(40):
        address = f"{number}@x.example"
        ParticipantFactory(message=message, role="cc", address=address, written_address=address)

    assert cost() == cost_of_few


def act(client: Client, message: Message, action: str, **more: str) -> str:
    response = client.post(reverse("act_on_message", args=[message.pk]), {"action": action, **more}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_a_single_sync_goes_although_it_is_marked(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="marked")
    act(people["owner"], message, "mark")

    page = act(people["owner"], message, "sync")

    assert "1 e-mail queued." in page
    assert Transfer.objects.get(message=message)


def test_mark_and_unmark(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner)

    assert "1 e-mail marked as synced." in act(people["owner"], message, "mark")
    assert Mark.objects.get().value == "synced"
    assert "1 e-mail marked as not synced." in act(people["owner"], message, "unmark")
    assert Mark.objects.get().value == "cleared"


def test_a_mail_without_a_match_can_be_stored_without_a_link(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner)

    act(people["owner"], message, "store_without_link")

    assert Transfer.objects.get(message=message).store_without_match


def test_a_mail_whose_record_is_hidden_can_be_stored_as_new(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="hidden")

    act(people["owner"], message, "store_as_new")

    message.refresh_from_db()
    assert message.variant
    assert Transfer.objects.get(message=message)


def test_a_failed_message_offers_to_try_again(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="failed")
    TransferFactory(message=message, status=Status.FAILED, cause="crm_rejected")

    page = people["owner"].get(reverse("message", args=[message.pk])).content.decode()

    assert "CORIPO refused this e-mail." in page
    assert 'name="action" value="retry"' in page


def test_an_unknown_wish_is_refused_in_words(people: dict[str, Client], owner: User) -> None:
    page = act(people["owner"], make_message(owner), "delete")

    assert "This cannot be done with an e-mail." in page


def test_a_message_that_left_the_mailbox_stays_readable(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, gone_at=NOON, state="synced")

    page = people["owner"].get(reverse("message", args=[message.pk])).content.decode()

    assert "no longer in the mailbox" in page


def test_without_a_coripo_account_people_are_named_and_the_way_is_shown(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner)

    page = people["owner"].get(reverse("people", args=[message.pk])).content.decode()

    assert "Jana Dvořáková" in page
    assert reverse("connect_crm") in page
    assert CrmEmail.objects.count() == 0
