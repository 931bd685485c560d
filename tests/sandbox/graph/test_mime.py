"""Reading mails: whatever is in them, something comes out, and nothing is raised."""

import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.sandbox.graph import bodies, mime, shapes
from apps.sandbox.graph.addresses import Address, addresses
from tests.sandbox.graph.caller import mail


def nested(depth: int) -> bytes:
    """Multiparts in multiparts, so deep that the parser gives up."""
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(depth)
    )
    return b"Subject: deep\r\n" + opening + b"Content-Type: text/plain\r\n\r\nbottom\r\n"


# ── Addresses ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("jana@firm.example", [("jana@firm.example", "jana@firm.example")]),
        ("Jana <jana@firm.example>", [("Jana", "jana@firm.example")]),
        ('"Svobodová, Jana" <jana@firm.example>', [("Svobodová, Jana", "jana@firm.example")]),
        ('"Ján \\"Jano\\" K" <j@x.example>, b@x.example', [('Ján "Jano" K', "j@x.example"), ("b@x.example",) * 2]),
        ("=?utf-8?q?Nov=C3=A1k=2C_Petr?= <p@x.example>", [("Novák, Petr", "p@x.example")]),
        ("=?utf-8?b?8J+YgA==?= <smile@x.example>", [("😀", "smile@x.example")]),
        ('"john doe"@x.example', [('"john doe"@x.example',) * 2]),
        ("jana@firm.example (Jana Svobodová)", [("Jana Svobodová", "jana@firm.example")]),
        ("Team: a@x.example, B <b@x.example>;", [("a@x.example", "a@x.example"), ("B", "b@x.example")]),
        ("undisclosed-recipients:;", []),
        ("a@x.example; b@x.example", [("a@x.example",) * 2, ("b@x.example",) * 2]),
        ("Old <//O=EXCHANGELABS/CN=JANA>", [("Old", "//O=EXCHANGELABS/CN=JANA")]),
        ("jana@žluťoučký.example", [("jana@žluťoučký.example",) * 2]),
        ('"unclosed <a@x.example>', [('"unclosed', "a@x.example")]),
        ("<>", []),
        (" , ,", []),
    ],
)
def test_addresses(header: str, expected: list[tuple[str, str]]) -> None:
    assert addresses(header) == [Address(*pair) for pair in expected]


# ── Headers and bodies ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (b"=?iso-8859-2?q?P=F8=EDli=B9?=", "Příliš"),
        (b"=?utf-8?q?P=C5=99=C3=AD?=\r\n =?utf-8?q?li=C5=A1?=", "Příliš"),
        (b"=?utf-8?q?P=C5?= =?utf-8?q?=99=C3=AD?=", "Pří"),
        (b"P\xc5\x99\xc3\xadli\xc5\xa1", "Příliš"),
        (b"P\xf8\xedli\x9a", "Příliš"),
        (b"=?utf-8?b?broken!?= rest", "=?utf-8?b?broken!?= rest"),
        (b"=?no-such-charset?q?x?=", "x"),
        (b"folded\r\n\tsubject", "folded subject"),
        (b"", ""),
    ],
)
def test_subjects(subject: bytes, expected: str) -> None:
    assert mime.read(b"Subject: " + subject + b"\r\n\r\nx").subject == expected


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("windows-1250", "Příliš".encode("windows-1250")),
        ("iso-8859-2", "Příliš".encode("iso-8859-2")),
        ("us-ascii", "Příliš".encode()),
        ("us-ascii", "Příliš".encode("windows-1250")),
        ("no-such-charset", "Příliš".encode()),
    ],
)
def test_bodies_in_all_sorts_of_charsets(charset: str, body: bytes) -> None:
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"

    assert mime.read(head.encode() + body).text == "Příliš"


def test_a_footer_beside_the_alternative_belongs_to_both_bodies() -> None:
    message = EmailMessage()
    message.set_content("plain")
    message.add_alternative("<p>marked</p>", subtype="html")
    message.make_mixed()
    footer = EmailMessage()
    footer.set_content("list footer")
    message.attach(footer)

    read = mime.read(message.as_bytes())

    assert "plain" in read.text
    assert "marked" not in read.text
    assert "list footer" in read.text
    assert "marked" in read.html
    assert "list footer" in read.html
    assert read.parts == []


