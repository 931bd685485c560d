"""Measured on SuiteCRM 7.14.6: "Ids, updates, idempotence" and "Batch writes"."""

import time

import pytest

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.models import Account, Email, EmailText, User
from tests.sandbox.coripo.conftest import Crm

OWN = "0f9d3a52-1111-5222-8333-444455556666"
FAILURE = b"Database failure. Please refer to suitecrm.log for details."


def test_an_unknown_id_is_answered_and_nothing_saved(crm: Crm) -> None:
    """set_entry with an id that does not exist answers that id and saves nothing."""
    assert crm.save("Accounts", id=OWN, name="A") == OWN

    assert crm.is_missing("Accounts", OWN)
    assert not Account.objects.exists()


def test_own_ids_create_once(crm: Crm) -> None:
    """id + new_with_id creates with your own id; the same call again: HTTP 500, the first record stays as it was."""
    assert crm.save("Emails", id=OWN, new_with_id=True, name="first") == OWN

    again = crm.send("set_entry", crm.session, "Emails", {"id": OWN, "new_with_id": True, "name": "second"})

    assert (again.status_code, again.content) == (500, FAILURE)
    assert again["Content-Type"].startswith("text/html")
    assert crm.read("Emails", OWN, "name") == {"name": "first"}


@pytest.mark.parametrize("record_id", ["a b", "a'b", "č"])
def test_invalid_ids(crm: Crm, record_id: str) -> None:
    """set_entry with an invalid id: body null, nothing saved (set_entries instead answers the bad id as if saved)."""
    values = {"id": record_id, "new_with_id": True, "name": "A"}

    assert crm.call("set_entry", "Accounts", values) is None
    assert crm.call("set_entries", "Accounts", [values]) == {"ids": [record_id]}
    assert not Account.objects.exists()


def test_too_long_an_id_is_500(crm: Crm) -> None:
    """1 to 36 characters; 37 or more: HTTP 500."""
    values = {"id": "a" * 37, "new_with_id": True}

    assert crm.send("set_entry", crm.session, "Accounts", values).status_code == 500


def test_deleting(crm: Crm) -> None:
    """Delete = set_entry with deleted: 1; again the same; deleted: 0 does not undelete; updates answer as if saved."""
    account = crm.save("Accounts", name="A")

    assert [crm.save("Accounts", id=account, deleted=value) for value in (1, 1, 0)] == [account] * 3
    assert crm.save("Accounts", id=account, name="B") == account
    assert crm.is_missing("Accounts", account)
    assert Account.objects.get(pk=account).name == "A"
    assert crm.ids("Accounts") == []
    assert crm.ids("Accounts", deleted=1) == [account]


