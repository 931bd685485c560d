"""Mailboxes that cannot be reached, and those of others."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.sandbox.control.models import Person
from apps.sandbox.graph import knobs, mailroom
from tests.sandbox.graph.caller import GraphCaller, mail

Control = Callable[..., Any]


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        ("not-enabled", 404, "MailboxNotEnabledForRESTAPI"),
        ("not supported", 404, "MailboxNotSupportedForRESTAPI"),
        ("store-unavailable", 404, "ErrorMailboxStoreUnavailable"),
        ("moving", 503, "ErrorMailboxMoveInProgress"),
        ("denied", 403, "ErrorAccessDenied"),
    ],
)
def test_a_mailbox_that_cannot_be_reached(
    graph: GraphCaller, jana: Person, control: Control, state: str, status: int, code: str
) -> None:
    """“/me answers even if there is no mailbox”."""
    control("POST", f"people/{jana.mail}/mailbox", state=state)

    assert graph.refusal("GET", "mailFolders/inbox?$select=id") == (status, code)
    assert graph.get("/v1.0/me")["mail"] == jana.mail
    control("POST", f"people/{jana.mail}/mailbox", state="enabled")
    assert graph.send("GET", "mailFolders/inbox").status_code == 200


# ── Shared mailboxes ──────────────────────────────────────────────────────


@pytest.fixture
def shared(person: Callable[..., Person], jana: Person, control: Control) -> Person:
    """A mailbox that Jana has full access to."""
    servis = person("Servis")
    assert control("POST", f"people/{servis.mail}/shares", to=jana.mail).json() == {"to": [jana.mail]}
    mailroom.deliver(servis.mail, mail("Porucha"))
    return servis


@pytest.fixture
def with_shared(client: Client, jana: Person, bearer: Callable[..., str]) -> GraphCaller:
    return GraphCaller(client, bearer(jana, "User.Read Mail.ReadWrite Mail.ReadWrite.Shared"))


def test_a_shared_mailbox_by_its_address(with_shared: GraphCaller, shared: Person) -> None:
    listed = with_shared.get(f"/v1.0/users/{shared.mail}/mailFolders('Inbox')/messages")["value"]

    assert [item["subject"] for item in listed] == ["Porucha"]
    assert with_shared.get("messages")["value"] == []


def test_delta_and_writing_there(with_shared: GraphCaller, shared: Person) -> None:
    """Links go on speaking of the mailbox as the caller does."""
    items, link = with_shared.round(f"/v1.0/users/{shared.mail}/mailFolders/inbox/messages/delta?$select=isRead")
    answer = with_shared.send("PATCH", f"/v1.0/users/{shared.mail}/messages/{items[0]['id']}", body={"isRead": True})

    changes, _link = with_shared.round(link)

    assert answer.status_code == 200
    assert [item["isRead"] for item in changes] == [True]


def test_the_scope_of_the_own_mailbox_does_not_count_there(graph: GraphCaller, shared: Person) -> None:
    assert graph.refusal("GET", f"/v1.0/users/{shared.mail}/messages") == (403, "ErrorAccessDenied")


def test_reading_is_not_writing(client: Client, jana: Person, bearer: Callable[..., str], shared: Person) -> None:
    graph = GraphCaller(client, bearer(jana, "Mail.ReadWrite Mail.Read.Shared"))
    own = graph.get(f"/v1.0/users/{shared.mail}/messages")["value"][0]["id"]

    path = f"/v1.0/users/{shared.mail}/messages/{own}"
    assert graph.send("GET", path).status_code == 200
    assert graph.refusal("PATCH", path, body={"isRead": True}) == (403, "ErrorAccessDenied")


def test_the_shared_scope_opens_the_own_mailbox_too(client: Client, jana: Person, bearer: Callable[..., str]) -> None:
    assert GraphCaller(client, bearer(jana, "Mail.Read.Shared")).send("GET", "messages").status_code == 200


def test_the_scope_is_not_enough(with_shared: GraphCaller, petr: Person) -> None:
    """No rights in Exchange: 403; nobody there: 404."""
    assert with_shared.refusal("GET", f"/v1.0/users/{petr.mail}/messages") == (403, "ErrorAccessDenied")
    assert with_shared.refusal("GET", "/v1.0/users/nobody@x.example/messages") == (404, "ErrorInvalidUser")


def test_access_that_is_taken_back(with_shared: GraphCaller, shared: Person, control: Control) -> None:
    assert control("DELETE", f"people/{shared.mail}/shares").json() == {"to": []}

    assert with_shared.refusal("GET", f"/v1.0/users/{shared.mail}/messages") == (403, "ErrorAccessDenied")


def test_an_id_of_the_shared_mailbox_is_foreign_to_the_own_one(with_shared: GraphCaller, shared: Person) -> None:
    own = with_shared.get(f"/v1.0/users/{shared.mail}/messages")["value"][0]["id"]

    assert with_shared.refusal("GET", f"messages/{own}") == (404, "ErrorInvalidMailboxItemId")


def test_throttling_counts_for_the_shared_mailbox(with_shared: GraphCaller, shared: Person) -> None:
    knobs.turn({"window_requests": 2})
    path = f"/v1.0/users/{shared.mail}/messages"

    statuses = [with_shared.send("GET", path).status_code for _number in range(3)]

    assert statuses == [200, 200, 429]
    assert with_shared.send("GET", "messages").status_code == 200


def test_colleagues_have_no_profile_here(with_shared: GraphCaller, shared: Person) -> None:
    assert with_shared.refusal("GET", f"/v1.0/users/{shared.mail}") == (403, "ErrorAccessDenied")


def test_what_cannot_be_said_of_a_mailbox(control: Control, jana: Person) -> None:
    assert "It may be" in control("POST", f"people/{jana.mail}/mailbox", state="full").json()["error"]
    assert "Nobody here" in control("GET", "people/nobody@x.example/mailbox").json()["error"]
    assert "Nobody here" in control("POST", f"people/{jana.mail}/shares", to="nobody@x.example").json()["error"]
