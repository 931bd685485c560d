import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.mailboxes.models import Mailbox, MailFolder
from apps.sync.models import NoMatch, NoMatchLater, OpensIn, SyncRules
from tests.factories import CrmAccountFactory, MailboxFactory, MailFolderFactory

pytestmark = pytest.mark.django_db

PAGES = ["/settings/", "/settings/automatic/", "/settings/emails/", "/settings/mailboxes/", "/status/"]
EMAILS = {
    "link_companies": "on",
    "counted_roles": ["from", "to", "cc", "bcc"],
    "no_match": "leave",
    "no_match_later": "sync",
    "largest_attachment_mb": "10",
    "opens_in": "new_tab",
}


@pytest.fixture
def owner() -> User:
    return User.objects.get(username="owner")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("who", "is_in"), [("owner", True), ("teammate", True), ("administrator", True), ("stranger", False)]
)
def test_everybody_sees_their_own_settings(people: dict[str, Client], path: str, who: str, is_in: bool) -> None:
    answer = people[who].get(path)

    assert answer.status_code == (200 if is_in else 302)
    for other in {"owner", "teammate", "administrator"} - {who}:
        assert f"{other}@strojirny" not in answer.content.decode()


def test_language_zone_and_appearance_are_saved(people: dict[str, Client], owner: User) -> None:
    words = {"language": "cs", "time_zone": "America/New_York", "theme": "dark"}

    answer = people["owner"].post("/settings/", words)
    page = people["owner"].get("/settings/")

    owner.refresh_from_db()
    assert answer["Location"] == "/settings/"
    assert (owner.language, owner.time_zone, owner.theme) == ("cs", "America/New_York", "dark")
    assert page["Content-Language"] == "cs"
    assert 'data-theme="dark"' in page.content.decode()


def test_the_language_of_the_browser_can_be_chosen_back(people: dict[str, Client], owner: User) -> None:
    people["owner"].post("/settings/", {"language": "", "time_zone": "Europe/Prague", "theme": "system"})

    assert people["owner"].get("/settings/", headers={"Accept-Language": "cs"})["Content-Language"] == "cs"


@pytest.mark.parametrize("words", [{"time_zone": "Nowhere/City"}, {"theme": "pink"}, {"language": "xx"}])
def test_what_is_no_choice_is_refused_and_changes_nothing(
    people: dict[str, Client], owner: User, words: dict[str, str]
) -> None:
    answer = people["owner"].post("/settings/", {"language": "cs", "time_zone": "Asia/Tokyo", "theme": "dark"} | words)

    owner.refresh_from_db()
    assert answer.status_code == 200
    assert (owner.language, owner.time_zone, owner.theme) == ("en", "Europe/Prague", "system")
    assert "data-theme" not in answer.content.decode()


def test_the_account_in_coripo_is_shown_without_its_password(people: dict[str, Client], owner: User) -> None:
    account = CrmAccountFactory(user=owner, user_name="m.novak")

    page = people["owner"].get("/settings/").content.decode()

    assert "m.novak" in page
    assert account.password not in page


def test_the_rules_of_the_transfer_are_saved(people: dict[str, Client], owner: User) -> None:
    words = {
        "counted_roles": ["from", "to"],
        "no_match": "store",
        "no_match_later": "offer",
        "internal_domains": "Strojirny-Beskyd.example\n@firma.example\n\nfirma.example\nvýroba.example",
        "store_attachments": "on",
        "largest_attachment_mb": "25",
        "opens_in": "same_tab",
    }

    answer = people["owner"].post("/settings/emails/", words)

    rules = SyncRules.objects.get(user=owner)
    assert answer["Location"] == "/settings/emails/"
    assert not rules.link_companies
    assert rules.counted_roles == ["from", "to"]
    assert rules.no_match == NoMatch.STORE
    assert rules.no_match_later == NoMatchLater.OFFER
    assert rules.internal_domains == ["strojirny-beskyd.example", "firma.example", "xn--vroba-qva.example"]
    assert rules.store_attachments
    assert rules.largest_attachment_mb == 25
    assert rules.opens_in == OpensIn.SAME_TAB


