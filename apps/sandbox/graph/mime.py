"""A mail read from its bytes. Nothing is too broken to be read: what cannot be understood is left as text or left out.

Two depths: `read` gives all that a mailbox shows of a mail; `attachment_content` goes back to the source for one file.
"""

import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message as Mime
from email.parser import BytesHeaderParser
from email.utils import collapse_rfc2231_value, parsedate_to_datetime
from typing import TypeVar

from apps.sandbox.graph import bodies, fillers
from apps.sandbox.graph.addresses import Address, addresses
from apps.sandbox.graph.headers import all_headers, decoded, header, raw_text, storable, text_of, unfolded

# What the email package raises on bad input, as seen with truncated, mixed-up and deeply nested mails.
BROKEN = (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
CONTENT_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
# Marks the parts that stand for Outlook items (see items.py).
ITEM_HEADER = "X-Sandbox-Item"
MESSAGE_ID = re.compile(r"<[^<>\s]+>")

Result = TypeVar("Result")


@dataclass(frozen=True)
class Part:
    """An attachment as lists show it. `size` is that of the encoded item, so larger than the file.

    `kind` is file, item or reference; `item` says what an item is: a message, an event or a contact.
    """

    kind: str
    name: str
    content_type: str
    size: int
    is_inline: bool
    content_id: str | None = None
    item: str = ""


@dataclass(frozen=True)
class Mail:
    """A mail as a mailbox shows it. `html` and `text` are the same body, one made from the other if it is missing."""

    subject: str
    message_id: str | None
    thread: str
    depth: int
    sent_at: datetime | None
    arrived_at: datetime | None
    sender: Address | None
    author: Address | None
    to: list[Address]
    cc: list[Address]
    bcc: list[Address]
    reply_to: list[Address]
    importance: str
    wants_delivery_receipt: bool
    wants_read_receipt: bool
    is_bulk: bool
    meeting_method: str
    headers: list[tuple[str, str]]
    html: str
    text: str
    parts: list[Part] = field(default_factory=list)


def headers(source: bytes) -> list[tuple[str, str]]:
    """The headers alone, as `read` gives them, at a fraction of its price."""
    return all_headers(BytesHeaderParser().parsebytes(source))


def read(source: bytes) -> Mail:
    """Read a mail. Takes any bytes, none at all too, and never raises."""
    root = _parsed(source)
    leaves = list(_leaves(root))
    html, text = _body(leaves)
    author = next(iter(addresses(unfolded(root, "From"))), None)
    references = MESSAGE_ID.findall(unfolded(root, "References")) or MESSAGE_ID.findall(unfolded(root, "In-Reply-To"))
    message_id = unfolded(root, "Message-ID") or None
    topic = header(root, "Subject")
    return Mail(
        subject=topic,
        message_id=message_id,
        thread=references[0] if references else message_id or hashlib.sha256(source).hexdigest(),
        depth=len(references),
        sent_at=_date(unfolded(root, "Date")),
        arrived_at=_date(unfolded(root, "Received").rpartition(";")[2]),
        sender=next(iter(addresses(unfolded(root, "Sender"))), author),
        author=author,
        to=_all_addresses(root, "To"),
        cc=_all_addresses(root, "Cc"),
        bcc=_all_addresses(root, "Bcc"),
        reply_to=_all_addresses(root, "Reply-To"),
        importance=_importance(root),
        wants_delivery_receipt=bool(unfolded(root, "Return-Receipt-To")),
        wants_read_receipt=bool(unfolded(root, "Disposition-Notification-To")),
        is_bulk=bool(unfolded(root, "List-Unsubscribe") or unfolded(root, "List-Id")),
        meeting_method=next((leaf.meeting_method for leaf in leaves if leaf.meeting_method), ""),
        headers=all_headers(root),
        html=html,
        text=text,
        parts=[leaf.as_part(number, html) for number, leaf in enumerate(_attachments(leaves), start=1)],
    )


def attachment_content(source: bytes, number: int) -> bytes | Iterator[bytes]:
    """The bytes of an attachment, counted from 1 as in `Mail.parts`: a file decoded, a message as its source. Of a file
    that is only filling, piece by piece."""
    leaf = _attachments(list(_leaves(_parsed(source))))[number - 1]
    return fillers.filling(leaf.filler_size) if leaf.filler_size else leaf.content()


# ── Parts ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Leaf:
    """A part that holds content: a text of the body, a file, or a whole message."""

    part: Mime
    in_alternative: bool

    @property
    def content_type(self) -> str:
        declared = _tolerant(self.part.get_content_type, default="text/plain")
        # A multipart is a leaf only where its parts could not be told apart. Then all of it is text.
        is_usable = CONTENT_TYPE.fullmatch(declared) and not declared.startswith("multipart/")
        return declared if is_usable else "text/plain"

    @property
    def disposition(self) -> str:
        return _tolerant(self.part.get_content_disposition, default=None) or ""

    @property
    def file_name(self) -> str:
        name = self._parameter("Content-Disposition", "filename") or self._parameter("Content-Type", "name")
        return " ".join(decoded(name).split())

    @property
    def meeting_method(self) -> str:
        """REQUEST, REPLY, CANCEL: set only where the part is the meeting itself and no attached calendar file."""
        if self.content_type != "text/calendar" or self.disposition == "attachment":
            return ""
        declared = self._parameter("Content-Type", "method")
        within = re.search(r"^METHOD:(\w+)", self.text(), re.IGNORECASE | re.MULTILINE)
        return (declared or (within.group(1) if within else "")).upper()

    @property
    def is_body(self) -> bool:
        is_text = self.content_type in {"text/plain", "text/html"}
        return is_text and self.disposition != "attachment" and not self.file_name

    @property
    def is_message(self) -> bool:
        return self.content_type == "message/rfc822"

    @property
    def item(self) -> str:
        """What kind of Outlook item it is, empty for none."""
        if self.is_message:
            return "message"
        marked = unfolded(self.part, ITEM_HEADER).lower()
        return marked if marked in {"event", "contact"} else ""

    @property
    def filler_size(self) -> int:
        said = unfolded(self.part, fillers.HEADER).strip()
        return int(said) if said.isdecimal() else 0

    def content(self) -> bytes:
        if self.part.is_multipart():
            return b"\n".join(_tolerant(inner.as_bytes, default=b"") for inner in _children(self.part))
        payload = _tolerant(lambda: self.part.get_payload(decode=True), default=None)
        return payload if isinstance(payload, bytes) else b""

    def text(self) -> str:
        return text_of(self.content(), _tolerant(self.part.get_content_charset, default=None))

    def as_part(self, number: int, html: str) -> Part:
        content_id = raw_text(self.part.get("Content-ID") or "").strip().strip("<>") or None
        is_link = self.content_type == "message/external-body" and self._parameter("Content-Type", "url")
        is_shown = content_id is not None and (f"cid:{content_id}" in html or self.disposition == "inline")
        return Part(
            kind="reference" if is_link else "item" if self.item else "file",
            name=self.file_name or self._unnamed(number),
            content_type=self.content_type,
            size=(self.filler_size or len(self.content()))
            + sum(len(str(key)) + len(str(value)) + 4 for key, value in self.part.raw_items()),
            is_inline=is_shown and not self.item,
            content_id=content_id,
            item=self.item,
        )

    def _parameter(self, header_name: str, name: str) -> str:
        """A parameter of a header, empty where there is none. The header is made text first: it may hold raw bytes."""
        plain = Mime()
        plain[header_name] = unfolded(self.part, header_name)
        return storable(_tolerant(lambda: collapse_rfc2231_value(plain.get_param(name, "", header_name)), default=""))

    def _unnamed(self, number: int) -> str:
        """What Exchange calls a file without a name, and a message by its subject."""
        if self.is_message:
            return next((header(inner, "Subject") for inner in _children(self.part)), "") or "(no subject)"
        return f"ATT{number:05d}{mimetypes.guess_extension(self.content_type) or '.dat'}"


def _leaves(root: Mime) -> Iterator[_Leaf]:
    """The parts of a mail in their order, without going into messages that are attached."""
    stack = [(root, False)]
    while stack:
        part, in_alternative = stack.pop()
        declared = _tolerant(part.get_content_type, default="text/plain")
        if declared.startswith("multipart/") and part.is_multipart():
            within = in_alternative or declared == "multipart/alternative"
            stack.extend((child, within) for child in reversed(_children(part)))
        else:
            yield _Leaf(part, in_alternative)


def _children(part: Mime) -> list[Mime]:
    """The parts of a multipart, or the message inside a message."""
    payload = part.get_payload() if part.is_multipart() else []
    return [child for child in payload if isinstance(child, Mime)]


def _body(leaves: list[_Leaf]) -> tuple[str, str]:
    """HTML and text of the body. Texts beside an alternative (a footer of a mailing list) belong to both."""
    texts = [(leaf, leaf.text()) for leaf in leaves if leaf.is_body]
    is_html = [leaf.content_type == "text/html" for leaf, _text in texts]
    has_plain = not all(is_html)
    plain = [
        bodies.text_of_html(text) if html else text
        for (leaf, text), html in zip(texts, is_html, strict=True)
        if not html or not leaf.in_alternative or not has_plain
    ]
    text = "\n".join(plain)
    if not any(is_html):
        return bodies.html_of(text), text
    marked = [
        text if html else bodies.html_of(text)
        for (leaf, text), html in zip(texts, is_html, strict=True)
        if html or not leaf.in_alternative
    ]
    return "\n".join(marked), text


def _attachments(leaves: list[_Leaf]) -> list[_Leaf]:
    return [leaf for leaf in leaves if not leaf.is_body and not leaf.meeting_method]


# ── Headers ───────────────────────────────────────────────────────────────


def _parsed(source: bytes) -> Mime:
    try:
        return message_from_bytes(source)
    except BROKEN:
        # Nested beyond the parser's depth: the headers still tell whose mail it is, and the rest is shown as text.
        return BytesHeaderParser().parsebytes(source)


def _all_addresses(root: Mime, name: str) -> list[Address]:
    values = [raw_text(value) for key, value in root.raw_items() if key.lower() == name.lower()]
    return [address for value in values for address in addresses(re.sub(r"[\r\n]+", " ", value))]


def _importance(root: Mime) -> str:
    named = unfolded(root, "Importance").lower()
    if named in {"low", "normal", "high"}:
        return named
    return {"1": "high", "2": "high", "4": "low", "5": "low"}.get(unfolded(root, "X-Priority")[:1], "normal")


def _date(text: str) -> datetime | None:
    """A date of a header in UTC, to the second; None where there is none or it means nothing."""
    if not text.strip():
        return None
    try:
        date = parsedate_to_datetime(text.strip())
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(microsecond=0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _tolerant(action: Callable[[], Result], *, default: Result) -> Result:
    try:
        return action()
    except BROKEN:
        return default
