"""Header values of mails as people write them and programs mangle them. Nothing here raises."""

from __future__ import annotations

import base64
import binascii
import codecs
import email.utils
import quopri
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from apps.core.addresses import Address
from apps.mailboxes.texts import storable

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]*)\?=")
# Newer Pythons drop a whole list of addresses for one odd quote; we keep what can be kept.
_LENIENT = {"strict": False} if getattr(email.utils, "supports_strict_parsing", False) else {}


def decoded_text(data: bytes, charset: str) -> str:
    """Bytes as text: in the charset that they claim, else UTF-8 (cut off at the end, perhaps), else windows-1250.

    The last one never fails, and Czech mail without a true charset is mostly that.
    """
    claimed = _codec(charset)
    if claimed and claimed != "utf-8":
        try:
            return data.decode(claimed)
        except (ValueError, LookupError):
            pass
    try:
        return codecs.getincrementaldecoder("utf-8")("strict").decode(data)
    except ValueError:
        text = data.decode("utf-8", "replace")
    # A few broken letters in honest UTF-8 are no reason to misread all the others.
    if claimed == "utf-8" and text.count("\ufffd") * 10 < sum(sign > "\x7f" for sign in text):
        return text
    return data.decode("cp1250", "replace")


def _codec(charset: str) -> str:
    """Python's name of a charset, "" where it is unknown or no charset of mail (some of those take for ever)."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError, TypeError):
        return ""
    return "" if name in ("punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined") else name


def decoded(value: str) -> str:
    """A header's value for people: unfolded, raw bytes and encoded words (RFC 2047) as text."""
    value = _without_raw_bytes(value)
    value = re.sub(r"[\r\n]+[ \t]*", " ", value)
    # White space between two encoded words is no part of the text.
    value = re.sub(r"(\?=)\s+(?==\?[^?\s]{1,40}\?[bBqQ]\?[^?]*\?=)", r"\1", value)
    return "".join(_runs(value))


def _runs(value: str) -> Iterator[str]:
    """Plain pieces and decoded ones; neighbours of one charset together, as a letter may be split between them."""
    pending, charset, end = b"", "", 0
    for word in _ENCODED_WORD.finditer(value):
        if word.start() > end or word[1].lower() != charset:
            yield decoded_text(pending, charset)
            pending = b""
        yield value[end : word.start()]
        pending += _word_bytes(word[2], word[3])
        charset, end = word[1].lower().partition("*")[0], word.end()
    yield decoded_text(pending, charset)
    yield value[end:]


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return quopri.decodestring(raw, header=True)
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return raw


def _without_raw_bytes(value: str) -> str:
    """The parser smuggles bytes above 127 as surrogates; here they become the letters that they stand for."""
    if any("\udc80" <= sign <= "\udcff" for sign in value):
        return decoded_text(value.encode("utf-8", "surrogateescape"), "")
    return value


def addresses_in(value: str) -> tuple[Address, ...]:
    """The people of an address header, in order. Encoded words are opened only after the commas have been read."""
    words: list[str] = []

    def hide(word: re.Match[str]) -> str:
        words.append(word.group())
        return f"zQ{len(words) - 1}Qz"

    def open_again(text: str) -> str:
        return storable(decoded(re.sub(r"zQ(\d+)Qz", lambda found: _word_at(words, int(found[1])), text)).strip())

    hidden = _ENCODED_WORD.sub(hide, re.sub(r"[\r\n]+[ \t]*", " ", _without_raw_bytes(value)))
    people = []
    for name, address in _split(hidden):
        shown, written = open_again(name), open_again(address)
        if written and "@" not in written and words:
            # Name and address together in one encoded word.
            inner_name, inner = email.utils.parseaddr(written)
            shown, written = (inner_name or shown, inner) if "@" in inner else (shown, written)
        if written or shown:
            people.append(Address(name="" if shown == written else shown, address=written))
    return tuple(people)


def _split(value: str) -> list[tuple[str, str]]:
    try:
        return email.utils.getaddresses([value], **_LENIENT)
    except (RecursionError, ValueError, LookupError, TypeError):
        # Thousands of brackets, or worse: what looks like an address is one.
        return [("", found) for found in re.findall(r"[^\s<>()\",;:@]{1,64}@[^\s<>()\",;:@]{1,255}", value)]


def _word_at(words: list[str], number: int) -> str:
    return words[number] if number < len(words) else ""


def moment_in(value: str) -> datetime | None:
    """The time of a Date header in UTC; a time without zone is taken as UTC."""
    try:
        moment = email.utils.parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
