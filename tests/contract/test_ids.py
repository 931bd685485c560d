"""Ids, updates, idempotence."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.contract.conftest import Knobs
from tests.contract.v4_1 import NAME, Line, pairs, token


def create(line: Line, module: str, record_id: str, **fields: str) -> requests.Response:
    line.remember(module, record_id)
    words = {"id": record_id, "new_with_id": True, ("last_name" if module == "Contacts" else "name"): NAME, **fields}
    return line.send("set_entry", line.session, module, pairs(words))


def is_database_failure(response: requests.Response) -> bool:
    return response.status_code == 500 and response.text.startswith("Database failure")


def test_an_id_that_does_not_exist_is_answered_and_nothing_is_saved(line: Line) -> None:
    record_id = line.own_id("Contacts")

    assert line.save("Contacts", id=record_id, last_name=NAME) == record_id
    assert line.is_missing("Contacts", record_id)


def test_a_deleted_record_answers_as_if_it_were_saved(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME)
    line.save("Contacts", id=contact, deleted="1")

    assert line.save("Contacts", id=contact, last_name=f"{NAME} again") == contact
    assert line.is_missing("Contacts", contact)


@pytest.mark.parametrize("module", ["Contacts", "Emails", "Notes"])
def test_new_with_id_creates_with_your_own_id(line: Line, module: str) -> None:
    record_id = line.own_id(module)

    assert create(line, module, record_id).json()["id"] == record_id
    assert line.read(module, record_id, "id") == {"id": record_id}


def test_an_own_id_has_1_to_36_of_certain_characters(line: Line) -> None:
    short = line.remember("Contacts", f"Az_0-{uuid.uuid4().hex[:8]}")

    assert create(line, "Contacts", short).json()["id"] == short
    assert create(line, "Contacts", "a.b").json() is None
    assert create(line, "Contacts", uuid.uuid4().hex + "12345").status_code == 500


@pytest.mark.parametrize("module", ["Contacts", "Emails", "Notes"])
def test_the_same_own_id_again_is_500_and_the_first_record_stays(line: Line, module: str) -> None:
    record_id = line.own_id(module)
    create(line, module, record_id, description="first")

    assert is_database_failure(create(line, module, record_id, description="second"))
    assert line.read(module, record_id, "description") == {"description": "first"}


def test_the_id_of_a_deleted_email_stays_taken(line: Line) -> None:
    email = line.email()
    line.save("Emails", id=email, deleted="1")

    assert is_database_failure(create(line, "Emails", email))
    assert line.ids("Emails", f"emails.id='{email}'", deleted=1) == [email]


def test_four_at_once_make_one_row(line: Line) -> None:
    record_id = line.own_id("Emails")
    lines = [Line(line.server) for _ in range(4)]
    for one in lines:
        one.log_in()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: create(one, "Emails", record_id), lines))

    assert sorted(answer.status_code for answer in answers) == [200, 500, 500, 500]
    assert line.ids("Emails", f"emails.id='{record_id}'") == [record_id]
    for one in lines:
        one.send("logout", one.session)


def test_an_orphan_text_row_takes_the_id_although_it_is_missing(line: Line, knobs: Knobs) -> None:
    """Not transactional: the texts are written first, and a crash leaves them alone."""
    record_id = line.own_id("Emails")
    knobs(crash_while_creating=1)
    crashed = create(line, "Emails", record_id)

    assert (crashed.status_code, crashed.content) == (500, b"")
    assert line.is_missing("Emails", record_id)
    assert line.ids("Emails", f"emails.id='{record_id}'", deleted=1) == []
    assert is_database_failure(create(line, "Emails", record_id))


def test_message_id_is_not_unique(line: Line) -> None:
    message_id = f"{token()}@contract.example"
    made = {line.email(message_id=message_id) for _ in range(4)}

    assert set(line.ids("Emails", f"emails.message_id='{message_id}'")) == made
    assert len(made) == 4


def test_set_entry_of_contacts_never_checks_duplicates(line: Line) -> None:
    address = f"{token()}@contract.example"

    assert line.save("Contacts", last_name=NAME, email1=address) != line.save(
        "Contacts", last_name=NAME, email1=address
    )


def test_set_entries_of_contacts_answers_the_old_id_of_the_same_name_and_address(line: Line) -> None:
    address = f"{token()}@contract.example"
    old = line.save("Contacts", first_name="Jana", last_name=NAME, email1=address)
    same, other_case = (
        line.call("set_entries", "Contacts", [pairs({"first_name": first, "last_name": NAME, "email1": address})])
        for first in ("Jana", "JANA")
    )
    for one in (same, other_case):
        line.remember("Contacts", one["ids"][0])

    assert same == {"ids": [old]}
    assert other_case != {"ids": [old]}


def test_deleting_again_answers_the_same_and_deleted_0_does_not_undelete(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME)

    answers = [line.save("Contacts", id=contact, deleted=value) for value in ("1", "1", "0")]

    assert answers == [contact] * 3
    assert line.is_missing("Contacts", contact)


def test_date_entered_can_be_set_on_create(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME, date_entered="2020-01-02 03:04:05")

    assert line.read("Contacts", contact, "date_entered") == {"date_entered": "2020-01-02 03:04:05"}


def test_times_have_a_resolution_of_one_second(line: Line) -> None:
    """So two changes within a second cannot be told apart by their time."""
    times = line.read("Contacts", line.save("Contacts", last_name=NAME), "date_entered", "date_modified")

    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", time) for time in times.values())
    assert len(times) == 2


def test_date_modified_is_overwritten_unless_update_date_modified_is_false(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME)

    line.save("Contacts", id=contact, date_modified="2020-01-02 03:04:05")
    overwritten = line.read("Contacts", contact, "date_modified")
    line.save("Contacts", id=contact, date_modified="2020-01-02 03:04:05", update_date_modified=False)
    kept = line.read("Contacts", contact, "date_modified")

    assert overwritten != kept == {"date_modified": "2020-01-02 03:04:05"}
