"""The page of the list: doors, rows, filters, selection, and what it asks again."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.mailboxes.models import Mailbox, MailFolder, Message, MessageState
from apps.sync.models import KnownAddress, Mark, MatchLook, Transfer
from apps.sync.rules import rules_of
from tests.factories import NOON, TransferFactory

from .conftest import folder_of, make_message, minutes

HTMX = {"HX-Request": "true"}


def states_of(html: str) -> list[str]:
    return re.findall(r'<li class="message[^>]*data-state="(\w+)"', html)


@pytest.mark.parametrize(
    ("who", "status"), [("owner", 200), ("teammate", 200), ("administrator", 200), ("stranger", 302)]
)
def test_who_may_see_a_list(people: dict[str, Client], who: str, status: int) -> None:
    assert people[who].get(reverse("inbox")).status_code == status


def test_a_list_shows_own_messages_only(people: dict[str, Client], owner: User, teammate: User) -> None:
    make_message(owner, subject="Quote for forty chairs", state="synced")
    make_message(teammate, subject="Somebody else's")

    page = people["owner"].get(reverse("inbox")).content.decode()

    assert "Quote for forty chairs" in page
    assert "Somebody else" not in page
    assert states_of(page) == ["synced"]


def test_without_a_mailbox_the_first_steps_are_shown(people: dict[str, Client], owner: User) -> None:
    owner.mailboxes.all().delete()

    response = people["owner"].get(reverse("inbox"))

    assert response.status_code == 302
    assert response["Location"] == reverse("start")


@pytest.mark.parametrize("state", MessageState.values)
def test_every_state_can_be_filtered_and_shows_its_code(people: dict[str, Client], owner: User, state: str) -> None:
    make_message(owner, state=state)
    make_message(owner, state="synced" if state != "synced" else "failed")

    page = people["owner"].get(reverse("inbox"), {"state": state}).content.decode()

    assert states_of(page) == [state]


@pytest.mark.parametrize(
    "query",
    [
        "state=x",
        "folder=x",
        "folder=99999999999999999999",
        "folder=-1",
        "before=x",
        "after=%00",
        "direction=1",
        "q=%00",
    ],
)
def test_nonsense_in_the_address_is_ignored(people: dict[str, Client], owner: User, query: str) -> None:
    make_message(owner)

    response = people["owner"].get(f"{reverse('inbox')}?{query}")

    assert response.status_code == 200


def test_htmx_gets_the_section_alone(people: dict[str, Client], owner: User) -> None:
    make_message(owner)

    page = people["owner"].get(reverse("inbox"), headers={**HTMX, "HX-Target": "list"}).content.decode()

    assert page.lstrip().startswith('<section class="list" id="list"')


def test_pages_lead_to_older_and_newer_rows(people: dict[str, Client], owner: User) -> None:
    for number in range(60):
        make_message(owner, received_at=NOON - minutes(number), subject=f"Mail no. {number}.")

    first = people["owner"].get(reverse("inbox")).content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = people["owner"].get(older[1].replace("&amp;", "&")).content.decode()

    assert "Mail no. 49." in first
    assert "Mail no. 50." not in first
    assert "Mail no. 50." in second
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


def test_an_empty_filter_offers_to_clear_it(people: dict[str, Client], owner: User) -> None:
    make_message(owner)

    page = people["owner"].get(reverse("inbox"), {"state": "failed"}).content.decode()

    assert "Nothing matches this filter" in page
    assert "Clear filter" in page


def test_the_first_load_says_how_far_it_is_and_asks_again(people: dict[str, Client], owner: User) -> None:
    MailFolder.objects.filter(pk=folder_of(owner.mailboxes.get(), MailFolder.Kind.INBOX).pk).update(completed_at=None)

    page = people["owner"].get(reverse("inbox")).content.decode()

    assert "The mailbox is being loaded" in page
    assert "Loading mail, 0 so far" in page
    assert 'hx-trigger="every 2s"' in page


def test_a_page_on_which_nothing_moves_asks_nothing(people: dict[str, Client], owner: User) -> None:
    make_message(owner, state="synced")

    assert "every 2s" not in people["owner"].get(reverse("inbox")).content.decode()


def test_the_cost_of_a_page_does_not_grow_with_its_rows(people: dict[str, Client], owner: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert people["owner"].get(reverse("inbox")).status_code == 200
        return len(queries)

    make_message(owner)
    make_message(owner, folder=MailFolder.Kind.SENT)
    cost()
    cost_of_few = cost()
    for number in range(48):
        make_message(owner, received_at=NOON - minutes(number), folder=MailFolder.Kind.SENT if number % 2 else "inbox")

    assert cost() == cost_of_few


# ── Selection ────────────────────────────────────────────────────────────────


def ask(client: Client, action: str, *pks: int) -> str:
    response = client.post(reverse("act_on_selection"), {"action": action, "message": pks}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_a_selection_is_queued_and_marked_mails_are_left_out(people: dict[str, Client], owner: User) -> None:
    messages = [make_message(owner) for _number in range(4)]
    mark(messages[3])

    page = ask(people["owner"], "sync", *[message.pk for message in messages])

    assert "3 e-mails queued. 1 marked one was left out." in page
    assert Transfer.objects.filter(message__in=messages[:3]).count() == 3
    assert not Transfer.objects.filter(message=messages[3]).exists()


@pytest.mark.parametrize(
    ("action", "said", "state"),
    [("mark", "2 e-mails marked as synced.", "marked"), ("unmark", "2 e-mails marked as not synced.", "not_synced")],
)
def test_a_selection_is_marked(people: dict[str, Client], owner: User, action: str, said: str, state: str) -> None:
    messages = [make_message(owner), make_message(owner)]

    page = ask(people["owner"], action, *[message.pk for message in messages])

    assert said in page
    assert set(Message.objects.values_list("state", flat=True)) == {state}


@pytest.mark.parametrize("who", ["teammate", "administrator"])
def test_foreign_ids_in_a_selection_do_nothing(people: dict[str, Client], owner: User, who: str) -> None:
    message = make_message(owner)

    for action in ("sync", "mark", "unmark"):
        ask(people[who], action, message.pk)

    assert not Transfer.objects.exists()
    assert not Mark.objects.exists()


@pytest.mark.parametrize(
    "data",
    [{"action": "sync"}, {"action": "sync", "message": "x"}, {"action": "eat", "message": "1"}, {"message": "9" * 30}],
)
def test_a_form_that_is_none_says_so(people: dict[str, Client], owner: User, data: dict[str, str]) -> None:
    response = people["owner"].post(reverse("act_on_selection"), data, follow=True)

    assert response.status_code == 200
    assert "toast-stays" in response.content.decode()


def test_the_answer_goes_back_to_the_page_that_was_shown(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner)

    response = people["owner"].post(
        reverse("act_on_selection"),
        {"action": "mark", "message": message.pk, "page": "?state=not_synced&q=a b&evil=//x"},
    )

    assert response["Location"] == reverse("inbox") + "?state=not_synced&q=a+b"


def test_htmx_gets_the_rows_that_changed(people: dict[str, Client], owner: User) -> None:
    message, other = make_message(owner), make_message(owner)
    shown = f"{message.pk}.not_synced,{other.pk}.not_synced"

    response = people["owner"].post(
        reverse("act_on_selection"), {"action": "mark", "message": message.pk, "shown": shown}, headers=HTMX
    )
    answer = response.content.decode()

    assert f'id="state-{message.pk}" data-state="marked"' in answer
    assert f'id="state-{other.pk}"' not in answer
    assert "1 e-mail marked as synced." in answer


def mark(message: Message) -> None:
    Mark.objects.create(
        home_account_id=message.mailbox.home_account_id,
        email_key=message.email_key,
        value=Mark.Value.SYNCED,
        source=Mark.Source.PERSON,
        set_at=NOON,
    )
    Message.objects.filter(pk=message.pk).update(state="marked")


# ── Asking again ─────────────────────────────────────────────────────────────


def step(client: Client, **query: str) -> tuple[int, str]:
    response = client.get(reverse("states"), query, headers=HTMX)
    return response.status_code, response.content.decode()


def test_what_still_moves_changes_nothing(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="queued")

    assert step(people["owner"], shown=f"{message.pk}.queued")[0] == 204


def test_what_came_to_rest_is_shown_and_the_asking_ends(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="synced", subject="Quote")

    status, html = step(people["owner"], shown=f"{message.pk}.running", panel=f"{message.pk}.running")

    assert status == 286
    assert f'id="state-{message.pk}" data-state="synced"' in html
    assert f'id="panel-head-{message.pk}" data-state="synced"' in html
    assert "Quote: Synced." in html
    assert "every 2s" not in html


def test_a_page_left_open_stops_asking(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="queued")

    status, _html = step(people["owner"], shown=f"{message.pk}.queued", since="1000000000")

    assert status == 286


def test_an_empty_page_starts_over_when_mail_has_come(people: dict[str, Client], owner: User) -> None:
    make_message(owner)

    response = people["owner"].get(reverse("states"), {"shown": ""}, headers=HTMX)

    assert response["HX-Refresh"] == "true"


@pytest.mark.parametrize("shown", ["", "x", "1.", ".", "1.queued,,", "9" * 40 + ".queued", "²³.x"])
def test_nonsense_is_no_row(people: dict[str, Client], owner: User, shown: str) -> None:
    assert step(people["owner"], shown=shown)[0] in (204, 286)


def test_states_of_foreign_messages_are_not_told(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="synced", subject="Secret")

    _status, html = step(people["teammate"], shown=f"{message.pk}.running", panel=f"{message.pk}.running")

    assert "Secret" not in html
    assert f"state-{message.pk}" not in html


def test_a_queued_row_says_why_it_cannot_be_synced_again(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="queued")
    TransferFactory(message=message)

    page = people["owner"].get(reverse("inbox")).content.decode()

    assert 'data-why-sync="It is on its way already."' in page
    assert 'data-refused="sync unmark "' in page


def test_refresh_makes_the_next_look_due(people: dict[str, Client], owner: User) -> None:
    before = owner.mailboxes.get().next_look_at

    response = people["owner"].post(reverse("refresh"))

    assert response.status_code == 302
    assert Mailbox.objects.get(owner=owner).next_look_at < before


# ── No match, later ───────────────────────────────────────────────────────
def test_waiting_mails_with_a_match_are_offered_by_setting(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner, state="no_match")
    TransferFactory.create(message=message, status="done", result="no_match", finished_at=NOON)
    KnownAddress.objects.create(
        user=owner,
        address="jana@kovarna-morava.example",
        contacts=[{"id": "c-1", "name": "Jana", "title": "", "companies": []}],
        looked_at=NOON + minutes(1),
    )
    MatchLook.objects.create(user=owner, next_look_at=NOON, has_matches=True)
    words = "1 e-mail that waited now has a match in CORIPO."
    assert words not in people["owner"].get("/inbox/").content.decode()
    rules = rules_of(owner)
    rules.no_match_later = "offer"
    rules.save()

    assert words in people["owner"].get("/inbox/").content.decode()
    answer = people["owner"].post("/inbox/matched/", follow=True)

    assert "1 e-mail queued." in answer.content.decode()
    assert words not in answer.content.decode()
    message.refresh_from_db()
    assert message.state == "queued"
