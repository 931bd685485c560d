"""Contacts as the portal writes and watches them: own ids, links to addresses and companies, dates, deleted rows, phones."""

from __future__ import annotations

import time

from apps.crm.rest_v4_1 import RestV41
from tests.contract.v4_1 import NAME, Line, pairs, token

EVERY_FIELD = {
    "salutation": "Mr.",
    "title": "Nákup",
    "department": "Obchod",
    "phone_work": "+420 603 123 456",
    "phone_mobile": "603123457",
    "phone_home": "1",
    "phone_other": "2",
    "phone_fax": "3",
    "primary_address_street": "U Lesa 5\n2. patro",
    "primary_address_city": "Frýdek & Místek",
    "primary_address_state": "Slezsko",
    "primary_address_postalcode": "738 01",
    "primary_address_country": "Česko",
    "alt_address_street": "Jinde 1",
    "alt_address_city": "Brno",
    "alt_address_state": "Morava",
    "alt_address_postalcode": "602 00",
    "alt_address_country": "Česko",
    "birthdate": "1980-02-29",
    "assistant": "Eva",
    "description": "první\ndruhý",
}


def address_of(line: Line, contact: str, *addresses: str) -> list[str]:
    """Rows for the addresses, tied to the contact."""
    rows = [line.save("EmailAddresses", email_address=it, email_address_caps=it.upper()) for it in addresses]
    line.relate("Contacts", contact, "email_addresses", *rows)
    return rows


def changed_at(line: Line, contact: str) -> str:
    return line.read("Contacts", contact, "date_modified")["date_modified"]


def test_a_list_fills_every_field_of_a_contact(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME, **EVERY_FIELD)

    (row,) = line.rows("Contacts", f"contacts.id='{contact}'", *EVERY_FIELD, "modified_by_name", "account_id")

    assert {name: row[name].replace("\r\n", "\n") for name in EVERY_FIELD} == EVERY_FIELD
    assert row["modified_by_name"]


def test_set_entries_with_an_own_id_looks_for_no_namesake(line: Line) -> None:
    address = f"{token()}@contract.example"
    fields = {"first_name": "Jana", "last_name": NAME, "email1": address}
    old, own = line.save("Contacts", **fields), line.own_id("Contacts")

    answer = line.call("set_entries", "Contacts", [pairs({**fields, "id": own, "new_with_id": True})])

    assert answer == {"ids": [own]}
    assert not line.is_missing("Contacts", own)
    assert own != old


def test_set_entries_with_an_id_alone_moves_the_date_and_changes_nothing(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME, title="Nákup", email1=f"{token()}@contract.example")
    line.save("Contacts", id=contact, date_modified="2020-01-02 03:04:05", update_date_modified=False)

    line.call("set_entries", "Contacts", [pairs({"id": contact})])

    assert changed_at(line, contact) > "2020-01-02 03:04:05"
    assert line.read("Contacts", contact, "title") == {"title": "Nákup"}


def test_an_address_alone_changes_no_date_and_its_row_tells(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME)
    line.save("Contacts", id=contact, date_modified="2020-01-02 03:04:05", update_date_modified=False)
    before = changed_at(line, line.save("Contacts", last_name=NAME))
    (row,) = address_of(line, contact, f"{token()}@contract.example")
    since = (
        f"contacts.id='{contact}' AND contacts.id IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr"
        f" WHERE eabr.bean_module='Contacts' AND eabr.date_modified >= '{before}')"
    )

    assert changed_at(line, contact) == "2020-01-02 03:04:05"
    assert line.ids("Contacts", since) == [contact]
    line.relate("Contacts", contact, "email_addresses", row, delete=1)
    assert line.ids("Contacts", since) == [contact], "the deleted row stays"


