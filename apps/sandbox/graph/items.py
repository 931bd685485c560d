"""Outlook items inside attachments, as `$expand=microsoft.graph.itemattachment/item` shows them.

A MIME source can hold a message inside a message. For events and contacts, which Outlook packs in a way of its own, a
part with the header `X-Sandbox-Item: event` (iCalendar) or `contact` (vCard) stands in.
"""

import re
from typing import Any

from apps.sandbox.graph import bodies, mime
from apps.sandbox.graph.headers import text_of
from apps.sandbox.graph.shapes import MEETING_TYPES, facts, moment

Json = dict[str, Any]

LINE = re.compile(r"^([A-Za-z-]+)[^:\r\n]*:(.*)$", re.MULTILINE)
FOLD = re.compile(r"\r?\n[ \t]")


def item(kind: str, content: bytes) -> Json:
    """The item of a kind (message, event or contact) from its content."""
    return {"message": _message, "event": _event, "contact": _contact}[kind](content)


def _message(content: bytes) -> Json:
    mail = mime.read(content)
    derived, _meeting_type = MEETING_TYPES.get(mail.meeting_method, ("message", ""))
    at = moment(mail.sent_at) if mail.sent_at else None
    known = {
        "@odata.type": f"#microsoft.graph.{derived}",
        "id": "",
        "subject": mail.subject,
        "internetMessageId": mail.message_id,
        "sentDateTime": at,
        "receivedDateTime": at,
        "hasAttachments": any(not part.is_inline for part in mail.parts),
        "importance": mail.importance,
        "body": {"contentType": "html", "content": bodies.cleaned(mail.html)},
    }
    return {**facts(mail), **{name: value for name, value in known.items() if value is not None}}


def _event(content: bytes) -> Json:
    lines = _lines(content)
    return {
        "@odata.type": "#microsoft.graph.event",
        "id": "",
        "subject": lines.get("SUMMARY", ""),
        "start": {"dateTime": lines.get("DTSTART", ""), "timeZone": "UTC"},
        "end": {"dateTime": lines.get("DTEND", ""), "timeZone": "UTC"},
        "location": {"displayName": lines.get("LOCATION", "")},
    }


def _contact(content: bytes) -> Json:
    lines = _lines(content)
    address = lines.get("EMAIL", "")
    return {
        "@odata.type": "#microsoft.graph.contact",
        "id": "",
        "displayName": lines.get("FN", ""),
        "companyName": lines.get("ORG") or None,
        "emailAddresses": [{"name": lines.get("FN", ""), "address": address}] if address else [],
    }


def _lines(content: bytes) -> dict[str, str]:
    """The first value of each property of an iCalendar or vCard text."""
    found: dict[str, str] = {}
    for name, value in LINE.findall(FOLD.sub("", text_of(content, "utf-8"))):
        found.setdefault(name.upper(), value.strip())
    return found
