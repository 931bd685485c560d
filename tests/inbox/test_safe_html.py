"""Foreign text is hostile: what may be left of a mail's HTML, and what cleaning it may cost."""

import re
import resource
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.inbox import html_cleaner
from apps.inbox.safe_html import CleanHtml, safe_body
from apps.mailboxes.texts import plain_text

from .hostile_bodies import BOMBS, HOSTILE

PIXEL = "data:image/png;base64,iVBORw0KGgo="


def processor_seconds() -> float:
    """What this process and its ended children have cost: the same on an idle machine and on a busy one."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


class Inspector(HTMLParser):
    """Collects whatever in cleaned HTML could act or load."""

    def __init__(self) -> None:
        super().__init__()
        self.findings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in html_cleaner.TAGS:
            self.findings.append(f"tag {tag}")
        for name, value in attrs:
            text = (value or "").strip().lower()
            allowed = html_cleaner.ATTRIBUTES["*"] | html_cleaner.ATTRIBUTES.get(tag, set()) | {"rel", "target"}
            if name not in allowed:
                self.findings.append(f"attribute {name}")
            if name == "href" and not text.startswith(("http://", "https://", "mailto:", "tel:")):
                self.findings.append(f"link {text}")
            if name == "src" and not re.match(r"data:image/(png|jpeg|gif|webp);base64,", text):
                self.findings.append(f"picture {text}")
            if name == "style" and re.search(r"url|position|expression|\\|image|@", text):
                self.findings.append(f"style {text}")
            if name == "target" and text != "_blank":
                self.findings.append(f"target {text}")

    def handle_comment(self, data: str) -> None:
        self.findings.append("comment")


def findings(source: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(source)
    inspector.close()
    return inspector.findings


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_that_acts_or_loads_is_left(body: str) -> None:
    cleaned, _blocked = html_cleaner.clean(body, {})

    assert findings(cleaned) == []


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(sorted(HOSTILE.values())), min_size=2, max_size=5), st.integers(0, 40))
def test_hostile_bodies_put_together_stay_harmless(bodies: list[str], cut: int) -> None:
    cleaned, _blocked = html_cleaner.clean("".join(body[cut // 2 :] for body in bodies), {})

    assert findings(cleaned) == []


def test_ordinary_mail_keeps_its_look() -> None:
    mail = (
        '<p style="color: red; margin-top: 4px">Dobrý den, <b>pane Nováku</b>,</p>'
        '<table border="1"><tr><td width="40">1</td></tr></table><a href="https://example.com/?a=1">odkaz</a>'
    )

    body = safe_body(html_source=mail, text="", inline_images={})

    assert body.html is not None
    assert "color:red" in body.html.replace(" ", "")
    assert "<b>pane Nováku</b>" in body.html
    assert 'href="https://example.com/?a=1"' in body.html
    assert 'target="_blank"' in body.html
    assert "noopener" in body.html
    assert not body.is_reduced


def test_a_long_newsletter_is_cleaned_and_not_reduced() -> None:
    mail = '<table><tr><td style="color: #333">' + "<p>Novinky <b>ze světa</b> strojů.</p>" * 25_000

    body = safe_body(html_source=mail, text="", inline_images={})

    assert body.html is not None


def test_inline_pictures_are_shown_and_remote_ones_counted() -> None:
    mail = '<img src="cid:Logo@x"><img src="https://x.example/1.png"><img src="//x.example/2.png">'

    body = safe_body(html_source=mail, text="", inline_images={"logo@x": PIXEL})

    assert body.html is not None
    assert f'src="{PIXEL}"' in body.html
    assert body.blocked_images == 2


def test_a_mail_without_html_shows_its_text() -> None:
    body = safe_body(html_source="  ", text="Hello", inline_images={})

    assert (body.html, body.text, body.is_reduced) == (None, "Hello", False)


@pytest.mark.parametrize("source", ["<p>half \ud83d of a pair</p>", "\ud83d", ""])
def test_half_a_surrogate_pair_can_be_shown(source: str) -> None:
    body = safe_body(html_source=source, text="text \udc00", inline_images={})

    assert f"{body.html}{body.text}".encode()


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_costs_at_most_three_seconds_and_something_is_shown(bomb: str) -> None:
    before = processor_seconds()

    body = safe_body(html_source=bomb, text="The text of the mail", inline_images={})

    assert processor_seconds() - before <= 3
    assert isinstance(body.html, CleanHtml) or (body.is_reduced and body.text == "The text of the mail")


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_text_of_a_bomb_is_found_quickly(bomb: str) -> None:
    before = processor_seconds()

    plain_text(bomb)

    assert processor_seconds() - before <= 3


def test_text_of_html_reads_like_the_mail() -> None:
    source = (
        "<head><style>p{color:red}</style></head><!-- no --><P>Good morning,</P><div>the price is 5 &lt; 6</div>"
        "<script>no()</script>İstanbul<br>line"
    )

    assert plain_text(source) == "Good morning,\n\nthe price is 5 < 6\nİstanbul\nline"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>5 < 6 and the rest</p>", "5 < 6 and the rest"),
        ("a <- b", "a <- b"),
        ("price<3 EUR<br>next", "price<3 EUR\nnext"),
        ("end <", "end <"),
    ],
)
def test_a_sign_less_than_takes_no_text_away(source: str, text: str) -> None:
    assert plain_text(source) == text


def test_text_at_the_end_of_two_megabytes_is_found() -> None:
    assert plain_text("<div><b>" * (2 * 1024 * 1024 // 8) + "the text") == "the text"


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="<>/!-stylescript \n&;aİ", max_size=200))
def test_text_of_anything_ends(source: str) -> None:
    assert isinstance(plain_text(source), str)
