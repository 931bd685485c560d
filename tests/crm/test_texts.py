"""What is written to CORIPO so that its cleaners leave it alone. tests/crm/test_creating.py sends it there and back."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.addresses import Address
from apps.crm import texts

ANY_TEXT = st.text(alphabet=st.characters(codec=None), max_size=400)


@pytest.mark.parametrize(
    ("stored", "plain"),
    [
        ("&quot;q&quot; it&#039;s", '"q" it\'s'),
        ("a &lt; b", "a < b"),
        ("Tom & Jerry", "Tom & Jerry"),
        ("&amp;lt;", "&amp;lt;"),
        ("&copy;", "&copy;"),
    ],
)
def test_a_read_decodes_four_entities_and_no_other(stored: str, plain: str) -> None:
    assert texts.read(stored) == plain


@pytest.mark.parametrize(
    ("subject", "sent"),
    [
        ("ACME <GmbH> x", "ACME ‹GmbH› x"),
        ("Foo <foo@x.example>", "Foo ‹foo@x.example›"),
        ("&lt;tag&gt;", "‹tag›"),
        ("&amp;lt;tag&amp;gt;", "‹tag›"),
        ("a <b", "a ‹b"),
        ("a < b", "a < b"),
        ("5 <6 and 7> 8", "5 <6 and 7> 8"),
        ("R&D, 1&copy=2", "R&D, 1&copy=2"),
        ("a &ltb &#60c", "a ‹b ‹c"),
        (" two\r\n lines\t", "two lines"),
        ("nul\x00 and bell\x07", "nul and bell"),
        ("half \ud83d", "half \ufffd"),
        ("🚀 žluťoučký", "🚀 žluťoučký"),
    ],
)
def test_a_line_says_the_same_without_tags_and_entities(subject: str, sent: str) -> None:
    assert texts.line(subject) == sent


def test_an_overlong_line_ends_in_an_ellipsis() -> None:
    assert texts.line("x" * 300) == "x" * 254 + "…"
    assert texts.line("x" * 255) == "x" * 255


@given(ANY_TEXT)
def test_a_line_holds_nothing_that_a_cleaner_would_touch(subject: str) -> None:
    line = texts.line(subject)

    assert len(line) <= texts.LINE_LIMIT
    assert line == line.strip()
    assert texts.line(line) == line
    line.encode()


def test_entities_inside_entities_do_not_cost_the_square_of_their_number() -> None:
    assert texts.line("&" + "amp;" * 300_000).startswith("&")


@pytest.mark.parametrize("written", ["<abc@x>", " <abc@x> ", "abc@x", "<abc@x"])
def test_a_message_id_is_sent_bare(written: str) -> None:
    assert texts.message_id(written) == "abc@x"


def test_a_plain_body_keeps_addresses_line_ends_links_and_written_entities() -> None:
    assert texts.plain_body("https://x.example/?a=1&copy=2&b=3") == "https://x.example/?a=1&amp;copy=2&b=3"
    assert (
        texts.plain_body("> Jana <jana@x.example>\r\n&lt;b&gt; & co")
        == "> Jana <jana@x.example>\r\n&amp;lt;b&amp;gt; & co"
    )


@given(ANY_TEXT)
def test_a_plain_body_is_itself_again_once_its_entities_are_decoded(body: str) -> None:
    sent = texts.plain_body(body)

    assert html.unescape(sent) == texts.sendable(body)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("From: Jana &lt;jana@x.example&gt;", "From: Jana &amp;lt;jana@x.example&amp;gt;"),
        ('<a href="?a=1&amp;b=2" title="&quot;x&quot;">', '<a href="?a=1&amp;amp;b=2" title="&amp;quot;x&amp;quot;">'),
        ("&nbsp;P&rcaron;&iacute;loha &#268;", "\u00a0Příloha Č"),
        ("&ltb &#60b &#x3Cz &LT=", "&amp;ltb &amp;#60b &amp;#x3Cz &amp;LT="),
        ("&unknown; A & B", "&amp;unknown; A & B"),
    ],
)
def test_an_html_body_survives_being_decoded_once(body: str, sent: str) -> None:
    assert texts.html_body(body) == sent


def test_a_body_above_the_limit_is_cut_with_a_note_and_never_inside_a_tag() -> None:
    plain = texts.plain_body("ž" * (texts.BODY_LIMIT + 5))
    rich = texts.html_body("x" * (texts.BODY_LIMIT - 3) + '<img alt="a">')

    assert plain.endswith("the whole text has 1000005 characters.]")
    assert plain.count("ž") == texts.BODY_LIMIT
    assert "<img" not in rich
    assert rich.endswith("characters.]</p>")


def test_the_words_of_an_html_body() -> None:
    page = (
        "<style>p{}</style><p>Dobrý&nbsp;den,<br>posíláme <b>nabídku</b>.</p><!-- x -->"
        "<div>Jana &lt;j@x&gt;</div><script>1"
    )

    assert texts.plain_from_html(page) == "Dobrý den,\nposíláme nabídku.\nJana <j@x>"


@given(st.text(alphabet="<!->/scriptbr &lt;", max_size=200))
def test_any_html_has_words(page: str) -> None:
    texts.plain_from_html(page)


@pytest.mark.parametrize(
    "page", ["<" * 500_000, "<script" * 100_000, "<!--" * 200_000, "<p>" * 300_000, "&lt;" * 250_000]
)
def test_html_made_to_be_slow_is_not(page: str) -> None:
    texts.plain_from_html(page)
    texts.html_body(page)


def test_address_rows_get_valid_bare_addresses_alone() -> None:
    people = [
        Address("Novák, Petr", "Petr@X.example"),
        Address("", "petr@x.example"),
        Address("Bücher", "info@bücher.example"),
        Address("odd", '"a,b"@x.example'),
        Address("ž", "žluť@x.example"),
        Address("nobody", "/O=FIRM/CN=PETR"),
    ]

    assert texts.bare_addresses(people) == "petr@x.example, info@xn--bcher-kva.example"


def test_the_shown_list_has_everybody_and_no_separator_in_a_name() -> None:
    people = [
        Address("Novák, Petr", "petr@x.example"),
        Address("", "a@x"),
        Address('"Q" <z>', "q@x"),
        Address("Petr", ""),
    ]

    assert texts.named_addresses(people) == "Novák Petr <petr@x.example>, a@x, Q z <q@x>, Petr".replace("Q z", "Q ‹z›")


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("nabídka.pdf", "nabídka.pdf"),
        ("..\\..\\c.txt", "_.._c.txt"),
        ("a/b.txt", "a_b.txt"),
        ("", "attachment"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("<b>.txt", "‹b›.txt"),
    ],
)
def test_a_file_name_is_one_name_and_keeps_its_ending(name: str, sent: str) -> None:
    assert texts.file_name(name) == sent
