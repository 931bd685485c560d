import logging

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from tests.factories import UserFactory

SECRET = "secret-word-2207"


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(SECRET)


def database_away(request: HttpRequest) -> HttpResponse:
    raise OperationalError(SECRET)


def refused(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def damaged(request: HttpRequest) -> HttpResponse:
    raise BadRequest


urlpatterns = [
    path("broken/", broken),
    path("database-away/", database_away),
    path("refused/", refused),
    path("damaged/", damaged),
    path("", include("portal.urls")),
]
handler400 = "apps.inbox.views.errors.bad_request"
handler403 = "apps.inbox.views.errors.permission_denied"
handler404 = "apps.inbox.views.errors.page_not_found"
handler500 = "apps.inbox.views.errors.server_error"

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def visitor(request: pytest.FixtureRequest) -> Client:
    """Somebody who is signed in, or nobody; a crash becomes a page, as it does in earnest."""
    client = Client(raise_request_exception=False)
    if request.param == "signed in":
        client.force_login(UserFactory(), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("visitor", ["signed in", "nobody"], indirect=True)
@pytest.mark.parametrize(
    ("address", "status", "headline"),
    [
        ("/damaged/", 400, "The request was not understood"),
        ("/refused/", 403, "You may not do this"),
        ("/nowhere/", 404, "We have not found this page"),
        ("/broken/", 500, "Something went wrong on our side"),
        ("/database-away/", 500, "Something went wrong on our side"),
    ],
)
def test_an_error_has_a_page_with_a_way_back(visitor: Client, address: str, status: int, headline: str) -> None:
    answer = visitor.get(address)

    page = answer.content.decode()
    assert answer.status_code == status
    assert headline in page
    assert 'href="/"' in page
    assert SECRET not in page
    assert "Traceback" not in page


def test_a_crash_names_the_number_that_the_log_has(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(raise_request_exception=False)

    with caplog.at_level(logging.ERROR):
        answer = client.get("/broken/")

    assert f"Number for support: {answer['X-Request-ID']}" in answer.content.decode()


def test_the_page_of_a_crash_asks_the_database_nothing(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        Client(raise_request_exception=False).get("/broken/")


@pytest.mark.parametrize("visitor", ["signed in", "nobody"], indirect=True)
def test_a_form_that_is_too_old_can_be_opened_again(visitor: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitor.cookies

    answer = strict.post("/language/", {"language": "cs"}, headers={"Referer": "http://testserver/settings/"})

    assert answer.status_code == 403
    assert "The form is too old" in answer.content.decode()
    assert 'href="http://testserver/settings/"' in answer.content.decode()


def test_a_foreign_form_is_not_led_back_to_where_it_came_from() -> None:
    answer = Client(enforce_csrf_checks=True).post("/language/", {}, headers={"Referer": "https://elsewhere.example/"})

    assert answer.status_code == 403
    assert "elsewhere.example" not in answer.content.decode()


def test_a_name_that_is_not_ours_is_refused_with_a_page() -> None:
    answer = Client(raise_request_exception=False).get("/", headers={"Host": "elsewhere.example"})

    assert answer.status_code == 400
    assert "The request was not understood" in answer.content.decode()


@pytest.mark.parametrize(("address", "host"), [("/", "elsewhere.example"), ("/broken/", "testserver")])
def test_a_plain_page_speaks_the_language_of_the_browser(address: str, host: str) -> None:
    client = Client(raise_request_exception=False)

    answer = client.get(address, headers={"Host": host, "Accept-Language": "cs"})

    assert '<html lang="cs">' in answer.content.decode()


def test_a_crash_is_told_in_the_language_that_the_person_chose() -> None:
    client = Client(raise_request_exception=False)
    client.force_login(UserFactory(language="cs"), backend="django.contrib.auth.backends.ModelBackend")

    assert '<html lang="cs">' in client.get("/broken/", headers={"Accept-Language": "en"}).content.decode()


@pytest.mark.parametrize("address", ["/nowhere/", "/broken/", "/accounts/login/"])
def test_every_page_holds_under_the_policy(address: str) -> None:
    answer = Client(raise_request_exception=False).get(address)

    page = answer.content.decode()
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert " style=" not in page
    assert "<style" not in page
    assert "<script>" not in page
    assert " onclick" not in page
