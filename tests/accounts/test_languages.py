from zoneinfo import ZoneInfo

import pytest
from django.test import Client, RequestFactory

from apps.accounts.middleware import time_zone_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def language_of_page(client: Client, accepted: str = "") -> str:
    answer = client.get("/accounts/administrator/", headers={"Accept-Language": accepted} if accepted else {})
    assert f'<html lang="{answer["Content-Language"]}"' in answer.content.decode()
    return answer["Content-Language"]


@pytest.mark.parametrize(
    ("accepted", "language"), [("cs-CZ,cs;q=0.9,en;q=0.5", "cs"), ("en-GB", "en"), ("fi,sv;q=0.5", "en"), ("", "en")]
)
def test_the_browser_says_the_language_at_first(client: Client, accepted: str, language: str) -> None:
    assert language_of_page(client, accepted) == language


def test_a_choice_before_the_sign_in_stays_in_the_browser(client: Client) -> None:
    answer = client.post("/language/", {"language": "cs", "next": "/accounts/login/"})

    assert answer["Location"] == "/accounts/login/"
    assert language_of_page(client, "en") == "cs"


def test_the_choice_of_a_user_wins_over_cookie_and_browser(client: Client) -> None:
    user = UserFactory(language="en")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["portal_language"] = "cs"

    answer = client.get("/start/", headers={"Accept-Language": "cs"})

    assert answer["Content-Language"] == "en"


def test_a_choice_after_the_sign_in_is_kept_with_the_user(people: dict[str, Client]) -> None:
    people["owner"].post("/language/", {"language": "cs", "next": "/start/"})

    assert people["owner"].get("/start/")["Content-Language"] == "cs"


@pytest.mark.parametrize("words", [{"language": "xx"}, {"language": ""}, {}])
def test_a_language_that_we_do_not_speak_changes_nothing(people: dict[str, Client], words: dict[str, str]) -> None:
    people["owner"].post("/language/", words | {"next": "/start/"})

    assert people["owner"].get("/start/")["Content-Language"] == "en"


def test_nobody_is_sent_elsewhere_with_a_language(client: Client) -> None:
    answer = client.post("/language/", {"language": "cs", "next": "https://elsewhere.example/"})

    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    ("stored", "zone"),
    [("America/New_York", "America/New_York"), ("Nowhere/City", "Europe/Prague"), ("", "Europe/Prague")],
)
def test_a_zone_that_nobody_knows_is_prague(rf: RequestFactory, stored: str, zone: str) -> None:
    request = rf.get("/")
    request.user = UserFactory(time_zone=stored)

    assert time_zone_of(request) == ZoneInfo(zone)
