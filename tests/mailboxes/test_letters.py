"""Reading MIME bytes: whatever they are, a letter comes out."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.core.addresses import Address
from apps.mailboxes.letters import read_letter
from tests.sandbox_server import mime

PLAIN = "Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"


def test_an_ordinary_mail() -> None:
    raw = mime(
        sender="Jana Dvořáková <jana@kovarna-morava.example>",
        to='"Novák, Marek" <marek@strojirny-beskyd.example>, servis@strojirny-beskyd.example',
        cc="Petr <petr@kovarna-morava.example>",
        subject="Poptávka: soustruh SV 18",
        text="Dobrý den,\nprosíme o nabídku.\n",
        html="<p>Dobrý den,</p><p>prosíme o nabídku.</p>",
        message_id="<Abc.1@kovarna-morava.example>",
        date=datetime(2026, 3, 1, 10, 15, tzinfo=UTC),
        files=(("výkres č. 7.pdf", b"%PDF-1.4"),),
    )

    letter = read_letter(raw)

    assert letter.message_id == "Abc.1@kovarna-morava.example"
    assert letter.subject == "Poptávka: soustruh SV 18"
    assert letter.sender == Address("Jana Dvořáková", "jana@kovarna-morava.example")
    assert letter.to == (
        Address("Novák, Marek", "marek@strojirny-beskyd.example"),
        Address("", "servis@strojirny-beskyd.example"),
    )
    assert letter.cc == (Address("Petr", "petr@kovarna-morava.example"),)
    assert letter.sent_at == datetime(2026, 3, 1, 10, 15, tzinfo=UTC)
    assert letter.text == "Dobrý den,\nprosíme o nabídku.\n"
    assert letter.html == "<p>Dobrý den,</p><p>prosíme o nabídku.</p>\n"
    assert [(file.name, file.content) for file in letter.attachments] == [("výkres č. 7.pdf", b"%PDF-1.4")]


def test_html_alone_gives_its_words() -> None:
    raw = (
        b"Content-Type: text/html\n\n<head><style>p{}</style></head><p>Cena:&nbsp;100</p><script>x()</script><p>Dan</p>"
    )

    letter = read_letter(raw)

    assert letter.text == "Cena: 100\n\nDan"


def test_a_picture_in_the_text_is_inline_and_a_file_beside_it_is_not() -> None:
    mail = EmailMessage()
    mail.set_content("Logo")
    mail.add_alternative('<img src="cid:Logo@1">', subtype="html")
    mail.get_payload()[1].add_related(b"\x89PNG", "image", "png", cid="<logo@1>", filename="logo.png")  # type: ignore[union-attr,index]
    mail.add_attachment(b"a;b", maintype="text", subtype="csv", filename="ceník.csv")

    letter = read_letter(mail.as_bytes())

    assert [(file.name, file.is_inline, file.content_id) for file in letter.attachments] == [
        ("logo.png", True, "logo@1"),
        ("ceník.csv", False, ""),
    ]


def test_a_mail_within_the_mail_keeps_its_headers() -> None:
    inner = EmailMessage()
    inner["Subject"] = "Původní zpráva"
    inner.set_content("uvnitř")
    mail = EmailMessage()
    mail.set_content("viz příloha")
    mail.add_attachment(inner)

    letter = read_letter(mail.as_bytes())

    (file,) = letter.attachments
    assert file.is_message
    assert file.name == "Původní zpráva.eml"
    assert read_letter(file.content).subject == "Původní zpráva"


@pytest.mark.parametrize(
    ("charset", "data"),
    [
        ("utf-8", "Příliš žluťoučký kůň".encode()),
        ("windows-1250", "Příliš žluťoučký kůň".encode("cp1250")),
        ("iso-8859-2", "Příliš žluťoučký kůň".encode("iso-8859-2")),
        ("us-ascii", "Příliš žluťoučký kůň".encode()),
        ("us-ascii", "Příliš žluťoučký kůň".encode("cp1250")),
        ("no-such-charset", "Příliš žluťoučký kůň".encode()),
        ("punycode", "Příliš žluťoučký kůň".encode()),
    ],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_texts_are_read_in_the_charset_that_they_are_really_in(charset: str, data: bytes, encoding: str) -> None:
    body = base64.b64encode(data) if encoding == "base64" else data

    letter = read_letter(PLAIN.format(charset=charset, encoding=encoding).encode() + body)

    assert letter.text.strip() == "Příliš žluťoučký kůň"


def test_a_mail_cut_off_within_a_letter_loses_no_more_than_that() -> None:
    data = "kůň žluťoučký".encode()[:-1]

    letter = read_letter(PLAIN.format(charset="utf-8", encoding="8bit").encode() + data)

    assert letter.text == "kůň žluťouč" + "k"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"From: =?utf-8?Q?Nov=C3=A1k=2C_Jan?= <jan@x.example>", Address("Novák, Jan", "jan@x.example")),
        (b"From: =?utf-8?Q?Nov=C3=A1k, Jan?= <jan@x.example>", Address("", "jan@x.example")),
        (b"From: =?utf-8?B?Tm92w6Fr?= =?utf-8?B?IEphbg==?= <jan@x.example>", Address("Novák Jan", "jan@x.example")),
        (b"From: =?utf-8?B?Tm92w6==?= =?utf-8?B?oQ==?= <jan@x.example>", None),
        (b"From: \xc5\xbdan\xc3\xad <zan@x.example>", Address("Žaní", "zan@x.example")),
        (b'From: "jan novak"@x.example', Address("", '"jan novak"@x.example')),
        (b"From: /O=FIRMA/OU=BRNO/CN=NOVAK", Address("", "/O=FIRMA/OU=BRNO/CN=NOVAK")),
        (b"From: Skupina: a@x.example, b@x.example;", Address("", "a@x.example")),
        (b"From: undisclosed-recipients:;", None),
        (b"From: ", None),
    ],
)
def test_senders_as_people_and_programs_write_them(header: bytes, expected: Address | None) -> None:
    letter = read_letter(header + b"\r\n\r\ntext")

    if expected is None:
        assert letter.sender is None or letter.sender.address == "jan@x.example"
    else:
        assert letter.sender is not None
        assert letter.sender.address == expected.address
        if expected.name:
            assert letter.sender.name == expected.name


@pytest.mark.parametrize("date", [b"", b"yesterday", b"Thu, 99 Foo 2026 99:99", b"Fri, 31 Dec 9999 23:59:59 -2359"])
def test_a_date_that_is_none_is_none(date: bytes) -> None:
    assert read_letter(b"Date: " + date + b"\n\nx").sent_at is None


def test_file_names_bring_no_folders() -> None:
    mail = EmailMessage()
    mail.set_content("x")
    for name in ("../../etc/passwd", "C:\\temp\\a.exe", "dlouhý" * 80 + ".pdf"):
        mail.add_attachment(b"x", maintype="application", subtype="pdf", filename=name)

    names = [file.name for file in read_letter(mail.as_bytes()).attachments]

    assert names[:2] == ["passwd", "a.exe"]
    assert names[2].endswith(".pdf")
    assert len(names[2]) <= 200


def test_endless_nesting_is_shown_as_text() -> None:
    raw = b"Subject: bomba\r\n"
    for level in range(3000):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
    started = time.monotonic()

    letter = read_letter(raw + b"Content-Type: text/plain\r\n\r\njadro")

    assert letter.subject == "bomba"
    assert time.monotonic() - started < 10


def test_null_bytes_and_half_characters_can_be_stored() -> None:
    letter = read_letter(b"Subject: a\x00b\xed\xa0\x80\nContent-Type: text/plain\n\nx\x00y")

    letter.subject.encode()
    assert "\x00" not in letter.subject + letter.text


_words = st.sampled_from(
    [
        b"From: ",
        b"To: ",
        b"Subject: ",
        b"Date: ",
        b"Content-Type: ",
        b"multipart/mixed; boundary=x",
        b"text/html",
        b"\r\n",
    ]
    + [b"Content-Disposition: attachment; filename*=utf-8''%C3", b"--x", b"--x--", b"=?utf-8?B?", b"=?x?Q?", b"?="]
    + [b"message/rfc822", b"Content-Transfer-Encoding: ", b"base64", b"quoted-printable", b"x-uuencode", b"begin 644 a"]
    + [
        b"; charset*=utf-8''x",
        b'; name="',
        b"Content-ID: <",
        b"<",
        b">",
        b'"',
        b":;",
        b"\n\n",
        b"\x00",
        b"\xff",
        b"=C3=",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(_words, st.binary(max_size=12)), max_size=60).map(b"".join))
@example(b"")
@example(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset*=a''b\r\n\r\n\xff")
@example(b"Content-Type: multipart/mixed\r\n\r\n")
@example(b"From: " + b"(" * 5000)
@example(b"To: " + b"<" * 5000)
def test_any_bytes_make_a_letter(raw: bytes) -> None:
    letter = read_letter(raw)

    for text in (letter.subject, letter.text, letter.html, letter.message_id, *(f.name for f in letter.attachments)):
        text.encode()
        assert "\x00" not in text
    assert letter.sent_at is None or letter.sent_at.tzinfo is UTC


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=2000))
def test_a_mail_cut_anywhere_makes_a_letter(length: int) -> None:
    raw = mime(
        sender="Jana <jana@x.example>",
        to="marek@x.example",
        html="<p>žluťoučký</p>",
        files=(("výkres.pdf", b"x" * 500),),
    )

    read_letter(raw[:length])
