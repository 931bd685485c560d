"""The portal's own client against the server: what it promises at its face (apps/crm/face.py) holds there."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.core.addresses import Address
from apps.crm.calling import Caller, Login
from apps.crm.errors import CrmIdOccupied, CrmRejected, CrmThrottled, CrmUnauthorized
from apps.crm.face import Created, Link, Linked, OutgoingEmail, OutgoingFile, RecordSight
from apps.crm.rest_v4_1 import RestV41
from apps.crm.sessions import SessionKey, SessionPool
from apps.crm.transport import Transport
from tests.contract.conftest import PATIENCE, Knobs
from tests.contract.v4_1 import NAME, Line, Server, token
from tests.sandbox_server import Sandbox

SENT_AT = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
SUBJECT = f'{NAME} ‹GmbH› & "O\'Neil" – příloha č. 3'


def outgoing(line: Line, **words: Any) -> OutgoingEmail:
    record_id = line.own_id("Emails")
    fields: dict[str, Any] = {
        "id": record_id,
        "message_id": f"{record_id}@contract.example",
        "subject": SUBJECT,
        "sent_at": SENT_AT,
        "text": "Dobrý den,\n\n> Jana <jana@x.example>: 1 &lt; 2\n",
        "html": "<p>Dobrý den, <b>1 &lt; 2</b> a &lt;jana@x.example&gt;</p>",
        "sender": Address("Jana Nováková", f"jana.{record_id[:8]}@contract.example"),
        "to": (Address("Beran, Pavel", "beran@contract.example"),),
    }
    return OutgoingEmail(**fields | words)


def test_the_login_is_probed(crm: RestV41, line: Line) -> None:
    found = crm.probe()

    assert found.user_id == line.call("get_user_id")
    assert found.version
    assert found.may_create_emails
    assert found.may_read_contacts


def test_a_wrong_password_is_unauthorized(server: Server) -> None:
    login = Login(user_name=server.user_name, password=token())
    caller = Caller(Transport(server.url, PATIENCE), login, pool=SessionPool(), account_key="contract")

    with pytest.raises(CrmUnauthorized):
        caller.sign_on()


@pytest.mark.parametrize("number", [12, 13, 1008, 1009, 1012])
def test_a_login_that_is_expired_locked_or_not_configured_is_unauthorized(
    caller: Caller, knobs: Knobs, number: int
) -> None:
    knobs(login_fault=number)

    with pytest.raises(CrmUnauthorized, match=str(number)):
        caller.sign_on()


def test_too_many_sessions_ask_for_quiet(caller: Caller, knobs: Knobs) -> None:
    knobs(login_fault=60)

    with pytest.raises(CrmThrottled):
        caller.sign_on()


def test_a_server_without_emails_is_told_by_the_probe(crm: RestV41, line: Line, knobs: Knobs) -> None:
    knobs(emails_unavailable=1)

    assert not crm.probe().may_create_emails
    assert line.call("get_entry", "Emails", "-", ["id"], [])["number"] == 20


def test_dates_survive_on_a_server_that_knows_date_sent_only(crm: RestV41, line: Line, knobs: Knobs) -> None:
    knobs(old_date_field=1)
    email = outgoing(line)

    assert crm.create_emails([email]) == [Created(email.id)]
    assert crm.read_emails([email.id])[email.id].sent_at == SENT_AT
    assert line.read("Emails", email.id, "date_sent", "date_sent_received") == {"date_sent": "2026-05-06 07:08:09"}


def test_an_id_that_a_crash_left_half_written_is_occupied(crm: RestV41, line: Line, knobs: Knobs) -> None:
    email = outgoing(line)
    knobs(crash_while_creating=1)
    crm.create_emails([email])

    (outcome,) = crm.create_emails([email])

    assert isinstance(outcome, CrmIdOccupied)
    assert not outcome.is_deleted


def test_a_lost_session_is_replaced_and_the_call_repeated(server: Server, line: Line) -> None:
    pool, key = SessionPool(), SessionKey(server.url, server.user_name, "contract")
    transport = Transport(server.url, PATIENCE)
    pool.give_back(SessionKey(transport.url, key.user_name, key.account_key), token())
    login = Login(user_name=server.user_name, password=server.password)
    caller = Caller(transport, login, pool=pool, account_key="contract")

    assert caller.read("get_user_id") == line.call("get_user_id")


def test_an_email_is_stored_so_that_it_reads_the_same(crm: RestV41, line: Line) -> None:
    email = outgoing(line)

    assert crm.create_emails([email]) == [Created(email.id)]
    stored = crm.read_emails([email.id])[email.id]
    body = line.read("Emails", email.id, "description", "description_html")

    assert (stored.subject, stored.message_id, stored.sent_at) == (SUBJECT, email.message_id, SENT_AT)
    assert stored.sender_address == email.sender.address
    assert stored.creator_id == line.call("get_user_id")
    assert body["description"].replace("\r\n", "\n").strip() == email.text.strip()
    assert "&lt;jana@x.example&gt;" in body["description_html"]


def test_creating_again_writes_nothing_twice(crm: RestV41, line: Line) -> None:
    first, second = outgoing(line), outgoing(line)
    crm.create_emails([first])

    outcomes = crm.create_emails([first, second])

    assert outcomes == [Created(first.id), Created(second.id)]
    assert line.ids("Emails", f"emails.message_id='{first.message_id}'") == [first.id]


def test_the_id_of_a_deleted_email_is_occupied(crm: RestV41, line: Line) -> None:
    email = outgoing(line)
    crm.create_emails([email])
    line.save("Emails", id=email.id, deleted="1")

    (outcome,) = crm.create_emails([email])

    assert isinstance(outcome, CrmIdOccupied)
    assert outcome.is_deleted


def test_emails_are_found_by_message_id_whatever_its_case(crm: RestV41, line: Line) -> None:
    email, unknown = outgoing(line), f"{token()}@contract.example"
    crm.create_emails([email])

    found = crm.find_emails([f"<{email.message_id.upper()}>", unknown])

    assert [one.id for one in found[email.message_id.casefold()]] == [email.id]
    assert found[unknown] == ()


def test_contacts_are_found_by_every_address_with_their_companies(crm: RestV41, line: Line) -> None:
    mark = token()
    company = line.save("Accounts", name=f"{NAME} {mark}")
    contact = line.save(
        "Contacts",
        first_name="Fiona",
        last_name=f"O'Connor {mark}",
        email1=f"Fiona.{mark}@Contract.Example",
        email2=f"o'connor.{mark}@contract.example",
        account_id=company,
    )

    found = crm.find_contacts(
        [f"fiona.{mark}@contract.example", f"o'connor.{mark}@contract.example", f"{mark}@x.example"]
    )

    (one,) = found[f"fiona.{mark}@contract.example"]
    assert one == found[f"o'connor.{mark}@contract.example"][0]
    assert (one.id, one.name) == (contact, f"Fiona O'Connor {mark}")
    assert [(it.id, it.name) for it in one.companies] == [(company, f"{NAME} {mark}")]
    assert found[f"{mark}@x.example"] == ()


def test_links_are_made_and_read_back_and_a_link_to_nothing_is_told(crm: RestV41, line: Line) -> None:
    email, contact = outgoing(line), line.save("Contacts", last_name=NAME)
    crm.create_emails([email])
    good, bad = Link(email.id, "Contacts", contact), Link(email.id, "Leads", token())

    outcomes = crm.link([good, bad])

    assert outcomes[0] == Linked(good)
    assert isinstance(outcomes[1], CrmRejected)
    assert crm.read_emails([email.id])[email.id].links["Contacts"] == {contact}


def test_the_company_of_an_email_is_linked_on_the_way(crm: RestV41, line: Line) -> None:
    company = line.save("Accounts", name=NAME)
    email = outgoing(line, company_id=company)

    crm.create_emails([email])

    assert crm.read_emails([email.id])[email.id].links["Accounts"] == {company}


def test_a_file_is_attached_once(crm: RestV41, line: Line) -> None:
    email, note = outgoing(line), line.own_id("Notes")
    crm.create_emails([email])
    file = OutgoingFile(note, email.id, "Příloha č. 3.pdf", "application/pdf", os.urandom(20_000))

    assert [crm.attach(file), crm.attach(file)] == [Created(note), Created(note)]
    assert crm.find_files([email.id]) == {email.id: frozenset({note})}


def test_a_record_is_seen_deleted_or_not_there(crm: RestV41, line: Line) -> None:
    live, gone = line.save("Contacts", last_name=NAME), line.save("Contacts", last_name=NAME)
    line.save("Contacts", id=gone, deleted="1")

    assert crm.read_record("Contacts", live) == RecordSight(is_visible=True)
    assert crm.read_record("Contacts", gone) == RecordSight(is_deleted=True)
    assert crm.read_record("Contacts", token()) == RecordSight()


def test_fifty_emails_cost_two_requests_to_store_and_verify(crm: RestV41, line: Line, stand_in: Sandbox) -> None:
    emails = [outgoing(line) for _ in range(50)]
    crm.probe()
    stand_in.forget_requests()

    assert crm.create_emails(emails) == [Created(email.id) for email in emails]
    assert stand_in.requests()["total"]["coripo"] == 2
