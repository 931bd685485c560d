"""Who is let in: tokens, scopes, other people's mailboxes, and no more than four at a time."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest
from django.test import Client

from apps.sandbox.control.models import Person
from apps.sandbox.graph import limits, mailroom
from tests.sandbox.graph.caller import GraphCaller, mail


def test_me(graph: GraphCaller, jana: Person) -> None:
    me = graph.get("/v1.0/me?$select=displayName,mail,userPrincipalName,preferredLanguage")

    assert me["displayName"] == "Jana Svobodová"
    assert me["mail"] == me["userPrincipalName"] == jana.mail
    assert me["preferredLanguage"] == "cs-CZ"
    assert graph.get("/v1.0/me")["id"] == str(jana.oid)


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer nonsense", "Basic x"])
def test_no_token_no_answer(client: Client, db: None, authorization: str) -> None:
    response = GraphCaller(client, authorization).send("GET", "messages", **{"client-request-id": "mine"})

    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (401, "InvalidAuthenticationToken")
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["client-request-id"] == error["innerError"]["client-request-id"] == "mine"
    assert response["request-id"] == error["innerError"]["request-id"] != "mine"
    assert error["innerError"]["date"]


@pytest.mark.parametrize(
    ("scopes", "method", "path", "status"),
    [
        ("User.Read", "GET", "/v1.0/me", 200),
        ("Mail.Read", "GET", "/v1.0/me", 403),
        ("User.Read", "GET", "mailFolders", 403),
        ("Mail.ReadBasic", "GET", "messages", 200),
        ("Mail.ReadBasic", "GET", "messages?$select=body", 403),
        ("Mail.ReadBasic", "GET", "messages/x/$value", 403),
        ("Mail.ReadBasic", "GET", "messages/x/attachments", 403),
        ("Mail.Read", "GET", "messages", 200),
        ("Mail.Read", "PATCH", "messages/x", 403),
        ("Mail.Read", "POST", "messages/x/move", 403),
        ("Mail.ReadWrite", "GET", "messages", 200),
    ],
)
def test_scopes(
    client: Client, jana: Person, bearer: Callable[..., str], scopes: str, method: str, path: str, status: int
) -> None:
    response = GraphCaller(client, bearer(jana, scopes)).send(method, path)

    assert response.status_code == status
    if status == 403:
        # Names neither the scope nor the resource.
        assert response.json()["error"]["code"] == "ErrorAccessDenied"


def test_the_basic_scope_hides_the_text(client: Client, jana: Person, bearer: Callable[..., str]) -> None:
    mailroom.deliver(jana.mail, mail())

    item = GraphCaller(client, bearer(jana, "Mail.ReadBasic")).get("messages")["value"][0]

    assert not {"body", "bodyPreview"} & set(item)


def test_users_is_another_way_to_say_me(graph: GraphCaller, jana: Person) -> None:
    for path in (f"/v1.0/users/{jana.mail}/mailFolders/inbox", f"/v1.0/users('{jana.oid}')/mailFolders('inbox')"):
        assert graph.get(path)["displayName"] == "Doručená pošta"


def test_the_mailbox_of_somebody_else(graph: GraphCaller, petr: Person) -> None:
    assert graph.refusal("GET", f"/v1.0/users/{petr.mail}/messages") == (403, "ErrorAccessDenied")
    assert graph.refusal("GET", "/v1.0/users/nobody@x.example/messages") == (404, "ErrorInvalidUser")


def test_a_person_without_a_mailbox(graph: GraphCaller, jana: Person) -> None:
    jana.mailbox.delete()

    assert graph.get("/v1.0/me")["mail"] == jana.mail
    assert graph.refusal("GET", "mailFolders/inbox") == (404, "MailboxNotEnabledForRESTAPI")


def test_a_new_mailbox_knows_neither_ids_nor_cursors_of_the_old(graph: GraphCaller, jana: Person) -> None:
    mailroom.deliver(jana.mail, mail())
    own = graph.get("messages")["value"][0]["id"]
    _items, link = graph.round("mailFolders/delta")
    jana.mailbox.delete()
    mailroom.open_mailbox(jana)

    assert graph.refusal("GET", f"messages/{own}") == (404, "ErrorInvalidMailboxItemId")
    assert graph.refusal("GET", link) == (410, "SyncStateNotFound")


def test_four_at_a_time(graph: GraphCaller, graph_of_petr: GraphCaller, jana: Person) -> None:
    with ExitStack() as running:
        for _number in range(4):
            running.enter_context(limits.slot(jana.mailbox))
        refused = graph.send("GET", "messages")
        others = graph_of_petr.send("GET", "messages")

    assert (refused.status_code, refused["Retry-After"]) == (429, "1")
    assert refused.json()["error"]["code"] == "ApplicationThrottled"
    assert refused.json()["error"]["message"] == "Application is over its MailboxConcurrency limit."
    assert others.status_code == graph.send("GET", "messages").status_code == 200


def test_paths_and_methods_that_are_not_there(graph: GraphCaller) -> None:
    assert graph.refusal("GET", "calendars") == (400, "BadRequest")
    assert graph.refusal("GET", "/v1.0/sites") == (400, "BadRequest")
    assert graph.send("PUT", "messages").status_code == 405
