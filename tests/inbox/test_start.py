import pytest
from django.test import Client

from apps.accounts.models import CrmAccount, User
from apps.mailboxes.models import Mailbox
from apps.sync.models import Transfer
from tests.factories import NOON, CrmAccountFactory, MailboxFactory, MailFolderFactory, TransferFactory, UserFactory
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return UserFactory(first_name="Jana", last_name="Dvořáková")


@pytest.fixture
def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def login_of(person: dict[str, str]) -> dict[str, str]:
    return {"user_name": person["coripo_user"], "password": person["coripo_password"]}


@pytest.mark.parametrize("path", ["/", "/start/", "/start/crm/"])
@pytest.mark.parametrize(
    ("who", "is_in"), [("owner", True), ("teammate", True), ("administrator", True), ("stranger", False)]
)
def test_the_first_steps_are_for_those_who_signed_in(
    people: dict[str, Client], path: str, who: str, is_in: bool
) -> None:
    answer = people[who].get(path)

    assert answer.headers.get("Location", "").startswith("/accounts/login/") is not is_in


def test_the_way_in_leads_to_the_first_steps_and_then_to_the_mail(browser: Client, user: User) -> None:
    before = browser.get("/")["Location"]
    MailboxFactory(owner=user)

    assert (before, browser.get("/")["Location"]) == ("/start/", "/inbox/")


def test_both_connections_are_offered_by_name_and_each_once(browser: Client) -> None:
    page = browser.get("/start/").content.decode()

    assert page.count("Connect mailbox</button>") == 1
    assert page.count("Connect CORIPO</a>") == 1
    assert 'action="/mailboxes/connect/"' in page


def test_what_is_done_is_shown_as_done(browser: Client, user: User) -> None:
    folder = MailFolderFactory(mailbox=MailboxFactory(owner=user))
    CrmAccountFactory(user=user, user_name="j.dvorakova")

    page = browser.get("/start/").content.decode()

    assert folder.mailbox.address in page
    assert "Connected as j.dvorakova" in page
    assert "Connect CORIPO" not in page


def test_the_other_pages_ask_for_what_is_missing(browser: Client, user: User) -> None:
    MailboxFactory(owner=user)

    page = browser.get("/status/").content.decode()

    assert page.count("Connect CORIPO</a>") == 1


def test_the_form_has_the_fields_that_people_are_told_of(browser: Client) -> None:
    page = browser.get("/start/crm/").content.decode()

    for label in ("User name", "Password", "Sign in through LDAP", "Test and save"):
        assert label in page


def test_a_login_is_tested_saved_and_named(browser: Client, user: User, sandbox: Sandbox) -> None:
    person = sandbox.person()

    answer = browser.post("/start/crm/", login_of(person), follow=True)

    assert answer.redirect_chain == [("/start/", 302)]
    assert f"CORIPO is connected as {person['coripo_user']}." in answer.content.decode()
    assert CrmAccount.objects.get(user=user).method == CrmAccount.Method.PASSWORD


def test_ldap_is_a_choice(browser: Client, user: User, sandbox: Sandbox) -> None:
    browser.post("/start/crm/", login_of(sandbox.person()) | {"use_ldap": "on"})

    assert CrmAccount.objects.get(user=user).method == CrmAccount.Method.LDAP


def test_a_refused_login_says_what_failed_and_what_is_in_order(browser: Client, sandbox: Sandbox) -> None:
    person = sandbox.person()

    answer = browser.post("/start/crm/", login_of(person) | {"password": "an-odd-word-5917"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "CORIPO refused the user name or the password." in page
    assert "The address and the connection are in order." in page
    assert f'value="{person["coripo_user"]}"' in page
    assert "an-odd-word-5917" not in page
    assert not CrmAccount.objects.exists()


def test_a_coripo_that_is_away_says_that_nothing_was_sent(browser: Client, sandbox: Sandbox, settings) -> None:
    settings.CORIPO_BASE_URL = "http://127.0.0.1:9"

    answer = browser.post("/start/crm/", login_of(sandbox.person()))

    assert answer.status_code == 200
    assert "CORIPO does not answer at its address." in answer.content.decode()


def test_a_coripo_in_trouble_is_an_answer_too(browser: Client, sandbox: Sandbox) -> None:
    sandbox.fault("5xx", target="coripo", times=0)

    assert browser.post("/start/crm/", login_of(sandbox.person())).status_code == 200
    assert not CrmAccount.objects.exists()


def test_too_many_tries_say_when_the_next_one_is_possible(browser: Client, sandbox: Sandbox) -> None:
    words = login_of(sandbox.person()) | {"password": "wrong"}
    for _attempt in range(2):
        browser.post("/start/crm/", words)

    answer = browser.post("/start/crm/", words)

    assert answer.status_code == 200
    assert "Too many tries." in answer.content.decode()


@pytest.mark.parametrize(
    "words", [{}, {"user_name": "m.novak"}, {"password": "x"}, {"user_name": "m" * 101, "password": "x"}]
)
def test_what_is_missing_is_said_beside_its_field(browser: Client, words: dict[str, str]) -> None:
    answer = browser.post("/start/crm/", words)

    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.content.decode()


def test_a_change_keeps_the_password_unless_a_new_one_is_given(browser: Client, user: User, sandbox: Sandbox) -> None:
    person = sandbox.person()
    browser.post("/start/crm/", login_of(person))

    page = browser.get("/start/crm/").content.decode()
    answer = browser.post("/start/crm/", login_of(person) | {"password": ""})

    assert person["coripo_password"] not in page
    assert answer["Location"] == "/settings/"
    assert CrmAccount.objects.get(user=user).generation == 2


def test_work_that_waited_for_the_login_goes_on(browser: Client, user: User, sandbox: Sandbox) -> None:
    CrmAccountFactory(user=user, status=CrmAccount.Status.REFUSED)
    transfer = TransferFactory(message__folder__mailbox=MailboxFactory(owner=user), not_before=NOON.replace(year=2099))

    browser.post("/start/crm/", login_of(sandbox.person()))

    transfer.refresh_from_db()
    assert transfer.not_before.year != 2099
    assert Transfer.objects.count() == 1


def test_a_broken_mailbox_is_connected_again_from_here(browser: Client, user: User) -> None:
    MailboxFactory(owner=user, status=Mailbox.Status.RECONNECT)

    page = browser.get("/start/").content.decode()

    assert page.count("Connect again</button>") == 1
    assert "the connection has ended" in page