def test_html_alone_gives_a_text_as_well() -> None:
    read = mime.read(b"Content-Type: text/html\r\n\r\n<style>p{}</style><p>Dobr&yacute;</p><p>den<br>2</p>")

    assert read.text == "Dobrý\nden\n2"


def test_parts_of_a_bounce_and_of_a_signed_mail() -> None:
    bounce = (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nNot delivered\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nStatus: 5.1.1\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: Original\r\n\r\nText\r\n--b--\r\n"
    )

    read = mime.read(bounce)

    assert [(part.kind, part.name) for part in read.parts] == [("file", "ATT00001.dat"), ("item", "Original")]
    assert b"Status: 5.1.1" in mime.attachment_content(bounce, 1)
    assert mime.attachment_content(bounce, 2).startswith(b"Subject: Original")


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        (b"filename*=utf-8''p%C5%99%C3%ADloha.pdf", "příloha.pdf"),
        (b"filename*0*=utf-8''p%C5%99; filename*1=iloha.pdf", "přiloha.pdf"),
        (b'filename="=?utf-8?q?p=C5=99=C3=ADloha?=.pdf"', "příloha.pdf"),
        (b'filename="p\xf8\xedloha.pdf"', "příloha.pdf"),
        (b"filename*=broken", "broken"),
    ],
)
def test_file_names(parameter: bytes, expected: str) -> None:
    source = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; " + parameter + b"\r\n\r\nx"

    assert mime.read(source).parts[0].name == expected


def test_a_content_type_that_no_header_could_carry() -> None:
    source = b"Content-Type: image/\r\n png\xff\r\nContent-Disposition: attachment\r\n\r\nx"

    assert mime.read(source).parts[0].content_type == "text/plain"


# ── Damage ────────────────────────────────────────────────────────────────


WHOLE = mail("Celý mail", html="<p>Dobrý den</p>", cc='"A, B" <a@x.example>', date="Sun, 01 Mar 2026 12:00:00 +0100")


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\r\n\r\n",
        b"no header at all",
        b"\x00\xff\xfe" * 100,
        b"Date: Mon, 99 Foo 99999 99:99\r\n\r\n",
        b"Date: Fri, 31 Dec 9999 23:59:59 -1200\r\n\r\n",
        b'From: \xff\xfe <\xff>\r\nTo: (((\r\nCc: "\r\n\r\n',
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf\r\n\r\nJVBER",
        b"Content-Type: text/plain; charset=\xff\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdA==",
        b"Content-Disposition: \xff; filename*1*=x; filename*0*=''\r\n\r\n",
        nested(3000),
    ],
)
def test_no_mail_is_too_broken(source: bytes) -> None:
    read = mime.read(source)

    for number in range(1, len(read.parts) + 1):
        mime.attachment_content(source, number)
    shapes.facts(read)
    bodies.cleaned(read.html).encode()


@pytest.mark.parametrize("length", range(0, len(WHOLE), 7))
def test_a_mail_cut_anywhere(length: int) -> None:
    mime.read(WHOLE[:length])


@given(position=st.integers(0, len(WHOLE) - 1), noise=st.binary(min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_a_mail_with_noise_in_it(position: int, noise: bytes) -> None:
    source = WHOLE[:position] + noise + WHOLE[position + len(noise) :]

    read = mime.read(source)

    for number in range(1, len(read.parts) + 1):
        mime.attachment_content(source, number)
    shapes.facts(read)


def test_a_mail_nested_too_deep_shows_its_source() -> None:
    read = mime.read(nested(3000))

    assert read.subject == "deep"
    assert "bottom" in read.text


@pytest.mark.parametrize("piece", ["<script>", "<", "<!--", "<p", "&lt;", "<style>", "<object"])
def test_time_grows_with_the_length_only(piece: str) -> None:
    body = piece * (2_000_000 // len(piece))
    started = time.monotonic()

    bodies.preview(bodies.text_of_html(bodies.cleaned(body)))

    assert time.monotonic() - started < 5
