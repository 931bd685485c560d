"""Sessions: one at a time, and gone after a while."""

from __future__ import annotations

import json
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from tests.contract.conftest import Knobs
from tests.contract.v4_1 import NAME, Line, Server, pairs
from tests.sandbox_server import Sandbox


class FromElsewhere(HTTPAdapter):
    """Connections that begin in another network than 127.0.0.0/24."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=("127.0.7.1", 0))


def test_each_login_without_a_cookie_has_a_session_of_its_own(line: Line, other_line: Line) -> None:
    assert line.session != other_line.session


def test_the_cookie_of_a_login_gives_the_same_session_again(line: Line) -> None:
    user_auth = {"user_name": line.server.user_name, "password": line.server.password, "encryption": "PLAIN"}
    cookies = {"PHPSESSID": line.session}
    form = {
        "method": "login",
        "input_type": "JSON",
        "response_type": "JSON",
        "rest_data": json.dumps([user_auth, NAME, []]),
    }

    again = line.http.post(line.server.endpoint, form, cookies=cookies, timeout=60).json()["id"]

    assert again == line.session


def test_calls_that_share_a_session_run_one_after_another(line: Line, other_line: Line) -> None:
    """So a reading after a lost write waits for it, and tells the truth."""
    emails = [line.own_id("Emails") for _ in range(200)]
    entries = [
        pairs({"id": one, "new_with_id": True, "name": NAME, "description_html": "<p>x</p>" * 200}) for one in emails
    ]

    with ThreadPoolExecutor(3) as pool:
        writing = pool.submit(lambda: Line(line.server).send("set_entries", line.session, "Emails", entries).json())
        behind = pool.submit(longest_wait, line.server, line.session, writing)
        elsewhere = pool.submit(longest_wait, line.server, other_line.session, writing)

    assert writing.result() == {"ids": emails}
    assert behind.result() > 2 * elsewhere.result()


def longest_wait(server: Server, session: str, writing: Future[Any]) -> float:
    """Seconds that the slowest call of the session took while the write was running."""
    line, longest = Line(server), 0.0
    while not writing.done():
        began = time.monotonic()
        line.send("get_user_id", session)
        longest = max(longest, time.monotonic() - began)
    return longest


def test_an_expired_session_is_fault_11_on_the_next_call(line: Line, knobs: Knobs) -> None:
    knobs(session_seconds=0.5)
    still = line.call("get_user_id")
    time.sleep(0.7)

    answer = line.call("get_user_id")

    assert isinstance(still, str)
    assert answer["number"] == 11


def test_a_session_is_bound_to_the_network_of_its_client(line: Line, stand_in: Sandbox) -> None:
    """The /24 of the address that logged in. On this machine, 127.0.0.1 and 127.0.7.1 are two networks."""
    form = {"method": "get_user_id", "response_type": "JSON", "rest_data": f'["{line.session}"]'}

    assert _from_elsewhere(line, form)["number"] == 11


def _from_elsewhere(line: Line, form: dict[str, str]) -> dict[str, object]:
    with requests.Session() as http:
        http.trust_env = False
        http.mount("http://", FromElsewhere())
        answer: dict[str, object] = http.post(line.server.endpoint, form, timeout=60).json()
        return answer
