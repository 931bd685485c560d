"""The Graph client against a server that says exactly what a test tells it to."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from apps.graph.client import GraphClient
from apps.graph.errors import (
    GraphContractBroken,
    GraphError,
    GraphForbidden,
    GraphRejected,
    GraphServerTrouble,
    GraphThrottled,
    GraphUnreachable,
    ItemGone,
    MailboxUnavailable,
    ResyncRequired,
)
from tests.graph.answering import Answer, Server, Tokens
from tests.sandbox_server import ROOT


@pytest.fixture
def client(server: Server, tokens: Tokens) -> GraphClient:
    return GraphClient(base_url=server.url, tokens=tokens)


PROFILE = {"id": "1", "displayName": "Marek", "mail": "marek@x.example", "userPrincipalName": "m@x.example"}


def test_every_request_asks_for_immutable_ids(server: Server, client: GraphClient) -> None:
    server.answers = [Answer(body={"value": [], "@odata.deltaLink": f"{server.url}/next?$deltatoken=1"})]

    client.continue_messages(f"{server.url}/me/x?$skiptoken=1", page_size=7)

    (asked,) = server.asked
    assert asked[1]["Prefer"] == 'IdType="ImmutableId", odata.maxpagesize=7'
    assert asked[1]["Authorization"] == "Bearer token-0"


def test_scenario_13_a_token_that_dies_in_between_is_replaced_once(
    server: Server, client: GraphClient, tokens: Tokens
) -> None:
    server.answers = [Answer(401, {}), Answer(body=PROFILE)]

    assert client.profile().mail == "marek@x.example"

    assert tokens.rejected == [None, "token-0"]
    assert server.asked[1][1]["Authorization"] == "Bearer token-1"


def test_a_token_refused_twice_ends_the_connection(server: Server, client: GraphClient) -> None:
    server.answers = [Answer(401, {})]

    with pytest.raises(GraphForbidden):
        client.profile()

    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "link",
    [
        "http://evil.example/v1.0/me/messages/delta?$skiptoken=1",
        "https://127.0.0.1/v1.0/me/messages",
        "{host}@evil.example/v1.0/me/messages",
        "{host}/beta/me/messages",
        "{host}/v1.0/../internal",
        "{host}/v1.0/%2e%2e/internal",
        "file:///etc/passwd",
    ],
)
def test_scenario_45_a_foreign_link_gets_no_token(
    server: Server, client: GraphClient, tokens: Tokens, link: str
) -> None:
    link = link.format(host=server.url.removesuffix("/v1.0"))

    with pytest.raises(GraphContractBroken):
        client.continue_messages(link, page_size=5)

    assert server.asked == []
    assert tokens.rejected == []


@pytest.mark.parametrize("name", ["@odata.nextLink", "@odata.deltaLink"])
def test_scenario_45_a_page_with_a_foreign_link_is_not_believed(server: Server, client: GraphClient, name: str) -> None:
    server.answers = [Answer(body={"value": [], name: "http://evil.example/v1.0/x"})]

    with pytest.raises(GraphContractBroken):
        client.continue_messages(f"{server.url}/me/x", page_size=5)


def test_scenario_45_redirects_are_not_followed(server: Server, client: GraphClient) -> None:
    server.answers = [Answer(302, {}, {"Location": "http://evil.example/"})]

    with pytest.raises(GraphContractBroken):
        client.profile()

    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "code", "expected", "is_retryable"),
    [
        (400, "ErrorInvalidUrlQuery", GraphRejected, False),
        (400, "SyncStateNotFound", ResyncRequired, False),
        (403, "ErrorAccessDenied", GraphForbidden, False),
        (404, "ErrorItemNotFound", ItemGone, False),
        (404, "ErrorInvalidMailboxItemId", GraphRejected, False),
        (404, "MailboxNotEnabledForRESTAPI", MailboxUnavailable, False),
        (404, "ErrorMailboxStoreUnavailable", GraphServerTrouble, True),
        (410, "resyncRequired", ResyncRequired, False),
        (423, "", GraphServerTrouble, True),
        (429, "ApplicationThrottled", GraphThrottled, True),
        (500, "InternalServerError", GraphServerTrouble, True),
        (503, "MailboxNotEnabledForRESTAPI", GraphServerTrouble, True),
        (509, "", GraphThrottled, True),
    ],
)
def test_refusals_are_sorted_by_what_happens_next(
    server: Server, client: GraphClient, status: int, code: str, expected: type[GraphError], is_retryable: bool
) -> None:
    headers = {"Retry-After": "17", "request-id": "abc"}
    server.answers = [Answer(status, {"error": {"code": code, "message": "secret words"}}, headers)]

    with pytest.raises(GraphError) as raised:
        client.profile()

    assert type(raised.value) is expected
    assert raised.value.is_retryable is is_retryable
    assert raised.value.retry_after_seconds == 17
    assert raised.value.request_id == "abc"
    assert "secret words" not in str(raised.value)
    assert len(server.asked) == 1


def test_an_idle_connection_that_ended_is_opened_again(server: Server, client: GraphClient) -> None:
    server.answers = [Answer(hangs_up=True), Answer(body=PROFILE)]

    assert client.profile().id == "1"


def test_nobody_answers(server: Server, client: GraphClient) -> None:
    server.answers = [Answer(hangs_up=True)]

    with pytest.raises(GraphUnreachable):
        client.profile()

    assert len(server.asked) == 2


@pytest.mark.parametrize("body", ["text", [1], {"value": "no list"}, {"value": [{"subject": "no id"}]}])
def test_an_answer_that_cannot_be_read_is_no_empty_listing(server: Server, client: GraphClient, body: Any) -> None:
    server.answers = [Answer(body=body)]

    with pytest.raises(GraphContractBroken):
        client.folders()


def test_a_damaged_item_does_not_spoil_its_page(server: Server, client: GraphClient) -> None:
    items = [{"error": {"code": "ErrorItemCorrupt"}}, {"id": "a", "subject": None, "from": None}]
    server.answers = [Answer(body={"value": items, "@odata.deltaLink": f"{server.url}/x"})]

    page = client.continue_messages(f"{server.url}/me/x", page_size=5)

    assert [message.id for message in page.messages] == ["a"]
    assert page.damaged == 1


def test_scenario_8_a_part_of_a_batch_fails_alone(server: Server, client: GraphClient) -> None:
    responses = [
        {"id": "2", "status": 404, "body": {"error": {"code": "ErrorItemNotFound"}}},
        {"id": "0", "status": 200, "body": {"id": "a", "parentFolderId": "inbox-id"}},
        {"id": "1", "status": 429, "headers": {"Retry-After": "3"}, "body": {"error": {"code": "TooManyRequests"}}},
    ]
    server.answers = [Answer(body={"responses": responses})]

    first, second, third, fourth = client.whereabouts(["a", "b", "c", "d"])

    assert not isinstance(first, GraphError)
    assert first.folder_id == "inbox-id"
    assert isinstance(second, GraphThrottled)
    assert second.retry_after_seconds == 3
    assert not isinstance(third, GraphError)
    assert third.folder_id == ""
    assert isinstance(fourth, GraphContractBroken)


def test_an_id_of_another_mailbox_says_nothing_about_its_message(server: Server, client: GraphClient) -> None:
    body = {"error": {"code": "ErrorInvalidMailboxItemId"}}
    server.answers = [Answer(body={"responses": [{"id": "0", "status": 404, "body": body}]})]

    (outcome,) = client.whereabouts(["a"])

    assert isinstance(outcome, GraphRejected)


def test_sockets_do_not_cross_a_fork() -> None:
    code = (
        "import os; from apps.graph.sessions import http_session as s; mine = s(); child = os.fork();"
        "os._exit(s() is mine) if child == 0 else os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
