"""Contacts, accounts, addresses."""

from __future__ import annotations

import pytest

from tests.contract.v4_1 import NAME, Line, bearers_of, token


def addresses_of(line: Line, contact: str) -> list[str]:
    return [row["email_address"] for row in line.linked("Contacts", contact, "email_addresses", "email_address")]


def test_email1_on_create_works_and_keeps_its_spelling(line: Line) -> None:
    address = f"Jana.{token()}@Contract.Example"
    contact = line.save("Contacts", last_name=NAME, email1=address)

    assert line.read("Contacts", contact, "email1") == {"email1": address}
    assert line.ids("Contacts", bearers_of(address)) == [contact]


def test_email2_on_create_is_a_second_address(line: Line) -> None:
    mark = token()
    contact = line.save(
        "Contacts", last_name=NAME, email1=f"{mark}.1@contract.example", email2=f"{mark}.2@contract.example"
    )

    assert sorted(addresses_of(line, contact)) == [f"{mark}.1@contract.example", f"{mark}.2@contract.example"]


@pytest.mark.parametrize(
    "address",
    ["a@b", "jané@contract.example", "a@žluť.example", "<c@contract.example>", "Foo <d@contract.example>",
     '"q q"@contract.example', " a@contract.example "],
)  # fmt: skip
def test_invalid_addresses_are_dropped_silently(line: Line, address: str) -> None:
    contact = line.save("Contacts", last_name=NAME, email1=address)

    assert addresses_of(line, contact) == []


@pytest.mark.parametrize(
    "address",
    ["{}@xn--lu-gja4s.contract.example", "a+{}@contract.example", "o'{}@contract.example", "r&{}@contract.example"],
)
def test_odd_and_valid_addresses_are_kept(line: Line, address: str) -> None:
    address = address.format(token())
    contact = line.save("Contacts", last_name=NAME, email1=address)

    assert [one.replace("&#039;", "'") for one in addresses_of(line, contact)] == [address]


def test_email1_on_update_is_ignored_once_there_is_an_address(line: Line) -> None:
    first, second = f"{token()}@contract.example", f"{token()}@contract.example"
    contact = line.save("Contacts", last_name=NAME, email1=first)

    line.save("Contacts", id=contact, email1=second)

    assert line.read("Contacts", contact, "email1") == {"email1": first}


def test_email1_on_update_is_added_where_there_is_none(line: Line) -> None:
    address, contact = f"{token()}@contract.example", line.save("Contacts", last_name=NAME)

    line.save("Contacts", id=contact, email1=address)

    assert line.read("Contacts", contact, "email1") == {"email1": address}


def test_one_more_address_is_a_record_of_its_own_and_a_link(line: Line) -> None:
    first, second = f"{token()}@contract.example", f"{token()}@contract.example"
    contact = line.save("Contacts", last_name=NAME, email1=first)
    row = line.save("EmailAddresses", email_address=second, email_address_caps=second.upper())

    line.relate("Contacts", contact, "email_addresses", row)

    assert sorted(addresses_of(line, contact)) == sorted([first, second])
    assert line.ids("Contacts", bearers_of(second)) == [contact]


def test_account_id_sets_the_company_and_replaces_the_former(line: Line) -> None:
    former, later = line.save("Accounts", name=NAME), line.save("Accounts", name=NAME)
    contact = line.save("Contacts", last_name=NAME, account_id=former)

    line.save("Contacts", id=contact, account_id=later)

    assert [row["id"] for row in line.linked("Contacts", contact, "accounts")] == [later]


def test_a_link_adds_a_second_company(line: Line) -> None:
    former, later = line.save("Accounts", name=NAME), line.save("Accounts", name=NAME)
    contact = line.save("Contacts", last_name=NAME, account_id=former)

    line.relate("Contacts", contact, "accounts", later)

    assert sorted(row["id"] for row in line.linked("Contacts", contact, "accounts")) == sorted([former, later])


def test_account_name_alone_links_nothing(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME, account_name=f"{NAME} {token()}")

    assert line.linked("Contacts", contact, "accounts") == []


def test_the_address_link_tells_opt_out_and_never_the_primary(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME, email1=f"{token()}@contract.example")

    (address,) = line.linked("Contacts", contact, "email_addresses", "opt_out", "invalid_email", "primary_address")
    (primary,) = line.linked("Contacts", contact, "email_addresses_primary")

    assert (address["opt_out"], address["invalid_email"], address.get("primary_address", "")) == ("0", "0", "")
    assert primary["id"] == address["id"]
