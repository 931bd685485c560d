"""The list of categories of a mailbox: names and colours."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.sandbox.control.models import Person
from apps.sandbox.graph import mailroom
from tests.sandbox.graph.caller import GraphCaller, mail

PATH = "outlook/masterCategories"


@pytest.fixture
def settings_of_jana(client: Client, jana: Person, bearer: Callable[..., str]) -> GraphCaller:
    return GraphCaller(client, bearer(jana, "Mail.ReadWrite MailboxSettings.ReadWrite"))


def test_a_new_mailbox_has_the_colours_of_outlook(settings_of_jana: GraphCaller) -> None:
    listed = {item["displayName"]: item["color"] for item in settings_of_jana.get(PATH)["value"]}

    assert listed["Modrá kategorie"] == "preset7"
    assert len(listed) == 6


def test_make_recolour_and_delete(settings_of_jana: GraphCaller) -> None:
    made = settings_of_jana.send("POST", PATH, body={"displayName": "CORIPO", "color": "preset4"})
    own = f"{PATH}/{made.json()['id']}"
    changed = settings_of_jana.send("PATCH", own, body={"displayName": "Other", "color": "preset5"}).json()

    assert (made.status_code, made.json()["color"]) == (201, "preset4")
    assert (changed["displayName"], changed["color"]) == ("CORIPO", "preset5")
    assert settings_of_jana.get(own)["color"] == "preset5"
    assert settings_of_jana.send("DELETE", own).status_code == 204
    assert settings_of_jana.refusal("GET", own) == (404, "ErrorItemNotFound")


def test_a_name_is_unique_in_any_case(settings_of_jana: GraphCaller) -> None:
    """“displayName unique and unchangeable”."""
    settings_of_jana.send("POST", PATH, body={"displayName": "CORIPO"})

    assert settings_of_jana.refusal("POST", PATH, body={"displayName": "coripo"}) == (409, "ErrorItemExists")


@pytest.mark.parametrize("body", [{}, {"displayName": " "}, {"displayName": "x", "color": "preset25"}])
def test_what_cannot_be_made(settings_of_jana: GraphCaller, body: dict[str, str]) -> None:
    assert settings_of_jana.refusal("POST", PATH, body=body) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("scopes", "reading", "writing"),
    [("Mail.ReadWrite", 403, 403), ("MailboxSettings.Read", 200, 403), ("MailboxSettings.ReadWrite", 200, 201)],
)
def test_scopes(
    client: Client, jana: Person, bearer: Callable[..., str], scopes: str, reading: int, writing: int
) -> None:
    graph = GraphCaller(client, bearer(jana, scopes))

    assert graph.send("GET", PATH).status_code == reading
    assert graph.send("POST", PATH, body={"displayName": "CORIPO"}).status_code == writing


def test_a_message_may_carry_a_name_that_is_not_in_the_list(graph: GraphCaller, jana: Person) -> None:
    """“so the scope is optional: we can tag without it”."""
    mailroom.deliver(jana.mail, mail())
    own = graph.get("messages")["value"][0]["id"]

    assert graph.send("PATCH", f"messages/{own}", body={"categories": ["CORIPO"]}).json()["categories"] == ["CORIPO"]
