"""Shapes: what an answer looks like when all went well."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.v4_1 import NAME, WARNING, Line, pairs, token


def pair(name: str, value: str) -> dict[str, dict[str, str]]:
    return {name: {"name": name, "value": value}}


def test_login_answers_session_and_user(line: Line) -> None:
    user_auth = {"user_name": line.server.user_name, "password": line.server.password, "encryption": "PLAIN"}
    answer = line.send("login", user_auth, NAME, []).json()
    line.send("logout", answer["id"])

    assert answer["module_name"] == "Users"
    assert {"user_id", "user_is_admin", "user_default_dateformat"} <= set(answer["name_value_list"])
    assert answer["name_value_list"]["user_id"]["value"] == line.call("get_user_id")


def test_get_user_id_gives_a_bare_json_string(line: Line) -> None:
    assert isinstance(line.call("get_user_id"), str)


def test_a_record_is_id_module_and_a_dict_of_name_and_value(line: Line) -> None:
    company = line.save("Accounts", name=NAME)

    assert line.entry("Accounts", company, "name") == {
        "id": company,
        "module_name": "Accounts",
        "name_value_list": pair("name", NAME),
    }


def test_the_list_is_empty_when_no_asked_field_is_known(line: Line) -> None:
    company = line.save("Accounts", name=NAME)

    assert line.entry("Accounts", company, "no_such_field")["name_value_list"] == []


def test_a_missing_id_is_a_list_with_a_warning(line: Line) -> None:
    assert line.entry("Accounts", token(), "name")["name_value_list"] == [
        {"name": "warning", "value": WARNING},
        {"name": "deleted", "value": "1"},
    ]


def test_a_deleted_id_is_a_list_with_a_warning(line: Line) -> None:
    company = line.save("Accounts", name=NAME)
    line.save("Accounts", id=company, deleted="1")

    assert line.is_missing("Accounts", company)


@pytest.fixture
def contact_at_company(line: Line) -> tuple[str, str]:
    company = line.save("Accounts", name=NAME)
    return line.save("Contacts", last_name=NAME, account_id=company), company


LINKS: list[Any] = [{"name": "accounts", "value": ["id", "name"]}]


def test_get_entry_gives_links_plainly(line: Line, contact_at_company: tuple[str, str]) -> None:
    contact, company = contact_at_company

    answer = line.call("get_entry", "Contacts", contact, ["id"], LINKS)

    assert answer["relationship_list"] == [
        [{"name": "accounts", "records": [pair("id", company) | pair("name", NAME)]}]
    ]


def test_get_entry_list_gives_links_in_link_list_and_link_value(
    line: Line, contact_at_company: tuple[str, str]
) -> None:
    contact, company = contact_at_company

    answer = line.page_of("Contacts", f"contacts.id='{contact}'", "id", links=LINKS)

    assert answer["relationship_list"] == [
        {
            "link_list": [
                {"name": "accounts", "records": [{"link_value": pair("id", company) | pair("name", NAME)}]},
            ]
        }
    ]


def test_get_entry_list_counts_in_a_text_and_none_as_the_number_0(line: Line) -> None:
    company = line.save("Accounts", name=NAME)

    one = line.page_of("Accounts", f"accounts.id='{company}'", "id")
    none = line.page_of("Accounts", "accounts.id='-'", "id")

    assert (one["result_count"], one["total_count"], one["next_offset"]) == (1, "1", 1)
    assert (none["result_count"], none["total_count"], none["next_offset"]) == (0, 0, 0)
    assert none["entry_list"] == none["relationship_list"] == []


def test_set_entry_answers_an_echo_that_is_encoded_once_more_than_a_read(line: Line) -> None:
    answer = line.call("set_entry", "Accounts", pairs({"name": f"{NAME} Müller & Söhne"}))
    line.remember("Accounts", answer["id"])

    assert "&uuml;" in answer["entry_list"]["name"]["value"]
    assert "&amp;" in answer["entry_list"]["name"]["value"]
    assert line.read("Accounts", answer["id"], "name") == {"name": f"{NAME} Müller & Söhne"}


def test_the_echo_is_an_empty_list_where_no_known_field_was_sent(line: Line) -> None:
    answer = line.call("set_entry", "Accounts", pairs({"no_such_field": "x"}))
    line.remember("Accounts", answer["id"])

    assert answer["entry_list"] == []


def test_set_entries_answers_ids(line: Line) -> None:
    first, second = line.own_id("Accounts"), line.own_id("Accounts")
    entries = [pairs({"id": one, "new_with_id": True, "name": NAME}) for one in (first, second)]

    assert line.call("set_entries", "Accounts", entries) == {"ids": [first, second]}


def test_set_relationship_and_set_relationships_answer_counts(line: Line) -> None:
    contact, company = line.save("Contacts", last_name=NAME), line.save("Accounts", name=NAME)

    one = line.relate("Contacts", contact, "accounts", company)
    many = line.call("set_relationships", ["Contacts"], [contact], ["accounts"], [[company]], [[]], [0])

    assert one == many == {"created": 1, "failed": 0, "deleted": 0}


def test_get_entries_count_answers_a_text(line: Line) -> None:
    company = line.save("Accounts", name=NAME)

    assert line.call("get_entries_count", "Accounts", f"accounts.id='{company}'", 0) == {"result_count": "1"}


@pytest.mark.parametrize(
    "name_value_list",
    [
        [{"name": "name", "value": NAME}],
        {"name": NAME},
        {"name": {"name": "name", "value": NAME}},
    ],
    ids=["list", "dict", "dict of dicts"],
)
def test_a_name_value_list_is_taken_in_three_forms(line: Line, name_value_list: Any) -> None:
    company = line.remember("Accounts", line.call("set_entry", "Accounts", name_value_list)["id"])

    assert line.read("Accounts", company, "name") == {"name": NAME}


def test_unknown_fields_are_ignored_silently(line: Line) -> None:
    company = line.save("Accounts", name=NAME, no_such_field="x")

    assert line.read("Accounts", company, "name", "no_such_field") == {"name": NAME}


def test_enum_values_and_required_fields_are_not_checked(line: Line) -> None:
    contact = line.save("Contacts", first_name=NAME)
    email = line.email(type="nonsense")

    assert line.read("Contacts", contact, "last_name") == {"last_name": ""}
    assert line.read("Emails", email, "type") == {"type": "nonsense"}


def test_booleans_come_back_as_digits(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME, do_not_call=True)

    assert line.read("Contacts", contact, "deleted", "do_not_call") == {"deleted": "0", "do_not_call": "1"}


def test_no_select_fields_are_all_fields_53_of_a_company(line: Line) -> None:
    """A site's own fields come on top."""
    fields = line.read("Accounts", line.save("Accounts", name=NAME))

    assert len(fields) == 53 if line.server.is_stand_in else len(fields) >= 53
    assert {"id", "name", "email1", "billing_address_street_4", "campaign_name", "parent_name"} <= set(fields)
