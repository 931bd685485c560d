"""A person's name taken apart as it stands in a header: titles, order, companies beside it. Nothing is made up."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from apps.contacts.companies import comma_pieces, is_company, legal_form
from apps.contacts.name_order import Words, in_order, is_given
from apps.contacts.name_words import DEPARTMENT_WORDS, POSITION_STEMS, ROLE_BOXES
from apps.contacts.robots import is_robot
from apps.contacts.titles import TitledWords, take_titles
from apps.mailboxes.texts import folded

# A header may bring pages; a name longer than this is none.
LONGEST_NAME = 200
_QUOTES = " \t'\"`„“”‚‘’«»"
# What stands beside a name: (Kovárna Morava), [ACME], "Bob".
_ASIDE = re.compile(r"\(([^()]*)\)?|\[([^\[\]]*)\]?|[\"„“”«»]([^\"„“”«»]*)[\"“”«»]")
_BETWEEN = re.compile(
    r"\s+(?:[/\\:–—~>*+@-]+|at|from|ze společnosti|z firmy)\s+|\s*(?:\||•|·|;|//)\s*|\s/(?=\w)", re.IGNORECASE
)
_SENT_BY = re.compile(r"\s(?:via|c/o|v zastoupení|on behalf of)\s.*$", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:mailto:)?[^\s<>,;()\[\]\"']+@[^\s<>,;()\[\]\"']+", re.IGNORECASE)
_LEGACY_NAME = re.compile(r"^/o=.*/cn=([^/]+)$", re.IGNORECASE)
_LEGACY_PREFIX = re.compile(r"^[0-9a-f]{16,}-", re.IGNORECASE)
# Notes that people and directories put beside a name.
_NOTE = re.compile(
    r"^(?:(?:he|she|they)\b.*|ext(?:ern(?:al|í|ista)?|\.)?|guest|host|ooo|mobile?|private|soukrom[éý]|work|dovolená|"
    r"(?:roz|née|nee|geb|born|dříve)\b.*|[\W\d_]*)$",
    re.IGNORECASE,
)
# What somebody is, beside the name, rather than where.
_JOB = re.compile(
    r"^(?:c[efoti]o|vp|md|head of\b.*|.*\b(?:director|manager|leiter(?:in)?|reditel(?:ka)?|manazer(?:ka)?|jednatel(?:ka)?))$"
)


@dataclass(frozen=True, slots=True)
class Name:
    """The parts of a name, each as it was written but for capitals: what was all in capitals, or taken from an address
    in small letters, begins with a capital and goes on small. Parts that are not there are "".

    A company, a department or a shared box has neither given nor family name.
    """

    title_before: str = ""
    given: str = ""
    middle: str = ""
    family: str = ""
    title_after: str = ""
    company: str = ""
    department: str = ""

    @property
    def is_person(self) -> bool:
        return bool(self.given or self.family)


def split_name(display_name: str, address: str = "") -> Name:
    """Take a display name apart; the address helps to tell the order, and stands in where there is no name.

    Never raises. Time grows with the length of the name, of which the first LONGEST_NAME characters are read.
    """
    text = readable(display_name[:LONGEST_NAME])
    box = _box(address[:LONGEST_NAME])
    if legacy := _LEGACY_NAME.match(text or readable(address[:LONGEST_NAME])):
        text, box = "", _LEGACY_PREFIX.sub("", legacy[1]) or box
    if found := _ADDRESS.search(text):
        # "Petr Novák <petr@firm>" as well as the bare address.
        box = box or _box(found[0])
        text = _ADDRESS.sub(" ", text).replace("<", " ").replace(">", " ")
    text = _SENT_BY.sub("", " ".join(text.split()).strip(_QUOTES + ",-"))
    box_words = _box_words(box)
    hints = [folded(word) for word in box_words]
    parts = [_Part(piece, address, hints) for piece in _pieces(text)]
    people = [part for part in parts if part.names]
    person = max(people, key=lambda part: part.likelihood, default=None)
    company = next((part.company for part in parts if part.company), "")
    department = next((part.department for part in parts if part.department), "")
    if person is None:
        if company or department:
            return Name(company=company, department=department)
        return _from_box(box_words, is_role=_is_role(box) or is_robot(f"{box}@"))
    if _is_role(box) and person.is_unlikely and not (company or department) and len(parts) == 1:
        # "ACME" of info@: nobody's name.
        return Name(company=text)
    name = person.name()
    if person.is_unlikely and parts[0].department and parts[0] is not person and not company:
        # Billing @ CloudCo
        return Name(company=person.text, department=department)
    if not company:
        company = next((other.text for other in people if other is not person), "") or person.remainder
    return _completed(replace(name, company=company, department=department), box_words, is_role=_is_role(box))


def readable(text: str) -> str:
    """In one line, composed, with single blanks; without what nobody sees: direction marks, joiners, soft hyphens."""
    seen = "".join(
        " " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign
        for sign in unicodedata.normalize("NFC", text)
        if unicodedata.category(sign) not in ("Cf", "Cs", "Co", "Cn")
    )
    return " ".join(seen.split())


def _pieces(text: str) -> list[str]:
    """The text between its separators, then what stood in brackets."""
    asides: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        aside = " ".join((found[1] or found[2] or found[3] or "").split()).strip(_QUOTES)
        follows = text[found.end() :].lstrip()
        # Robert (Bob) Smith: how friends call him.
        is_nickname = bool(text[: found.start()].strip()) and follows[:1].isalpha()
        if aside and not is_nickname and not _NOTE.match(aside):
            asides.append(aside)
        return " " if is_nickname else " | "

    outer = _ASIDE.sub(put_aside, text)
    pieces = (piece.strip(_QUOTES + ",-/") for piece in (*_BETWEEN.split(outer), *asides))
    return [piece for piece in pieces if piece and not _NOTE.match(piece)]


class _Part:
    """A piece of a display name: `names` are the words of a person, one list for each side of a comma."""

    def __init__(self, text: str, address: str, hints: list[str]) -> None:
        self.text = text
        self.company = self.department = self.remainder = ""
        self.names: list[Words] = []
        self._hints = hints
        self._titles = TitledWords()
        for segment in comma_pieces(text):
            self._read(segment, address)
        words = [word for words in self.names for word in words]
        self.knows_given = any(is_given(word) for word in words)
        if len(words) > 7:
            # A sentence, or a slogan.
            self.names = []
        self.is_unlikely = not (self.knows_given or self._titles.before) and len(self.names) == 1
        self.likelihood = (
            2 * self.knows_given + sum(folded(word) in hints for word in words) + bool(self._titles.before)
        )

    def _read(self, segment: str, address: str) -> None:
        titled = take_titles(segment)
        plain = " ".join(titled.words)
        at_start = not self.names and not any(is_given(word) for word in titled.words)
        if legal_form(segment) or (not self._is_like_person(titled.words) and is_company(segment, address)):
            self.company = self.company or segment
        elif _JOB.match(folded(plain)):
            pass
        elif self._is_department(titled.words):
            self.department = self.department or segment
        elif not titled.words:
            self._titles += titled
        elif self.names and _is_position(plain):
            pass
        elif any(sign.isdigit() for sign in plain) and at_start:
            self.company = self.company or ("" if self.department else segment)
        else:
            self._titles += titled
            self.names.append([word for word in titled.words if any(sign.isalpha() for sign in word)])

    def _is_like_person(self, words: Words) -> bool:
        """Jan Pila is no sawmill; and novak@novak.example is somebody whose domain is named for its owner."""
        if words and (is_given(words[0]) or (len(words) == 2 and is_given(words[1]))):
            return " & " not in " ".join(words)
        return len(words) == 1 and folded(words[0]) in self._hints and not _is_role(words[0])

    def _is_department(self, words: Words) -> bool:
        if any(is_given(word) for word in words) and len(words) < 4:
            return False
        return any(folded(word).strip(".") in DEPARTMENT_WORDS for word in words)

    def name(self) -> Name:
        first, *others = [words for words in self.names if words] or [[]]
        if others and len(first) > 1 and any(map(is_given, first)) and not is_given(others[0][0]):
            # Petr Novák, Brno
            self.remainder = " ".join(others[0])
            others = []
        given, middle, family = in_order(first, others, self._hints)
        return Name(
            title_before=" ".join(self._titles.before),
            given=given,
            middle=middle,
            family=family,
            title_after=", ".join(self._titles.after),
        )


def _is_position(text: str) -> bool:
    return any(stem in folded(text) for stem in POSITION_STEMS)


def _box(address: str) -> str:
    return readable(address).strip("<>' \"").removeprefix("mailto:").rpartition("@")[0].partition("+")[0]


def _box_words(box: str) -> list[str]:
    """The words of the part before the @, in small letters, without numbers behind them."""
    words = (word.strip("0123456789").lower() for word in re.split(r"[._\s-]+", box))
    return [word for word in words if word.replace("'", "").isalpha()]


def _is_role(box: str) -> bool:
    words = [folded(word) for word in _box_words(box)]
    return bool(words) and (words[0] in ROLE_BOXES or words[-1] in ROLE_BOXES or "".join(words) in ROLE_BOXES)


def _from_box(words: list[str], *, is_role: bool) -> Name:
    """A name from an address alone: jan.novak@, j.novak@, novak@."""
    if is_role or not words or len(words) > 3 or not any(set(folded(word)) & set("aeiouy") for word in words):
        return Name()
    long = [word for word in words if len(word) > 1]
    if len(long) == 1:
        return _one_word(long[0].capitalize())
    given, middle, family = in_order([word.capitalize() for word in long], [], [])
    return Name(given=given, middle=middle, family=family)


def _one_word(word: str) -> Name:
    return Name(given=word) if is_given(word) else Name(family=word)


def _completed(name: Name, box_words: list[str], *, is_role: bool) -> Name:
    """The other half of a name, where the address is given.family and the name is one of them."""
    if is_role or len(box_words) != 2 or min(map(len, box_words)) < 2:
        return name
    first, last = box_words
    if not name.family and folded(name.given) == folded(first):
        return replace(name, family=last.capitalize())
    if not name.given and folded(name.family) == folded(last) and is_given(first):
        return replace(name, given=first.capitalize())
    return name
