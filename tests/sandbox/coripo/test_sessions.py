"""Logging in, and sessions that end or are shared."""

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.users import create_user
from tests.sandbox.coripo.conftest import PASSWORD, Crm
from tests.sandbox_server import Sandbox

MD5 = hashlib.md5(PASSWORD.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("auth", "is_let_in"),
    [
        ({"password": MD5}, True),
        ({"password": PASSWORD, "encryption": "PLAIN"}, True),
        ({"password": PASSWORD}, False),
        ({"password": "wrong", "encryption": "PLAIN"}, False),
    ],
)
def test_passwords(door: Crm, auth: dict[str, str], is_let_in: bool) -> None:
    """PLAIN + clear works; md5 hex without encryption works; clear without encryption is 10."""
    answer = json.loads(door.send("login", {"user_name": "marek"} | auth, "tests", []).content)

    assert ("id" in answer) == is_let_in
    assert is_let_in or (answer["number"], answer["name"]) == (10, "Invalid Login")


def test_three_wrong_logins_do_not_lock_the_account(door: Crm) -> None:
    """3 wrong logins did not lock the account (lockout is off by default)."""

    def login(password: str) -> Any:
        user_auth = {"user_name": "marek", "password": password, "encryption": "PLAIN"}
        return json.loads(door.send("login", user_auth, "tests", []).content)

    assert [login("wrong")["number"] for _ in range(3)] == [10, 10, 10]
    assert "id" in login(PASSWORD)


def test_ldap_takes_the_plain_password_only(door: Crm) -> None:
    """LDAP: PLAIN with the plain text."""
    create_user("ldap", PASSWORD, "Lída Dvořáková", is_ldap=True)

    by_md5 = json.loads(door.send("login", {"user_name": "ldap", "password": MD5}, "t", []).content)
    plain = {"user_name": "ldap", "password": PASSWORD, "encryption": "PLAIN"}
    by_plain = json.loads(door.send("login", plain, "t", []).content)

    assert by_md5["number"] == 10
    assert by_plain["name_value_list"]["user_id"]["value"]


def test_application_may_be_called_application_name(door: Crm) -> None:
    """login also accepts application_name."""
    auth = {"user_name": "marek", "password": MD5}
    answer = door.send("login", user_auth=auth, application_name="tests", name_value_list=[])

    assert "id" in json.loads(answer.content)


def test_the_cookie_gives_the_same_session_again(door: Crm) -> None:
    """logging in again with the cookie jar gives the same session id back."""
    auth = {"user_name": "marek", "password": MD5}
    first, second = (json.loads(door.send("login", auth, "t", []).content)["id"] for _ in range(2))
    door.client.cookies.clear()
    third = json.loads(door.send("login", auth, "t", []).content)["id"]

    assert first == second != third


def test_logout_is_null_and_ends_the_session(crm: Crm) -> None:
    """logout: body null; logged out: 11."""
    assert crm.call("logout") is None
    assert crm.call("get_user_id")["number"] == 11


def test_expired_sessions_are_11_and_in_two_methods_10(crm: Crm) -> None:
    """session expired: 11; Trap: search_by_module and get_available_modules report 10."""
    crm.client.post("/_control/coripo/expire-sessions")

    assert crm.call("get_entries_count", "Contacts", "", 0)["number"] == 11
    assert crm.call("get_available_modules")["number"] == 10
    assert crm.call("search_by_module", "a", ["Contacts"], 0, 20)["number"] == 10


def test_a_session_is_bound_to_the_network_of_its_login(crm: Crm) -> None:
    """The session is bound to the client's /24 (`verify_client_ip`): another one ends it."""
    crm.client.defaults["REMOTE_ADDR"] = "127.0.0.200"
    near = crm.call("get_user_id")
    crm.client.defaults["REMOTE_ADDR"] = "127.0.1.1"
    far = crm.call("get_user_id")
    crm.client.defaults["REMOTE_ADDR"] = "127.0.0.1"

    assert isinstance(near, str)
    assert far["number"] == crm.call("get_user_id")["number"] == 11


def test_a_session_lives_as_long_as_it_is_used(crm: Crm) -> None:
    """Session = PHP session: dies by inactivity."""
    knobs.turn({"session_seconds": 0.4})
    for _ in range(4):
        time.sleep(0.2)
        assert isinstance(crm.call("get_user_id"), str)
    time.sleep(0.5)

    assert crm.call("get_user_id")["number"] == 11


@pytest.mark.parametrize(("number", "words"), [(60, {"name", "number"}), (1009, {"name", "number", "description"})])
def test_logins_fail_with_the_number_that_the_knob_says(door: Crm, number: int, words: set[str]) -> None:
    """60 number of sessions exceeded has no description; 1009 locked out."""
    knobs.turn({"login_fault": number})

    answer = json.loads(door.send("login", {"user_name": "marek", "password": MD5}, "t", []).content)

    assert answer["number"] == number
    assert set(answer) == words


def test_calls_that_share_a_session_wait_for_each_other(server: Sandbox) -> None:
    """calls that share a session run one after another; one login per thread."""
    requests.post(
        f"{server.url}/_control/people", json={"name": "Eva", "coripo_user": "eva", "coripo_password": "x"}, timeout=9
    )

    def call(method: str, *arguments: Any) -> Any:
        form = {"method": method, "response_type": "JSON", "rest_data": json.dumps(arguments)}
        return requests.post(f"{server.url}/service/v4_1/rest.php", form, timeout=9).json()

    def seconds_for(sessions: list[str]) -> float:
        started = time.monotonic()
        with ThreadPoolExecutor(len(sessions)) as pool:
            list(pool.map(lambda session: call("get_user_id", session), sessions))
        return time.monotonic() - started

    auth = {"user_name": "eva", "password": "x", "encryption": "PLAIN"}
    sessions = [call("login", auth, "t", [])["id"] for _ in range(3)]
    requests.post(f"{server.url}/_control/coripo/knobs", json={"latency_ms": 500}, timeout=9)
    try:
        assert seconds_for(sessions) < 1.5
        assert seconds_for(sessions[:1] * 3) >= 1.5
    finally:
        requests.delete(f"{server.url}/_control/coripo/knobs", timeout=9)
