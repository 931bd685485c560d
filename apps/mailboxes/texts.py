"""Texts of strangers made storable, searchable and, where there is only HTML, readable."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from itertools import filterfalse

# Plain text is made from at most this many characters of HTML; more is a bomb or a newsletter nobody reads to its end.
LONGEST_HTML = 4_000_000
_NUL_AND_SURROGATES = re.compile("[\x00\ud800-\udfff]")
_WORD = re.compile(r"[^\W_]+")
# Letters of their own to Unicode, and a stroke on a letter to who types.
_PLAIN_LETTERS = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
# What distinguishes words stands at their beginning; a database's index takes no longer ones.
LONGEST_WORD = 64
_TAG_BEGINS = re.compile("[a-zA-Z/!?]")
_UNREAD = frozenset({"script", "style", "title", "template", "svg", "math"})
# Other letters may change their length when lowered, and positions in the two texts must agree.
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_TAG_NAME = re.compile(r"<(/?)([a-z][^\s/<>]*)", re.IGNORECASE)
# Browsers nest no deeper, and what cleans HTML takes time that grows with the square of the depth.
DEEPEST_HTML = 512
# Elements without an end tag, and those that writers leave open as they may.
_NEVER_DEEP = frozenset(
    {
        *(
            "area",
            "base",
            "br",
            "col",
            "embed",
            "hr",
            "img",
            "input",
            "link",
            "meta",
            "param",
            "source",
            "track",
            "wbr",
        ),
        *("dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr"),
    }
)
_BREAKS = _HEADINGS | {"br", "p", "div", "tr", "li", "blockquote", "pre", "table", "hr"}


def storable(text: str) -> str:
    """Without what PostgreSQL or UTF-8 refuse: NUL becomes nothing, half a surrogate pair becomes U+FFFD."""
    return _NUL_AND_SURROGATES.sub(lambda found: "" if found.group() == "\x00" else "\ufffd", text)


def folded(text: str) -> str:
    """The form in which texts are searched: lower case, no diacritics, single spaces."""
    bare = "".join(filterfalse(unicodedata.combining, unicodedata.normalize("NFKD", text)))
    return " ".join(bare.casefold().split())


def words_of(text: str) -> list[str]:
    """The different words of a text as they are searched: folded runs of letters and digits, at most 64 characters.

    An address is several words: jan.novak@firma.cz is found as novak, firma, or as it stands.
    """
    found = _WORD.findall(folded(storable(text)).translate(_PLAIN_LETTERS))
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in found))


def plain_text(html_source: str) -> str:
    """The readable text of HTML, in time that grows with its length only; of a very long one, of its beginning."""
    html_source = html_source[:LONGEST_HTML]
    lowered = html_source.translate(_ASCII_LOWER)
    parts: list[str] = []
    position = 0
    while position < len(html_source):
        start = html_source.find("<", position)
        if start < 0:
            parts.append(html_source[position:])
            break
        parts.append(html_source[position:start])
        if not _TAG_BEGINS.match(html_source, start + 1):
            # "5 < 6": a sign of the text.
            parts.append("<")
            position = start + 1
            continue
        if lowered.startswith("<!--", start):
            end = lowered.find("-->", start)
            position = len(html_source) if end < 0 else end + 3
            continue
        end = html_source.find(">", start)
        if end < 0:
            break
        name = lowered[start + 1 : min(end, start + 12)].strip().split(" ")[0].strip("/")
        position = end + 1
        if name in _UNREAD and lowered[start + 1] != "/":
            closing = lowered.find(f"</{name}", position)
            position = len(html_source) if closing < 0 else closing
        elif name in _BREAKS:
            parts.append("\n")
    lines = (" ".join(line.split()) for line in html.unescape("".join(parts)).splitlines())
    return "\n".join(_without_repeated_blanks(lines)).strip()


def is_too_deep(html_source: str) -> bool:
    """Whether elements of the HTML lie, or are left open, deeper than DEEPEST_HTML; of very long HTML, of its beginning."""
    depth = 0
    still_open: Counter[str] = Counter()
    for tag in _TAG_NAME.finditer(html_source[:LONGEST_HTML]):
        name = tag[2].lower()
        if name in _NEVER_DEEP:
            continue
        if not tag[1]:
            still_open[name] += 1
            depth += 1
        elif still_open[name]:
            still_open[name] -= 1
            depth -= 1
        if depth > DEEPEST_HTML:
            return True
    return False


def _without_repeated_blanks(lines: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return kept
