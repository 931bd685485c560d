"""Faults: whom they hit, how often, and what the hit one sees. And the count of requests."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.test import Client

from apps.sandbox import TENANT
from apps.sandbox.control import weather
from apps.sandbox.control.asks import Ask, graph_ask
from apps.sandbox.control.models import Person
from tests.sandbox_server import ROOT, Sandbox

KEYS = f"/{TENANT}/discovery/v2.0/keys"
CORIPO = "/service/v4_1/rest.php"

Control = Callable[..., Any]


def ask_coripo(client: Client, method: str) -> Any:
    form = {"method": method, "input_type": "JSON", "response_type": "JSON", "rest_data": "{}"}
    return client.post(CORIPO, form)


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("Throttle", "throttle"),
        ("dropped after success", "dropped"),
        ("dropped_after_success", "dropped"),
        ("Unavailable", "5xx"),
        ("expired cursor", "expired-cursor"),
        ("REVOKED_TOKEN", "revoked-token"),
        ("slow", "slow"),
    ],
)
def test_names_are_taken_as_people_write_them(called: str, name: str) -> None:
    assert weather.add(name=called)["name"] == name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"name": "hail"}, "No fault is called 'hail'"),
        ({}, "No fault"),
        ({"name": "slow", "target": "exchange:inbox"}, "No service is called 'exchange'"),
        ({"name": "slow", "share": 2}, "share"),
        ({"name": "slow", "seconds": -1}, "negative"),
        ({"name": "slow", "times": "often"}, "times must be a number"),
    ],
)
def test_faults_that_cannot_be(control: Control, words: dict[str, Any], said: str) -> None:
    answer = control("POST", "faults", **words)

    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_a_fault_hits_so_many_times(client: Client, control: Control) -> None:
    """Throttling answers 429 with Retry-After as often as asked, then the sky is clear; the list tells the hits."""
    control("POST", "faults", name="throttle", target="entra", times=2, seconds=7)

    answers = [client.get(KEYS) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0]["Retry-After"] == "7"
    assert answers[0].json()["error"] == "temporarily_unavailable"
    [listed] = control("GET", "faults").json()["faults"]
    assert (listed["hits"], listed["left"]) == (2, 0)


def test_a_fault_until_cleared(client: Client, control: Control) -> None:
    control("POST", "faults", name="5xx", target="*", times=0)

    assert {client.get(KEYS).status_code for _ in range(5)} == {503}
    control("DELETE", "faults")
    assert client.get(KEYS).status_code == 200


def test_a_fault_by_chance(client: Client, control: Control) -> None:
    control("POST", "faults", name="5xx", target="entra", times=-1, share=0.5)

    assert {client.get(KEYS).status_code for _ in range(60)} == {200, 503}


def test_services_refuse_in_their_own_words(client: Client, control: Control) -> None:
    """Graph has an error object with a request id; CORIPO answers as the web server before it, in HTML."""
    control("POST", "faults", name="throttle", times=2)
    control("POST", "faults", name="5xx", times=2)

    throttled, refused = client.get("/v1.0/me"), ask_coripo(client, "login")
    assert throttled.json()["error"]["code"] == "TooManyRequests"
    assert throttled["request-id"]
    assert refused.status_code == 429
    assert refused["Content-Type"].startswith("text/html")
    assert client.get("/v1.0/me").json()["error"]["code"] == "ServiceUnavailable"
    assert ask_coripo(client, "login").status_code == 503


def test_a_method_of_coripo(client: Client, control: Control) -> None:
    """The part is a whole method name: get_entry is not get_entry_list. Other services are left alone."""
    control("POST", "faults", name="5xx", target="coripo:get_entry", times=0)

    assert ask_coripo(client, "get_entry_list").status_code != 503
    assert client.get(KEYS).status_code == 200
    assert ask_coripo(client, "get_entry").status_code == 503


def test_a_mailbox(client: Client, control: Control, person: Callable[..., Person], bearer: Callable[..., str]) -> None:
    """The part may be a mailbox, known by the token of whoever asks for /me."""
    jana, marek = person("Jana Svobodová"), person("Marek Novák")
    control("POST", "faults", name="throttle", target=f"graph:{jana.mail.upper()}", times=0)

    marek_answer = client.get("/v1.0/me", headers={"authorization": bearer(marek)})
    jana_answer = client.get("/v1.0/me", headers={"authorization": bearer(jana)})

    assert marek_answer.status_code != 429
    assert jana_answer.status_code == 429


def test_slow_then_served(client: Client, control: Control) -> None:
    control("POST", "faults", name="slow", target="entra", seconds=0.3)

    started = time.monotonic()
    answer = client.get(KEYS)

    assert time.monotonic() - started >= 0.3
    assert answer.status_code == 200


def test_faults_that_belong_to_one_service() -> None:
    """expired-cursor and revoked-token are asked for by their service, with the texts that describe the request."""
    weather.add(name="expired-cursor", target="graph:jana@firm.example")

    assert not weather.strikes("expired-cursor", ["marek@firm.example", "/v1.0/me/messages/delta"])
    assert weather.strikes("expired-cursor", ["Jana@firm.example"])
    assert not weather.strikes("expired-cursor", ["jana@firm.example"])


@pytest.mark.parametrize(
    ("method", "path", "part"),
    [
        ("GET", "/v1.0/me", "GET me"),
        ("GET", "/v1.0/me/mailFolders", "GET mailFolders"),
        ("GET", "/v1.0/me/mailFolders/AAMk%3D/messages/delta", "GET messages/delta"),
        ("GET", "/v1.0/me/mailfolders('AQMk')/messages/microsoft.graph.delta()", "GET messages/microsoft.graph.delta"),
        ("GET", "/v1.0/me/messages/AAkA", "GET messages/{id}"),
        ("GET", "/v1.0/me/messages('AAkA')", "GET messages/{id}"),
        ("PATCH", "/v1.0/users/jana@firm.example/messages/AAkA", "PATCH messages/{id}"),
        ("GET", "/v1.0/me/messages/AAkA/$value", "GET messages/$value"),
        ("GET", "/v1.0/me/messages/AAkA/attachments", "GET messages/attachments"),
        ("POST", "/v1.0/$batch", "POST $batch"),
        ("GET", "/me/messages/AAkA?$select=subject", "GET messages/{id}"),
    ],
)
def test_parts_of_graph(method: str, path: str, part: str) -> None:
    assert graph_ask(method, path, mailbox="").part == part


def test_aims() -> None:
    assert graph_ask("GET", "/v1.0/me/mailFolders/x/messages/delta()", mailbox="").is_aimed_at("messages/delta")
    assert not Ask("coripo", "set_entries", ("set_entries",)).is_aimed_at("set_entr")


def test_a_fault_may_be_aimed_at_what_a_call_to_coripo_carries() -> None:
    ask = Ask("coripo", "get_entry_list", ("get_entry_list",), content='{"query": "... IN (\'JANA@FIRM.EXAMPLE\')"}')

    assert ask.is_aimed_at("get_entry_list/jana@firm.example")
    assert ask.is_aimed_at("/jana@firm.example")
    assert not ask.is_aimed_at("get_entry_list/petr@firm.example")
    assert not ask.is_aimed_at("set_entry/jana@firm.example")


def test_requests_are_counted(client: Client, control: Control) -> None:
    """By service and by part; controls do not count."""
    ask_coripo(client, "set_entries")
    ask_coripo(client, "set_entries")
    client.get("/v1.0/me/mailFolders/inbox/messages/delta")
    client.get(KEYS)

    counted = control("GET", "requests").json()

    assert counted["total"] == {"entra": 1, "graph": 1, "coripo": 2}
    assert counted["by_part"] == {"coripo:set_entries": 2, "entra:GET keys": 1, "graph:GET messages/delta": 1}
    assert control("DELETE", "requests").json() == {"total": {"entra": 0, "graph": 0, "coripo": 0}, "by_part": {}}


def test_dropped_after_success(server: Sandbox) -> None:
    """The request is carried out and committed, and its caller gets no answer but a closed connection."""
    person = server.person()
    login = {
        "user_auth": {"user_name": person["coripo_user"], "password": person["coripo_password"], "encryption": "PLAIN"},
        "application": "test",
        "name_value_list": [],
    }

    def call(method: str, data: Any) -> requests.Response:
        form = {"method": method, "input_type": "JSON", "response_type": "JSON", "rest_data": json.dumps(data)}
        return server.http.post(f"{server.url}{CORIPO}", form, timeout=10)

    session = call("login", login).json()["id"]
    contact = [{"name": "last_name", "value": "Ztracená odpověď"}]
    server.fault("dropped after success", "coripo:set_entry")
    with pytest.raises(requests.ConnectionError):
        call("set_entry", [session, "Contacts", contact])

    counted = call("get_entries_count", [session, "Contacts", "", 0]).json()
    server.calm()
    assert counted["result_count"] == "1"


def test_the_fault_command(server: Sandbox) -> None:
    """`sandbox fault` talks to the running server; what it cannot do it says, with exit code 1."""

    def run(*arguments: str, url: str = server.url) -> subprocess.CompletedProcess[str]:
        environment = {"SANDBOX_URL": url, "SANDBOX_DATA": server.folder.name, "PATH": ""}
        command = [sys.executable, "-m", "apps.sandbox", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    switched = run("fault", "throttle", "--target", "graph:delta", "--times", "3")
    unknown = run("fault", "hail")
    cleared = run("fault", "--clear")
    nobody_there = run("fault", "slow", url="http://127.0.0.1:9")

    assert (switched.returncode, switched.stdout) == (0, "throttle at graph:delta: 0 hit, 3 left\n")
    assert unknown.returncode == 1
    assert "No fault is called 'hail'" in unknown.stderr
    assert (cleared.returncode, cleared.stdout) == (0, "All faults are cleared.\n")
    assert nobody_there.returncode == 1
    assert "does not answer" in nobody_there.stderr
    assert run("load", "/nowhere", "--mailbox", "a@b.example").returncode == 1
    assert run("generate", "--messages", "many", "--mailbox", "a@b.example").returncode == 2
