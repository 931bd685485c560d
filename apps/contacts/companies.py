"""Companies told by their legal form, by a word of theirs, or by the domain of an address."""

from __future__ import annotations

import re
import unicodedata

from apps.contacts.name_words import COMPANY_WORDS
from apps.core.addresses import domain_of
from apps.mailboxes.texts import folded

# With the dots that tell a.s. from "as"; where the letters alone are no word of any language, without them, too.
_LEGAL_FORM = re.compile(
    r"(?<![\w.])(?:"
    r"(?i:spol\.?\s*s\s*r\.?\s*o\.?|s\.\s*r\.\s*o\.?|s\.?r\.?o\.|sro|v\.\s?o\.\s?s\.?|o\.\s?p\.\s?s\.?|z\.\s?[súo]\.|k\.\s?s\.|"
    r"a\.\s?s\.|s\.\s?p\.|p\.\s?o\.|"
    r"(?:g?ges(?:ellschaft)?\.?\s*)?m\.\s?b\.\s?h\.|gmbh(?:\s*&\s*co\.?\s*(?:kg|ohg)(?:aa)?)?|e\.\s?v\.|e\.\s?k\.|"
    r"sp\.\s*z\s*o\.\s*o\.?|sp\.\s?[jk]\.|s\.\s?k\.\s?a\.|d\.\s?o\.\s?o\.|s\.\s?p\.\s?a\.|s\.\s?r\.\s?l\.|s\.\s?a\.(?:\s?s\.)?|"
    r"s\.\s?l\.|b\.\s?v\.|n\.\s?v\.|kft\.?|zrt\.?|nyrt\.?|ltd\.?|limited|llc|l\.l\.c\.|llp|plc|inc\.?|incorporated|corp\.?|"
    r"a/s|aps|oyj?|sarl|pty)"
    r"|SE|AG|KG|OHG|UG|AB|AS|SA|SAS|SpA|Srl|NV|BV|Co\.(?:\s*KG)?|(?i:družstvo)"
    r")(?![\w])"
)
# Truhlářství, zámečnictví: Czech trades.
_TRADE = re.compile(r"\w{3,}(?:ar|nic|ic|ec)(?:s|c)?tvi\b")
_DOMAIN_NAME = re.compile(r"^(?:www\.)?[\w-]{2,}(?:\.[\w-]+)*\.[a-z]{2,7}$", re.IGNORECASE)

# Everybody has an address there, so it says nothing of where somebody works.
PUBLIC_DOMAINS = frozenset(
    domain
    for line in (
        "gmail.com googlemail.com seznam.cz email.cz post.cz centrum.cz atlas.cz volny.cz tiscali.cz outlook.com",
        "outlook.cz hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com proton.me protonmail.com",
        "gmx.com gmx.de gmx.net gmx.at web.de t-online.de freenet.de wp.pl o2.pl onet.pl interia.pl azet.sk",
        "zoznam.sk centrum.sk",
    )
    for domain in line.split()
)


def legal_form(text: str) -> re.Match[str] | None:
    """Where a legal form stands in the text."""
    return _LEGAL_FORM.search(text)


def company_key(name: str) -> str:
    """In which two names of one company are equal: without case, blanks, punctuation and legal form."""
    bare = unicodedata.normalize("NFC", name).casefold()
    return _signs(_LEGAL_FORM.sub(" ", unicodedata.normalize("NFC", name)).casefold()) or _signs(bare) or bare.strip()


def comma_pieces(text: str) -> list[str]:
    """Between commas, with a legal form left to what stands before it: Great Lakes Gear Works, Inc."""
    pieces: list[str] = []
    for piece in text.split(","):
        piece = piece.strip(" \t-–*_'\"`„“”‚‘’«»")
        form = legal_form(piece)
        if form and pieces and len(form[0]) >= len(piece) - 1:
            pieces[-1] = f"{pieces[-1]}, {piece}"
        elif piece:
            pieces.append(piece)
    return pieces


def is_company(text: str, address: str = "") -> bool:
    """Whether the text names a company: by its legal form, a word as *Works*, a domain name, or the address's domain."""
    if legal_form(text) or _DOMAIN_NAME.match(text) or " & " in text:
        return True
    return has_company_word(text) or bool(_TRADE.search(folded(text))) or is_named_by(text, address)


def is_named_by(text: str, address: str, *, may_go_on: bool = False) -> bool:
    """Whether the text reads as the domain of the address: *Kovárna Morava* at kovarna-morava.example.

    With `may_go_on` its first word is enough: *Dřevostroj Hranice* at drevostroj.example.
    """
    labels = {_letters(_as_written(label)) for label in domain_of(address).split(".")[:-1]}
    begins = {_letters(text), _letters(text.split()[0]) if may_go_on and text.split() else ""}
    return any(len(begin) > 2 and begin in labels for begin in begins)


def has_company_word(text: str) -> bool:
    return any(word in COMPANY_WORDS for word in folded(text).replace(",", " ").split())


def _signs(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum())


def _as_written(label: str) -> str:
    """A label of a domain in the letters of its language."""
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


def _letters(text: str) -> str:
    return "".join(sign for sign in folded(text) if sign.isalnum())
