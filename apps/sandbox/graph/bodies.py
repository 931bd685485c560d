"""Bodies as Exchange hands them out: cleaned HTML, text made of it, HTML made of text, and the preview.

Every step takes time in proportion to the length, however the text is made: mails are foreign and may be large.
"""

import html
import re

PREVIEW_CHARACTERS = 255  # Graph: bodyPreview
PREVIEW_SOURCE_CHARACTERS = 40_000
# What Exchange takes out of every body. The rest stays hostile, as the receiver must expect.
ACTIVE_ELEMENTS = ("script", "object", "embed", "applet")
UNSEEN_ELEMENTS = ("style", "script", "title")
COMMENT = ("<!--", "-->")
LINE_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote|/table)\b[^<>]*>", re.IGNORECASE)
TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
CHARSET = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'


def cleaned(body: str) -> str:
    """The HTML without scripts and embedded programs."""
    for name in ACTIVE_ELEMENTS:
        body = _without_element(body, name)
    return body


def html_of(text: str) -> str:
    """A plain text body as HTML, the way Exchange converts it."""
    lines = html.escape(text, quote=False).replace("\r\n", "\n").split("\n")
    return (
        f'<html><head>{CHARSET}</head><body><div class="PlainText">' + "<br>\n".join(lines) + "</div>\n</body></html>\n"
    )


def text_of_html(body: str) -> str:
    """An HTML body as readable lines of text."""
    body = _without(body, re.compile(re.escape(COMMENT[0])), re.compile(COMMENT[1]))
    for name in UNSEEN_ELEMENTS:
        body = _without_element(body, name)
    # Line ends of the source are mere spaces in HTML.
    body = re.sub(r"\s+", " ", body)
    body = TAG.sub("", LINE_BREAK.sub("\n", body))
    lines = [" ".join(line.split()) for line in html.unescape(body).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def preview(text: str) -> str:
    """The first 255 characters of a text body on one line."""
    return " ".join(text[:PREVIEW_SOURCE_CHARACTERS].split())[:PREVIEW_CHARACTERS]


def _without_element(body: str, name: str) -> str:
    start = re.compile(rf"<{name}\b[^<>]*>", re.IGNORECASE)
    return _without(body, start, re.compile(rf"</{name}\b[^<>]*>", re.IGNORECASE))


def _without(body: str, start: re.Pattern[str], end: re.Pattern[str]) -> str:
    """The text without all from a start to the next end; what is never closed goes to the last character."""
    kept, position = [], 0
    while opening := start.search(body, position):
        kept.append(body[position : opening.start()])
        closing = end.search(body, opening.end())
        if closing is None:
            return "".join(kept)
        position = closing.end()
    kept.append(body[position:])
    return "".join(kept)
