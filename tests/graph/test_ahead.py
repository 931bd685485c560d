"""Pages that are asked for before they are wanted."""

from __future__ import annotations

import threading

import pytest

from apps.graph.ahead import pages_ahead
from apps.graph.client import GraphClient
from apps.graph.errors import ResyncRequired
from tests.graph.answering import Answer, Server, Tokens


@pytest.fixture
def client(server: Server, tokens: Tokens) -> GraphClient:
    return GraphClient(base_url=server.url, tokens=tokens)


def test_the_page_comes_from_a_thread_and_its_token_does_not(server: Server, client: GraphClient) -> None:
    link = f"{server.url}/me/x?$skiptoken=1"
    server.answers = [Answer(body={"value": [], "@odata.nextLink": f"{server.url}/me/x?$skiptoken=2"})]
    asked_for: list[threading.Thread] = []
    give = client.tokens.access_token
    client.tokens.access_token = lambda **words: (asked_for.append(threading.current_thread()), give(**words))[1]  # type: ignore[method-assign]

    with pages_ahead(client) as ahead:
        ahead.ask(link, page_size=7)
        page = ahead.take(link)

    assert page is not None
    assert page.next_link.endswith("2")
    assert asked_for == [threading.main_thread()]
    assert len(server.asked) == 1


def test_what_was_not_asked_for_or_lost_its_token_is_asked_by_the_caller(server: Server, client: GraphClient) -> None:
    link = f"{server.url}/me/x?$skiptoken=1"
    server.answers = [Answer(401, {})]

    with pages_ahead(client) as ahead:
        assert ahead.take(link) is None
        ahead.ask(link, page_size=7)
        assert ahead.take(f"{link}0") is None
        ahead.ask(link, page_size=7)
        assert ahead.take(link) is None
        assert ahead.take(link) is None


def test_a_cursor_that_ended_is_told_to_whoever_takes_the_page(server: Server, client: GraphClient) -> None:
    link = f"{server.url}/me/x?$skiptoken=1"
    server.answers = [Answer(410, {"error": {"code": "syncStateNotFound", "message": ""}})]

    with pages_ahead(client) as ahead:
        ahead.ask(link, page_size=7)
        with pytest.raises(ResyncRequired):
            ahead.take(link)
