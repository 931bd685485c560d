"""Throttling: so many requests in ten minutes, so many at a time, for each mailbox."""

import pytest

from apps.sandbox.graph import knobs, limits
from tests.sandbox.graph.caller import GraphCaller


def test_so_many_requests_in_ten_minutes(
    graph: GraphCaller, graph_of_petr: GraphCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """“Per app id and mailbox: 10,000 requests per 10 minutes”; one at its limit does not slow others."""
    now = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    knobs.turn({"window_requests": 3})
    for _number in range(3):
        assert graph.send("GET", "messages").status_code == 200
        now[0] += 10

    refused = graph.send("GET", "messages")

    assert (refused.status_code, refused["Retry-After"]) == (429, "580")
    assert refused.json()["error"]["code"] == "TooManyRequests"
    assert graph_of_petr.send("GET", "messages").status_code == 200
    now[0] += 591
    assert graph.send("GET", "messages").status_code == 200


def test_refused_requests_count_too(graph: GraphCaller, monkeypatch: pytest.MonkeyPatch) -> None:
    """“so hammering prolongs it”."""
    now = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    knobs.turn({"window_requests": 1})
    graph.send("GET", "messages")
    now[0] += 599
    assert graph.send("GET", "messages").status_code == 429
    now[0] += 2

    assert graph.send("GET", "messages").status_code == 429


def test_parts_of_a_batch_count_one_by_one(graph: GraphCaller) -> None:
    """“A part may get 429 with its own Retry-After header inside while the outer answer is 200”."""
    knobs.turn({"window_requests": 2})
    parts = [{"id": str(number), "method": "GET", "url": "/me/messages"} for number in range(3)]

    answer = graph.send("POST", "/v1.0/$batch", body={"requests": parts})

    responses = answer.json()["responses"]
    assert answer.status_code == 200
    assert sorted(part["status"] for part in responses) == [200, 200, 429]
    [refused] = [part for part in responses if part["status"] == 429]
    assert int(refused["headers"]["Retry-After"]) > 500


def test_the_header_may_be_absent(graph: GraphCaller) -> None:
    knobs.turn({"at_a_time": 0, "retry_after": False})

    refused = graph.send("GET", "messages")

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "ApplicationThrottled")
    assert "Retry-After" not in refused
