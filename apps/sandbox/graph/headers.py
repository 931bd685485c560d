"""Header values as text: encoded words and raw 8-bit bytes decoded, folding undone, never an error."""

import binascii
import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Mime

# What a mail without a (true) charset was most likely written in, by people of a Czech firm.
FALLBACK_CHARSETS = ("utf-8", "windows-1250")
# A run of them, since some mailers cut a character in two.
ENCODED_WORDS = re.compile(r"(?:=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)+")
# RFC 2047: white space between two encoded words belongs to neither.
BETWEEN_ENCODED_WORDS = re.compile(r"(?<=\?=)\s+(?==\?)")


def text_of(raw: bytes, charset: str | None) -> str:
    """Bytes of a mail as text, in the charset that they claim if it can be used, else in the likeliest one."""
    candidates = [charset] if charset and charset.lower() not in {"us-ascii", "ascii"} else []
    for candidate in [*candidates, *FALLBACK_CHARSETS]:
        try:
            return storable(raw.decode(candidate))
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1")


def storable(text: str) -> str:
    """The text without halves of surrogate pairs, which neither a database nor JSON can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def raw_text(value: object) -> str:
    """A header value with its raw 8-bit bytes made text (the email package smuggles them as surrogates)."""
    try:
        return text_of(str(value).encode("ascii", "surrogateescape"), None)
    except UnicodeEncodeError:
        return storable(str(value))


def decoded(text: str) -> str:
    """The text with its encoded words (RFC 2047) decoded; what cannot be decoded stays as it is."""
    joined = BETWEEN_ENCODED_WORDS.sub("", text)
    return ENCODED_WORDS.sub(lambda match: _words(match.group()), joined)


def header(mime: Mime, name: str) -> str:
    """The decoded, unfolded value of a header, empty where there is none."""
    return " ".join(decoded(unfolded(mime, name)).split())


def unfolded(mime: Mime, name: str) -> str:
    """The value of a header on one line, its encoded words left alone."""
    value = next((value for key, value in mime.raw_items() if key.lower() == name.lower()), "")
    return re.sub(r"[\r\n]+[ \t]*", " ", raw_text(value)).strip()


def all_headers(mime: Mime) -> list[tuple[str, str]]:
    """Every header in its order, values on one line and not decoded, as Graph's internetMessageHeaders have them."""
    return [(raw_text(key), re.sub(r"[\r\n]+[ \t]*", " ", raw_text(value)).strip()) for key, value in mime.raw_items()]


def _words(words: str) -> str:
    try:
        parts = decode_header(words)
    except (HeaderParseError, binascii.Error, ValueError):
        return words
    return "".join(part if isinstance(part, str) else text_of(part, charset) for part, charset in parts)
