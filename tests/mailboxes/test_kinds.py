"""The kind of a mail, by its type and headers, and never by the words of its subject."""

from __future__ import annotations

import pytest

from apps.mailboxes.letters import read_letter
from apps.mailboxes.models import Message

Kind = Message.Kind

CALENDAR = (
    'multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/calendar; method={}\r\n\r\nBEGIN:VCALENDAR'
)
KINDS = [
    ("Subject: Undeliverable: Automatic reply\r\nContent-Type: text/plain", Kind.MAIL),
    ("Content-Type: multipart/report; report-type=delivery-status; boundary=b", Kind.BOUNCE),
    ("X-Failed-Recipients: nikdo@jinde.example\r\nContent-Type: text/plain", Kind.BOUNCE),
    ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", Kind.AUTO_REPLY),
    ("Auto-Submitted: auto-replied (vacation)", Kind.AUTO_REPLY),
    ("Auto-Submitted: auto-replied; owner-email=x@y.example", Kind.AUTO_REPLY),
    ("Auto-Submitted: auto-generated", Kind.MAIL),
    ("X-Auto-Response-Suppress: All", Kind.MAIL),
    ("Precedence: auto_reply", Kind.AUTO_REPLY),
    ("Return-Path: <>", Kind.AUTO_REPLY),
    ("Return-Path: <jana@kovarna.example>", Kind.MAIL),
    ("List-Id: Novinky <novinky.jinde.example>", Kind.BULK),
    ("List-Unsubscribe: <mailto:konec@jinde.example>", Kind.BULK),
    ("Precedence: Bulk", Kind.BULK),
    ("Precedence: first-class", Kind.MAIL),
    ('Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"', Kind.ENCRYPTED),
    ('Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b', Kind.ENCRYPTED),
    ("Content-Class: rpmsg.message\r\nContent-Type: text/plain", Kind.ENCRYPTED),
    ("Content-Type: multipart/signed; protocol=x; boundary=b", Kind.MAIL),
    (f"Content-Type: {CALENDAR.format('REQUEST')}", Kind.MEETING),
    (f"Content-Type: {CALENDAR.format('CANCEL')}", Kind.MEETING),
    (f"Content-Type: {CALENDAR.format('REPLY')}", Kind.MEETING),
    # A calendar file that somebody attached invites nobody.
    ('Content-Type: text/calendar; name="svatky.ics"', Kind.MAIL),
    ("Content-Type: ;;;=\r\nList-Id: x\r\nPrecedence", Kind.BULK),
    ("", Kind.MAIL),
]


@pytest.mark.parametrize(("headers", "kind"), KINDS)
def test_the_kind_follows_from_the_headers(headers: str, kind: Message.Kind) -> None:
    assert read_letter(f"From: a@b.example\r\n{headers}\r\n\r\ntext".encode()).kind == kind


@pytest.mark.parametrize(
    ("written", "is_private"),
    [("Private", True), ("Personal", True), ("Company-Confidential", True), ("Normal", False), ("", False)],
)
def test_private_is_what_its_sender_called_so(written: str, is_private: bool) -> None:
    assert read_letter(f"Sensitivity: {written}\r\n\r\ntext".encode()).is_private is is_private
