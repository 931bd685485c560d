"""A whole e-mail, read from its MIME bytes. Whatever the bytes are, a letter comes out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.generator import BytesGenerator
from email.message import Message as MimePart
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32
from email.utils import collapse_rfc2231_value
from io import BytesIO
from pathlib import PurePosixPath, PureWindowsPath
from typing import TypeVar, cast

from apps.core.addresses import Address
from apps.mailboxes.headers import addresses_in, decoded, decoded_text, moment_in
from apps.mailboxes.kinds import is_private, kind_of
from apps.mailboxes.models import Message
from apps.mailboxes.texts import plain_text, storable

# Deeper than this no honest mail is nested; what lies below travels as one attachment.
DEEPEST = 40
LONGEST_FILE_NAME = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the letter: a mail within the mail where `is_message`, a picture in the HTML where `is_inline`.

    `content_id`, by which the HTML names it, is bare. The bytes of a large letter stay in the mailbox until they are
    wanted: then `graph_id` names them there and `listed_size` is what Graph says of them. What `is_cloud` was not sent:
    it lies in a cloud, where `link` leads, if the mail says where.
    """

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    is_inline: bool = False
    is_message: bool = False
    graph_id: str = ""
    listed_size: int = 0
    is_cloud: bool = False
    link: str = ""

    @property
    def size(self) -> int:
        return self.listed_size or len(self.content)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says. `message_id` is without brackets; `sent_at` is aware and UTC, None where no date can be read.

    `text` is there whenever there are words: the writer's own, else those of the HTML. `is_body_left` says that the body
    was too large to be read.
    """

    message_id: str
    subject: str
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    sent_at: datetime | None
    text: str
    html: str
    is_private: bool
    kind: Message.Kind
    attachments: tuple[Attachment, ...]
    is_body_left: bool = False


def read_letter(raw: bytes) -> Letter:
    """Read MIME bytes: truncated, wrongly encoded, endlessly nested or no mail at all. Raises nothing."""
    try:
        root = BytesParser(policy=compat32).parsebytes(raw)
        pieces = _Pieces(root)
    except RecursionError:
        # The parser descends one call for each level: a mail nested this deep is shown as the text that it is.
        root = BytesHeaderParser(policy=compat32).parsebytes(raw)
        pieces = _Pieces(root)
    html = "\n".join(pieces.html)
    headers = [(name, str(value)) for name, value in root.raw_items()]
    sender = _addresses(root, "From") or _addresses(root, "Sender")
    return Letter(
        message_id=_header(root, "Message-ID").strip().strip("<>").strip(),
        subject=_header(root, "Subject"),
        sender=sender[0] if sender else None,
        to=_addresses(root, "To"),
        cc=_addresses(root, "Cc"),
        bcc=_addresses(root, "Bcc"),
        sent_at=moment_in(_header(root, "Date")),
        text="\n".join(pieces.text) or plain_text(html),
        html=html,
        is_private=is_private(headers),
        kind=kind_of(
            headers,
            parts=[str(value) for leaf in pieces.leaves for value in _raw_headers(leaf, "Content-Type")[:1]],
        ),
        attachments=tuple(pieces.attachments(html)),
    )


def _header(part: MimePart, name: str) -> str:
    return storable(decoded(next(iter(_raw_headers(part, name)), "")))


def _addresses(part: MimePart, name: str) -> tuple[Address, ...]:
    return tuple(person for value in _raw_headers(part, name) for person in addresses_in(value))


def _raw_headers(part: MimePart, name: str) -> list[str]:
    """As written: the ordinary getter puts question marks where bytes above 127 stand."""
    return [str(value) for key, value in part.raw_items() if key.lower() == name.lower()]


def _tolerant(read: Callable[[], T], otherwise: T) -> T:
    """The standard library's getters raise one of these on headers that are not what they should be."""
    try:
        return read()
    except (ValueError, LookupError, TypeError, AttributeError):
        return otherwise


