"""Texts on their way into CORIPO and back: what its cleaners would delete or change is written so that it survives.

Measured on SuiteCRM 7.14 (double cleaning since 7.12.14 and 7.14.1): one-line fields lose anything like an unknown tag,
entities are decoded on save, and HTML is purified and then decoded once.
"""

import html
import html.entities
import re
import unicodedata
from collections.abc import Iterable

from apps.core.addresses import Address, canonical

LINE_LIMIT = 255  # subject, Message-ID and file name: longer ones are cut there without an error
# Cleaning costs 1.2 s for each megabyte, and a body above this is a log or a bomb.
BODY_LIMIT = 1_000_000
_LOOKED_AT = 4_000  # of a one-line text: entities inside entities cost one pass each

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")
# Purifiers take a number, and a name that matters, without the semicolon, too.
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,31};|(?:lt|gt|amp|quot|LT|GT|AMP|QUOT)(?!;))"
)
# Old names are taken without it by some: `?a=1&copy=2` of a plain text must not become `?a=1©=2`.
_OLD_NAMES = "|".join(sorted((name for name in html.entities.html5 if not name.endswith(";")), key=len, reverse=True))
_ENTITY_IN_PLAIN = re.compile(f"{_ENTITY.pattern}|&(?:{_OLD_NAMES})")
_TAG = re.compile(r"<([^\s<>0-9=-][^<>]*)(>?)")
# What these do not find closed reaches to the end, so that each character is looked at once, whatever the text.
_UNSEEN = re.compile(r"<(script|style|title)\b.*?(?:</\1[^<>]*>?|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL)
_BLOCK_END = re.compile(r"<br\b|</(?:p|div|tr|li|h[1-6]|table|blockquote|pre)\b", re.IGNORECASE)
_TAG_OF_HTML = re.compile(r"<[^<>]*>?")
_NO_BRACKETS = str.maketrans("<>", "‹›")
_SIGNIFICANT = frozenset("<>&\"'")
_READ = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#039;": "'"}
_READ_ENTITY = re.compile("|".join(_READ))


def read(text: str) -> str:
    """The stored text. Reads encode `<`, `>`, `"` and `'`, and nothing else: `&amp;` is really there."""
    return _READ_ENTITY.sub(lambda found: _READ[found[0]], text)


def sendable(text: str) -> str:
    """Without what no JSON or database carries: half characters (they sink the whole batch) and control characters."""
    return _CONTROL.sub("", _SURROGATE.sub("\ufffd", text))


def line(text: str, *, limit: int = LINE_LIMIT) -> str:
    """A one-line text, such as a subject, so that what is read back says the same.

    `<GmbH>` would be deleted, and `&lt;GmbH&gt;` decoded and then deleted; both arrive as `‹GmbH›`. What is too long
    ends in an ellipsis.
    """
    return _cut(_without_tags(_BLANKS.sub(" ", _decoded(sendable(text[:_LOOKED_AT])))).strip(), limit)


def lines(text: str) -> str:
    """A text of several lines in a field that is cleaned like a one-line text: a street, or notes of a contact."""
    return _without_tags(_decoded(sendable(text[:BODY_LIMIT].replace("\r\n", "\n")))).strip()


def folded(text: str) -> str:
    """Without case and accents, as CORIPO's database compares."""
    return "".join(it for it in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(it))


def message_id(value: str) -> str:
    """A Message-ID without any bracket: in brackets it is stored empty, in encoded ones as a link."""
    return _decoded(bare(value[:_LOOKED_AT])).translate(_NO_BRACKETS)[:LINE_LIMIT]


def bare(value: str) -> str:
    """A Message-ID without blanks and brackets around it."""
    return sendable(value).strip().strip("<>").strip()


def plain_body(text: str) -> str:
    """A plain body: kept as it is, but that entities are decoded on save, so an entity in it is encoded once more."""
    return _ENTITY_IN_PLAIN.sub(lambda found: "&amp;" + found[0][1:], _shortened(sendable(text)))


def html_body(text: str) -> str:
    """An HTML body, prepared for a purifier that decodes every entity once when it is done.

    `&lt;jana@x.example&gt;` would become a tag and vanish, and `&quot;` break its attribute, so these are encoded once
    more. Other entities are written as the characters that they mean.
    """
    return _ENTITY.sub(_once_more, _shortened_html(sendable(text)))


def plain_from_html(text: str) -> str:
    """The words of an HTML body, for a mail without a plain one: they are left where the purifier drops the HTML."""
    visible = _TAG_OF_HTML.sub("", _BLOCK_END.sub("\n<", _UNSEEN.sub("", text[:BODY_LIMIT])))
    lines = (" ".join(words.split()) for words in html.unescape(visible).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def bare_addresses(people: Iterable[Address]) -> str:
    """For the address rows: valid addresses alone, each once. A name with a comma would be torn into nonsense there."""
    addresses = (canonical(person.address) for person in people)
    return ", ".join(dict.fromkeys(it for it in addresses if it and it.isascii() and '"' not in it))


def named_addresses(people: Iterable[Address]) -> str:
    """For the text table: everybody, as `Name <address>`. Odd addresses and names are known only here."""
    return ", ".join(shown for person in people if (shown := _named(person)))


def file_name(name: str) -> str:
    """A file name that is one name and not a path, cut so that its ending stays."""
    clean = line(re.sub(r"[\\/:]", "_", name), limit=_LOOKED_AT).strip(". ") or "attachment"
    if len(clean) <= LINE_LIMIT:
        return clean
    stem, dot, ending = clean.rpartition(".")
    if not dot or len(ending) > 20:
        return clean[:LINE_LIMIT]
    return f"{stem[: LINE_LIMIT - len(ending) - 1]}.{ending}"


def _named(person: Address) -> str:
    # A comma or semicolon in a name would read as the end of an entry.
    name = " ".join(re.sub(r"[,;<>\"]", " ", line(person.name)).split())
    address = _BLANKS.sub("", sendable(person.address)).strip("<>")
    if not address or name == address:
        return name or address
    return f"{name} <{address}>" if name else address


def _decoded(text: str) -> str:
    """Decoded to the very end, since CORIPO decodes, and then cleans, whatever is still an entity."""
    while (decoded := sendable(_ENTITY.sub(_meaning, text))) != text:
        text = decoded
    return text


def _meaning(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])


def _without_tags(text: str) -> str:
    return _TAG.sub(lambda found: f"‹{found[1]}" + ("›" if found[2] else ""), text)


def _once_more(entity: re.Match[str]) -> str:
    meaning = _meaning(entity)
    if meaning == entity[0] or _SIGNIFICANT.intersection(meaning):
        return "&amp;" + entity[0][1:]
    return sendable(meaning)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _note(length: int) -> str:
    # The record is read by people of either language, whoever stored it.
    return f"[… Zkráceno, celý text má {length} znaků. / Shortened, the whole text has {length} characters.]"


def _shortened(text: str) -> str:
    return text if len(text) <= BODY_LIMIT else f"{text[:BODY_LIMIT]}\n\n{_note(len(text))}"


def _shortened_html(text: str) -> str:
    if len(text) <= BODY_LIMIT:
        return text
    kept = text[:BODY_LIMIT]
    if kept.rfind("<") > kept.rfind(">"):
        kept = kept[: kept.rfind("<")]
    return f"{kept}<p>{_note(len(text))}</p>"