def test_an_address_is_untied_and_tied_again_and_is_not_the_primary_any_more(line: Line) -> None:
    first, second = (f"{token()}@contract.example" for _ in range(2))
    contact = line.save("Contacts", last_name=NAME, email1=first)
    (former,) = (row["id"] for row in line.linked("Contacts", contact, "email_addresses"))
    (later,) = address_of(line, contact, second)
    steps = [([later], [{"name": "primary_address", "value": "1"}], 0), ([former], [], 1), ([former], [], 0)]

    ids, values, deletes = (list(it) for it in zip(*steps, strict=True))
    line.call("set_relationships", ["Contacts"] * 3, [contact] * 3, ["email_addresses"] * 3, ids, values, deletes)

    assert {row["id"] for row in line.linked("Contacts", contact, "email_addresses")} == {former, later}
    assert [row["id"] for row in line.linked("Contacts", contact, "email_addresses_primary")] == [later]


def test_addresses_are_listed_by_their_capitals(line: Line) -> None:
    address = f"{token()}@Contract.Example"
    line.save("Contacts", last_name=NAME, email1=address)

    rows = line.rows("EmailAddresses", f"email_addresses.email_address_caps IN ('{address.upper()}')", "email_address")

    assert [row["email_address"] for row in rows] == [address]


def test_a_company_is_untied_and_the_other_stays(line: Line) -> None:
    former, later = line.save("Accounts", name=NAME), line.save("Accounts", name=NAME)
    contact = line.save("Contacts", last_name=NAME, account_id=former)
    line.relate("Contacts", contact, "accounts", later)

    line.relate("Contacts", contact, "accounts", former, delete=1)

    assert [row["id"] for row in line.linked("Contacts", contact, "accounts")] == [later]
    assert line.read("Contacts", contact, "account_id") == {"account_id": later}


def test_deleted_contacts_are_listed_with_their_own_fields_and_the_date_of_it(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME)
    line.save("Contacts", id=contact, date_modified="2020-01-02 03:04:05", update_date_modified=False)
    line.save("Contacts", id=contact, deleted="1")

    (row,) = line.rows("Contacts", f"contacts.id='{contact}'", "last_name", "deleted", "date_modified", deleted=1)

    assert (row["last_name"], row["deleted"]) == (NAME, "1")
    assert row["date_modified"] > "2020-01-02 03:04:05"


def test_lists_are_ordered_by_date_and_id(line: Line) -> None:
    contacts = sorted(line.own_id("Contacts") for _ in range(4))
    for number, contact in enumerate(reversed(contacts)):
        line.save("Contacts", id=contact, new_with_id=True, last_name=NAME)
        moment = f"2020-01-02 03:04:0{number // 2}"
        line.save("Contacts", id=contact, date_modified=moment, update_date_modified=False)
    query = f"contacts.id IN ({','.join(map(repr, contacts))})"

    ordered = [*contacts[2:], *contacts[:2]]
    assert line.ids("Contacts", query, order_by="date_modified, id") == ordered
    at = "contacts.date_modified"
    after = f"{at} > '2020-01-02 03:04:00' OR ({at} = '2020-01-02 03:04:00' AND contacts.id > '{ordered[0]}')"
    assert line.ids("Contacts", f"{query} AND ({after})", order_by="date_modified, id") == ordered[1:]


def test_phones_are_found_by_their_digits_however_they_are_written(line: Line) -> None:
    digits = str(time.time_ns())[-9:]
    contact = line.save("Contacts", last_name=NAME, phone_mobile=f"+420 {digits[:3]} {digits[3:6]}-{digits[6:]}")

    assert line.ids("Contacts", f"contacts.phone_mobile LIKE '%{'%'.join(digits)}%'") == [contact]


def test_contacts_are_listed_with_their_company(line: Line) -> None:
    company = line.save("Accounts", name=f"{NAME} {token()}")
    contact = line.save("Contacts", last_name=NAME, account_id=company)

    answer = line.page_of("Accounts", f"accounts.id='{company}'", "id", links=[{"name": "contacts", "value": ["id"]}])

    (link,) = answer["relationship_list"][0]["link_list"]
    assert [row["link_value"]["id"]["value"] for row in link["records"]] == [contact]


def test_a_server_says_what_time_it_is(crm: RestV41) -> None:
    crm.find_contacts(["nobody@contract.example"])

    assert crm._caller.transport.server_now is not None