def test_what_is_stored_of_a_mail_can_be_ticked_and_unticked(people: dict[str, Client], owner: User) -> None:
    people["owner"].post("/settings/emails/", EMAILS | {"store_inline_images": "on", "store_attachments": "on"})
    with_all = SyncRules.objects.get(user=owner)
    shown = people["owner"].get("/settings/emails/").content.decode()
    people["owner"].post("/settings/emails/", EMAILS)
    with_none = SyncRules.objects.get(user=owner)
    shown_then = people["owner"].get("/settings/emails/").content.decode()

    assert (with_all.store_inline_images, with_all.store_attachments) == (True, True)
    assert (with_none.store_inline_images, with_none.store_attachments) == (False, False)
    for name in ("store_inline_images", "store_attachments"):
        box = re.compile(rf'<input[^>]*name="{name}"[^>]*checked')
        assert box.search(shown), name
        assert not box.search(shown_then), name


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("", []),
        ("exe, bat", ["exe", "bat"]),
        (".EXE;*.Bat\n js  exe", ["exe", "bat", "js"]),
        ("smlouva", ["smlouva"]),
        ("žurnál, 7z", ["žurnál", "7z"]),
    ],
)
def test_file_endings_are_taken_as_people_write_them(
    people: dict[str, Client], owner: User, written: str, kept: list[str]
) -> None:
    answer = people["owner"].post("/settings/emails/", EMAILS | {"unwanted_types": written})

    assert answer.status_code == 302
    assert SyncRules.objects.get(user=owner).unwanted_types == kept
    shown = people["owner"].get("/settings/emails/").content.decode()
    assert not kept or f'value="{", ".join(kept)}"' in shown


def test_signatures_and_notices_are_left_out_from_the_start(people: dict[str, Client], owner: User) -> None:
    shown = people["owner"].get("/settings/automatic/").content.decode()

    assert {"p7s", "p7m"} <= set(SyncRules(user=owner).unwanted_types)
    for kind in ("bounce", "auto_reply", "bulk", "meeting"):
        assert re.search(rf'name="left_out_kinds" value="{kind}"[^>]*checked', shown), kind


@pytest.mark.parametrize("choice", OpensIn.values)
def test_where_records_open_can_be_chosen(people: dict[str, Client], owner: User, choice: str) -> None:
    people["owner"].post("/settings/emails/", EMAILS | {"opens_in": choice})

    assert SyncRules.objects.get(user=owner).opens_in == choice


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"largest_attachment_mb": "abc"}, "Enter a whole number from 1 to 25."),
        ({"largest_attachment_mb": ""}, "Enter a whole number from 1 to 25."),
        ({"largest_attachment_mb": "26"}, "Enter a whole number from 1 to 25."),
        ({"internal_domains": "firma.example\nnot a domain"}, "“not a domain” is not a domain."),
        ({"counted_roles": []}, "Choose one header at least."),
        ({"counted_roles": ["reply-to"]}, "Select a valid choice."),
        ({"unwanted_types": "exe, .tar.gz"}, "“.tar.gz” is not a file ending."),
        ({"unwanted_types": "<b>"}, "“&lt;b&gt;” is not a file ending."),
        ({"unwanted_types": "a" * 21}, "is not a file ending."),
        ({"unwanted_types": ", ".join(f"e{n}" for n in range(51))}, "Write fewer file endings."),
        ({"internal_domains": "localhost"}, "“localhost” is not a domain."),
        ({"internal_domains": "<script>"}, "“&lt;script&gt;” is not a domain."),
    ],
)
def test_a_mistake_is_said_beside_its_field(
    people: dict[str, Client], words: dict[str, str | list[str]], sentence: str
) -> None:
    answer = people["owner"].post("/settings/emails/", EMAILS | words)

    page = answer.content.decode()
    name = next(iter(words))
    assert answer.status_code == 200
    assert sentence in page
    assert f'id="id_{name}_error"' in page
    assert f"id_{name}_error" in page.partition('aria-describedby="')[2] or "aria-describedby" in page


