"""What the writer of a mail wrote last, without the answered and the forwarded ones below, and the signature in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.contacts.companies import comma_pieces, has_company_word, legal_form
from apps.contacts.name_order import is_given
from apps.contacts.names import Name, readable, split_name
from apps.contacts.signature_words import CLOSINGS, FINE_PRINT
from apps.mailboxes.texts import folded

# A signature stands in the newest part, and that at the top; what is longer is a book.
MOST_LINES = 5_000
LONGEST_LINE = 300
_TALLEST_SIGNATURE = 24
_FROM = r"(?:from|od|von|de|da|van|fra|från|nadawca|odes[ií]latel|odosielate[lľ])"
_OTHER = (
    r"(?:sent|date|to|cc|subject|odesl[aá]no|odoslan[eé]|datum|d[aá]tum|komu|kopie|k[oó]pia|p[rř]edm[eě]t|predmet|gesendet"
    r"|an|betreff|envoy[eé]|[aà]|objet|wys[lł]ano|data|do|temat|verzonden|aan|onderwerp|enviado|para|asunto|inviato|oggetto)"
)
_FROM_LINE = re.compile(rf"^\W*{_FROM}\s?\*?:", re.IGNORECASE)
_HEADER_LINE = re.compile(rf"^\W*{_OTHER}\s?\*?:", re.IGNORECASE)
_HEADERS_IN_ONE = re.compile(rf"^\W*{_FROM}\s?\*?:.*@.*\s{_OTHER}\s?\*?:", re.IGNORECASE)
_DIVIDER = re.compile(
    r"^[-_=*\s>]*(?:original message|original appointment|p[uů]vodn[ií] (?:zpr[aá]va|e-?mail)|p[oô]vodn[aá] spr[aá]va"
    r"|urspr[uü]ngliche nachricht|message d'origine|wiadomo[sś][cć] oryginalna|oryginalna wiadomo[sś][cć]"
    r"|forwarded (?:message|by .*)|p[rř]epos(?:lan[aá]|ielan[aá]) (?:zpr[aá]va|spr[aá]va)|weitergeleitete nachricht"
    r"|begin forwarded message|za[cč][aá]tek p[rř]eposlan[eé] zpr[aá]vy)\s*:?[-_=*\s]*$",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"(?:\bwrote|\bnapsala?(?:\(a\))?|\bnap[ií]sala?(?:\(a\))?|\bschrieb\b.*|\ba [eé]crit|\bpisze|\bnapisa[lł]a?(?:\(a\))?"
    r"|\bha scritto|\bescribi[oó]|\bschreef\b.*)\s*:\s*$",
    re.IGNORECASE,
)
_WROTE_BEGINS = re.compile(
    r"^(?:on|dne|d[nň]a|am|le|il|el|op|w dniu|po|[uú]t|st|[cč]t|p[aá]|so|ne|mon|tue|wed|thu|fri|sat|sun)\b.*\d"
    r"|^\d{1,4}[./-] ?\d|^\w{2,9},? \d{1,2}\. ",
    re.IGNORECASE,
)
# What parts the pieces of one line.
BARS = re.compile(r"\s*[|•·●▪■]\s*|\s+[–—/@]\s+|\s+-\s+|;\s+")
_WORDS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the mail: `number` counts from 1 in the whole text, `text` is as read, `written` as it stands there."""

    number: int
    text: str
    written: str


def own_lines(text: str) -> list[Line]:
    """The lines of the newest part of a plain text: neither quoted nor part of an older mail below. Blank lines stay."""
    lines = [_line(number, raw) for number, raw in enumerate(text.splitlines()[:MOST_LINES], start=1)]
    return list(_unquoted(lines[: _history_begins(lines)]))


def signature_lines(lines: Sequence[Line], name: Name) -> list[Line]:
    """The signature at the end of the mail, without blank lines; the first one names the writer, if one does.

    Empty where nothing tells where it begins, and where somebody else signed.
    """
    begin = max((index for index, line in enumerate(lines) if _is_delimiter(line) or is_closing(line.text)), default=-1)
    naming = [index for index, line in enumerate(lines) if index >= max(begin, 0) and names_writer(line.text, name)]
    if naming and begin >= 0:
        start = naming[0]
    elif naming:
        start = naming[-1]
    elif begin < 0 or (name.is_person and _is_of_somebody_else(lines[begin + 1 :])):
        return []
    else:
        start = begin + 1
    signature: list[Line] = []
    for line in lines[start:]:
        bare = folded(line.text)
        if bare.startswith(FINE_PRINT) or len(signature) == _TALLEST_SIGNATURE or re.match(r"p\. ?s\.|ps[:,]", bare):
            break
        if line.text and not _is_delimiter(line):
            signature.append(line)
    return signature


