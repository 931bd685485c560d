"""Attachments of a message: files, messages inside messages, and links to cloud files."""

import re
from typing import Any

from apps.sandbox.graph import errors, items, mime, shapes
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.finding import attachment_number, message_named
from apps.sandbox.graph.models import Message
from apps.sandbox.graph.queries import selected
from apps.sandbox.graph.shapes import View

ITEM = re.compile(r"microsoft\.graph\.itemattachment/item", re.IGNORECASE)
VALUE_TYPES = {"message": "text/plain", "event": "text/calendar", "contact": "text/vcard"}


def listed(call: Call, message: str, folder: str | None = None) -> Reply:
    """Without `$select` the list carries the bytes of every file; with it, never a contentId."""
    row = message_named(call.mailbox, message, folder=folder)
    properties = selected(call.options.select, shapes.ATTACHMENT_PROPERTIES, "attachment")
    return Reply({"@odata.context": call.context("messages/attachments"), "value": of_message(call, row, properties)})


def show(call: Call, message: str, attachment: str, folder: str | None = None) -> Reply:
    """One attachment; with `$expand=microsoft.graph.itemattachment/item` also the Outlook item inside."""
    row = message_named(call.mailbox, message, folder=folder)
    number = attachment_number(call.mailbox, row, attachment)
    view = View(call.prefers.immutable_ids, selected(call.options.select, shapes.ATTACHMENT_PROPERTIES, "attachment"))
    content = None if view.selected else _content(row, number)
    shown = shapes.attachment(row, number, call.mailbox.guid, view, content=content)
    if expand := call.options.expand:
        if not ITEM.fullmatch(expand):
            raise errors.not_served(f"$expand={expand}")
        if row.attachments[number - 1]["kind"] == "item":
            shown["item"] = items.item(_item_kind(row, number), _content(row, number))
    return Reply({"@odata.context": call.context("messages/attachments/$entity"), **shown})


def content(call: Call, message: str, attachment: str, folder: str | None = None) -> Reply:
    """The bytes of a file, or the source of an item: MIME, iCalendar or vCard. A link has no content here."""
    row = message_named(call.mailbox, message, folder=folder)
    number = attachment_number(call.mailbox, row, attachment)
    if row.attachments[number - 1]["kind"] == "reference":
        raise errors.method_not_allowed()
    is_item = row.attachments[number - 1]["kind"] == "item"
    content_type = VALUE_TYPES[_item_kind(row, number)] if is_item else row.attachments[number - 1]["contentType"]
    return Reply(mime.attachment_content(bytes(row.source.mime), number), content_type=content_type)


def of_message(call: Call, row: Message, properties: tuple[str, ...] | None) -> list[dict[str, Any]]:
    view = View(call.prefers.immutable_ids, properties)
    return [
        shapes.attachment(row, number, call.mailbox.guid, view, content=None if properties else _content(row, number))
        for number in range(1, len(row.attachments) + 1)
    ]


def _item_kind(row: Message, number: int) -> str:
    # Rows that were delivered before items were told apart hold messages alone.
    return str(row.attachments[number - 1].get("item") or "message")


def _content(row: Message, number: int) -> bytes:
    content = mime.attachment_content(bytes(row.source.mime), number)
    return content if isinstance(content, bytes) else b"".join(content)
