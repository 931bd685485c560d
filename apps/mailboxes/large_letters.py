"""Letters as Graph tells of them: headers, body and the list of files; each file comes when it is wanted.

For what is too large to be read in one piece, and for what comes by the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.graph.client import GraphClient
from apps.graph.errors import GraphTooLarge
from apps.graph.parsing import GraphAttachment, GraphBody
from apps.mailboxes.kinds import is_private, kind_of, own_type_of
from apps.mailboxes.letters import Attachment, Letter
from apps.mailboxes.models import Message
from apps.mailboxes.texts import plain_text, storable


@dataclass(frozen=True, slots=True)
class Parts:
    """A mail as Graph tells of it piece by piece. `is_body_left`: its text is too large as well."""

    found: GraphBody
    files: tuple[GraphAttachment, ...]
    is_body_left: bool


def fetch_parts(graph: GraphClient, message: Message) -> Parts:
    """Two requests, three for a body that is too large. Raises GraphError."""
    try:
        found, is_body_left = graph.body(message.graph_id), False
    except GraphTooLarge:
        found, is_body_left = graph.envelope(message.graph_id), True
    return Parts(found, tuple(graph.attachments(message.graph_id)), is_body_left)


def letter_of_parts(parts: Parts) -> Letter:
    """The letter; the bytes of its files are still in the mailbox."""
    message, headers = parts.found.message, parts.found.headers
    body = storable(parts.found.body)
    # Exchange shows a mail that is mere text as HTML.
    is_html = parts.found.is_html and own_type_of(headers) != "text/plain"
    return Letter(
        message_id=storable(message.internet_message_id).strip().strip("<>").strip(),
        subject=storable(message.subject),
        sender=message.sender,
        to=message.to,
        cc=message.cc,
        bcc=message.bcc,
        sent_at=message.sent_at,
        text=plain_text(body) if parts.found.is_html else body,
        html=body if is_html else "",
        is_private=is_private(headers),
        kind=kind_of(headers, parts=[file.content_type for file in parts.files]),
        attachments=tuple(_attachment(file) for file in parts.files),
        is_body_left=parts.is_body_left,
    )


def _attachment(file: GraphAttachment) -> Attachment:
    """A link to a cloud file has nothing to fetch; where it leads, Graph does not say."""
    is_cloud = file.kind == "reference"
    return Attachment(
        name=storable(file.name) or "attachment",
        content_type=file.content_type or "application/octet-stream",
        content=b"",
        is_inline=file.is_inline,
        is_message=file.kind == "item",
        graph_id="" if is_cloud else file.id,
        listed_size=file.size,
        is_cloud=is_cloud,
    )
