"""People, mail from outside, and what a misunderstood control says."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from apps.sandbox import TENANT
from apps.sandbox.control.models import Person
from apps.sandbox.graph.models import Message

MAIL = b"From: zeman@kovarna.example\r\nSubject: =?utf-8?q?Popt=C3=A1vka?=\r\n\r\nDobry den\r\n"

Control = Callable[..., Any]


def test_health_and_client(control: Control) -> None:
    assert control("GET", "health").json() == {"ok": True}
    assert control("GET", "client").json() == {
        "client_id": "3c1b7a52-9d0e-4f6b-8a11-5e2f7c4d9b60",
        "client_secret": "sandbox-demo-secret",
        "tenant": TENANT,
    }


def test_a_new_person(control: Control) -> None:
    """What is left out is made from the name and unlike anybody else's; the listing shows the same."""
    first = control("POST", "people", name="Žofie Řeháková").json()
    second = control("POST", "people", name="Žofie Řeháková").json()

    assert set(first) == {"name", "mail", "oid", "coripo_user", "coripo_password"}
    assert first["mail"].startswith("zofie.rehakova.")
    assert first["mail"] != second["mail"]
    assert first["coripo_user"] != second["coripo_user"]
    assert control("GET", "people").json() == {"people": [first, second]}


def test_a_new_person_has_a_mailbox(person: Callable[..., Person]) -> None:
    folders = person(language="cs").mailbox.folders.values_list("display_name", flat=True)

    assert {"Doručená pošta", "Odeslaná pošta", "Koncepty"} <= set(folders)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "needs a name"),
        ({"name": "X", "coripo_role": "king"}, "role"),
        ({"name": "X", "language": "de"}, "language"),
        ({"name": "X", "shoe_size": 44}, "Unknown: shoe_size"),
        ({"name": "X", "mail": "TAKEN@firm.example"}, "already"),
    ],
)
def test_people_that_cannot_be(
    control: Control, person: Callable[..., Person], words: dict[str, Any], said: str
) -> None:
    person(mail="taken@firm.example")

    answer = control("POST", "people", **words)

    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_mail_arrives_is_categorised_moves_and_goes(control: Control, person: Callable[..., Person]) -> None:
    """A message keeps its immutable id when its owner moves it, and is gone once deleted."""
    jana = person()
    mime = base64.encodebytes(MAIL).decode()

    arrived = control("POST", "mail", mailbox=jana.mail, mime_base64=mime, received_at="2026-03-01T10:00:00+01:00")
    message = Message.objects.get()
    assert arrived.status_code == 201
    assert (message.subject, message.received_at.isoformat()) == ("Poptávka", "2026-03-01T09:00:00+00:00")

    for names in (["Modrá kategorie", "CORIPO"], []):
        set_there = control("PUT", f"messages/{arrived.json()['id']}/categories", categories=names)
        assert set_there.json() == {"categories": Message.objects.get().categories} == {"categories": names}
    assert control("PUT", f"messages/{arrived.json()['id']}/categories", categories="CORIPO").status_code == 400

    moved = control("POST", f"messages/{arrived.json()['id']}/move", folder="Zakázky 2026")
    assert moved.json() == arrived.json()
    assert Message.objects.get().folder.display_name == "Zakázky 2026"

    assert control("DELETE", f"messages/{arrived.json()['id']}").status_code == 204
    assert control("DELETE", f"messages/{arrived.json()['id']}").status_code == 400
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "mail is missing"),
        ({"mime_base64": "%%%"}, "not base64"),
        ({"mime_base64": "QQ==", "mailbox": "nobody@firm.example"}, "nobody@firm.example"),
        ({"mime_base64": "QQ==", "received_at": "yesterday"}, "ISO 8601"),
        ({"mime_base64": "QQ==", "received_at": "2026-02-30T10:00:00"}, "ISO 8601"),
    ],
)
def test_mail_that_cannot_be_delivered(control: Control, words: dict[str, Any], said: str) -> None:
    answer = control("POST", "mail", **words)

    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_knobs(control: Control) -> None:
    assert control("POST", "knobs", at_life=60, revoke_old=True).json()["at_life"] == 60
    assert control("POST", "knobs", bad_aud=True).json()["revoke_old"] is True
    assert control("DELETE", "knobs").json()["at_life"] == 3600
    assert "No knob is called" in control("POST", "knobs", speed=1).json()["error"]
    assert "takes bool" in control("POST", "knobs", rotate="no").json()["error"]
    assert "short, url, echo, none" in control("POST", "knobs", scope_mode="long").json()["error"]
    assert "user, microsoft" in control("POST", "knobs", consent_policy="none").json()["error"]
    assert "token_error" in control("POST", "knobs", token_error="50076").json()["error"]


def test_a_body_that_is_not_json(client: Any, db: None) -> None:
    for body in ("{", "[1]"):
        answer = client.generic("POST", "/_control/faults", body, content_type="application/json")
        assert answer.status_code == 400
