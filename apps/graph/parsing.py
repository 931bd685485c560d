"""Graph's JSON as dataclasses: parsed once, here. What is missing is empty; what has no id breaks the contract."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apps.core.addresses import Address
from apps.graph.errors import GraphContractBroken

Json = Mapping[str, Any]

# What a list of messages needs. A cursor answers in the shape of the request that began it, so a change of this list
# must change SHAPE as well: then every folder is listed afresh.
MESSAGE_FIELDS = (
    "internetMessageId,conversationId,parentFolderId,changeKey,subject,bodyPreview,from,sender,toRecipients,ccRecipients,"
    "bccRecipients,receivedDateTime,sentDateTime,lastModifiedDateTime,isRead,isDraft,hasAttachments,webLink,categories"
)
# Lists bring what the mail says of its kind as well. Mail that never travelled, as what was sent, has no such headers.
LIST_FIELDS = f"{MESSAGE_FIELDS},internetMessageHeaders"
SHAPE = "v2"


@dataclass(frozen=True, slots=True)
class GraphProfile:
    id: str
    display_name: str
    mail: str
    user_principal_name: str
    aliases: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        known = (self.mail, self.user_principal_name, *self.aliases)
        return tuple(dict.fromkeys(address for address in known if address))


@dataclass(frozen=True, slots=True)
class GraphFolder:
    id: str
    name: str
    parent_id: str
    is_hidden: bool
    item_count: int


@dataclass(frozen=True, slots=True)
class GraphMessage:
    """A message of a list: its people and preview. Times are UTC, None where the item has none.

    `headers` are those of the mail as it arrived, names and values, as far as the list brought them. Of a change Graph may
    tell no more than the id and what changed: then it is not whole, and what it lacks says nothing.
    """

    id: str
    change_key: str
    parent_folder_id: str
    internet_message_id: str
    conversation_id: str
    subject: str
    preview: str
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    received_at: datetime | None
    sent_at: datetime | None
    is_read: bool
    is_draft: bool
    is_meeting: bool
    has_attachments: bool
    web_link: str
    categories: tuple[str, ...]
    modified_at: datetime | None
    headers: tuple[tuple[str, str], ...] = ()
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of a folder. `next_link` continues this round; `delta_link`, at its end, asks what changed since."""

    messages: tuple[GraphMessage, ...]
    removed_ids: tuple[str, ...]
    next_link: str
    delta_link: str
    damaged: int


@dataclass(frozen=True, slots=True)
class GraphAttachment:
    """An attachment of a list. `kind` is file, item (a mail, an event) or reference (a link to a cloud file)."""

    id: str
    name: str
    content_type: str
    size: int
    is_inline: bool
    kind: str


@dataclass(frozen=True, slots=True)
class GraphFile:
    """An attachment with its content; `content_id` is bare."""

    name: str
    content_type: str
    content_id: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class GraphBody:
    """A message for reading. `body` is HTML or text as `is_html` says; Microsoft's cleaning of it is not relied on.

    `headers` are those of the mail as it arrived, names and values.
    """

    message: GraphMessage
    headers: tuple[tuple[str, str], ...]
    body: str
    is_html: bool
    attachments: tuple[GraphAttachment, ...]


@dataclass(frozen=True, slots=True)
class Presence:
    """Where an item is: its folder, "" where it is gone."""

    id: str
    folder_id: str


@dataclass(frozen=True, slots=True)
class GraphCategories:
    """All categories of a message, in one version of it: whoever writes them writes all, over this version only."""

    id: str
    names: tuple[str, ...]
    version: str
    modified_at: datetime | None


def value_of(document: Json) -> list[Json]:
    value = document.get("value")
    if not isinstance(value, list):
        raise GraphContractBroken("a collection without its value")
    return value


def count_of(document: Json) -> int:
    found = document.get("@odata.count")
    if not isinstance(found, int):
        raise GraphContractBroken("a collection without its count")
    return found


def id_of(item: Json) -> str:
    found = item.get("id")
    if not isinstance(found, str) or not found:
        raise GraphContractBroken("an item without id")
    return found


def profile(item: Json) -> GraphProfile:
    return GraphProfile(
        id=id_of(item),
        display_name=text_of(item, "displayName"),
        mail=text_of(item, "mail"),
        user_principal_name=text_of(item, "userPrincipalName"),
        aliases=tuple(
            str(address)[5:] for address in item.get("proxyAddresses") or () if str(address)[:5].lower() == "smtp:"
        ),
    )


