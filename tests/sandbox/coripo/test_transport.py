"""Measured on SuiteCRM 7.14.6: "Transport" and "Errors"."""

import json

import pytest

from tests.sandbox.coripo.conftest import Crm


def test_a_fault_is_http_200_with_number_and_name(door: Crm) -> None:
    """a fault: HTTP 200, application/json; session unknown: 11."""
    response = door.send("get_user_id", "nobody")

    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/json")
    assert json.loads(response.content) == {
        "name": "Invalid Session ID",
        "number": 11,
        "description": "The session ID is invalid",
    }


def test_an_empty_session_is_null(door: Crm) -> None:
    """session "" gives body null."""
    assert door.call("get_user_id") is None


def test_unknown_method_has_a_text_as_number(door: Crm) -> None:
    """method unknown: number is the string "-1"."""
    assert json.loads(door.send("no_such_method").content)["number"] == "-1"


def test_unknown_module_is_20(crm: Crm) -> None:
    """module unknown: 20."""
    assert crm.call("get_entry", "contacts", "x", [], [])["number"] == 20


def test_get_works_and_a_json_body_does_not(crm: Crm) -> None:
    """GET works too; a JSON body does not (answer: HTML class dump, 200)."""
    query = {"method": "get_user_id", "response_type": "JSON", "rest_data": json.dumps([crm.session])}
    by_get = crm.client.get("/service/v4_1/rest.php", query)
    by_json = crm.client.post("/service/v4_1/rest.php", json.dumps(query), content_type="application/json")

    assert isinstance(by_get.json(), str)
    assert by_json.status_code == 200
    assert by_json["Content-Type"].startswith("text/html")


def test_without_response_type_the_answer_is_print_r(crm: Crm) -> None:
    """Without response_type=JSON the answer is PHP print_r text."""
    answer = crm.raw("get_server_info", "[]", response_type="")

    assert answer.content.decode().startswith("Array\n(\n    [flavor] => CE\n")


def test_an_object_binds_by_name(crm: Crm) -> None:
    """PHP 8 binds keys as named parameters, so order does not matter."""
    response = crm.send("set_entry", name_value_list={"name": "A"}, module_name="Accounts", session=crm.session)

    assert json.loads(response.content)["id"]


@pytest.mark.parametrize(
    ("method", "rest_data"),
    [
        ("get_user_id", '{"session": "x", "favorites": 1}'),
        ("get_entry", '["x", "Contacts"]'),
        ("get_entry", "{not json"),
    ],
    ids=["unknown key", "too few", "malformed"],
)
def test_wrong_arguments_are_an_empty_500(crm: Crm, method: str, rest_data: str) -> None:
    """an unknown key gives HTTP 500, empty body; a list with too few arguments likewise."""
    response = crm.raw(method, rest_data)

    assert response.status_code == 500
    assert response.content == b""
    assert response["Content-Type"].startswith("text/html")


def test_malformed_json_is_null_where_nothing_is_required(crm: Crm) -> None:
    """Malformed JSON: HTTP 200, body null (for a method without required parameters)."""
    assert crm.raw("get_server_info", "{").content == b"null"


def test_a_list_as_value_is_fatal(crm: Crm) -> None:
    """PHP fatal (a list as field value): HTTP 500, empty body."""
    assert crm.send("set_entry", crm.session, "Accounts", {"name": ["a"]}).status_code == 500
