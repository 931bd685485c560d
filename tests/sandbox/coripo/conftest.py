"""A CORIPO that is called as a client calls it: a form in, JSON out. The tests quote what they hold it to."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.models import User
from apps.sandbox.coripo.users import create_user

PASSWORD = "demo-heslo"


@dataclass
class Crm:
    """One user at the CRM. `session` is empty until `login`."""

    client: Client
    session: str = ""

    def raw(self, method: str, rest_data: str, **form: str) -> HttpResponse:
        fields = {"method": method, "input_type": "JSON", "response_type": "JSON", "rest_data": rest_data} | form
        response: Any = self.client.post("/service/v4_1/rest.php", fields)
        return response

    def send(self, method: str, *arguments: Any, **named: Any) -> HttpResponse:
        """The HTTP answer, whatever its status."""
        return self.raw(method, json.dumps(named or list(arguments)))

    def call(self, method: str, *arguments: Any) -> Any:
        """The JSON of a method that takes the session first."""
        response = self.send(method, self.session, *arguments)
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def login(self, user_name: str) -> "Crm":
        """The same CRM with a session of that user, and without the cookie that would give everybody one session."""
        fresh = Crm(Client())
        md5 = hashlib.md5(PASSWORD.encode(), usedforsecurity=False).hexdigest()
        answer = json.loads(fresh.send("login", {"user_name": user_name, "password": md5}, "tests", []).content)
        fresh.client.cookies.clear()
        return Crm(fresh.client, answer["id"])

    # -- what tests do all the time ---------------------------------------------

    def save(self, module: str, **values: Any) -> str:
        record_id: str = self.call("set_entry", module, values)["id"]
        return record_id

    def read(self, module: str, record_id: str, *fields: str) -> dict[str, str]:
        """Field to value; a missing record is a list and fails here."""
        values = self.call("get_entry", module, record_id, fields, [])["entry_list"][0]["name_value_list"]
        return {name: pair["value"] for name, pair in values.items()} if values else {}

    def is_missing(self, module: str, record_id: str) -> bool:
        values = self.call("get_entry", module, record_id, ["id"], [])["entry_list"][0]["name_value_list"]
        return isinstance(values, list) and values[-1] == {"name": "deleted", "value": "1"}

    def ids(self, module: str, query: str = "", *, order_by: str = "id", deleted: int = 0, **page: int) -> list[str]:
        offset, size = page.get("offset", 0), page.get("max_results", 1000)
        answer = self.call("get_entry_list", module, query, order_by, offset, ["id"], [], size, deleted)
        return [entry["id"] for entry in answer["entry_list"]]

    def query_status(self, module: str, query: str) -> tuple[int, Any]:
        """HTTP status and fault number of a list with that condition."""
        response = self.send("get_entry_list", self.session, module, query, "", 0, ["id"], [], 20, 0)
        return response.status_code, json.loads(response.content).get("number") if response.status_code == 200 else None


@pytest.fixture(autouse=True)
def _knobs() -> Iterator[None]:
    yield
    knobs.reset()


@pytest.fixture
def users(db: None) -> dict[str, User]:
    """An administrator, an ordinary and a restricted user."""
    people = {
        "jana": ("Jana Svobodová", "admin"),
        "marek": ("Marek Novák", "user"),
        "tomas": ("Tomáš Dvořák", "restricted"),
    }
    return {name: create_user(name, PASSWORD, full, role) for name, (full, role) in people.items()}


@pytest.fixture
def door(client: Client, users: dict[str, User]) -> Crm:
    """Nobody yet."""
    return Crm(client)


@pytest.fixture
def crm(door: Crm) -> Crm:
    """Logged in as the ordinary user."""
    return door.login("marek")


@pytest.fixture
def restricted(door: Crm) -> Crm:
    """Logged in as the restricted user."""
    return door.login("tomas")
