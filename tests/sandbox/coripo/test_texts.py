"""Measured on SuiteCRM 7.14.6: "Text: what is lost or changed" and "Dates"."""

import pytest

from tests.sandbox.coripo.conftest import Crm

# What was sent, and what comes back.
TEXTS = [
    ("a & b", "a & b"),
    ('"q"', "&quot;q&quot;"),
    ("it's", "it&#039;s"),
    ("a < b", "a &lt; b"),
    ("5 <6 and 7> 8", "5 &lt;6 and 7&gt; 8"),
    ("a <b>x</b>", "a &lt;b&gt;x&lt;/b&gt;"),
    ("ACME <GmbH> x", "ACME  x"),
    ("Foo <foo@x.example>", "Foo "),
    ("<a@b.c>", ""),
    ("&lt;tag&gt;", ""),
    ("<script>..</script>x", "x"),
    ("&amp;", "&"),
    ("&copy;", "©"),
    ("a\0b", "ab"),
    ("Žluťoučký kůň 🐎", "Žluťoučký kůň 🐎"),
]


@pytest.mark.parametrize(("sent", "read"), TEXTS)
@pytest.mark.parametrize("field", ["name", "description"])
def test_account_texts(crm: Crm, field: str, sent: str, read: str) -> None:
    """The whole table, for name and description of Accounts."""
    account = crm.save("Accounts", **{field: sent})

    assert crm.read("Accounts", account, field) == {field: read}


def test_blanks_are_trimmed_in_lines_and_kept_in_texts(crm: Crm) -> None:
    """leading/trailing blanks: trimmed in name/varchar, kept in text."""
    account = crm.save("Accounts", name="  A  ", description="  A  ")

    assert crm.read("Accounts", account, "name", "description") == {"name": "A", "description": "  A  "}


def test_over_long_texts_are_cut(crm: Crm) -> None:
    """over-long (account name 150, subject and message_id 255): cut without error."""
    account = crm.save("Accounts", name="x" * 300)
    email = crm.save("Emails", name="x" * 300, message_id="y" * 300)

    assert len(crm.read("Accounts", account, "name")["name"]) == 150
    assert {len(value) for value in crm.read("Emails", email, "name", "message_id").values()} == {255}


def test_the_echo_is_encoded_once_more(crm: Crm) -> None:
    """set_entry: an echo, HTML-encoded once more than a read (&amp;amp;, &uuml;)."""
    echo = crm.call("set_entry", "Accounts", {"name": "a & ü", "unknown": "x"})["entry_list"]

    assert echo == {"name": {"name": "name", "value": "a &amp;amp; &uuml;"}}
    assert crm.call("set_entry", "Accounts", {})["entry_list"] == []


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("abc@x", "abc@x"),
        ("<abc@x>", ""),
        ("<123.abc@x>", ""),
        ("&lt;abc@x&gt;", "&lt;a href=&quot;mailto:abc@x&quot;&gt;abc@x&lt;/a&gt;"),
    ],
)
def test_message_ids(crm: Crm, sent: str, read: str) -> None:
    """message_id in angle brackets is stored empty; encoded ones become an HTML mailto link; send it bare."""
    email = crm.save("Emails", message_id=sent)

    assert crm.read("Emails", email, "message_id") == {"message_id": read}


def test_the_plain_body_is_kept_as_sent(crm: Crm) -> None:
    """description of an Email is kept as sent, also <foo@x>, quoted lines, CRLF; entities in it are decoded."""
    text = ' > <foo@x> & "q" it\'s\r\n&lt;x&gt; '
    email = crm.save("Emails", description=text)

    assert crm.read("Emails", email, "description") == {"description": ' > <foo@x> & "q" it\'s\r\n<x> '}


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("<p>1 &lt; 2 &amp; 3</p>", "<p>1 < 2 & 3</p>"),
        ("<p>a&nbsp;b</p>", "<p>a\xa0b</p>"),
        ("<html><body><style>p{}</style><p>x</p></body></html>", "<p>x</p>"),
        ('<form action="/x"><base href="/y"><p onclick="z()">x</p></form>', "<p>x</p>"),
        ('<a href="javascript:x()">x</a>', "<a>x</a>"),
        ('<p id="i">x</p>', '<p id="sugar_text_i">x</p>'),
        ('<img width=3 src="cid:a@b">', '<img width="3" src="cid:a@b" alt="">'),
        ('<iframe src="https://x.example"></iframe>', '<iframe src="https://x.example"></iframe>'),
        ("<p>a</p>&lt;script&gt;alert(1)&lt;/script&gt;", "plain<br />\nbody"),
        ('<img src="data:image/png;base64,AAAA">', "plain<br />\nbody"),
        ("", "plain<br />\nbody"),
    ],
)
def test_html_bodies(crm: Crm, sent: str, read: str) -> None:
    """description_html is purified, entities are decoded once; where nothing is left the plain text takes its place."""
    email = crm.save("Emails", description="plain\nbody", description_html=sent)

    assert crm.read("Emails", email, "description_html") == {"description_html": read}


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2024-05-06 07:08:09", "2024-05-06 07:08:09"),
        ("2024-05-06", "2024-05-06 00:00:00"),
        ("2024-05-06T07:08:09", ""),
        ("2024-05-06 07:08:09Z", ""),
        ("2024-05-06 07:08:09+02:00", ""),
        ("2024-05-06 07:08", ""),
        ("6.5.2024 7:08", ""),
        ("2024-02-31 07:08:09", ""),
    ],
)
def test_dates(crm: Crm, sent: str, read: str) -> None:
    """In and out: YYYY-MM-DD HH:MM:SS, UTC. Anything else is stored empty without an error."""
    email = crm.save("Emails", date_sent_received=sent)

    assert crm.read("Emails", email, "date_sent_received") == {"date_sent_received": read}
