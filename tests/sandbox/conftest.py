"""Shared by the tests of the sandbox itself, which run in a process of their own:

    DJANGO_SETTINGS_MODULE=apps.sandbox.settings python -m pytest tests/sandbox --confcutdir=tests/sandbox

(the conftest above knows the portal, and the sandbox does not). Most tests drive it with Django's client; `server` is
for what only a real connection can tell.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from apps.sandbox.control import request_log, weather
from apps.sandbox.control.models import Person
from apps.sandbox.coripo import knobs as coripo_knobs
from apps.sandbox.entra import keys, knobs, tokens
from apps.sandbox.entra.models import SignIn
from apps.sandbox.graph import knobs as graph_knobs
from apps.sandbox.graph import limits
from tests.sandbox_server import Sandbox
from tests.services import free_port

MakePerson = Callable[..., Person]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """With a signing key, as a sandbox that has been used has one: a new one costs more than most tests."""
    with django_db_blocker.unblock():
        keys.signing_key()


@pytest.fixture(autouse=True)
def _fair_weather() -> Iterator[None]:
    """What lives in the memory of the process does not outlive a test."""
    yield
    weather.clear()
    knobs.reset()
    coripo_knobs.reset()
    graph_knobs.reset()
    limits.forget()
    request_log.clear()


@pytest.fixture
def control(client: Client, db: None) -> Callable[..., Any]:
    """Call a control with JSON: `control("POST", "faults", name="slow")` returns the answer."""

    def call(method: str, name: str, /, **body: Any) -> Any:
        return client.generic(method, f"/_control/{name}", json.dumps(body), content_type="application/json")

    return call


@pytest.fixture
def person(control: Callable[..., Any]) -> MakePerson:
    """Make a person with an empty mailbox and a CORIPO user, as the control endpoint does."""

    def make(name: str = "Jana Svobodová", **words: str) -> Person:
        answer = control("POST", "people", name=name, **words)
        assert answer.status_code == 201, answer.content
        return Person.objects.get(mail=answer.json()["mail"])

    return make


@pytest.fixture
def bearer(db: None) -> Callable[..., str]:
    """An `Authorization` header of a person whose sign-in is done: `bearer(jana, "Mail.Read")`."""

    def header(person: Person, scopes: str = "User.Read Mail.Read") -> str:
        sign_in = SignIn.objects.create(person=person, client_id=settings.SANDBOX_CLIENT_ID, created_at=timezone.now())
        return f"Bearer {tokens.access_token(sign_in, scopes.split())}"

    return header


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    """A sandbox as `python -m apps.sandbox serve` runs it, on free ports, with a database of its own."""
    sandbox = Sandbox(f"http://127.0.0.1:{free_port()}", tls_url=f"https://127.0.0.1:{free_port()}")
    try:
        sandbox.start()
        yield sandbox
    finally:
        sandbox.stop()
