"""Mail as it really comes: truncated, wrongly encoded, nested. Each is listed, opens and syncs, or says why not."""

from __future__ import annotations

import base64

import pytest

from apps.mailboxes.models import Message
from apps.mailboxes.reading import list_files, read_body
from tests.sandbox_server import mime

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = (
    b"From: %(customer)s\r\nTo: %(me)s\r\nSubject: odd %(name)s\r\n"
    b"Message-ID: <%(name)s-%(customer)s>\r\nDate: Tue, 03 Nov 2026 10:00:00 +0100\r\n"
)

ODD = {
    "truncated-in-base64": b"MIME-Version: 1.0\r\nContent-Type: application/pdf; name=x.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"%PDF-1.4 " + b"x" * 300)[:201],
    "truncated-multipart": b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    b"Content-Type: text/plain\r\n\r\nslovo\r\n--b\r\nContent-Type: image/png\r\nContent-Tra",
    "unknown-charset": b'Content-Type: text/plain; charset="x-klingon"\r\n\r\nP\xf8\xedli\xb9 \xbelu\xbbou\xe8k\xfd',
    "latin2-said-to-be-utf8": b'Content-Type: text/plain; charset="utf-8"\r\n\r\nP\xf8\xedli\xb9 \xbelu\xbbou\xe8k\xfd k\xf9\xf2',
    "raw-8-bit-headers": "X-Jmeno: Příliš žluťoučký\r\nContent-Type: text/plain\r\n\r\nahoj".encode(),
    "broken-encoded-word": b"X-A: =?utf-8?B?!!!?=\r\nContent-Type: text/html\r\n\r\n<p>ahoj <b>nezav\xc5\x99en\xc3\xbd",
    "endless-nesting": b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(300)
    )
    + b"Content-Type: text/plain\r\n\r\nna dne",
    "mail-in-mail-in-mail": b"Content-Type: message/rfc822\r\n\r\nSubject: uvnitr\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: jeste hloub\r\n\r\ntext",
    "no-body-at-all": b"Content-Type: text/plain\r\n",
    "null-bytes": b"Content-Type: text/plain\r\n\r\nza\x00hada \x00\x00 konec",
    "lone-surrogate-entities": b"Content-Type: text/html\r\n\r\n<p>&#xD800; &#0; &#x110000; ahoj</p>",
    "name-with-path": b'Content-Type: application/octet-stream; name="../../etc/passwd"\r\n'
    b'Content-Disposition: attachment; filename="..\\..\\win.ini"\r\n\r\nobsah',
}


@pytest.mark.parametrize("name", ODD)
def test_it_is_listed_opens_and_syncs(desk, name):
    contact = desk.coripo.contact(desk.customer)
    head = HEAD % {b"customer": desk.customer.encode(), b"me": desk.person["mail"].encode(), b"name": name.encode()}

    graph_id = desk.sandbox.deliver(desk.person["mail"], head + ODD[name])
    desk.look()
    message = Message.objects.get(mailbox=desk.mailbox, graph_id=graph_id)
    read_body(message)
    list_files(message)
    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced", message.transfers.values("status", "cause", "detail")
    (record,) = desk.coripo.emails(message.email_key)
    assert [found["id"] for found in desk.coripo.linked(record["id"], "contacts")] == [contact]


@pytest.mark.parametrize(
    "raw", [b"\x00", b"\r\n\r\n", b"no headers here", b"Subject: jen predmet\r\n\r\n", b"\xff\xfe" * 99]
)
def test_what_is_hardly_a_mail_is_listed_opens_and_says_that_nobody_matches(desk, raw):
    graph_id = desk.sandbox.deliver(desk.person["mail"], raw)
    desk.look()
    message = Message.objects.get(mailbox=desk.mailbox, graph_id=graph_id)
    read_body(message)
    list_files(message)

    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "no_match"


def test_scenario_31_mails_without_message_id_are_told_apart_and_stored_once_each(desk):
    desk.coripo.contact(desk.customer)
    first = desk.receives(message_id=None, subject="Bez identifikace")
    second = desk.receives(message_id=None, subject="Také bez identifikace")
    long = desk.receives(message_id=f"<{'x' * 300}@kovarna-morava.example>")

    desk.sync(first, second, long)
    desk.deliver()
    desk.sync(first, second, long)
    desk.deliver()

    for message in (first, second, long):
        message.refresh_from_db()
        assert message.state == "synced"
        assert message.email_key.startswith("sha256:")
        assert len(desk.coripo.emails(message.email_key)) == 1


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("Jana.Dvorakova+Poptavka@KOVARNA-{0}.EXAMPLE", "jana.dvorakova+poptavka@kovarna-{0}.example"),
        ("o'brien@kovarna-{0}.example", "o'brien@kovarna-{0}.example"),
        ("info@žluťoučký-{0}.example", "info@xn--luouk-{0}-x2a3fb8k28c.example"),
    ],
)
def test_scenario_28_addresses_are_compared_in_their_canonical_form(desk, written, stored):
    mark = desk.customer.partition("@")[0][-8:]
    written, stored = written.format(mark), stored.format(mark)
    if "xn--" in stored:
        stored = "info@" + written.rpartition("@")[2].encode("idna").decode()
    contact = desk.coripo.contact(stored)
    raw = mime(sender="nekdo@jinde.example", to=desk.person["mail"], message_id=f"<{mark}@idn.example>")
    raw = raw.replace(b"From: nekdo@jinde.example", f"From: {written}".encode())
    graph_id = desk.sandbox.deliver(desk.person["mail"], raw)
    desk.look()
    message = Message.objects.get(mailbox=desk.mailbox, graph_id=graph_id)

    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"
    (record,) = desk.coripo.emails(message.email_key)
    assert [found["id"] for found in desk.coripo.linked(record["id"], "contacts")] == [contact]
