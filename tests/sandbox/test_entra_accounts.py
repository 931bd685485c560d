"""What keeps people from tokens: policies, administrators, withdrawn consent."""

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
from apps.sandbox.entra import knobs, scopes
from apps.sandbox.entra.authorizing import AuthorizeRequest, grant

Control = Callable[..., Any]
REDIRECT = "http://127.0.0.1:8000/callback/"
SCOPE = "openid profile offline_access User.Read Mail.Read"
CLIENT = {"client_id": settings.SANDBOX_CLIENT_ID, "client_secret": settings.SANDBOX_CLIENT_SECRET}


@pytest.fixture
def jana(person: Callable[..., Person]) -> Person:
    return person("Jana Svobodová")


@pytest.fixture
def refresh_token(client: Client, jana: Person) -> str:
    """That of a finished sign-in with the right to read mail."""
    asked = AuthorizeRequest(client_id=settings.SANDBOX_CLIENT_ID, redirect_uri=REDIRECT, scope=SCOPE)
    scopes.allow(asked.scope_names, person=jana, client_id=asked.client_id)
    return redeemed(client, grant(asked, jana)["code"])["refresh_token"]


def token(client: Client, **form: str) -> Any:
    return client.post(f"/{TENANT}/oauth2/v2.0/token", {**CLIENT, **form})


