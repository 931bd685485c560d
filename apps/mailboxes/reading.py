"""One message for reading: its body, the pictures that stand in it, its files. Fetched when shown, kept nowhere.

Every function raises GraphError; a message that has left the mailbox is looked up with the next look.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from apps.core.clock import now
from apps.graph.client import GraphClient
from apps.graph.errors import ItemGone
from apps.graph.parsing import GraphAttachment, GraphBody, GraphFile
from apps.mailboxes.connection import page_client
from apps.mailboxes.kinds import is_private, kind_of, remember_kinds
from apps.mailboxes.models import Message
from apps.mailboxes.texts import plain_text

# What is shown inside a text travels in the page: pictures of this size in all, and no more than anybody looks at.
MOST_INLINE_BYTES = 8 * 1024 * 1024
MOST_INLINE_FILES = 40


@dataclass(frozen=True, slots=True)
class Body:
    """Foreign text: clean it before it is shown. `html` may be empty; `text` holds the words in any case.

    `images` are the pictures of the HTML by their content id, bare and case-folded.
    """

    html: str
    text: str
    attachments: tuple[GraphAttachment, ...]
    images: dict[str, GraphFile] = field(repr=False)


def read_body(message: Message) -> Body:
    """The body with its pictures and the list of its files: one request, one more where pictures stand in the text."""
    with _reading(message) as client:
        found = client.body(message.graph_id)
        kind = kind_of(found.headers, parts=[attachment.content_type for attachment in found.attachments])
        remember_kinds([(message, kind, is_private(found.headers))], at=now())
        images = _images(client, message, found)
    return Body(
        html=found.body if found.is_html else "",
        text=plain_text(found.body) if found.is_html else found.body,
        attachments=found.attachments,
        images=images,
    )


def read_text(message: Message) -> str:
    """The words of the body alone, as `Body.text`. One request."""
    with _reading(message) as client:
        found = client.body(message.graph_id)
    return plain_text(found.body) if found.is_html else found.body


def list_files(message: Message) -> tuple[GraphAttachment, ...]:
    """The files of the message, without those that only stand in its text. One request."""
    with _reading(message) as client:
        return tuple(found for found in client.attachments(message.graph_id) if not found.is_inline)


def read_file(message: Message, attachment_id: str) -> GraphFile:
    """One file. Foreign content: serve it as a download. Raises ItemGone for a link to a cloud file as well."""
    with _reading(message, is_whole_message=False) as client:
        return client.file(message.graph_id, attachment_id)


@contextmanager
def _reading(message: Message, *, is_whole_message: bool = True) -> Iterator[GraphClient]:
    with page_client(message.mailbox) as client:
        try:
            yield client
        except ItemGone:
            if is_whole_message:
                Message.objects.filter(pk=message.pk, missing_since=None, gone_at=None).update(missing_since=now())
            raise


def _images(client: GraphClient, message: Message, found: GraphBody) -> dict[str, GraphFile]:
    if not found.is_html or "cid:" not in found.body.lower():
        return {}
    wanted, size = [], 0
    for listed in found.attachments:
        size += listed.size
        if listed.kind == "file" and listed.content_type.startswith("image/") and size <= MOST_INLINE_BYTES:
            wanted.append(listed.id)
    files = client.inline_files(message.graph_id, wanted[:MOST_INLINE_FILES])
    return {file.content_id.casefold(): file for file in files if file.content_id}
