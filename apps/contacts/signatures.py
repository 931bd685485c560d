"""What the signature of a mail says of its writer: proposals, each with the line where it was found."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.contacts.companies import comma_pieces, has_company_word, is_company, is_named_by, legal_form
from apps.contacts.name_words import POSITION_STEMS
from apps.contacts.names import Name, split_name
from apps.contacts.phones import is_label, phones_in
from apps.contacts.postal import country_in, is_street, place_in, without_label
from apps.contacts.quoting import BARS, Line, is_closing, names_writer, own_lines, signature_lines
from apps.contacts.signature_words import COUNTRIES, DEPARTMENTS, DOMAINS, SOCIAL
from apps.contacts.titles import take_titles
from apps.core.addresses import canonical, domain_of
from apps.mailboxes.texts import folded

_EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_WEB = re.compile(
    r"(?:https?://|www\.)[^\s<>|,;()\[\]\"']{3,150}|(?<![\w@./-])(?:[\w-]{2,40}\.){1,3}(?:cz|sk|eu|com|net|org|de|at|ch|pl|info|co\.uk"
    r"|example)(?:/[\w/-]{0,60})?(?![\w@.-])",
    re.IGNORECASE,
)
_LEFT_OVER = re.compile(
    r"(?i)\b(?:tel(?:efon)?|phone|mob(?:il|ile)?|gsm|cell|fax|e-?mail|mail|web|www)\s*\.?\s*[:/.]+\s*(?=$|[|,;#]|\s)"
    r"|\b[tmfewpd]\s*\.?\s*[:/]\s*(?=$|[|,;#]|\s)"
)
# A member of a group is not the group; a registration is no company's name.
_NOT_OURS = re.compile(
    r"člen|clen |member of|part of|mitglied|skupin|zapsan|registered|handelsreg|amtsgericht|partner of", re.I
)
_LONGEST_POSITION = 70


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value for a field of a contact: title_before, given, family, title_after, position, department, company, mobile,
    phone, email, web, street, postal_code, city or country.

    Phones are in international form, everything else as written. `line_number` counts the lines of the mail's text
    from 1, as `str.splitlines` parts them, and `line` is what stands there.
    """

    field: str
    value: str
    line_number: int
    line: str


def read_signature(text: str, name: Name, address: str) -> list[Proposal]:
    """Propose what the signature of the newest part of a plain text says of the writer, who is known by name and address.

    Fields come at most once but for mobile and phone, which come in the order of the signature. Nothing is proposed from
    quoted or forwarded mails, nor where nothing tells the signature from the text. Never raises; time grows with the text.
    """
    signature = signature_lines(own_lines(text), name)
    reader = _Reader(name, address, _region(signature, address))
    for index, line in enumerate(signature):
        reader.read(line, above=signature[index - 1] if index else None)
    return reader.proposals


