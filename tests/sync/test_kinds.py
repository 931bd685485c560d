"""Mail that nobody wrote to anybody: told by its headers, left out of automatic runs, and taken at a click."""

from __future__ import annotations

import base64
from uuid import uuid4

import pytest

from apps.core.clock import now
from apps.mailboxes.models import Message
from apps.sync.claiming import claim_batch
from apps.sync.delivery import carry
from apps.sync.models import CrmFile
from apps.sync.reasons import why
from apps.work.models import Lane

pytestmark = pytest.mark.django_db(transaction=True)

Kind = Message.Kind

PLAIN = "Content-Type: text/plain\r\n\r\ntext"
CALENDAR = (
    "Content-Type: text/calendar; method={}; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:{}\r\nEND:VCALENDAR\r\n"
)
REPORT = (
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain\r\n\r\nNedoruceno\r\n"
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n--b--\r\n"
)
SEALED = base64.b64encode(b"sealed " * 40).decode()
SMIME = (
    'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\r\n'
    f'Content-Disposition: attachment; filename="smime.p7m"\r\nContent-Transfer-Encoding: base64\r\n\r\n{SEALED}\r\n'
)
PGP = (
    'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
    '--b\r\nContent-Type: application/octet-stream; name="encrypted.asc"\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--b--\r\n'
)
IRM = (
    'Content-Class: rpmsg.message\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain\r\n\r\nThis message is protected.\r\n"
    '--b\r\nContent-Type: application/x-microsoft-rpmsg-message; name="message.rpmsg"\r\n'
    f"Content-Transfer-Encoding: base64\r\n\r\n{SEALED}\r\n--b--\r\n"
)


def receives(desk, rest: str) -> Message:
    """From the customer, whom CORIPO knows: but for its kind, the mail would go."""
    head = (
        f"From: Jana <{desk.customer}>\r\nTo: {desk.person['mail']}\r\nSubject: Nabidka\r\n"
        f"Message-ID: <{uuid4().hex}@kovarna-morava.example>\r\nDate: Tue, 03 Nov 2026 10:00:00 +0100\r\n"
    )
    return desk.receives_raw((head + rest).encode())


@pytest.mark.parametrize(
    ("rest", "kind", "rule"),
    [
        pytest.param(CALENDAR.format("REQUEST", "REQUEST"), Kind.MEETING, "kind_meeting", id="scenario 32, invitation"),
        pytest.param(CALENDAR.format("REPLY", "REPLY"), Kind.MEETING, "kind_meeting", id="scenario 32, response"),
        pytest.param(CALENDAR.format("CANCEL", "CANCEL"), Kind.MEETING, "kind_meeting", id="scenario 32, cancellation"),
        pytest.param(REPORT, Kind.BOUNCE, "kind_bounce", id="scenario 34, non-delivery"),
        pytest.param(
            "Auto-Submitted: auto-replied\r\n" + PLAIN, Kind.AUTO_REPLY, "kind_auto_reply", id="scenario 34, reply"
        ),
        pytest.param("List-Id: <novinky>\r\n" + PLAIN, Kind.BULK, "kind_bulk", id="scenario 34, list"),
        pytest.param("Precedence: bulk\r\n" + PLAIN, Kind.BULK, "kind_bulk", id="scenario 34, bulk"),
        pytest.param("Sensitivity: Private\r\n" + PLAIN, Kind.MAIL, "private", id="private"),
    ],
)
@pytest.mark.parametrize("lane", [Lane.AUTOMATIC, Lane.BACKFILL])
def test_scenarios_32_and_34_a_run_leaves_it_out_and_one_click_takes_it(desk, rest, kind, rule, lane):
    desk.coripo.contact(desk.customer)
    message = receives(desk, rest)

    desk.wait_in(lane, message)
    desk.deliver(lane)

    message.refresh_from_db()
    reason = why(message, user=desk.user)
    assert (message.state, message.kind, reason.cause) == ("skipped", kind, rule)
    assert message.kind_read_at is not None or kind == Kind.MEETING
    assert reason.remedy.action == "sync"
    assert reason.remedy.label == "Sync anyway"
    assert desk.coripo.emails(message.email_key) == []

    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"


def test_scenario_32_what_the_mailbox_calls_a_meeting_is_left_out_without_reading_it(desk):
    message = receives(desk, CALENDAR.format("REQUEST", "REQUEST"))
    desk.wait_in(Lane.AUTOMATIC, message)
    desk.sandbox.forget_requests()

    desk.deliver(Lane.AUTOMATIC)

    message.refresh_from_db()
    assert (message.state, message.kind) == ("skipped", Kind.MEETING)
    assert desk.sandbox.requests()["total"].get("graph", 0) == 0


def test_scenario_34_a_person_who_asks_while_a_run_has_the_mail_in_hand_gets_it(desk):
    desk.coripo.contact(desk.customer)
    message = receives(desk, "List-Id: <novinky>\r\n" + PLAIN)
    desk.wait_in(Lane.AUTOMATIC, message)
    batch = claim_batch(desk.mailbox, lane=Lane.AUTOMATIC, at=now())
    desk.sync(message)
    carry(batch, lane=Lane.AUTOMATIC, until=now())
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"


def test_scenario_34_whoever_wants_newsletters_gets_them_from_a_run(desk):
    desk.coripo.contact(desk.customer)
    desk.rule(left_out_kinds=["bounce"])
    message = receives(desk, "List-Id: <novinky>\r\n" + PLAIN)

    desk.wait_in(Lane.AUTOMATIC, message)
    desk.deliver(Lane.AUTOMATIC)

    message.refresh_from_db()
    assert (message.state, message.kind) == ("synced", Kind.BULK)


@pytest.mark.parametrize("rest", [SMIME, PGP, IRM], ids=["S/MIME", "PGP", "IRM"])
def test_scenario_33_of_an_encrypted_mail_the_envelope_is_stored_and_the_body_stays(desk, rest):
    contact = desk.coripo.contact(desk.customer)
    message = receives(desk, rest)

    desk.wait_in(Lane.AUTOMATIC, message)
    desk.deliver(Lane.AUTOMATIC)

    message.refresh_from_db()
    assert (message.state, message.kind) == ("synced", Kind.ENCRYPTED)
    (record,) = desk.coripo.emails(message.email_key)
    assert "Encrypted e-mail" in desk.coripo.email(record["id"])["description"]
    assert [found["id"] for found in desk.coripo.linked(record["id"], "contacts")] == [contact]
    assert desk.coripo.linked(record["id"], "notes") == []
    assert set(CrmFile.objects.values_list("cause", flat=True)) <= {"unwanted_type"}
    assert CrmFile.objects.exists()


def test_scenario_33_whoever_wants_the_sealed_file_gets_it(desk):
    desk.coripo.contact(desk.customer)
    desk.rule(unwanted_types=[])
    message = receives(desk, SMIME)

    desk.sync(message)
    desk.deliver()

    (record,) = desk.coripo.emails(message.email_key)
    assert [note["name"] for note in desk.coripo.linked(record["id"], "notes")] == ["smime.p7m"]
