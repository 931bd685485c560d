"""Transport: one form in, JSON out."""

from __future__ import annotations

import json

import pytest

from tests.contract.v4_1 import Line

FORM = {"method": "get_user_id", "input_type": "JSON", "response_type": "JSON"}


def form(line: Line) -> dict[str, str]:
    return {**FORM, "rest_data": json.dumps([line.session])}


def test_post_form_urlencoded_works(line: Line) -> None:
    assert isinstance(line.post(form(line)).json(), str)


def test_post_form_multipart_works(line: Line) -> None:
    files = {name: (None, value) for name, value in form(line).items()}

    answer = line.http.post(line.server.endpoint, files=files, timeout=60)

    assert isinstance(answer.json(), str)


def test_get_works_too(line: Line) -> None:
    assert isinstance(line.http.get(line.server.endpoint, params=form(line), timeout=60).json(), str)


def test_a_json_body_does_not_and_answers_html_with_200(line: Line) -> None:
    answer = line.http.post(line.server.endpoint, json=form(line), timeout=60)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_put_also_answers_200(line: Line) -> None:
    assert line.http.put(line.server.endpoint, data=form(line), timeout=60).status_code == 200


def test_without_response_type_the_answer_is_print_r_text(line: Line) -> None:
    answer = line.post({"method": "get_server_info", "input_type": "JSON", "rest_data": "[]"})

    assert answer.text.startswith("Array\n(\n    [flavor] => ")


def test_rest_data_as_a_list_is_positional_arguments(line: Line) -> None:
    assert line.send("get_entries_count", line.session, "Contacts", "contacts.id='-'", 0).json() == {
        "result_count": "0"
    }


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("get_user_id", {}),
        (
            "get_entry",
            {
                "module_name": "Contacts",
                "id": "-",
                "select_fields": ["id"],
                "link_name_to_fields_array": [],
                "track_view": False,
            },
        ),
        (
            "get_entries",
            {
                "module_name": "Contacts",
                "ids": ["-"],
                "select_fields": ["id"],
                "link_name_to_fields_array": [],
                "track_view": False,
            },
        ),
        (
            "get_entry_list",
            {
                "module_name": "Contacts",
                "query": "contacts.id='-'",
                "order_by": "id",
                "offset": 0,
                "select_fields": ["id"],
                "link_name_to_fields_array": [],
                "max_results": 5,
                "deleted": 0,
                "favorites": False,
            },
        ),
        ("get_entries_count", {"module_name": "Contacts", "query": "contacts.id='-'", "deleted": 0}),
        ("get_module_fields", {"module_name": "Contacts", "fields": ["last_name"]}),
        ("set_entries", {"module_name": "Contacts", "name_value_lists": []}),
        (
            "set_relationship",
            {
                "module_name": "Contacts",
                "module_id": "-",
                "link_field_name": "no_such_link",
                "related_ids": ["-"],
                "name_value_list": [],
                "delete": 0,
            },
        ),
        (
            "set_relationships",
            {
                "module_names": ["Contacts"],
                "module_ids": ["-"],
                "link_field_names": ["no_such_link"],
                "related_ids": [["-"]],
                "name_value_lists": [[]],
                "delete_array": [0],
            },
        ),
        ("set_note_attachment", {"note": {"id": "-", "filename": "a.txt", "file": "YQ=="}}),
        ("get_note_attachment", {"id": "-"}),
        ("get_available_modules", {"filter": "all"}),
    ],
)
def test_an_object_with_exact_names_in_exact_order_works(line: Line, method: str, arguments: dict[str, object]) -> None:
    answer = line.send(method, session=line.session, **arguments)

    assert answer.status_code == 200
    assert "number" not in (answer.json() if isinstance(answer.json(), dict) else {})


def test_an_unknown_key_gives_http_500_and_an_empty_body(line: Line) -> None:
    """On PHP 7 keys are ignored and only the order counts."""
    answer = line.send("get_user_id", session=line.session, Favorites=False)

    assert (answer.status_code, answer.content) == (500, b"") or isinstance(answer.json(), str)


def test_a_list_with_too_few_arguments_is_http_500_with_an_empty_body_of_html(line: Line) -> None:
    answer = line.send("get_entry", line.session, "Contacts")

    assert (answer.status_code, answer.content) == (500, b"")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_malformed_json_is_null_for_a_method_without_required_parameters(line: Line) -> None:
    assert line.send_text("get_server_info", "{").content.strip() == b"null"


def test_malformed_json_is_500_for_the_others(line: Line) -> None:
    assert line.send_text("get_entry", "{").status_code == 500


def test_the_session_travels_as_the_first_argument_and_no_cookie_is_needed(line: Line) -> None:
    line.http.cookies.clear()

    assert isinstance(line.send("get_user_id", line.session).json(), str)