class _Reader:
    """Reads a signature line by line. What one line has given, the next does not take back."""

    def __init__(self, name: Name, address: str, region: str) -> None:
        self.proposals: list[Proposal] = []
        self._name, self._address, self._region = name, address, region
        self._named_at, self._is_named_fully = -1, False
        self._count = 0

    def read(self, line: Line, *, above: Line | None) -> None:
        self._count += 1
        if is_closing(line.text) and not names_writer(line.text, self._name):
            self._named_at = self._count
            return
        rest = self._without_contacts(line, label=above.text if above and is_label(above.text) else "")
        # A street may stand in the line above, or before a bar.
        street_above = above.text.strip(" ,") if above else ""
        for bar in BARS.split(rest):
            pieces = comma_pieces(bar)
            street_above = without_label(street_above) if is_street(street_above) else ""
            place = place_in(pieces, street_above) if not self._has("city") else None
            street_above = bar.strip(" ,")
            if place:
                self._propose("street", place.street, line if place.street in line.text else above or line)
                self._propose("postal_code", place.postal_code, line)
                self._propose("city", place.city, line)
                self._propose("country", place.country, line)
                pieces = [piece for piece in pieces if piece not in place.used]
            for piece in pieces:
                self._read_piece(piece, line)

    def _read_piece(self, piece: str, line: Line) -> None:
        if not self._is_named_fully and names_writer(piece, self._name):
            # Eva, and below it: Mgr. Eva Horáková
            self._named_at, self._is_named_fully = self._count, len(piece.split()) > 1
            self._read_name(piece, line)
        elif self._count == self._named_at and not take_titles(piece).words:
            self._read_titles(piece, line)
        elif country_in(piece):
            if self._has("city"):
                self._propose("country", piece, line)
        elif _NOT_OURS.search(piece) or len(piece) > _LONGEST_POSITION or not any(sign.isalpha() for sign in piece):
            return
        elif legal_form(piece):
            self._propose("company", without_label(piece), line)
        elif folded(piece).split()[0] in DEPARTMENTS or (
            any(word in folded(piece).split() for word in DEPARTMENTS) and not _is_position(piece)
        ):
            self._propose("department", piece, line)
        elif _is_position(piece) and self._is_near():
            self._propose("position", piece, line)
        elif is_named_by(piece, self._address, may_go_on=True) or (
            piece[:1].isupper() and is_company(piece) and " " in piece
        ):
            self._propose("company", piece, line)
        elif self._is_near(1) and not self._has("position", "department", "company") and _is_short(piece):
            self._propose("position", piece, line)

    def _is_firm(self, piece: str) -> bool:
        """Below a name, *Research & Development* is what somebody does, and *Hora & Partneři* where, if that is said."""
        return has_company_word(piece) or (is_company(piece) and self._has("position", "department"))

    def _read_name(self, piece: str, line: Line) -> None:
        """Titles that the header does not have, and the letters that an address cannot have: Eliska is Eliška."""
        said = split_name(piece)
        if said.family and self._name.family and folded(said.family) != folded(self._name.family):
            return
        self._propose_if_new("title_before", said.title_before, line)
        if said.family or self._name.family:
            if not self._name.given or folded(said.given).startswith(folded(self._name.given).rstrip(".")):
                self._propose_if_new("given", said.given, line)
            self._propose_if_new("family", said.family, line)
        self._propose_if_new("title_after", said.title_after, line)

    def _read_titles(self, piece: str, line: Line) -> None:
        titles = take_titles(piece)
        self._propose_if_new("title_after", ", ".join(titles.after), line)
        self._propose_if_new("title_before", " ".join(titles.before), line)

    def _propose_if_new(self, field: str, value: str, line: Line) -> None:
        if value != getattr(self._name, field):
            self._propose(field, value, line)

    def _without_contacts(self, line: Line, *, label: str) -> str:
        """The line without what is no word: phones, e-mail and web addresses, each proposed where it is the writer's."""
        text = line.text
        for found in _EMAIL.finditer(text):
            own = canonical(found[0].strip(".'-"))
            family = folded(self._name.family)
            if own and own != canonical(self._address) and len(family) > 2 and family in folded(own.partition("@")[0]):
                self._propose("email", found[0].strip(".'-"), line)
        text = _EMAIL.sub(_blank, text)
        for found in _WEB.finditer(text):
            web = found[0].rstrip(".:/")
            if not any(place in web.lower() for place in SOCIAL) and len(web) < 80:
                self._propose("web", web, line)
        text = _WEB.sub(_blank, text)
        for phone in phones_in(text, self._region, label):
            if phone.is_persons and _is_no_sentence(line.text):
                self._propose(phone.kind, phone.value, line, once=False)
            text = f"{text[: phone.start]}{'#' * (phone.end - phone.start)}{text[phone.end :]}"
        return re.sub(r"\(?#+\)?", "|", _LEFT_OVER.sub("|", text))

    def _propose(self, field: str, value: str, line: Line, *, once: bool = True) -> None:
        value = value.strip(" ,-–:*_")
        known = [it.value for it in self.proposals if it.field == field]
        if value and value not in known and not (once and known):
            self.proposals.append(Proposal(field, value, line.number, line.written))

    def _has(self, *fields: str) -> bool:
        return any(it.field in fields for it in self.proposals)

    def _is_near(self, lines: int = 3) -> bool:
        """Whether the writer's name stands in this line or in one of so many before."""
        return self._named_at >= 0 and self._count - self._named_at <= lines


def _region(signature: list[Line], address: str) -> str:
    """Where a number without country code is at home."""
    ending = domain_of(address).rpartition(".")[2]
    if ending in DOMAINS:
        return DOMAINS[ending]
    text = folded(" \n ".join(line.text for line in signature))
    for country, code in COUNTRIES.items():
        if re.search(rf"(?<!\w){re.escape(country)}(?!\w)", text):
            return code
    for sign, code in (("gmbh", "DE"), ("sp. z o.o.", "PL"), (" ltd", "GB"), ("konatel", "SK"), ("slovak", "SK")):
        if sign in text:
            return code
    return "CZ"


def _is_position(piece: str) -> bool:
    bare = folded(piece)
    return (bare.endswith("partner") or any(stem in bare for stem in POSITION_STEMS)) and _is_short(piece)


def _is_short(piece: str) -> bool:
    return (
        len(piece.split()) < 9 and piece[-1:] not in ".!?" and not any(sign.isdigit() or sign == ":" for sign in piece)
    )


def _is_no_sentence(text: str) -> bool:
    """A sentence may name anybody's number."""
    words = [word for part in BARS.split(text) for word in part.split() if word[:1].islower() and len(word) > 3]
    return len(words) < 6


def _blank(found: re.Match[str]) -> str:
    return "#" * len(found[0])
