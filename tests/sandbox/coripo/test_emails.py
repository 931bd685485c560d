"""Measured on SuiteCRM 7.14.6: "Emails"."""

import time

import pytest

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.models import User
from tests.sandbox.coripo.conftest import Crm

LETTER = {
    "name": "Nabídka 2026/014",
    "message_id": "abc@kovarna.example",
    "from_addr": "Petr.Zeman@kovarna.example",
    "from_addr_name": "Petr Zeman <Petr.Zeman@kovarna.example>",
    "to_addrs": "obchod@nase.example, servis@nase.example",
    "to_addrs_names": "Obchod <obchod@nase.example>, Servis <servis@nase.example>",
    "cc_addrs_names": "Jen Jméno <jen@jmeno.example>",
    "description": "Dobrý den",
    "description_html": "<p>Dobrý den</p>",
}
SHOWN = ("from_addr_name", "to_addrs_names", "cc_addrs_names", "description", "description_html")


def test_names_give_way_to_bare_addresses(crm: Crm) -> None:
    """On read *_names has the bare addresses from the address rows when there are any, else the text form."""
    email = crm.save("Emails", **LETTER)

    assert crm.read("Emails", email, *SHOWN[:3]) == {
        "from_addr_name": "Petr.Zeman@kovarna.example",
        "to_addrs_names": "obchod@nase.example, servis@nase.example",
        "cc_addrs_names": "Jen Jméno <jen@jmeno.example>",
    }


def test_an_address_is_spelled_as_it_was_first_seen(crm: Crm) -> None:
    """spelled as the address was first seen."""
    crm.save("Emails", **LETTER)
    email = crm.save("Emails", from_addr="PETR.ZEMAN@KOVARNA.EXAMPLE")

    assert crm.read("Emails", email, "from_addr_name")["from_addr_name"] == "Petr.Zeman@kovarna.example"


def test_a_comma_inside_a_name_tears_the_list(crm: Crm) -> None:
    """ "C, D" <c@x> inside to_addrs is torn at the comma into nonsense."""
    email = crm.save("Emails", to_addrs='"C, D" <c@x.example>')

    assert crm.read("Emails", email, "to_addrs_names")["to_addrs_names"] == '"C, D" <c@x.example>'
    assert crm.call("get_entries_count", "EmailAddresses", "email_addresses.email_address LIKE '%C'", 0) == {
        "result_count": "1"
    }


def test_lists_come_without_bodies_and_addresses(crm: Crm) -> None:
    """get_entry_list and get_relationships give description, description_html, *_names, raw_source as ''."""
    contact = crm.save("Contacts", last_name="Zeman")
    email = crm.save("Emails", **LETTER, parent_type="Contacts", parent_id=contact)

    listed = crm.call("get_entry_list", "Emails", "", "", 0, SHOWN, [], 20, 0)["entry_list"][0]["name_value_list"]
    related = crm.call("get_relationships", "Contacts", contact, "emails", "", SHOWN, [], 0)["entry_list"][0]
    many = crm.call("get_entries", "Emails", [email], SHOWN, [])["entry_list"][0]["name_value_list"]

    assert {pair["value"] for pair in listed.values()} == {""}
    assert related["id"] == email
    assert {pair["value"] for pair in related["name_value_list"].values()} == {""}
    assert all(pair["value"] for pair in many.values())


def test_a_parent_is_related_and_a_new_one_replaces_it(crm: Crm) -> None:
    """parent_type+parent_id on save also makes the relationship row; a changed parent unlinks the former (5.6)."""
    first, second = (crm.save("Accounts", name=name) for name in "AB")
    email = crm.save("Emails", parent_type="Accounts", parent_id=first)
    before = crm.ids(
        "Emails", f"emails.id IN (SELECT email_id FROM emails_beans WHERE bean_id='{first}' AND deleted=0)"
    )

    crm.save("Emails", id=email, parent_type="Accounts", parent_id=second)

    links = crm.call("get_entry", "Emails", email, ["parent_name"], [{"name": "accounts", "value": ["id"]}])
    assert before == [email]
    assert [row["id"]["value"] for row in links["relationship_list"][0][0]["records"]] == [second]
    assert links["entry_list"][0]["name_value_list"]["parent_name"]["value"] == "B"


def test_updating_the_subject_keeps_the_rest(crm: Crm) -> None:
    """Updating the subject alone keeps body, addresses and message_id."""
    email = crm.save("Emails", **LETTER)
    before = crm.read("Emails", email, *SHOWN, "message_id")

    crm.save("Emails", id=email, name="Jiný předmět")

    assert crm.read("Emails", email, *SHOWN, "message_id") == before


def test_defaults(crm: Crm, users: dict[str, User]) -> None:
    """assigned_user_id empty: the session's user. Status sent without date gets now; other statuses stay without."""
    sent = crm.read("Emails", crm.save("Emails", status="sent"), "date_sent_received", "assigned_user_id")
    read = crm.read("Emails", crm.save("Emails", status="read"), "date_sent_received", "assigned_user_id")

    assert sent["date_sent_received"] > "2026"
    assert read == {"date_sent_received": "", "assigned_user_id": users["marek"].pk}


def test_an_old_server_calls_the_date_by_its_old_name(crm: Crm) -> None:
    """date_sent_received replaced date_sent: written, read, described, filtered and ordered under the one name."""
    knobs.turn({"old_date_field": 1})
    email = crm.save("Emails", name="old", date_sent="2026-05-06 07:08:09", date_sent_received="2020-01-01 00:00:00")

    assert crm.read("Emails", email, "date_sent", "date_sent_received") == {"date_sent": "2026-05-06 07:08:09"}
    assert "date_sent_received" not in crm.call("get_module_fields", "Emails", [])["module_fields"]
    assert crm.ids("Emails", "emails.date_sent >= '2026-05-06'", order_by="date_sent desc") == [email]
    assert crm.query_status("Emails", "emails.date_sent_received >= '2026-05-06'") == (500, None)


def test_emails_can_be_taken_away(crm: Crm) -> None:
    """A module that is not available is 20, and not listed."""
    contact = crm.save("Contacts", last_name="x")
    knobs.turn({"emails_unavailable": 1})

    modules = {module["module_key"] for module in crm.call("get_available_modules")["modules"]}
    assert "Emails" not in modules
    assert "Notes" in modules
    assert crm.call("set_entry", "Emails", {"name": "x"})["number"] == 20
    assert crm.call("set_relationship", "Emails", "x", "contacts", [contact], [], 0)["failed"] == 1


@pytest.mark.parametrize("bomb", ["<div>" * 100_000 + "x" + "</div>" * 100_000, "<b><i>" * 50_000 + "x"])
def test_endless_nesting_keeps_the_server_busy_for_no_more_than_a_moment(crm: Crm, bomb: str) -> None:
    """With every level kept, the first one took a minute of CPU."""
    began = time.process_time()

    email = crm.save("Emails", description="x", description_html=bomb)

    html = crm.read("Emails", email, "description_html")["description_html"]
    assert time.process_time() - began < 10
    assert "x" in html
    assert html.count("&lt;div&gt;") + html.count("&lt;b&gt;") + html.count("&lt;i&gt;") <= 512
