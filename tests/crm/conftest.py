"""A login of its own at the running sandbox for each test, and a raw line to it for looking at what is really there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

import pytest

from apps.core.addresses import Address
from apps.crm import shapes
from apps.crm.calling import Caller, Login
from apps.crm.face import OutgoingEmail
from apps.crm.rest_v4_1 import RestV41
from apps.crm.sessions import SessionPool
from apps.crm.transport import Patience, Transport
from tests.sandbox_server import Sandbox

NOON = datetime(2026, 5, 6, 12, 0, 0, tzinfo=UTC)
PATIENCE = Patience(connect_seconds=2.0, read_seconds=10.0)


@dataclass(frozen=True)
class Line:
    """Calls of v4_1 as anybody could make them, for arranging and asserting."""

    caller: Caller

    def create(self, module: str, **fields: str) -> str:
        answer = self.caller.write(
            "set_entry", module_name=module, name_value_list=shapes.name_values(fields), track_view=False
        )
        return str(answer["id"])

    def relate(self, module: str, record_id: str, link: str, *related: str) -> None:
        self.caller.write(
            "set_relationship",
            module_name=module,
            module_id=record_id,
            link_field_name=link,
            related_ids=list(related),
            name_value_list=[],
            delete=0,
        )

    def delete(self, module: str, record_id: str) -> None:
        self.create(module, id=record_id, deleted="1")

    def fields(self, module: str, record_id: str) -> dict[str, str]:
        """All fields of a live record; of a missing one none."""
        answer = self.caller.read(
            "get_entry",
            module_name=module,
            id=record_id,
            select_fields=[],
            link_name_to_fields_array=[],
            track_view=False,
        )
        records = shapes.records_in(answer)
        return dict(records[0].fields) if records else {}

    def ids(self, module: str, query: str) -> list[str]:
        answer = self.caller.read(
            "get_entry_list",
            module_name=module,
            query=query,
            order_by="id",
            offset=0,
            select_fields=["id"],
            link_name_to_fields_array=[],
            max_results=1000,
            deleted=0,
            favorites=False,
        )
        return [record.id for record in shapes.page_in(answer).records]


class MakesClients(Protocol):
    def __call__(self, person: dict[str, str], **words: Any) -> RestV41: ...


def caller_for(
    sandbox: Sandbox, person: dict[str, str], *, patience: Patience = PATIENCE, password: str = "", url: str = ""
) -> Caller:
    login = Login(user_name=person["coripo_user"], password=password or person["coripo_password"])
    return Caller(Transport(url or sandbox.url, patience), login, pool=SessionPool(), account_key="test")


@pytest.fixture
def client_for(sandbox: Sandbox) -> Iterator[MakesClients]:
    """Makes a client for a person; one person may have several, as several workers would."""
    callers: list[Caller] = []

    def make(person: dict[str, str], **words: Any) -> RestV41:
        callers.append(caller_for(sandbox, person, **words))
        return RestV41(callers[-1])

    yield make
    for caller in callers:
        caller.close()


@pytest.fixture
def person(sandbox: Sandbox) -> dict[str, str]:
    return sandbox.person()


@pytest.fixture
def crm(client_for: MakesClients, person: dict[str, str]) -> RestV41:
    return client_for(person)


@pytest.fixture
def line(sandbox: Sandbox) -> Line:
    """An administrator's line, in a session of its own."""
    return Line(caller_for(sandbox, sandbox.person(coripo_role="admin")))


def new_id() -> str:
    return str(uuid4())


def an_email(**words: Any) -> OutgoingEmail:
    """An ordinary e-mail with an id and a Message-ID of its own."""
    record_id = new_id()
    email = OutgoingEmail(
        id=record_id,
        message_id=f"{record_id}@firma.example",
        subject="Nabídka 2026/014",
        sent_at=NOON,
        text="Dobrý den,\nposíláme nabídku.",
        html="<p>Dobrý den,<br>posíláme nabídku.</p>",
        sender=Address("Petr Novák", "petr@firma.example"),
        to=(Address("Jana", "jana@nase.example"),),
    )
    return replace(email, **words)
