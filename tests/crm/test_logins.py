"""Logging in: by password and LDAP, once, and never again after a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from apps.crm.calling import Login, SignedOn
from apps.crm.connection import check_login, crm_client
from apps.crm.errors import CrmRejected, CrmUnauthorized, LoginFailed
from apps.crm.rest_v4_1 import RestV41
from tests.crm.conftest import MakesClients
from tests.sandbox_server import Sandbox
from tests.services import free_port


@pytest.fixture
def login(sandbox: Sandbox, person: dict[str, str]) -> dict[str, Any]:
    return {
        "api_url": sandbox.url,
        "user_name": person["coripo_user"],
        "password": person["coripo_password"],
        "method": "password",
    }


@pytest.fixture
def counted(sandbox: Sandbox) -> Sandbox:
    sandbox.forget_requests()
    return sandbox


def test_a_probe_says_who_the_login_is(sandbox: Sandbox, client_for: MakesClients) -> None:
    person = sandbox.person(name="Žofie Nováková", coripo_role="admin")

    found = client_for(person).probe()

    assert (found.user_name, found.full_name) == (person["coripo_user"], "Žofie Nováková")
    assert found.is_admin
    assert found.may_create_emails
    assert found.may_read_contacts
    assert found.version
    assert found.user_id


def test_an_ordinary_user_is_no_administrator(crm: RestV41) -> None:
    assert not crm.probe().is_admin


def test_a_login_is_checked(login: dict[str, Any]) -> None:
    assert check_login(**login).user_name == login["user_name"]


def test_a_password_goes_plain_to_a_loopback_address_for_ldap(login: dict[str, Any]) -> None:
    assert check_login(**{**login, "method": "ldap"}).user_name == login["user_name"]


def test_a_wrong_password_is_sent_once(login: dict[str, Any], counted: Sandbox) -> None:
    with pytest.raises(LoginFailed) as caught:
        check_login(**{**login, "password": "wrong"})

    assert caught.value.step == "login"
    assert counted.requests()["by_part"]["coripo:login"] == 1


def test_a_refused_client_does_not_try_again(login: dict[str, Any], counted: Sandbox) -> None:
    with crm_client(**{**login, "password": "wrong"}, account_key="1:1") as crm:
        for _attempt in range(3):
            with pytest.raises(CrmUnauthorized):
                crm.find_contacts(["a@firma.example"])

    assert counted.requests()["total"]["coripo"] == 1


@pytest.mark.parametrize(
    ("address", "step"),
    [
        ("http://crm.invalid", "address"),
        ("no address", "address"),
        ("http://127.0.0.1:{port}", "address"),
        ("{sandbox}/nowhere", "address"),
        ("https://{host}", "tls"),
    ],
)
def test_the_step_that_failed_is_named(login: dict[str, Any], sandbox: Sandbox, address: str, step: str) -> None:
    host = sandbox.url.removeprefix("http://")
    api_url = address.format(port=free_port(), sandbox=sandbox.url, host=host)

    with pytest.raises(LoginFailed) as caught:
        check_login(**{**login, "api_url": api_url})

    assert caught.value.step == step


def test_an_ldap_password_is_not_sent_in_the_open(login: dict[str, Any]) -> None:
    with (
        pytest.raises(CrmRejected) as caught,
        crm_client(api_url="http://crm.firma.example", user_name="x", password="y", method="ldap", account_key="1:1"),
    ):
        pass

    assert caught.value.field == "address"


def test_a_session_is_used_again_by_the_next_client_of_the_same_login(login: dict[str, Any], counted: Sandbox) -> None:
    for account_key in ("2:1", "2:1", "2:2"):
        with crm_client(**login, account_key=account_key) as crm:
            crm.find_contacts(["a@firma.example"])

    assert counted.requests()["by_part"]["coripo:login"] == 2


def test_clients_at_the_same_time_have_sessions_of_their_own(login: dict[str, Any], counted: Sandbox) -> None:
    with crm_client(**login, account_key="3:1") as one, crm_client(**login, account_key="3:1") as other:
        one.find_contacts(["a@firma.example"])
        other.find_contacts(["a@firma.example"])

    assert counted.requests()["by_part"]["coripo:login"] == 2


def test_one_login_replaces_all_sessions_that_expired(login: dict[str, Any], counted: Sandbox) -> None:
    with crm_client(**login, account_key="4:1") as one, crm_client(**login, account_key="4:1") as other:
        one.find_contacts(["a@firma.example"])
        other.find_contacts(["a@firma.example"])
    counted.control("POST", "coripo/expire-sessions")
    counted.forget_requests()

    for _turn in range(2):
        with crm_client(**login, account_key="4:1") as crm:
            crm.find_contacts(["a@firma.example"])

    assert counted.requests()["by_part"]["coripo:login"] == 1


def test_a_right_asked_for_after_the_session_expired(crm: RestV41, sandbox: Sandbox) -> None:
    # get_available_modules reports an expired session as a wrong login.
    crm.probe()
    sandbox.control("POST", "coripo/expire-sessions")

    assert crm.probe().may_create_emails


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(Login(user_name="x", password="secret"))
    assert "secret" not in repr(SignedOn(session_id="secret", user_id="1", user_name="x", is_admin=False))
