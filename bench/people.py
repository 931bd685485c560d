"""Somebody at a running installation with a mailbox, its address book, and a CORIPO login; contacts on both sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import requests

from tests.coripo import Coripo
from tests.installation import Installation
from tests.visitor import Visitor

PAGE = 500
FIELDS = ["last_name", "phone_mobile", "department", "deleted"]
# What travels, as the form of the settings says it.
BOTH_WAYS = [
    "title", "first_name", "last_name", "position", "department", "company", "addresses", "phone_work", "phone_mobile",
    "phone_home", "phone_other", "work_address", "other_address", "birthday", "assistant",
]  # fmt: skip


class ContactsDesk:
    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.sandbox = installation.sandbox
        self.person = self.sandbox.person()
        self.coripo = Coripo(self.sandbox.url, self.person["coripo_user"], self.person["coripo_password"])
        self.visitor = Visitor(installation.url, self.person)

    def set_up(self, *, which: str = "all", is_automatic: bool = True) -> None:
        """Everything that a person does until contacts go by themselves, through the front door."""
        self.visitor.set_up()
        self.allow()
        self.visitor.go("/settings/contacts/")
        ways = {f"field_{name}": "both" for name in BOTH_WAYS} | {"field_notes": "none"}
        automatic = {"is_automatic": "on"} if is_automatic else {}
        self.visitor.press("Save settings", which=which, **ways, **automatic)
        assert "Settings are saved" in self.visitor.page.text, self.visitor.page.text[:2000]

    def allow(self) -> None:
        self.visitor.go("/contacts/consent/")
        self.visitor.press("Allow")
        self.visitor.through_microsoft()

    def write(self, surname: str, **facts: Any) -> str:
        """Somebody writes a contact in Outlook; its id there."""
        words = {"mailbox": self.person["mail"], "folder": "", "contact": {"surname": surname, **facts}}
        return str(self.sandbox.control("POST", "contacts", json={**words, "properties": {}})["id"])

    def change(self, contact_id: str, **facts: Any) -> None:
        self.sandbox.control("PATCH", f"contacts/{contact_id}", json={"contact": facts, "properties": {}})

    def in_outlook(self) -> list[dict[str, Any]]:
        told = self.sandbox.control("GET", f"contacts?mailbox={self.person['mail']}")["contacts"]
        return [one for one in told if "Deleted" not in str(one.get("folder", ""))]

    def in_crm(self, like: str) -> list[dict[str, str]]:
        """The live contacts whose last name begins so: id and FIELDS."""
        found: list[dict[str, str]] = []
        while True:
            answer = self.coripo.call(
                "get_entry_list",
                module_name="Contacts",
                query=f"contacts.last_name LIKE '{like}%'",
                order_by="id",
                offset=len(found),
                select_fields=["id", *FIELDS],
                link_name_to_fields_array=[],
                max_results=PAGE,
                deleted=0,
                favorites=False,
            )
            found += [
                {name: pair["value"] for name, pair in entry["name_value_list"].items()}
                for entry in answer["entry_list"]
            ]
            if len(answer["entry_list"]) < PAGE:
                return found

    def look(self) -> None:
        """Both sides are looked at now, as if the time for it had come."""
        now = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
        at = now.isoformat(sep=" ")
        self.installation.write(f"update contacts_addressbook set next_look_at = '{at}' where look_claim is null")
        self.installation.write(f"update contacts_crmwatch set next_look_at = '{at}' where look_claim is null")

    def counted(self, sql: str) -> int:
        return int(str(self.installation.rows(sql)[0][0]))

    def differing(self) -> set[str]:
        """The contacts of Outlook of which the portal shows a difference, by their ids there."""
        return {
            str(pk)
            for (pk,) in self.installation.rows("select graph_id from contacts_outlookcontact where state = 'conflict'")
        }

    def active(self) -> int:
        return self.counted("select count(*) from contacts_contacttransfer where status in ('queued', 'claimed')")

    def reconnect_if_asked(self) -> None:
        """Connect the mailbox again, and allow its contacts again, where the portal asks its owner for it."""
        try:
            if self.counted("select count(*) from mailboxes_mailbox where status = 'reconnect'"):
                self.visitor.post("/mailboxes/connect/", {})
                self.visitor.through_microsoft()
            if self.counted("select count(*) from contacts_addressbook where refused_at is not null"):
                self.allow()
        except (requests.ConnectionError, StopIteration):
            # The portal is being killed as well; the page still asks when it is back.
            return


def tag() -> str:
    return uuid4().hex[:8]
