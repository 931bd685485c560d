"""A plain line to any server of the v4_1 family, written apart from the portal's own wire.

Every record that it creates has a name that says where it comes from, and is deleted again at the end.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

NAME = "Portal contract test"
WARNING = "Access to this object is denied since it has been deleted or does not exist"
BATCH = 50
ADDRESSES_LIKE = "email_addresses.email_address_caps LIKE '%CONTRACT.EXAMPLE'"
# Some servers are far away, and every request goes through a filter that takes 1.2 to 1.9 s for each megabyte.
READ_SECONDS = 120
SECONDS_PER_MEGABYTE = 4


@dataclass(frozen=True)
class Server:
    """Where the contract is held against, and with which login."""

    url: str
    user_name: str
    password: str
    is_stand_in: bool

    @property
    def endpoint(self) -> str:
        return self.url if self.url.endswith(".php") else f"{self.url.rstrip('/')}/service/v4_1/rest.php"


class Line:
    """One session at the server. Arguments go by position, which every version of PHP reads the same way.

    Answers are what came over the wire: nothing is decoded, so that a test can say what is encoded.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = requests.Session()
        self.http.trust_env = False
        self.session = ""
        self.made: defaultdict[str, dict[str, None]] = defaultdict(dict)

    # -- calls ------------------------------------------------------------------

    def send(self, method: str, *arguments: Any, **named: Any) -> requests.Response:
        """The HTTP answer, whatever its status. Named arguments go as an object, others as a list."""
        return self.send_text(method, json.dumps(named or list(arguments)))

    def send_text(self, method: str, rest_data: str) -> requests.Response:
        return self.post({"method": method, "input_type": "JSON", "response_type": "JSON", "rest_data": rest_data})

    def post(self, form: dict[str, str]) -> requests.Response:
        # Each call by itself: a cookie would give every login the session of the one before.
        self.http.cookies.clear()
        seconds = READ_SECONDS + SECONDS_PER_MEGABYTE * len(form.get("rest_data", "")) / 1_000_000
        return self.http.post(self.server.endpoint, form, timeout=seconds)

    def call(self, method: str, *arguments: Any) -> Any:
        """The decoded answer of a method that takes the session first."""
        response = self.send(method, self.session, *arguments)
        assert response.status_code == 200, f"{method}: HTTP {response.status_code} {response.text[:200]}"
        return response.json()

    def log_in(self) -> str:
        """Open a session in the one way that people take whose passwords are in LDAP, too."""
        user_auth = {"user_name": self.server.user_name, "password": self.server.password, "encryption": "PLAIN"}
        answer = self.send("login", user_auth, NAME, []).json()
        assert "id" in answer, f"the login was refused: {answer.get('name')}"
        self.session = answer["id"]
        return self.session

    # -- records ----------------------------------------------------------------

    def save(self, module: str, **fields: Any) -> str:
        """Create or change a record by `set_entry`, and remember it; its id."""
        record_id: str = self.call("set_entry", module, pairs(fields))["id"]
        return self.remember(module, record_id)

    def remember(self, module: str, record_id: str) -> str:
        self.made[module][record_id] = None
        return record_id

    def own_id(self, module: str) -> str:
        """An id for a record that is about to be created under it."""
        return self.remember(module, str(uuid4()))

    def email(self, **fields: Any) -> str:
        """An archived e-mail with an id of its own."""
        record_id = fields.pop("id", None) or self.own_id("Emails")
        words = {
            "name": f"{NAME} {record_id[:8]}",
            "type": "archived",
            "status": "archived",
            "date_sent_received": "2026-05-06 07:08:09",
            "message_id": f"{record_id}@contract.example",
        }
        return self.save("Emails", id=record_id, new_with_id=True, **words | fields)

    def read(self, module: str, record_id: str, *fields: str) -> dict[str, str]:
        """The asked fields of a record as `get_entry` gives them; {} where it gives none, or is missing."""
        values = self.entry(module, record_id, *fields)["name_value_list"]
        return {name: pair["value"] for name, pair in values.items()} if isinstance(values, dict) else {}

    def entry(self, module: str, record_id: str, *fields: str) -> dict[str, Any]:
        entry: dict[str, Any] = self.call("get_entry", module, record_id, list(fields), [])["entry_list"][0]
        return entry

    def is_missing(self, module: str, record_id: str) -> bool:
        values = self.entry(module, record_id, "id")["name_value_list"]
        return isinstance(values, list) and {"name": "warning", "value": WARNING} in values

    def rows(self, module: str, query: str, *fields: str, **page: Any) -> list[dict[str, str]]:
        """The rows of `get_entry_list`, each with its `id`."""
        answer = self.page_of(module, query, *fields, **page)
        assert "entry_list" in answer, f"{query}: {answer}"
        return [
            {"id": entry["id"], **{name: pair["value"] for name, pair in (entry["name_value_list"] or {}).items()}}
            for entry in answer["entry_list"]
        ]

    def ids(self, module: str, query: str, **page: Any) -> list[str]:
        return [row["id"] for row in self.rows(module, query, "id", **page)]

    def page_of(
        self,
        module: str,
        query: str,
        *fields: str,
        order_by: str = "id",
        offset: int = 0,
        links: Any = (),
        size: Any = 1000,
        deleted: int = 0,
    ) -> Any:
        return self.call(
            "get_entry_list", module, query, order_by, offset, list(fields), list(links), size, deleted, False
        )

    def list_response(self, module: str, query: str) -> requests.Response:
        """The HTTP answer of a list with that condition."""
        return self.send("get_entry_list", self.session, module, query, "", 0, ["id"], [], 20, 0, False)

    def relate(self, module: str, record_id: str, link: str, *related: str, delete: int = 0) -> Any:
        return self.call("set_relationship", module, record_id, link, list(related), [], delete)

    def linked(self, module: str, record_id: str, link: str, *fields: str) -> list[dict[str, str]]:
        """The rows that the link leads to, as `get_relationships` gives them."""
        answer = self.call("get_relationships", module, record_id, link, "", ["id", *fields], [], 0, "", 0, 0)
        return [
            {"id": entry["id"], **{name: pair["value"] for name, pair in (entry["name_value_list"] or {}).items()}}
            for entry in answer["entry_list"]
        ]

    def forget_addresses(self) -> None:
        """Delete the rows that addresses of the tests have for themselves."""
        for record_id in self.ids("EmailAddresses", ADDRESSES_LIKE):
            self.remember("EmailAddresses", record_id)

    # -- the end ----------------------------------------------------------------

    def tidy(self) -> None:
        """Delete whatever was made, and log out. Fails where the server did not take that."""
        if not isinstance(self.send("get_user_id", self.session).json(), str):
            self.log_in()
        for module, record_ids in self.made.items():
            ids = list(record_ids)
            for start in range(0, len(ids), BATCH):
                marks = [pairs({"id": record_id, "deleted": "1"}) for record_id in ids[start : start + BATCH]]
                answer = self.call("set_entries", module, marks)
                assert "ids" in answer, f"{module}: records of the tests are left on the server: {answer}"
        self.send("logout", self.session)


def pairs(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """A name_value_list in the form that every version takes."""
    return [{"name": name, "value": value} for name, value in fields.items()]


def token() -> str:
    """A word that nothing else has, for names and addresses of one test."""
    return f"t{uuid4().hex[:12]}"


def bearers_of(address: str, module: str = "Contacts") -> str:
    """The condition for records that have the address."""
    return (
        f"{module.lower()}.id IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr"
        " JOIN email_addresses ea ON ea.id=eabr.email_address_id"
        f" WHERE eabr.deleted=0 AND eabr.bean_module='{module}' AND ea.email_address_caps='{address.upper()}')"
    )
