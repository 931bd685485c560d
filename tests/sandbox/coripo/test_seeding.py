"""The CRM is filled from one dict, and filling it again changes nothing."""

import base64
from typing import Any

import pytest

from apps.sandbox.coripo.models import Contact, Email, EmailAddress, Grant, User
from apps.sandbox.coripo.seeding import clear, load, record_id
from tests.sandbox.coripo.conftest import Crm

CRM: dict[str, Any] = {
    "users": [
        {"user_name": "j.svobodova", "password": "demo-heslo", "name": "Jana Svobodová", "role": "admin"},
        {"user_name": "t.dvorak", "password": "demo-heslo", "name": "Tomáš Dvořák", "role": "restricted", "ldap": True},
    ],
    "accounts": [
        {
            "key": "kovarna",
            "name": "Kovárna <Morava>",
            "addresses": ["Info@kovarna.example"],
            "shared_with": ["t.dvorak"],
        },
        {"key": "acme", "name": "ACME", "fields": {"phone_office": "1"}},
    ],
    "contacts": [
        {
            "key": "zeman",
            "first_name": "Petr",
            "last_name": "Zeman",
            "accounts": ["kovarna", "acme"],
            "addresses": ["info@kovarna.example", "petr@kovarna.example"],
        },
        {"key": "sam", "last_name": "Sam"},
    ],
    "leads": [{"key": "lid", "last_name": "Lid", "account_name": "Nová", "fields": {"status": "New"}}],
    "opportunities": [
        {"key": "lis", "name": "Lis", "account": "acme", "contacts": ["zeman"], "fields": {"date_closed": "2026-03-01"}}
    ],
    "emails": [
        {
            "key": "nabidka",
            "message_id": "ABC@host.example",
            "subject": "Nabídka",
            "sent_at": "2026-01-05T09:12:44+01:00",
            "from": "Petr <petr@kovarna.example>",
            "to": ["obchod@nase.example"],
            "text": "Dobrý den",
            "links": ["contacts:zeman"],
            "parent": "accounts:kovarna",
            "files": [{"name": "a.txt", "content_base64": base64.b64encode(b"x").decode()}],
            "created_by": "t.dvorak",
        },
        {
            "key": "gone",
            "message_id": "gone@host.example",
            "subject": "x",
            "deleted": True,
            "links": ["contacts:zeman"],
        },
    ],
}


@pytest.mark.django_db
def test_loading_twice_changes_nothing() -> None:
    load(CRM)
    load(CRM)

    assert Contact.objects.count() == 2
    assert Email.objects.count() == 2
    assert Grant.objects.count() == 1
    assert EmailAddress.objects.filter(email_address_caps="INFO@KOVARNA.EXAMPLE").count() == 1


def test_what_was_loaded_is_there(door: Crm) -> None:
    load(CRM)
    crm = door.login("j.svobodova")
    zeman, email = record_id("contacts", "zeman"), record_id("emails", "nabidka")

    contact = crm.read("Contacts", zeman, "name", "email1", "email2", "account_name")
    letter = crm.read("Emails", email, "date_sent_received", "from_addr_name", "created_by_name", "description")
    links = [{"name": name, "value": ["id"]} for name in ("contacts", "accounts", "notes")]
    linked = crm.call("get_entry", "Emails", email, ["id"], links)["relationship_list"][0]

    assert contact == {
        "name": "Petr Zeman",
        "email1": "Info@kovarna.example",
        "email2": "petr@kovarna.example",
        "account_name": "Kovárna &lt;Morava&gt;",
    }
    assert letter == {
        "date_sent_received": "2026-01-05 08:12:44",
        "from_addr_name": "petr@kovarna.example",
        "created_by_name": "Tomáš Dvořák",
        "description": "Dobrý den",
    }
    assert [len(link["records"]) for link in linked] == [1, 1, 1]
    assert crm.is_missing("Emails", record_id("emails", "gone"))
    assert crm.ids("Emails", "emails.message_id='gone@host.example'", deleted=1) == [record_id("emails", "gone")]


@pytest.mark.django_db
def test_a_wrong_key_is_named() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        load(CRM | {"contacts": [{"key": "x", "last_name": "X", "accounts": ["nowhere"]}]})


@pytest.mark.django_db
def test_clearing() -> None:
    load(CRM)
    clear()

    assert not User.objects.exists()
    assert not Email.objects.exists()
