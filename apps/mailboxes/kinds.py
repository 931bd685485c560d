"""What kind of mail it is, by its type and headers. The words of a subject are no evidence."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.message import Message as Headers

from django.db.models import Q

from apps.mailboxes.models import Message

_REPORTS_OF_READING = "disposition-notification"
_BULK_PRECEDENCE = frozenset({"bulk", "list", "junk"})
# RFC 3834. What a machine generated of its own accord, as an invoice or an order, is mail like any other.
_AUTOMATIC_ANSWERS = frozenset({"auto-replied", "auto-notified"})
# PKCS #7 holds a signed text as well as an encrypted one; either way only a mail program can open it.
_SEALED = frozenset(
    {
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
        "multipart/encrypted",
        "application/x-microsoft-rpmsg-message",
    }
)


def kind_of(headers: Iterable[tuple[str, str]], *, parts: Iterable[str] = ()) -> Message.Kind:
    """The kind, from the headers of the whole mail and the Content-Type of each of its parts, both as written.

    `X-Auto-Response-Suppress` decides nothing: shops and CRMs put it on letters that people wrote.
    """
    said: dict[str, list[str]] = defaultdict(list)
    for name, value in headers:
        said[name.strip().lower()].append(" ".join(value.split()))
    own_type = _content_type(next(iter(said["content-type"]), ""))
    inner = [_content_type(part) for part in parts]
    if own_type.get_content_type() == "multipart/report":
        is_receipt = str(own_type.get_param("report-type") or "").lower() == _REPORTS_OF_READING
        return Message.Kind.AUTO_REPLY if is_receipt else Message.Kind.BOUNCE
    if "x-failed-recipients" in said:
        return Message.Kind.BOUNCE
    if any(part.get_content_type() == "text/calendar" and part.get_param("method") for part in (own_type, *inner)):
        return Message.Kind.MEETING
    if _is_automatic_answer(said):
        return Message.Kind.AUTO_REPLY
    types = {own_type.get_content_type(), *(part.get_content_type() for part in inner)}
    if types & _SEALED or _words(said["content-class"]) & {"rpmsg.message"}:
        return Message.Kind.ENCRYPTED
    if "list-id" in said or "list-unsubscribe" in said or _words(said["precedence"]) & _BULK_PRECEDENCE:
        return Message.Kind.BULK
    return Message.Kind.MAIL


def own_type_of(headers: Iterable[tuple[str, str]]) -> str:
    """The type of the whole mail, as text/plain; "" where its headers do not say it."""
    written = next((value for name, value in headers if name.strip().lower() == "content-type"), "")
    return _content_type(" ".join(written.split())).get_content_type() if written else ""


def remember_kinds(found: Sequence[tuple[Message, Message.Kind, bool]], *, at: datetime) -> None:
    """Write what the letters said of themselves: the kind and whether the mail is private. The first word stays, but that
    headers alone could not tell a kind which a part of the letter tells.

    What the mailbox calls a meeting is one, though its letter may have lost the calendar on the way.
    """
    groups: dict[tuple[Message.Kind, bool], list[int]] = defaultdict(list)
    for message, kind, is_private in found:
        if message.kind_read_at is not None and (message.kind != Message.Kind.MAIL or kind == Message.Kind.MAIL):
            continue
        is_private = is_private or message.is_private
        if message.kind == Message.Kind.MEETING and kind == Message.Kind.MAIL:
            kind = Message.Kind.MEETING
        message.kind, message.is_private, message.kind_read_at = kind, is_private, at
        groups[kind, is_private].append(message.pk)
    for (kind, is_private), pks in groups.items():
        open_ones = Message.objects.filter(Q(kind_read_at=None) | Q(kind=Message.Kind.MAIL), pk__in=pks)
        open_ones.update(kind=kind, is_private=is_private, kind_read_at=at)


def is_private(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether the sender asks for discretion."""
    return any(
        name.lower() == "sensitivity" and value.strip().lower() in ("personal", "private", "company-confidential")
        for name, value in headers
    )


def _is_automatic_answer(said: dict[str, list[str]]) -> bool:
    if _words(said["auto-submitted"]) & _AUTOMATIC_ANSWERS or _words(said["precedence"]) & {"auto_reply"}:
        return True
    # Nobody is to be told if it cannot be delivered: only programs send like that.
    return "x-autoreply" in said or "x-autorespond" in said or said["return-path"][:1] == ["<>"]


def _words(values: list[str]) -> set[str]:
    """The word of each value, without its parameters and comments."""
    return {re.split(r"[;(]", value)[0].strip().lower() for value in values}


def _content_type(value: str) -> Headers:
    headers = Headers()
    headers["Content-Type"] = value.replace("\r", " ").replace("\n", " ") or "text/plain"
    return headers