def names_writer(text: str, name: Name) -> bool:
    """Whether a line begins with the writer's name: the whole, with an initial, or the one that is known."""
    first = next(iter(comma_pieces(BARS.split(text)[0])), "")
    if not first or len(text) > 120 or any(sign in first for sign in "@:"):
        # skype: klara.bila
        return False
    words = _WORDS.findall(folded(text))[:8]
    family, given = _WORDS.findall(folded(name.family)), _WORDS.findall(folded(name.given))
    if legal_form(first) or " & " in first or (has_company_word(first) and not (given and given[0] in words)):
        # The firm that is called as its owner is.
        return False
    if family and _stands_in(family, words[:7]):
        others = [word for word in words[:3] if word not in family and is_given(word)]
        return not given or given[0] in words or not others
    # "Petr" alone, below a greeting.
    return bool(given) and words[: len(given)] == given and len(words) <= 2


def is_closing(text: str) -> bool:
    """S pozdravem, Best regards and the like, on a line of their own or before a name."""
    return len(text) <= 70 and folded(text).lstrip("-–— ").startswith(CLOSINGS)


def _line(number: int, raw: str) -> Line:
    text = raw[:LONGEST_LINE].replace("\t", " | ")
    # Two blanks part as a bar does, and are lost when the line is made readable.
    text = re.sub(r"(?<=\S)[ \xa0]{3,}(?=\S)", " | ", text)
    return Line(number, readable(text), raw[:LONGEST_LINE].strip())


def _stands_in(part: Sequence[str], words: Sequence[str]) -> bool:
    return any(list(words[index : index + len(part)]) == list(part) for index in range(len(words)))


def _is_delimiter(line: Line) -> bool:
    return line.text in ("--", "—", "---", "–")


def _is_quoted(line: Line) -> bool:
    return line.written.startswith((">", "|>", "&gt;"))


def _history_begins(lines: Sequence[Line]) -> int:
    """The index of the first line that introduces an older mail in full; all the lines, if none does."""
    for index, line in enumerate(lines):
        text = line.text
        if not text or _is_quoted(line):
            continue
        if _DIVIDER.match(text) or _HEADERS_IN_ONE.match(text):
            return index
        if _FROM_LINE.match(text) and any(_HEADER_LINE.match(below.text) for below in lines[index + 1 : index + 6]):
            return index
        if _WROTE.search(text):
            start = _wrote_begins(lines, index)
            below = next((it for it in lines[index + 1 : index + 4] if it.text), None)
            introduces = any(sign.isdigit() or sign == "@" for it in lines[start : index + 1] for sign in it.text)
            if introduces and not (below and _is_quoted(below)):
                return start
    return len(lines)


def _wrote_begins(lines: Sequence[Line], end: int) -> int:
    """Where the sentence begins that ends with *wrote:*, since mail programs wrap it."""
    for index in range(end, max(-1, end - 3), -1):
        if not lines[index].text:
            break
        if _WROTE_BEGINS.match(lines[index].text):
            return index
    return end


def _unquoted(lines: Sequence[Line]) -> Iterator[Line]:
    """Without quoted lines, and without their ends that a mail program wrapped onto lines of their own."""
    follows_quoted = False
    for line in lines:
        if _is_quoted(line):
            follows_quoted = True
        elif not line.text:
            follows_quoted = False
            yield line
        elif not follows_quoted and not (_WROTE.search(line.text) and _WROTE_BEGINS.match(line.text)):
            yield line


def _is_of_somebody_else(lines: Sequence[Line]) -> bool:
    """Whether one of the first lines below the greeting is the name of a person."""
    first = [line.text for line in lines if line.text][:2]
    return any(
        (other := split_name(text)).is_person and other.given and other.family and is_given(other.given.split()[0])
        for text in first
        if len(text) <= 60
    )
