"""A plain REST v4_1 caller, written apart from the portal's own wire: what it reads is what anybody would."""

from __future__ import annotations

import hashlib
import html
import json
from typing import Any

import requests


class Coripo:
    """One session of one user. Values come back as plain text."""

    def __init__(self, url: str, user_name: str, password: str) -> None:
        self.url = f"{url}/service/v4_1/rest.php"
        self.http = requests.Session()
        self.http.trust_env = False
        answer = self._post(
            "login",
            {
                "user_auth": {"user_name": user_name, "password": hashlib.md5(password.encode()).hexdigest()},
                "application": "tests",
                "name_value_list": [],
            },
        )
        self.session = answer["id"]

    def _post(self, method: str, rest_data: dict[str, Any]) -> Any:
        form = {"method": method, "input_type": "JSON", "response_type": "JSON", "rest_data": json.dumps(rest_data)}
        for _ in range(20):
            try:
                answer = self.http.post(self.url, data=form, timeout=60)
                return answer.json()
            except requests.RequestException:
                # Bad weather is switched on while a test looks: reading once more harms nothing.
                continue
        raise AssertionError(f"{method} got no answer")

    def call(self, method: str, **rest_data: Any) -> Any:
        return self._post(method, {"session": self.session, **rest_data})

    def create(self, module: str, **fields: str) -> str:
        values = [{"name": name, "value": value} for name, value in fields.items()]
        return str(self.call("set_entry", module_name=module, name_value_list=values, track_view=False)["id"])

    def contact(
        self, address: str, *, last_name: str = "Dvořáková", first_name: str = "Jana", company: str = ""
    ) -> str:
        words = {"first_name": first_name, "last_name": last_name, "email1": address}
        return self.create("Contacts", **words, **({"account_id": company} if company else {}))

    def company(self, name: str) -> str:
        return self.create("Accounts", name=name)

    def emails(self, message_id: str = "") -> list[dict[str, str]]:
        """Live e-mails, all or those of one Message-ID; ids only are sure, list calls give empty texts."""
        query = f"emails.message_id='{message_id}'" if message_id else ""
        found: list[dict[str, str]] = []
        while True:
            answer = self.call(
                "get_entry_list",
                module_name="Emails",
                query=query,
                order_by="id",
                offset=len(found),
                select_fields=["id", "name", "message_id"],
                link_name_to_fields_array=[],
                max_results=500,
                deleted=0,
                favorites=False,
            )
            found += [_plain(entry) for entry in answer["entry_list"]]
            if len(answer["entry_list"]) < 500:
                return found

    def email(self, record_id: str) -> dict[str, str]:
        """Every field of one e-mail."""
        answer = self.call(
            "get_entry",
            module_name="Emails",
            id=record_id,
            select_fields=[],
            link_name_to_fields_array=[],
            track_view=False,
        )
        return _plain(answer["entry_list"][0])

    def whole_contact(self, record_id: str) -> dict[str, Any]:
        """Every field of one contact, with `addresses`, the primary one first, and the names of its `companies`."""
        answer = self.call(
            "get_entry",
            module_name="Contacts",
            id=record_id,
            select_fields=[],
            link_name_to_fields_array=[],
            track_view=False,
        )
        fields: dict[str, Any] = dict(_plain(answer["entry_list"][0]))
        addresses = [row["email_address"] for row in self._related(record_id, "email_addresses", "email_address")]
        primary = fields.get("email1", "")
        fields["addresses"] = sorted(addresses, key=lambda one: (one.lower() != primary.lower(), one))
        fields["companies"] = sorted(row["name"] for row in self._related(record_id, "accounts", "name"))
        return fields

    def contacts(self, **fields: str) -> list[str]:
        """The ids of live contacts with these values."""
        answer = self.call(
            "get_entry_list",
            module_name="Contacts",
            query=" AND ".join(f"contacts.{name}='{value}'" for name, value in fields.items()),
            order_by="id",
            offset=0,
            select_fields=["id"],
            link_name_to_fields_array=[],
            max_results=500,
            deleted=0,
            favorites=False,
        )
        return [str(entry["id"]) for entry in answer["entry_list"]]

    def change(self, module: str, record_id: str, **fields: str) -> None:
        values = [{"name": name, "value": value} for name, value in {"id": record_id, **fields}.items()]
        self.call("set_entry", module_name=module, name_value_list=values, track_view=False)

    def _related(self, record_id: str, link: str, *fields: str) -> list[dict[str, str]]:
        answer = self.call(
            "get_relationships",
            module_name="Contacts",
            module_id=record_id,
            link_field_name=link,
            related_module_query="",
            related_fields=["id", *fields],
            related_module_link_name_to_fields_array=[],
            deleted=0,
            order_by="",
            offset=0,
            limit=500,
        )
        return [_plain(entry) for entry in answer["entry_list"]]

    def linked(self, record_id: str, link: str, module: str = "Emails") -> list[dict[str, str]]:
        answer = self.call(
            "get_relationships",
            module_name=module,
            module_id=record_id,
            link_field_name=link,
            related_module_query="",
            related_fields=["id", "name", "filename"],
            related_module_link_name_to_fields_array=[],
            deleted=0,
            order_by="",
            offset=0,
            limit=500,
        )
        return [_plain(entry) for entry in answer["entry_list"]]

    def delete(self, module: str, record_id: str) -> None:
        values = [{"name": "id", "value": record_id}, {"name": "deleted", "value": "1"}]
        self.call("set_entry", module_name=module, name_value_list=values, track_view=False)


def _plain(entry: dict[str, Any]) -> dict[str, str]:
    values = entry["name_value_list"]
    pairs = values.values() if isinstance(values, dict) else values
    return {pair["name"]: html.unescape(str(pair["value"])) for pair in pairs}