def folder(item: Json) -> GraphFolder | None:
    """None for a search folder, which holds nothing of its own, and for one that was removed."""
    if "@removed" in item or str(item.get("@odata.type", "")).endswith("mailSearchFolder"):
        return None
    return GraphFolder(
        id=id_of(item),
        name=text_of(item, "displayName"),
        parent_id=text_of(item, "parentFolderId"),
        is_hidden=bool(item.get("isHidden")),
        item_count=max(int(item.get("totalItemCount") or 0), 0),
    )


def message_page(document: Json) -> MessagePage:
    """A damaged item stands in a page as an error: it is counted, the others are read."""
    messages, removed, damaged = [], [], 0
    for item in value_of(document):
        if "@removed" in item:
            removed.append(id_of(item))
        elif "error" in item and "id" not in item:
            damaged += 1
        else:
            messages.append(message(item))
    return MessagePage(
        messages=tuple(messages),
        removed_ids=tuple(removed),
        next_link=text_of(document, "@odata.nextLink"),
        delta_link=text_of(document, "@odata.deltaLink"),
        damaged=damaged,
    )


def message(item: Json) -> GraphMessage:
    sender = _address(item.get("from")) or _address(item.get("sender"))
    return GraphMessage(
        id=id_of(item),
        change_key=text_of(item, "changeKey"),
        parent_folder_id=text_of(item, "parentFolderId"),
        internet_message_id=text_of(item, "internetMessageId"),
        conversation_id=text_of(item, "conversationId"),
        subject=text_of(item, "subject"),
        preview=text_of(item, "bodyPreview"),
        sender=sender,
        to=_people(item, "toRecipients"),
        cc=_people(item, "ccRecipients"),
        bcc=_people(item, "bccRecipients"),
        received_at=moment(item.get("receivedDateTime")),
        sent_at=moment(item.get("sentDateTime")),
        is_read=bool(item.get("isRead", True)),
        is_draft=bool(item.get("isDraft")),
        is_meeting="eventmessage" in str(item.get("@odata.type", "")).lower(),
        has_attachments=bool(item.get("hasAttachments")),
        web_link=text_of(item, "webLink"),
        categories=texts_of(item, "categories"),
        modified_at=moment(item.get("lastModifiedDateTime")),
        headers=_headers(item),
        is_whole="receivedDateTime" in item,
    )


def categories(item: Json) -> GraphCategories:
    return GraphCategories(
        id=id_of(item),
        names=texts_of(item, "categories"),
        version=text_of(item, "@odata.etag"),
        modified_at=moment(item.get("lastModifiedDateTime")),
    )


def body(item: Json) -> GraphBody:
    content = item.get("body") or {}
    return GraphBody(
        message=message(item),
        headers=_headers(item),
        body=text_of(content, "content"),
        is_html=text_of(content, "contentType").lower() == "html",
        attachments=tuple(attachment(one) for one in item.get("attachments") or ()),
    )


def attachment(item: Json) -> GraphAttachment:
    kind = str(item.get("@odata.type", "")).rpartition(".")[2].removesuffix("Attachment")
    return GraphAttachment(
        id=id_of(item),
        name=text_of(item, "name"),
        content_type=text_of(item, "contentType"),
        size=int(item.get("size") or 0),
        is_inline=bool(item.get("isInline")),
        kind=kind or "file",
    )


def file(item: Json, content: bytes) -> GraphFile:
    listed = attachment(item)
    return GraphFile(
        name=listed.name,
        content_type=listed.content_type,
        content_id=text_of(item, "contentId").strip().strip("<>"),
        content=content,
    )


def content_of(item: Json) -> bytes | None:
    """The bytes of a file attachment; None for an attached item or a link, which have none here."""
    encoded = item.get("contentBytes")
    if not isinstance(encoded, str):
        return None
    try:
        return base64.b64decode(encoded)
    except (binascii.Error, ValueError) as error:
        raise GraphContractBroken("an attachment that is no base64") from error


def moment(value: object) -> datetime | None:
    """ISO 8601 in UTC, with up to seven fractional digits. None where there is no such time."""
    if not isinstance(value, str) or not value:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def text_of(item: Json, name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def texts_of(item: Json, name: str) -> tuple[str, ...]:
    return tuple(value for value in item.get(name) or () if isinstance(value, str))


def _headers(item: Json) -> tuple[tuple[str, str], ...]:
    return tuple((text_of(one, "name"), text_of(one, "value")) for one in item.get("internetMessageHeaders") or ())


def _people(item: Json, name: str) -> tuple[Address, ...]:
    found = (_address(one) for one in item.get(name) or ())
    return tuple(person for person in found if person)


def _address(value: object) -> Address | None:
    inner = value.get("emailAddress") if isinstance(value, Mapping) else None
    if not isinstance(inner, Mapping):
        return None
    name, address = text_of(inner, "name"), text_of(inner, "address")
    return Address(name="" if name == address else name, address=address) if name or address else None
