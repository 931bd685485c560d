import pytest
from django.contrib import admin
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import CrmAccount, CrmServer, User
from apps.mailboxes.models import Mailbox, MailboxToken, Message
from apps.sync.models import OrganisationRules
from tests.factories import CrmAccountFactory

pytestmark = pytest.mark.django_db

WORDS = {"login": "admin", "password": "correct horse battery"}


@pytest.fixture(autouse=True)
def _fresh_count() -> None:
    cache.clear()


@pytest.fixture
def administrator() -> User:
    return User.objects.create_superuser("admin", "admin@strojirny-beskyd.example", WORDS["password"])


def test_an_administrator_signs_in_by_name_and_password(client: Client, administrator: User) -> None:
    answer = client.post("/accounts/administrator/", WORDS | {"next": "/admin/"})

    assert answer["Location"] == "/admin/"
    assert client.session["_auth_user_id"] == str(administrator.pk)
    assert client.get("/admin/").status_code == 200


def test_a_wrong_password_is_refused_in_words_that_tell_nothing(client: Client, administrator: User) -> None:
    wrong = client.post("/accounts/administrator/", WORDS | {"password": "wrong"})
    unknown = client.post("/accounts/administrator/", WORDS | {"login": "nobody"})

    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()
    assert WORDS["password"] not in wrong.content.decode()


def test_tries_are_counted(client: Client, administrator: User) -> None:
    for _attempt in range(6):
        client.post("/accounts/administrator/", WORDS | {"password": "wrong"})

    assert client.post("/accounts/administrator/", WORDS).status_code in (200, 429)
    assert "_auth_user_id" not in client.session


def test_the_administration_asks_through_the_same_page(client: Client) -> None:
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/accounts/login/?next=%2Fadmin%2F"


@pytest.mark.parametrize(
    ("who", "status"), [("owner", 302), ("teammate", 302), ("administrator", 200), ("stranger", 302)]
)
def test_the_administration_is_for_administrators(people: dict[str, Client], who: str, status: int) -> None:
    assert people[who].get("/admin/").status_code == status


def test_who_is_signed_in_without_the_right_reads_so(people: dict[str, Client]) -> None:
    answer = people["owner"].get("/admin/", follow=True)

    assert answer.status_code == 403
    assert "You may not do this" in answer.content.decode()


def test_the_administration_holds_no_mail_no_token_and_no_password() -> None:
    shown = {model._meta.label for model in admin.site._registry}

    assert shown == {User._meta.label, CrmServer._meta.label, Mailbox._meta.label, OrganisationRules._meta.label}
    assert not shown & {CrmAccount._meta.label, MailboxToken._meta.label, Message._meta.label}


@pytest.mark.parametrize("path", ["accounts/user/", "accounts/user/add/", "accounts/crmserver/"])
def test_the_pages_of_the_administration_open(people: dict[str, Client], path: str) -> None:
    account = CrmAccountFactory()

    for page in (f"/admin/{path}", f"/admin/accounts/user/{account.user_id}/change/"):
        answer = people["administrator"].get(page)
        assert answer.status_code == 200
        assert account.password not in answer.content.decode()


def test_there_is_one_coripo_and_it_stays(people: dict[str, Client]) -> None:
    server = CrmServer.objects.current()

    assert people["administrator"].get("/admin/accounts/crmserver/add/").status_code == 403
    assert people["administrator"].get(f"/admin/accounts/crmserver/{server.pk}/delete/").status_code == 403
