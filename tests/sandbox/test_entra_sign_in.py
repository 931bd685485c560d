"""From /authorize to the redirect: the pages of the sandbox's Entra ID."""

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from apps.sandbox import TENANT
from apps.sandbox.control.models import Person
from apps.sandbox.entra.models import SignIn

AUTHORIZE = f"/{TENANT}/oauth2/v2.0/authorize"
REDIRECT = "http://127.0.0.1:8000/callback/?next=1"


def ask(client: Client, **changes: str) -> Any:
    parameters = {
        "client_id": settings.SANDBOX_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "openid profile email User.Read",
        "state": "s1",
    }
    return client.get(AUTHORIZE, {**parameters, **changes})


def sealed(page: Any) -> str:
    found = re.search(r'name="request" value="([^"]+)"', page.content.decode())
    assert found
    return html.unescape(found[1])


def press(client: Client, page: Any, where: str, **button: str) -> Any:
    return client.post(f"/{TENANT}/{where}", {"request": sealed(page), **button})


def redirected(response: Any) -> dict[str, str]:
    assert response.status_code == 302
    assert response["Location"].startswith(REDIRECT)
    return dict(parse_qsl(urlsplit(response["Location"]).query))


def test_one_button_for_each_person(client: Client, person: Callable[..., Person]) -> None:
    """The page names everybody, the one that login_hint names first."""
    person("Marek Novák")
    jana = person("Jana Svobodová")

    page = ask(client, login_hint=jana.mail).content.decode()

    assert re.findall(r"<button name=\"person\"[^>]*>([^<]+)</button>", page) == ["Jana Svobodová", "Marek Novák"]
    assert "Decline" in page


def test_signing_in_needs_no_consent(client: Client, person: Callable[..., Person]) -> None:
    """openid, profile, email and User.Read lead straight back with a code and the state."""
    jana = person()

    answer = redirected(press(client, ask(client, client_info="1"), "login", person=jana.mail))

    assert answer["state"] == "s1"
    assert answer["next"] == "1"
    assert answer["code"]
    assert answer["client_info"]


def test_mail_scopes_ask_once(client: Client, person: Callable[..., Person]) -> None:
    """The first time a client asks for more there is a consent page; after *Accept* there is none."""
    jana = person()
    scope = "openid offline_access User.Read Mail.Read"

    consent = press(client, ask(client, scope=scope), "login", person=jana.mail)
    assert "Accept" in consent.content.decode()
    assert "Read your mail" in consent.content.decode()
    accepted = press(client, consent, "consent", person=jana.mail, choice="accept")
    again = press(client, ask(client, scope=scope), "login", person=jana.mail)

    assert redirected(accepted)["code"]
    assert redirected(again)["code"]


@pytest.mark.parametrize(
    ("choice", "error", "number"),
    [("cancel", "access_denied", "AADSTS65004"), ("administrator", "consent_required", "AADSTS90094")],
)
def test_no_consent(client: Client, person: Callable[..., Person], choice: str, error: str, number: str) -> None:
    jana = person()
    consent = press(client, ask(client, scope="openid Mail.Read"), "login", person=jana.mail)

    answer = redirected(press(client, consent, "consent", person=jana.mail, choice=choice))

    assert answer["error"] == error
    assert answer["error_description"].startswith(number)
    assert answer["state"] == "s1"
    assert not SignIn.objects.exists()


def test_decline_on_the_first_page(client: Client, db: None) -> None:
    assert redirected(press(client, ask(client), "login", person=""))["error"] == "access_denied"


def test_administrator_allows_for_everybody(client: Client, person: Callable[..., Person]) -> None:
    """After admin consent nobody is asked; the redirect says admin_consent=True and the tenant."""
    jana = person()
    parameters = {"client_id": settings.SANDBOX_CLIENT_ID, "redirect_uri": REDIRECT, "state": "a", "scope": "Mail.Read"}

    page = client.get(f"/{TENANT}/v2.0/adminconsent", parameters)
    answer = redirected(press(client, page, "v2.0/adminconsent", choice="accept"))
    signed_in = press(client, ask(client, scope="openid Mail.Read"), "login", person=jana.mail)

    assert (answer["admin_consent"], answer["tenant"], answer["state"]) == ("True", TENANT, "a")
    assert redirected(signed_in)["code"]


def test_form_post(client: Client, person: Callable[..., Person]) -> None:
    """response_mode=form_post brings the answer in a form whose button works without a script."""
    jana = person()

    page = press(client, ask(client, response_mode="form_post"), "login", person=jana.mail).content.decode()

    assert f'action="{REDIRECT}"' in page
    assert 'name="code"' in page
    assert 'name="state" value="s1"' in page
    assert "<script" not in page


def test_silently_only_after_a_sign_in(client: Client, person: Callable[..., Person]) -> None:
    """prompt=none: login_required before, a code after, and interaction_required for scopes without consent."""
    jana, marek = person("Jana Svobodová"), person("Marek Novák")

    before = redirected(ask(client, prompt="none"))
    press(client, ask(client), "login", person=jana.mail)
    after = redirected(ask(client, prompt="none", login_hint=jana.mail.upper()))
    somebody_else = redirected(ask(client, prompt="none", login_hint=marek.mail))
    more = redirected(ask(client, prompt="none", scope="openid Mail.Read"))

    assert before["error"] == "login_required"
    assert after["code"]
    assert somebody_else["error"] == "login_required"
    assert more["error"] == "interaction_required"


def test_signing_out_forgets(client: Client, person: Callable[..., Person]) -> None:
    press(client, ask(client), "login", person=person().mail)

    away = client.get(f"/{TENANT}/oauth2/v2.0/logout", {"post_logout_redirect_uri": "http://localhost:8000/"})
    stays = client.get(f"/{TENANT}/oauth2/v2.0/logout", {"post_logout_redirect_uri": "https://evil.example/"})

    assert away["Location"] == "http://localhost:8000/"
    assert stays.status_code == 200
    assert redirected(ask(client, prompt="none"))["error"] == "login_required"


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"client_id": "another"}, "AADSTS700016"),
        ({"redirect_uri": "https://evil.example/callback"}, "AADSTS50011"),
        ({"redirect_uri": "javascript:alert(1)"}, "AADSTS50011"),
        ({"redirect_uri": "http://127.0.0.1.evil.example/"}, "AADSTS50011"),
    ],
)
def test_a_stranger_is_not_redirected_to(client: Client, db: None, changes: dict[str, str], number: str) -> None:
    page = ask(client, **changes)

    assert page.status_code == 400
    assert number in page.content.decode()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": ""}, "invalid_request"),
        ({"scope": "openid Nonsense.Read"}, "invalid_scope"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": "abc", "code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_request_that_cannot_be_granted(client: Client, db: None, changes: dict[str, str], error: str) -> None:
    answer = redirected(ask(client, **changes))

    assert (answer["error"], answer["state"]) == (error, "s1")


def test_forged_page_is_refused(client: Client, db: None) -> None:
    assert client.post(f"/{TENANT}/login", {"request": "forged", "person": ""}).status_code == 400


def test_unknown_tenant(client: Client, db: None) -> None:
    assert client.get(AUTHORIZE.replace(TENANT, "elsewhere")).status_code == 400
    assert client.get("/elsewhere/v2.0/.well-known/openid-configuration").json()["error_codes"] == [90002]