def test_days_of_mail_are_saved_and_the_mailbox_is_looked_at(people: dict[str, Client], owner: User) -> None:
    mailbox = owner.mailboxes.get()
    before = mailbox.next_look_at

    answer = people["owner"].post("/settings/mailboxes/", {"mailbox": mailbox.pk, "window_days": "365"})

    mailbox.refresh_from_db()
    assert answer["Location"] == "/settings/mailboxes/"
    assert mailbox.window_days == 365
    assert mailbox.next_look_at < before


@pytest.mark.parametrize(
    ("who", "status"), [("owner", 302), ("teammate", 404), ("administrator", 404), ("stranger", 302)]
)
def test_the_days_of_somebody_elses_mailbox_are_not_there(
    people: dict[str, Client], owner: User, who: str, status: int
) -> None:
    mailbox = owner.mailboxes.get()

    answer = people[who].post("/settings/mailboxes/", {"mailbox": mailbox.pk, "window_days": "30"})

    mailbox.refresh_from_db()
    assert answer.status_code == status
    assert mailbox.window_days == (30 if who == "owner" else 90)


@pytest.mark.parametrize("words", [{}, {"mailbox": "x", "window_days": "30"}, {"mailbox": "1", "window_days": "9999"}])
def test_what_our_page_does_not_offer_is_not_there(people: dict[str, Client], words: dict[str, str]) -> None:
    assert people["owner"].post("/settings/mailboxes/", words).status_code == 404


@pytest.mark.parametrize("name", ["folders", "with_subfolders"])
@pytest.mark.parametrize("written", ["x", "-1", "9" * 30])
def test_a_folder_that_cannot_be_is_said_and_changes_nothing(
    people: dict[str, Client], owner: User, name: str, written: str
) -> None:
    mailbox = owner.mailboxes.get()
    folder = MailFolderFactory.create(mailbox=mailbox, is_followed=True)

    answer = people["owner"].post(f"/settings/mailboxes/{mailbox.pk}/folders/", {name: [written]}, follow=True)

    assert "One of the folders is not there any more." in answer.content.decode()
    folder.refresh_from_db()
    assert folder.is_followed


def test_folders_are_offered_but_never_those_that_nobody_wants(people: dict[str, Client], owner: User) -> None:
    mailbox = owner.mailboxes.get()
    for kind in MailFolder.Kind:
        MailFolderFactory(mailbox=mailbox, kind=kind, name=f"folder {kind}")

    page = people["owner"].get("/settings/mailboxes/").content.decode()

    offered = {kind for kind in MailFolder.Kind if f"<span>folder {kind}</span>" in page}
    assert offered == set(MailFolder.Kind) - set(MailFolder.NEVER)


@pytest.mark.parametrize("status", [Mailbox.Status.RECONNECT, Mailbox.Status.UNAVAILABLE])
def test_a_broken_connection_is_said_once_and_mended_by_a_button(
    people: dict[str, Client], owner: User, status: str
) -> None:
    owner.mailboxes.update(status=status)

    page = people["owner"].get("/settings/").content.decode()
    mailboxes = people["owner"].get("/settings/mailboxes/").content.decode()

    assert page.count('class="notice') == 1
    assert "Connect again" in mailboxes


@pytest.mark.parametrize("path", PAGES)
def test_a_page_costs_as_much_for_many_folders_as_for_one(people: dict[str, Client], owner: User, path: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert people["owner"].get(path).status_code == 200
        return len(captured)

    mailbox = owner.mailboxes.get()
    MailFolderFactory(mailbox=mailbox)
    people["owner"].get(path)
    few = queries()
    for number in range(30):
        MailFolderFactory(mailbox=mailbox, kind=MailFolder.Kind.ORDINARY, name=f"folder {number}")

    assert queries() == few


def test_without_a_mailbox_one_can_be_connected(people: dict[str, Client], owner: User) -> None:
    owner.mailboxes.all().delete()

    page = people["owner"].get("/settings/mailboxes/").content.decode()

    assert page.count("Connect mailbox</button>") == 1
    assert MailboxFactory(owner=owner).address in people["owner"].get("/settings/mailboxes/").content.decode()
