"""Attachments of a message: files, messages inside messages, and links to cloud files."""

import re
from dataclasses import dataclass
from typing import Any

from apps.sandbox.graph import errors, mime, shapes
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.finding import attachment_number, message_named
from apps.sandbox.graph.models import Message
from apps.sandbox.graph.queries import selected
from apps.sandbox.graph.shapes import View

EXPAND = re.compile(r"attachments(?:\(\s*\$select=([^()]*)\))?", re.IGNORECASE)


@dataclass(frozen=True)
class ExpandedAttachments:
    """`$expand=attachments`, with the properties that it selects."""

    properties: tuple[str, ...] | None

    def of(self, call: Call, row: Message) -> list[dict[str, Any]]:
        return _listed(call, row, self.properties)


def expanded_attachments(expand: str) -> ExpandedAttachments:
    """Read `$expand`. Raises GraphError where it asks for anything else."""
    found = EXPAND.fullmatch(expand.strip())
    if found is None:
        raise errors.not_served("$expand")
    names = [name.strip() for name in found.group(1).split(",")] if found.group(1) else None
    return ExpandedAttachments(selected(names, shapes.ATTACHMENT_PROPERTIES, "attachment"))


def listed(call: Call, message: str, folder: str | None = None) -> Reply:
    """Without `$select` the list carries the bytes of every file; with it, never a contentId."""
    row = message_named(call.mailbox, message, folder=folder)
    properties = selected(call.options.select, shapes.ATTACHMENT_PROPERTIES, "attachment")
    return Reply({"@odata.context": call.context("messages/attachments"), "value": _listed(call, row, properties)})


def show(call: Call, message: str, attachment: str, folder: str | None = None) -> Reply:
    row = message_named(call.mailbox, message, folder=folder)
    number = attachment_number(call.mailbox, row, attachment)
    view = View(call.prefers.immutable_ids, selected(call.options.select, shapes.ATTACHMENT_PROPERTIES, "attachment"))
    content = None if view.selected else _content(row, number)
    shown = shapes.attachment(row, number, call.mailbox.guid, view, content=content)
    return Reply({"@odata.context": call.context("messages/attachments/$entity"), **shown})


def content(call: Call, message: str, attachment: str, folder: str | None = None) -> Reply:
    """The bytes of a file, or the source of a message. A link has no content here."""
    row = message_named(call.mailbox, message, folder=folder)
    number = attachment_number(call.mailbox, row, attachment)
    if row.attachments[number - 1]["kind"] == "reference":
        raise errors.method_not_allowed()
    is_item = row.attachments[number - 1]["kind"] == "item"
    content_type = "text/plain" if is_item else row.attachments[number - 1]["contentType"]
    return Reply(_content(row, number), content_type=content_type)


def _listed(call: Call, row: Message, properties: tuple[str, ...] | None) -> list[dict[str, Any]]:
    view = View(call.prefers.immutable_ids, properties)
    return [
        shapes.attachment(row, number, call.mailbox.guid, view, content=None if properties else _content(row, number))
        for number in range(1, len(row.attachments) + 1)
    ]


def _content(row: Message, number: int) -> bytes:
    return mime.attachment_content(bytes(row.source.mime), number)
