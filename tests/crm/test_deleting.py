"""What is marked as deleted is read back: an answer is no proof, and a record that a login may not touch stays in silence."""

from __future__ import annotations

import pytest

from apps.crm.errors import CrmOutcomeUnknown, CrmRejected, CrmThrottled
from apps.crm.face import Deleted
from apps.crm.rest_v4_1 import RestV41
from tests.crm.conftest import Line, MakesClients, an_email, new_id
from tests.sandbox_server import Sandbox


def stored(crm: RestV41, count: int) -> list[str]:
    emails = [an_email() for _number in range(count)]
    crm.create_emails(emails)
    return [email.id for email in emails]


def test_the_records_go_and_it_may_be_repeated(crm: RestV41, line: Line) -> None:
    going, staying = stored(crm, 2), stored(crm, 1)
    note = line.create("Notes", name="smlouva.pdf", parent_type="Emails", parent_id=staying[0])
    assert crm.find_notes([*going, *staying])[staying[0]] == {note}, "a note without its file counts"

    assert crm.delete("Emails", going) == crm.delete("Emails", going) == [Deleted(one) for one in going]

    found = crm.read_emails([*going, *staying], with_deleted=True)
    assert [found[one].is_deleted for one in (*going, *staying)] == [True, True, False]
    assert crm.delete("Notes", [note]) == [Deleted(note)]


def test_what_is_not_there_and_what_a_login_does_not_see_is_said(
    crm: RestV41, client_for: MakesClients, sandbox: Sandbox
) -> None:
    (foreign,) = stored(crm, 1)
    restricted = client_for(sandbox.person(coripo_role="restricted"))
    (own,) = stored(restricted, 1)

    hidden, missing, nonsense, deleted = restricted.delete("Emails", [foreign, new_id(), "'", own])

    assert {type(outcome) for outcome in (hidden, missing, nonsense)} == {CrmRejected}
    assert deleted == Deleted(own)
    assert foreign in crm.read_emails([foreign])


def test_a_lost_answer_is_read_back_and_what_broke_off_is_told_from_what_was_done(
    crm: RestV41, sandbox: Sandbox
) -> None:
    ids = stored(crm, 5)
    sandbox.control("POST", "coripo/knobs", json={"break_batch_after": 2})

    outcomes = crm.delete("Emails", ids)

    assert [type(outcome) for outcome in outcomes] == [Deleted] * 2 + [CrmOutcomeUnknown] * 3
    sandbox.fault("dropped", "coripo:set_entries")
    assert crm.delete("Emails", ids) == [Deleted(one) for one in ids]
    sandbox.fault("throttle", "coripo:set_entries", seconds=3)
    with pytest.raises(CrmThrottled):
        crm.delete("Emails", ids)
