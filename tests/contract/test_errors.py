"""Errors: told by number and name, by HTTP 500 with a sentence or with nothing, or by `null`."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.contract.v4_1 import NAME, Line, pairs, token


def login(line: Line, **user_auth: str) -> Any:
    answer = line.send("login", {"user_name": line.server.user_name, **user_auth}, NAME, []).json()
    if "id" in answer:
        line.send("logout", answer["id"])
    return answer


def test_a_fault_is_http_200_with_number_name_and_description(line: Line) -> None:
    answer = line.send("get_user_id", token())

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json() == {
        "name": "Invalid Session ID",
        "number": 11,
        "description": "The session ID is invalid",
    }


def test_a_wrong_password_is_10(line: Line) -> None:
    assert login(line, password=hashlib.md5(token().encode(), usedforsecurity=False).hexdigest())["number"] == 10


def test_a_clear_password_without_encryption_is_10(line: Line) -> None:
    assert login(line, password=line.server.password)["number"] == 10


def test_a_clear_password_with_encryption_plain_works(line: Line) -> None:
    assert "id" in login(line, password=line.server.password, encryption="PLAIN")


def test_the_md5_of_the_password_works_without_encryption(line: Line) -> None:
    digest = hashlib.md5(line.server.password.encode(), usedforsecurity=False).hexdigest()

    assert "id" in login(line, password=digest)


def test_a_session_that_is_empty_gives_null(line: Line) -> None:
    assert line.send("get_user_id", "").json() is None


def test_logout_answers_null_and_the_session_is_11_afterwards(other_line: Line) -> None:
    assert other_line.call("logout") is None
    assert other_line.call("get_user_id")["number"] == 11


def test_get_available_modules_reports_a_lost_session_as_10(line: Line) -> None:
    """Read in the code of the family: two methods check the session in a way of their own. Both mean the same to us."""
    assert line.send("get_available_modules", token(), "all").json()["number"] in {10, 11}


def test_an_unknown_module_is_20(line: Line) -> None:
    assert line.call("get_entry", "Nonsense", "-", ["id"], [])["number"] == 20


def test_a_refused_sql_filter_is_40(line: Line) -> None:
    answer = line.list_response("Contacts", "contacts.id IN (SELECT id FROM users)")

    assert (answer.status_code, answer.json()["number"]) == (200, 40)


def test_the_number_of_an_unknown_method_is_the_text_minus_1(line: Line) -> None:
    answer = line.call("no_such_method")

    assert answer["number"] == "-1"
    assert "invalid_call" in answer["name"]


@pytest.mark.parametrize("query", ["contacts.no_such_column='x'", "last_name='x'"], ids=["unknown", "ambiguous"])
def test_an_sql_error_is_http_500_with_the_words_database_failure(line: Line, query: str) -> None:
    answer = line.list_response("Contacts", query)

    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("Database failure")


def test_a_missing_main_record_in_get_relationships_is_http_500_with_an_empty_body(line: Line) -> None:
    answer = line.send("get_relationships", line.session, "Emails", token(), "contacts", "", ["id"], [], 0, "", 0, 0)

    assert (answer.status_code, answer.content) == (500, b"")


def test_a_list_as_a_field_value_is_http_500_with_an_empty_body(line: Line) -> None:
    record_id = line.own_id("Contacts")
    fields = pairs({"id": record_id, "new_with_id": True, "last_name": [NAME]})
    answer = line.send("set_entry", line.session, "Contacts", fields)

    assert (answer.status_code, answer.content) == (500, b"")


@pytest.mark.parametrize("record_id", ["it's", "two words"])
def test_set_entry_with_an_invalid_id_answers_null_and_saves_nothing(line: Line, record_id: str) -> None:
    fields = pairs({"id": record_id, "new_with_id": True, "last_name": NAME})

    assert line.call("set_entry", "Contacts", fields) is None


def test_set_entries_answers_a_bad_id_as_if_it_were_saved(line: Line) -> None:
    fields = pairs({"id": "two words", "new_with_id": True, "name": NAME})

    assert line.call("set_entries", "Accounts", [fields]) == {"ids": ["two words"]}
    assert line.ids("Accounts", "accounts.id='two words'") == []