def test_an_orphan_of_texts_blocks_its_id(crm: Crm) -> None:
    """A crash leaves an orphan emails_text row; the same own id always gives 500 while get_entry says missing."""
    crm.client.post("/_control/coripo/orphan-texts", {"id": OWN}, content_type="application/json")

    answers = [crm.send("set_entry", crm.session, "Emails", {"id": OWN, "new_with_id": 1}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [500, 500]
    assert crm.is_missing("Emails", OWN)


def test_a_record_that_is_lost_leaves_no_deleted_row_and_its_id_is_free_again(crm: Crm) -> None:
    email = crm.save("Emails", id=OWN, new_with_id=1, name="A", description="text")
    note = crm.save("Notes", name="n", parent_type="Emails", parent_id=email)

    answer = crm.client.post("/_control/coripo/lose", {"id": email, "what": "record"}, content_type="application/json")

    assert answer.json() == {"lost": 1}
    assert crm.ids("Emails", deleted=1) == []
    assert crm.is_missing("Notes", note)
    assert crm.save("Emails", id=OWN, new_with_id=1, name="B") == OWN
    assert crm.read("Emails", OWN, "name") == {"name": "B"}


def test_what_can_be_lost_is_said(crm: Crm) -> None:
    answer = crm.client.post("/_control/coripo/lose", {"id": OWN, "what": "all"}, content_type="application/json")

    assert (answer.status_code, "record, links, files" in answer.json()["error"]) == (400, True)


def test_message_ids_are_not_unique(crm: Crm) -> None:
    """message_id is not unique: 4 creates with the same value gave 4 emails."""
    assert len({crm.save("Emails", message_id="abc@x") for _ in range(4)}) == 4
    assert len(crm.ids("Emails", "emails.message_id='ABC@x'")) == 4


def test_dates_of_records(crm: Crm) -> None:
    """date_entered can be set on create; date_modified is overwritten unless update_date_modified: false is sent."""
    old = "2020-01-02 03:04:05"
    account = crm.save("Accounts", name="A", date_entered=old, date_modified=old)
    kept = crm.save("Accounts", name="B", date_modified=old, update_date_modified=False)

    assert crm.read("Accounts", account, "date_entered")["date_entered"] == old
    assert crm.read("Accounts", account, "date_modified")["date_modified"] > old
    assert crm.read("Accounts", kept, "date_modified")["date_modified"] == old


def test_who_created_and_changed(crm: Crm, door: Crm, users: dict[str, User]) -> None:
    """created_by and modified_user_id are the session's users."""
    account = crm.save("Accounts", name="A", created_by="somebody")
    door.login("jana").save("Accounts", id=account, name="B")

    read = crm.read("Accounts", account, "created_by", "modified_by_name")

    assert read == {"created_by": users["marek"].pk, "modified_by_name": "Jana Svobodová"}


def test_nothing_is_checked(crm: Crm) -> None:
    """Enum values, required fields and references are not checked; unknown fields are ignored silently."""
    email = crm.save("Emails", type="nonsense", parent_type="Accounts", parent_id="nowhere", no_such_field="x")

    assert crm.read("Emails", email, "type", "no_such_field") == {"type": "nonsense"}
    assert crm.save("Emails", parent_type="Notes", parent_id="nowhere")
    assert crm.save("Accounts")
    assert crm.save("Contacts", first_name="Jan")


@pytest.mark.parametrize(
    "values", [{"name": "A"}, [{"name": "name", "value": "A"}], {"name": {"name": "name", "value": "A"}}]
)
def test_three_forms_of_a_name_value_list(crm: Crm, values: object) -> None:
    """Input may be a list of {name,value}, a dict {field: value} or a dict of dicts."""
    account = crm.call("set_entry", "Accounts", values)["id"]

    assert crm.read("Accounts", account, "name") == {"name": "A"}


def test_a_batch_keeps_what_came_before_the_entry_that_failed(crm: Crm) -> None:
    """A batch is not a transaction: the entries before the duplicate are saved, the ones after it are not."""
    crm.save("Emails", id="two", new_with_id=1)
    batch = [{"id": record_id, "new_with_id": 1, "name": record_id} for record_id in ("one", "two", "three")]

    response = crm.send("set_entries", crm.session, "Emails", batch)

    assert (response.status_code, response.content) == (500, FAILURE)
    assert crm.ids("Emails") == ["one", "two"]


def test_a_batch_answers_the_ids_in_order(crm: Crm) -> None:
    """create 50, own ids: answer ids equals the ids sent."""
    sent = [f"own-{number}" for number in range(50)]

    assert crm.call("set_entries", "Emails", [{"id": i, "new_with_id": True} for i in sent]) == {"ids": sent}
    assert Email.objects.count() == EmailText.objects.count() == 50


def test_a_batch_breaks_where_the_knob_says(crm: Crm) -> None:
    """PHP fatal in the middle of a batch: HTTP 500, empty body, what came before stays."""
    crm.client.post("/_control/coripo/knobs", {"break_batch_after": 2}, content_type="application/json")
    batch = [{"id": f"own-{number}", "new_with_id": True} for number in range(5)]

    assert crm.send("set_entries", crm.session, "Emails", batch).status_code == 500
    assert crm.ids("Emails") == ["own-0", "own-1"]


def test_a_record_takes_the_time_that_the_knob_says(crm: Crm) -> None:
    """9 ms for each record, whether the batch is 10, 50 or 200; here more, so that it shows."""
    knobs.turn({"write_ms_per_record": 40})
    began = time.monotonic()

    crm.call("set_entries", "Emails", [{"id": f"own-{number}", "new_with_id": True} for number in range(4)])

    assert time.monotonic() - began >= 0.16
