"""The pages of runs: from *Select all that match* over the forecast to the results, with and without a script."""

from __future__ import annotations

import csv
import io
import re
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.inbox.results import harmless
from apps.mailboxes.models import Message
from apps.sync.models import Mark, Transfer
from apps.work.models import Run, Status
from tests.factories import NOON, MailFolderFactory, MessageFactory, RunFactory, TransferFactory
from tests.sync.runs import add_mails, inbox_of, tended

from .conftest import make_message

HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.django_db


def offered(client: Client, query: str, target: str) -> str:
    return client.get(f"/inbox/matching/{query}", headers={**HTMX, "HX-Target": target}).content.decode()


def fields_of(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(matching|up_to)" value="([^"]*)">', html))


def test_the_offer_counts_what_matches_and_says_nothing_where_the_page_is_all(people: dict[str, Client], owner: User):
    folder = inbox_of(owner)
    add_mails(folder, 60, state="not_synced")
    add_mails(folder, 10, state="synced")

    assert "Select all 70 that match this filter" in offered(people["owner"], "", "offer")
    assert "Select all 60 that match this filter" in offered(people["owner"], "?state=not_synced", "offer")
    assert offered(people["owner"], "?state=synced", "offer").strip() == ""


def test_large_numbers_are_counted_up_to_ten_thousand_only(people: dict[str, Client], owner: User):
    add_mails(inbox_of(owner), 10_001)

    assert "Select all more than 10,000 that match" in offered(people["owner"], "", "offer")


def test_the_filter_travels_and_no_ids(people: dict[str, Client], owner: User):
    folder = inbox_of(owner)
    add_mails(folder, 60, state="not_synced")
    add_mails(folder, 5, state="marked")
    newest = Message.objects.order_by("-pk")[0].pk

    bar = offered(people["owner"], f"?folder={folder.pk}&state=not_synced", "matching")

    assert 'name="message"' not in bar
    assert fields_of(bar) == {
        "matching": f"?folder={folder.pk}&amp;state=not_synced",
        "up_to": str(newest),
    }
    response = people["owner"].post(
        "/runs/ask/", {"action": "sync", "matching": f"?folder={folder.pk}&state=not_synced", "up_to": newest}
    )
    run = Run.objects.get()
    assert response["Location"] == f"/runs/{run.pk}/"
    assert run.wanted == {**run.wanted, "state": "not_synced", "folder": folder.pk, "up_to": newest}
    assert not Transfer.objects.exists(), "nothing happens before the forecast was seen"


def test_the_forecast_waits_for_a_word_and_is_followed_by_the_run(people: dict[str, Client], owner: User):
    add_mails(inbox_of(owner), 3)
    client = people["owner"]
    client.post("/runs/ask/", {"action": "mark", "up_to": Message.objects.order_by("-pk")[0].pk})
    run = Run.objects.get()

    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert 'hx-trigger="every 2s"' in page
    tended(run)
    page = client.get(f"/runs/{run.pk}/", headers={**HTMX, "HX-Target": "progress"})
    assert page.status_code == 286, "nothing moves before the person's word, so nothing is asked"
    assert "<b>3</b> will be marked" in page.content.decode()
    assert "hx-trigger" not in page.content.decode()

    response = client.post(f"/runs/{run.pk}/act/", {"action": "start"}, follow=True)
    assert "<b>3</b> marked anew" in response.content.decode()
    assert Mark.objects.count() == 3


def test_a_run_that_is_discarded_is_forgotten(people: dict[str, Client], owner: User):
    add_mails(inbox_of(owner), 3)
    people["owner"].post("/runs/ask/", {"action": "sync", "up_to": 9999})

    response = people["owner"].post(f"/runs/{Run.objects.get().pk}/act/", {"action": "discard"}, follow=True)

    assert "No e-mail was touched." in response.content.decode()
    assert not Run.objects.exists()


@pytest.mark.parametrize("data", [{}, {"action": "open", "up_to": "1"}, {"action": "sync", "up_to": "x"}])
def test_a_form_that_means_nothing_asks_for_nothing(people: dict[str, Client], data: dict[str, str]):
    assert people["owner"].post("/runs/ask/", data).status_code == 302
    assert not Run.objects.exists()


def test_without_a_script_a_page_says_how_many_and_offers_the_same(people: dict[str, Client], owner: User):
    add_mails(inbox_of(owner), 3, direction="sent")

    page = people["owner"].get("/runs/new/?direction=sent").content.decode()

    assert "<b>3</b> e-mails match: All mail · Sent" in page
    assert fields_of(page)["matching"] == "?direction=sent"
    assert page.count('name="action"') == 3


def run_with_results(owner: User, *, status: str = Run.Status.RUNNING, **of_each: int) -> Run:
    run = RunFactory.create(
        requested_by=owner, matched=sum(of_each.values()), asked=sum(of_each.values()), status=status
    )
    columns = {
        "stored": (Status.DONE, "stored", ""),
        "failed": (Status.FAILED, "", "crm_rejected"),
        "waiting": (Status.QUEUED, "", ""),
    }
    for outcome, count in of_each.items():
        state, result, cause = columns[outcome]
        for _ in range(count):
            message = make_message(owner, subject=f"Was {outcome}")
            TransferFactory(message=message, run=run, status=state, result=result, cause=cause, finished_at=NOON)
    return run


def test_results_can_be_narrowed_to_an_outcome_and_lead_to_the_message(people: dict[str, Client], owner: User):
    run = run_with_results(owner, stored=2, failed=1)

    page = people["owner"].get(f"/runs/{run.pk}/?outcome=failed").content.decode()

    assert page.count("Was failed") == 1
    assert "Was stored" not in page
    assert "CORIPO refused this e-mail." in page
    assert f'href="/inbox/{Transfer.objects.get(status=Status.FAILED).message_id}/"' in page
    assert "Try 1 error again" in page


def test_results_come_in_pages(people: dict[str, Client], owner: User):
    run = run_with_results(owner, stored=53)

    first = people["owner"].get(f"/runs/{run.pk}/").content.decode()
    (following,) = re.findall(r'rel="next" href="([^"#]*)#results"', first)
    second = people["owner"].get(following.replace("&amp;", "&")).content.decode()

    assert (first.count("Was stored"), second.count("Was stored")) == (50, 3)


def test_the_list_shows_runs_under_way_first_and_no_single_clicks(people: dict[str, Client], owner: User):
    run_with_results(owner, stored=2, status=Run.Status.DONE)
    going = run_with_results(owner, waiting=3)
    run_with_results(owner, waiting=1)

    page = people["owner"].get("/runs/").content.decode()

    assert re.findall(r'<section class="card" aria-labelledby="run-(\d+)"', page) == [str(going.pk)]
    assert "<b>0</b> of 3" in page
    assert "Sync of 2 e-mails" in page
    assert "Sync of 1 e-mail<" not in page


def test_pages_cost_as_many_queries_for_many_runs_and_results_as_for_few(people: dict[str, Client], owner: User):
    client = people["owner"]
    few = run_with_results(owner, stored=2, failed=1)

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        return len(asked)

    queries("/runs/")
    of_few = queries("/runs/"), queries(f"/runs/{few.pk}/")
    many = run_with_results(owner, stored=20, failed=5, waiting=5)
    for _ in range(5):
        run_with_results(owner, stored=2)

    assert (queries("/runs/"), queries(f"/runs/{many.pk}/")) == of_few


def test_the_export_is_harmless_to_spreadsheets(people: dict[str, Client], owner: User):
    run = RunFactory(requested_by=owner)
    for subject in ("=HYPERLINK(1)", "+420", "-1", "@cmd", "\tx", 'Žluťoučký; "kůň"'):
        message = MessageFactory(folder=MailFolderFactory(mailbox=owner.mailboxes.get()), subject=subject)
        TransferFactory(message=message, run=run, status=Status.DONE, result="stored", finished_at=NOON)

    response = people["owner"].get(f"/runs/{run.pk}/export/")

    content = b"".join(response.streaming_content).decode()
    assert content.startswith("\ufeff")
    head, *lines = csv.reader(io.StringIO(content.removeprefix("\ufeff")))
    assert head == ["Received", "From", "Subject", "Result", "Why", "Finished"]
    assert [line[2] for line in lines] == ["'=HYPERLINK(1)", "'+420", "'-1", "'@cmd", "'\tx", 'Žluťoučký; "kůň"']
    assert {line[3] for line in lines} == {"synced"}


def test_the_export_speaks_the_language_of_its_reader_and_tells_their_time(people: dict[str, Client], owner: User):
    User.objects.filter(pk=owner.pk).update(language="cs", time_zone="America/New_York")
    message = MessageFactory(folder=MailFolderFactory(mailbox=owner.mailboxes.get()), received_at=NOON)
    run = RunFactory(requested_by=owner)
    TransferFactory(message=message, run=run, status=Status.DONE, result="no_match", cause="no_contact")

    response = people["owner"].get(f"/runs/{run.pk}/export/")

    # A server sends it after the view and all that surrounds it have ended.
    head, line = csv.reader(io.StringIO(b"".join(response.streaming_content).decode().removeprefix("\ufeff")))
    assert (head[0], line[3]) == ("Přijaté", "bez shody")
    assert line[0] == NOON.astimezone(ZoneInfo("America/New_York")).isoformat(sep=" ", timespec="seconds")


@pytest.mark.parametrize("text", ["", "Re: =1", "12"])
def test_ordinary_text_is_exported_as_it_is(text: str):
    assert harmless(text) == text


def test_the_navigation_leads_to_runs(people: dict[str, Client]):
    page = people["owner"].get(reverse("runs")).content.decode()

    assert re.search(r'<a class="nav__link" href="/runs/" aria-current="page">.*Runs</a>', page)