def redeemed(client: Client, code: str) -> Any:
    answer = token(client, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refreshed(client: Client, refresh_token: str) -> Any:
    return token(client, grant_type="refresh_token", refresh_token=refresh_token)


def start(client: Client, **changes: str) -> Any:
    parameters = {
        "client_id": settings.SANDBOX_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": SCOPE,
    }
    return client.get(f"/{TENANT}/oauth2/v2.0/authorize", {**parameters, **changes})


def press(client: Client, page: Any, where: str, **button: str) -> Any:
    found = re.search(r'name="request" value="([^"]+)"', page.content.decode())
    assert found
    return client.post(f"/{TENANT}/{where}", {"request": html.unescape(found[1]), **button})


def returned(response: Any) -> dict[str, str]:
    assert response.status_code == 302, response.content
    return dict(parse_qsl(urlsplit(response["Location"]).query))


@pytest.mark.parametrize(
    ("state", "error", "number"),
    [
        ("disabled", "invalid_grant", 50057),
        ("blocked", "invalid_grant", 53003),
        ("unassigned", "invalid_grant", 50105),
        ("mfa", "interaction_required", 50076),
    ],
)
def test_a_refresh_in_spite_of_the_account(
    client: Client, control: Control, jana: Person, refresh_token: str, state: str, error: str, number: int
) -> None:
    control("POST", f"people/{jana.mail}/account", state=state)

    refused = refreshed(client, refresh_token)

    assert (refused.status_code, refused.json()["error"], refused.json()["error_codes"]) == (400, error, [number])
    control("POST", f"people/{jana.mail}/account", state="active")
    assert refreshed(client, refresh_token).status_code == 200


@pytest.mark.parametrize(("state", "number"), [("disabled", 50057), ("blocked", 53003), ("unassigned", 50105)])
def test_a_sign_in_in_spite_of_the_account(
    client: Client, control: Control, jana: Person, state: str, number: int
) -> None:
    """The person gets no further than the page: the application hears nothing."""
    control("POST", f"people/{jana.mail}/account", state=state)

    page = press(client, start(client), "login", person=jana.mail)

    assert page.status_code == 400
    assert f"AADSTS{number}" in page.content.decode()


def test_a_second_factor_opens_the_refresh_again(
    client: Client, control: Control, jana: Person, refresh_token: str
) -> None:
    control("POST", f"people/{jana.mail}/account", state="mfa")

    asked = press(client, start(client), "login", person=jana.mail)
    declined = press(client, asked, "login", person="", factor="")
    answer = returned(press(client, asked, "login", person=jana.mail, factor="approved"))

    assert "Approve the sign-in" in asked.content.decode()
    assert returned(declined)["error"] == "access_denied"
    assert refreshed(client, refresh_token).json()["error_codes"] == [50076]
    assert refreshed(client, redeemed(client, answer["code"])["refresh_token"]).status_code == 200
    assert returned(start(client, prompt="none"))["error"] == "interaction_required"


def test_withdrawn_consent(client: Client, control: Control, jana: Person, refresh_token: str) -> None:
    """The refresh is refused, and the next sign-in asks for consent again."""
    assert "Mail.Read" in control("GET", f"people/{jana.mail}/consent").json()["scopes"]

    left = control("DELETE", f"people/{jana.mail}/consent").json()["scopes"]

    assert "Mail.Read" not in left
    assert refreshed(client, refresh_token).json()["error_codes"] == [65001]
    assert "Permissions requested" in press(client, start(client), "login", person=jana.mail).content.decode()


def test_consent_withdrawn_in_part(client: Client, control: Control, jana: Person, refresh_token: str) -> None:
    control("PUT", f"people/{jana.mail}/consent", scopes=["Mail.Read"])

    assert refreshed(client, refresh_token).status_code == 200
    assert control("PUT", f"people/{jana.mail}/consent", scopes=["Files.Read"]).status_code == 400


def test_less_granted_than_asked_for(client: Client, jana: Person, refresh_token: str) -> None:
    """An administrator may have allowed another set: only `scope` of the answer tells."""
    knobs.turn({"withheld_scopes": ["Mail.Read"]})

    assert refreshed(client, refresh_token).json()["scope"] == "User.Read openid profile"


def test_revoked_sessions(client: Client, control: Control, jana: Person, refresh_token: str) -> None:
    assert control("DELETE", f"people/{jana.mail}/sign-ins").status_code == 204

    assert refreshed(client, refresh_token).json()["error_codes"] == [50173]


def test_microsofts_policy_leaves_mail_to_administrators(client: Client, jana: Person) -> None:
    """MC1163922: the user sees *Need admin approval*; the application learns 90094, or 65004 for turning back."""
    knobs.turn({"consent_policy": "microsoft"})

    page = press(client, start(client), "login", person=jana.mail)

    assert "Need admin approval" in page.content.decode()
    assert "Read your mail" in page.content.decode()
    for choice, error, number in (
        ("administrator", "consent_required", "AADSTS90094"),
        ("accept", "consent_required", "AADSTS90094"),
        ("cancel", "access_denied", "AADSTS65004"),
    ):
        answer = returned(press(client, page, "consent", person=jana.mail, choice=choice))
        assert (answer["error"], answer["error_description"].partition(":")[0]) == (error, number)


def test_after_the_administrator_nobody_is_asked(client: Client, jana: Person) -> None:
    knobs.turn({"consent_policy": "microsoft"})
    scopes.allow(["Mail.Read"], person=None, client_id=settings.SANDBOX_CLIENT_ID)

    page = press(client, start(client, scope="openid Mail.Read"), "login", person=jana.mail)

    assert returned(page)["code"]


def test_the_policy_lets_people_sign_in(client: Client, jana: Person) -> None:
    knobs.turn({"consent_policy": "microsoft"})

    assert returned(press(client, start(client, scope="openid profile User.Read"), "login", person=jana.mail))["code"]


def test_an_expired_secret_is_the_operators_trouble(client: Client, refresh_token: str) -> None:
    knobs.turn({"secret_expired": True})

    refused = refreshed(client, refresh_token)

    assert (refused.status_code, refused.json()["error"], refused.json()["error_codes"]) == (
        401,
        "invalid_client",
        [7000222],
    )


def test_what_cannot_be_said_of_an_account(control: Control, jana: Person) -> None:
    assert "It may be" in control("POST", f"people/{jana.mail}/account", state="asleep").json()["error"]
    assert "Nobody here" in control("GET", "people/nobody@x.example/account").json()["error"]
    assert control("GET", f"people/{jana.mail.upper()}/account").json() == {"state": "active"}