class _Pieces:
    """The leaves of a mail, sorted into what is read and what is attached."""

    def __init__(self, root: MimePart) -> None:
        self.text: list[str] = []
        self.html: list[str] = []
        self.leaves: list[MimePart] = []
        self._files: list[tuple[MimePart, bytes]] = []
        for leaf, is_choice in _leaves(root):
            self.leaves.append(leaf)
            self._take(leaf, is_choice=is_choice)

    def _take(self, leaf: MimePart, *, is_choice: bool) -> None:
        kind = leaf.get_content_type()
        is_file = _is_marked_attachment(leaf) or bool(_file_name(leaf))
        if kind not in ("text/plain", "text/html") or is_file:
            self._files.append((leaf, _content(leaf)))
            return
        words = storable(decoded_text(_content(leaf), _tolerant(lambda: str(leaf.get_content_charset() or ""), "")))
        kept = self.html if kind == "text/html" else self.text
        # The alternatives of one thought are one text; a second one of the same kind says the same again.
        if words.strip() and not (is_choice and kept):
            kept.append(words)

    def attachments(self, html: str) -> Iterator[Attachment]:
        for number, (leaf, content) in enumerate(self._files, start=1):
            content_id = _header(leaf, "Content-ID").strip().strip("<>")
            kind = leaf.get_content_type()
            yield Attachment(
                name=_file_name(leaf) or _made_up_name(leaf, number),
                content_type=kind,
                content=content,
                content_id=content_id,
                is_inline=bool(content_id) and f"cid:{content_id.lower()}" in html.lower(),
                is_message=kind == "message/rfc822",
                is_cloud=kind == "message/external-body",
                link=_cloud_link(leaf) if kind == "message/external-body" else "",
            )


def _leaves(root: MimePart) -> Iterator[tuple[MimePart, bool]]:
    """Every part that holds content, in reading order, and whether it is one of several alternatives."""
    waiting = [(root, 0, False)]
    while waiting:
        part, depth, is_choice = waiting.pop()
        if part.is_multipart() and part.get_content_maintype() == "multipart" and depth < DEEPEST:
            is_choice = is_choice or part.get_content_subtype() == "alternative"
            waiting.extend((child, depth + 1, is_choice) for child in reversed(_children(part)))
        else:
            yield part, is_choice


def _content(leaf: MimePart) -> bytes:
    """The bytes of a leaf as the writer attached them; a mail within the mail keeps its own headers."""
    if leaf.is_multipart():
        children = _children(leaf)
        inner = children[0] if leaf.get_content_type() == "message/rfc822" and children else leaf
        return _tolerant(lambda: _written(inner), b"")
    payload = _tolerant(lambda: cast(bytes, leaf.get_payload(decode=True)), b"")
    return payload or b""


def _children(part: MimePart) -> list[MimePart]:
    return [child for child in cast(list[object], part.get_payload()) if isinstance(child, MimePart)]


def _written(part: MimePart) -> bytes:
    out = BytesIO()
    try:
        BytesGenerator(out, mangle_from_=False, policy=compat32).flatten(part)
    except RecursionError:
        return out.getvalue()
    return out.getvalue()


def _cloud_link(leaf: MimePart) -> str:
    """Where a file lies that was attached as a link (RFC 2017)."""
    url = str(_tolerant(lambda: collapse_rfc2231_value(leaf.get_param("url", "")), "")).strip()
    return url if url.lower().startswith(("https://", "http://")) else ""


def _is_marked_attachment(leaf: MimePart) -> bool:
    return _header(leaf, "Content-Disposition").strip().lower().startswith("attachment")


def _file_name(leaf: MimePart) -> str:
    """The name that the writer gave, without folders and control characters; "" where there is none."""
    written = storable(decoded(_tolerant(lambda: leaf.get_filename() or "", "")))
    bare = PureWindowsPath(PurePosixPath(written).name).name
    bare = re.sub(r"[\x00-\x1f\x7f/\\]+", " ", bare).strip()
    if len(bare) > LONGEST_FILE_NAME:
        stem, dot, ending = bare.rpartition(".")
        bare = f"{(stem or ending)[: LONGEST_FILE_NAME - 20]}{dot}{ending[:10]}" if dot else bare[:LONGEST_FILE_NAME]
    return bare


def _made_up_name(leaf: MimePart, number: int) -> str:
    kind = leaf.get_content_type()
    if kind == "message/rfc822":
        inner = _children(leaf) if leaf.is_multipart() else []
        subject = _header(inner[0], "Subject") if inner else ""
        stem = re.sub(r"[\x00-\x1f\x7f/\\:*?\"<>|]+", " ", subject).strip()[:80]
        return f"{stem or f'message-{number}'}.eml"
    if kind == "text/calendar":
        return "invitation.ics"
    endings = {
        "text/plain": "txt",
        "text/html": "html",
        "image/png": "png",
        "image/jpeg": "jpg",
        "image/gif": "gif",
        "application/pkcs7-mime": "p7m",
        "application/x-pkcs7-mime": "p7m",
        "application/pkcs7-signature": "p7s",
        "application/pgp-encrypted": "asc",
        "application/x-microsoft-rpmsg-message": "rpmsg",
    }
    return f"attachment-{number}.{endings.get(kind, 'txt' if kind.startswith(('text/', 'message/')) else 'bin')}"
