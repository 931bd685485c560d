"""`$batch`: each part stands for itself."""

from typing import Any

import pytest
from django.test import Client

from apps.sandbox.control import request_log, weather
from apps.sandbox.control.models import Person
from apps.sandbox.graph import mailroom
from tests.sandbox.graph.caller import IMMUTABLE, GraphCaller, mail

PREFER = {"Prefer": IMMUTABLE}


def run(graph: GraphCaller, *parts: dict[str, Any]) -> dict[str, Any]:
    """The responses by their id."""
    numbered = [{"id": str(number), "method": "GET", **part} for number, part in enumerate(parts, start=1)]
    response = graph.send("POST", "/v1.0/$batch", body={"requests": numbered})
    assert response.status_code == 200, response.content
    return {part["id"]: part for part in response.json()["responses"]}


@pytest.fixture
def own(graph: GraphCaller, jana: Person) -> str:
    mailroom.deliver(jana.mail, mail("one"))
    return str(graph.get("messages?$select=id")["value"][0]["id"])


def test_parts_succeed_and_fail_alone(graph: GraphCaller, own: str) -> None:
    parts = run(
        graph,
        {"url": f"/me/messages/{own}?$select=subject", "headers": PREFER},
        {"url": "/me/mailFolders/clutter"},
        {"url": "https://graph.microsoft.com/v1.0/me/mailFolders/inbox"},
        {"url": f"/me/messages/{own}/$value"},
    )

    assert {name: part["status"] for name, part in parts.items()} == {"1": 200, "2": 404, "3": 200, "4": 200}
    assert parts["1"]["body"]["subject"] == "one"
    assert parts["2"]["body"]["error"]["code"] == "ErrorItemNotFound"
    assert isinstance(parts["4"]["body"], str)  # bytes travel as base64


def test_the_outer_preferences_do_not_reach_the_parts(graph: GraphCaller, own: str) -> None:
    parts = run(graph, {"url": "/me/messages", "headers": PREFER}, {"url": "/me/messages"})

    assert parts["1"]["body"]["value"][0]["id"] == own
    assert parts["2"]["body"]["value"][0]["id"] != own


def test_next_links_inside_are_whole_addresses(graph: GraphCaller, jana: Person, own: str) -> None:
    mailroom.deliver(jana.mail, mail("two"))

    parts = run(graph, {"url": "/me/mailFolders/inbox/messages?$top=1", "headers": PREFER})
    link = parts["1"]["body"]["@odata.nextLink"]

    assert link.startswith("http://testserver/v1.0/me/")
    assert [item["id"] for item in graph.get(link)["value"]] == [own]


def test_the_outer_token_counts_for_the_parts(client: Client, graph: GraphCaller, own: str) -> None:
    """And opens no more than a call of its own would."""
    nobody = GraphCaller(client, "Bearer nonsense").send("POST", "/v1.0/$batch", body={"requests": [PART]})

    parts = run(graph, {"url": f"/me/messages/{own}", "headers": PREFER}, {"url": "/users/nobody@x.example/messages"})

    assert nobody.status_code == 401
    assert {name: part["status"] for name, part in parts.items()} == {"1": 200, "2": 404}


def test_answers_come_in_any_order(graph: GraphCaller) -> None:
    requests = [{"id": str(n), "method": "GET", "url": "/me/mailFolders/inbox"} for n in range(20)]

    answers = graph.send("POST", "/v1.0/$batch", body={"requests": requests}).json()["responses"]

    assert {answer["id"] for answer in answers} == {request["id"] for request in requests}
    assert [answer["id"] for answer in answers] != [request["id"] for request in requests]


def test_what_depends_on_a_failure_is_not_tried(graph: GraphCaller, own: str) -> None:
    change = {"method": "PATCH", "headers": {"Content-Type": "application/json"}, "url": f"/me/messages/{own}"}

    parts = run(graph, {"url": "/me/mailFolders/clutter"}, {**change, "dependsOn": ["1"], "body": {"isRead": True}})

    assert (parts["2"]["status"], parts["2"]["body"]["error"]["code"]) == (424, "FailedDependency")
    assert graph.get(f"messages/{own}")["isRead"] is False


def test_a_part_is_throttled_inside_a_good_answer(graph: GraphCaller, own: str) -> None:
    weather.add(name="throttle", target="graph:/me/mailfolders", seconds=7)

    parts = run(graph, {"url": "/me/mailFolders/inbox"}, {"url": f"/me/messages/{own}"})

    assert (parts["1"]["status"], parts["1"]["headers"]["Retry-After"]) == (429, "7")
    assert parts["2"]["status"] == 200


def test_each_part_counts_as_a_request(graph: GraphCaller) -> None:
    request_log.clear()

    run(graph, {"url": "/me/mailFolders/inbox"}, {"url": "/me/mailFolders/archive"})

    counted = request_log.counted()
    assert counted["total"]["graph"] == 3
    assert counted["by_part"]["graph:GET mailFolders/{id}"] == 2


PART = {"id": "1", "method": "GET", "url": "/me/messages"}


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [{**PART, "id": str(number)} for number in range(21)],
        [{**PART, "id": "a"}, {**PART, "id": "A"}],
        [{"id": "1", "method": "GET"}],
        [{**PART, "method": "PATCH", "body": {"isRead": True}}],
        "nonsense",
    ],
)
def test_a_batch_that_is_refused_as_a_whole(graph: GraphCaller, requests: object) -> None:
    assert graph.refusal("POST", "/v1.0/$batch", body={"requests": requests}) == (400, "BadRequest")
