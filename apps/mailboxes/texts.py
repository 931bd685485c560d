"""Texts of strangers made storable, searchable and, where there is only HTML, readable."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser

# A page of plain text is made from at most this much HTML; more is a bomb or a newsletter nobody reads to its end.
LONGEST_HTML = 2_000_000
_NUL_AND_SURROGATES = re.compile("[\x00\ud800-\udfff]")
_BLOCKS = frozenset(
    ["address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "h5", "h6"]
    + ["header", "hr", "li", "ol", "p", "pre", "table", "tr", "ul"]
)
_SILENT = frozenset({"head", "script", "style", "title", "template", "svg", "math"})


def storable(text: str) -> str:
    """Without what PostgreSQL or UTF-8 refuse: NUL becomes nothing, half a surrogate pair becomes U+FFFD."""
    return _NUL_AND_SURROGATES.sub(lambda found: "" if found.group() == "\x00" else "\ufffd", text)


def folded(text: str) -> str:
    """The form in which texts are searched: lower case, no diacritics, single spaces."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return " ".join(bare.casefold().split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT and self._silent is None:
            self._silent = tag
        if tag in _BLOCKS:
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = None
        if tag in _BLOCKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._silent is None:
            self.parts.append(re.sub(r"\s+", " ", data))


def plain_text(html: str) -> str:
    """The words of an HTML text, a line for each block. Anything is taken; nothing is fetched or run."""
    reader = _Reader()
    try:
        reader.feed(html[:LONGEST_HTML])
        reader.close()
    except (AssertionError, ValueError):
        # The parser gives up on some malformed declarations; what it read until then stands.
        pass
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
