"""Batch writes, as a transfer of 50 e-mails uses them."""

from __future__ import annotations

from typing import Any

from tests.contract.v4_1 import NAME, Line, pairs, token


def entries(ids: list[str]) -> list[list[dict[str, Any]]]:
    return [
        pairs(
            {
                "id": record_id,
                "new_with_id": True,
                "name": NAME,
                "message_id": f"{record_id}@contract.example",
                "from_addr": "jana@contract.example",
                "description": f"Text of {record_id}",
            }
        )
        for record_id in ids
    ]


def test_six_requests_carry_50_emails_with_two_contacts_each(line: Line) -> None:
    """Who are these, which exist, create, verify, relate, verify links."""
    marks = token()
    addresses = [f"{marks}.{number}@contract.example" for number in range(2)]
    contacts = [line.save("Contacts", last_name=NAME, email1=address) for address in addresses]
    emails = [line.own_id("Emails") for _ in range(50)]
    listed = ",".join(f"'{address.upper()}'" for address in addresses)
    who = (
        "contacts.id IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr"
        " JOIN email_addresses ea ON ea.id=eabr.email_address_id"
        f" WHERE eabr.deleted=0 AND eabr.bean_module='Contacts' AND ea.email_address_caps IN ({listed}))"
    )
    message_ids = ",".join(f"'{email}@contract.example'" for email in emails)

    found = line.ids("Contacts", who)
    existing = line.ids("Emails", f"emails.message_id IN ({message_ids})")
    created = line.call("set_entries", "Emails", entries(emails))
    verified = line.call("get_entries", "Emails", emails, ["id", "description", "from_addr_name"], [])
    related = line.call(
        "set_relationships", ["Emails"] * 50, emails, ["contacts"] * 50, [contacts] * 50, [[]] * 50, [0] * 50
    )
    links = line.call("get_entries", "Emails", emails, ["id"], [{"name": "contacts", "value": ["id"]}])

    assert sorted(found) == sorted(contacts)
    assert existing == []
    assert created == {"ids": emails}
    assert [entry["name_value_list"]["description"]["value"] for entry in verified["entry_list"]] == [
        f"Text of {email}" for email in emails
    ]
    assert verified["entry_list"][0]["name_value_list"]["from_addr_name"]["value"] == "jana@contract.example"
    assert related == {"created": 50, "failed": 0, "deleted": 0}
    assert len(links["relationship_list"]) == 50
    assert str(links["relationship_list"]).count(contacts[0]) == 50


def test_a_batch_is_not_a_transaction(line: Line) -> None:
    """An id that exists already ends in 500: the entries before it are saved, the ones after it are not."""
    before, taken, after = (line.own_id("Emails") for _ in range(3))
    line.email(id=taken, name=f"{NAME} first")

    answer = line.send("set_entries", line.session, "Emails", entries([before, taken, after]))

    assert answer.status_code == 500
    assert answer.text.startswith("Database failure")
    assert line.read("Emails", before, "id") == {"id": before}
    assert line.read("Emails", taken, "name") == {"name": f"{NAME} first"}
    assert line.is_missing("Emails", after)


def test_repeating_the_batch_stops_at_the_first_entry(line: Line) -> None:
    first, second = line.own_id("Emails"), line.own_id("Emails")
    line.call("set_entries", "Emails", entries([first]))

    assert line.send("set_entries", line.session, "Emails", entries([first, second])).status_code == 500
    assert line.is_missing("Emails", second)


def test_get_entries_tells_what_is_there_and_what_is_missing(line: Line) -> None:
    there, missing = line.email(), token()

    answer = line.call("get_entries", "Emails", [missing, there], ["id"], [])

    assert [entry["id"] for entry in answer["entry_list"]] == [missing, there]
    assert [isinstance(entry["name_value_list"], list) for entry in answer["entry_list"]] == [True, False]
