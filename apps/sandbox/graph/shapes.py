"""The JSON of Graph's resources: users, folders, messages, attachments.

A `View` says how the caller wants it: which ids, which properties, which kind of body.
"""

import base64
import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from apps.sandbox.control.models import Person
from apps.sandbox.graph import bodies, mime
from apps.sandbox.graph.ids import ItemId, Space
from apps.sandbox.graph.models import Folder, Message, Source

Json = dict[str, Any]

MEETING_TYPES = {
    "REQUEST": ("eventMessageRequest", "meetingRequest"),
    "CANCEL": ("eventMessage", "meetingCancelled"),
    "REPLY": ("eventMessageResponse", "meetingAccepted"),
}
# Come only when they are selected by name.
MESSAGE_ONLY_SELECTED = ("uniqueBody", "internetMessageHeaders")
# Need more than Mail.ReadBasic.
MESSAGE_CONTENT = ("body", "bodyPreview", "uniqueBody")
MESSAGE_PROPERTIES = (
    *("id", "createdDateTime", "lastModifiedDateTime", "changeKey", "categories", "receivedDateTime", "sentDateTime"),
    *("hasAttachments", "internetMessageId", "subject", "bodyPreview", "importance", "parentFolderId"),
    *("conversationId", "conversationIndex", "isDeliveryReceiptRequested", "isReadReceiptRequested", "isRead"),
    *("isDraft", "webLink", "inferenceClassification", "body", "sender", "from", "toRecipients", "ccRecipients"),
    *("bccRecipients", "replyTo", "flag", "uniqueBody", "internetMessageHeaders"),
)
FOLDER_PROPERTIES = (
    *("id", "displayName", "parentFolderId", "childFolderCount", "unreadItemCount", "totalItemCount"),
    *("sizeInBytes", "isHidden"),
)
# `contentId` and `contentBytes` are on fileAttachment only, so a list cannot select them.
ATTACHMENT_PROPERTIES = ("id", "lastModifiedDateTime", "name", "contentType", "size", "isInline")
USER_DEFAULT = (
    *("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation"),
    *("preferredLanguage", "surname", "userPrincipalName", "id"),
)
USER_PROPERTIES = (*USER_DEFAULT, "otherMails", "proxyAddresses", "accountEnabled", "userType")


@dataclass(frozen=True)
class View:
    """How a caller wants messages: `selected` is None for all of the usual properties."""

    immutable_ids: bool = False
    selected: tuple[str, ...] | None = None
    body_type: str = "html"
    keeps_active_content: bool = False
    without: tuple[str, ...] = ()

    def properties(self) -> tuple[str, ...]:
        chosen = self.selected or tuple(name for name in MESSAGE_PROPERTIES if name not in MESSAGE_ONLY_SELECTED)
        return tuple(name for name in chosen if name not in self.without)

    def needs_source(self) -> bool:
        return not {"body", "uniqueBody", "internetMessageHeaders"}.isdisjoint(self.properties())


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


# ── Ids ───────────────────────────────────────────────────────────────────


def folder_id(guid: UUID, folder: int) -> str:
    return str(ItemId(Space.FOLDER, guid, folder))


def message_id(guid: UUID, item: int, location: int, *, immutable: bool, attachment: int = 0) -> str:
    """The id of a message row, or of one of its attachments, in the space that was asked for."""
    space, at = (Space.IMMUTABLE, 0) if immutable else (Space.MUTABLE, location)
    return str(ItemId(space, guid, item, at, attachment))


def change_key(guid: UUID, changed: int, *, kind: bytes = b"\x09") -> str:
    return base64.b64encode(
        kind + b"\x00\x00\x00\x16\x00\x00\x00" + guid.bytes[:4] + struct.pack(">Q", changed)
    ).decode()


# ── Users ─────────────────────────────────────────────────────────────────


def user(person: Person, properties: tuple[str, ...] = USER_DEFAULT) -> Json:
    given_name, _space, surname = person.name.rpartition(" ")
    known: Json = {
        "businessPhones": [],
        "displayName": person.name,
        "givenName": given_name or None,
        "surname": surname or None,
        "mail": person.mail,
        "userPrincipalName": person.mail,
        "preferredLanguage": {"cs": "cs-CZ", "en": "en-US"}[person.language],
        "id": str(person.oid),
        "otherMails": [],
        "proxyAddresses": [f"SMTP:{person.mail}", *(f"smtp:{alias}" for alias in person.aliases)],
        "accountEnabled": True,
        "userType": "Member",
    }
    return {name: known.get(name) for name in properties}


# ── Folders ───────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class FolderCounts:
    """What is in a folder. `total` counts every item, `size` is in bytes."""

    children: int = 0
    unread: int = 0
    total: int = 0
    size: int = 0


def folder(row: Folder, guid: UUID, counts: FolderCounts, selected: tuple[str, ...] | None = None) -> Json:
    known: Json = {
        "id": folder_id(guid, row.pk),
        "displayName": row.display_name,
        "parentFolderId": folder_id(guid, row.parent_id) if row.parent_id else None,
        "childFolderCount": counts.children,
        "unreadItemCount": counts.unread,
        "totalItemCount": counts.total,
        "sizeInBytes": counts.size,
        "isHidden": row.is_hidden,
    }
    shown = {name: known[name] for name in dict.fromkeys(("id", *(selected or FOLDER_PROPERTIES)))}
    if not row.is_search:
        return shown
    # Mixed in among the folders, and recognised by nothing but its type.
    derived: Json = {"@odata.type": "#microsoft.graph.mailSearchFolder"}
    return derived | shown | {"isSupported": True, "filterQuery": "", "sourceFolderIds": []}


# ── Messages ──────────────────────────────────────────────────────────────


def facts(mail: mime.Mail) -> Json:
    """The properties that a mail brings and keeps, as they are stored with its row."""
    known: Json = {
        "bodyPreview": bodies.preview(mail.text),
        "conversationIndex": _conversation_index(mail),
        "isDeliveryReceiptRequested": mail.wants_delivery_receipt,
        "isReadReceiptRequested": mail.wants_read_receipt,
        "inferenceClassification": "other" if mail.is_bulk else "focused",
        "toRecipients": [address.as_json() for address in mail.to],
        "ccRecipients": [address.as_json() for address in mail.cc],
        "bccRecipients": [address.as_json() for address in mail.bcc],
        "replyTo": [address.as_json() for address in mail.reply_to],
    }
    # Drafts and some system mails have no author, and then the properties are missing.
    if mail.author:
        known["from"] = mail.author.as_json()
    if mail.sender:
        known["sender"] = mail.sender.as_json()
    if mail.meeting_method in MEETING_TYPES:
        derived, meeting_type = MEETING_TYPES[mail.meeting_method]
        known["@odata.type"] = f"#microsoft.graph.{derived}"
        known["meetingMessageType"] = meeting_type
    return known


def message(row: Message, guid: UUID, view: View, source: Source | None = None) -> Json:
    """A message. `source` is needed where `view.needs_source()` says so."""
    own_id = message_id(guid, row.pk, row.location, immutable=view.immutable_ids)
    key = change_key(guid, row.changed)
    known: Json = row.facts | {
        "id": own_id,
        "createdDateTime": moment(row.received_at),
        "lastModifiedDateTime": moment(row.modified_at),
        "changeKey": key,
        "categories": row.categories,
        "receivedDateTime": moment(row.received_at),
        "sentDateTime": moment(row.sent_at),
        "hasAttachments": row.has_attachments,
        "subject": row.subject,
        "importance": row.importance,
        "parentFolderId": folder_id(guid, row.folder_id),
        "conversationId": row.conversation_id,
        "isRead": row.is_read,
        "isDraft": row.is_draft,
        "webLink": "https://outlook.office365.com/owa/?ItemID="
        + quote(own_id, safe="")
        + "&exvsurl=1&viewmodel=ReadMessageItem",
        "flag": row.flag,
    }
    # Exchange would make one up. Here a mail without it stays without, so that receivers meet the case.
    if row.internet_message_id is not None:
        known["internetMessageId"] = row.internet_message_id
    if source is not None:
        known |= _content(bytes(source.mime), view)
    shown: Json = {"@odata.etag": f'W/"{key}"', "id": own_id}
    if "@odata.type" in row.facts:
        shown = {"@odata.type": row.facts["@odata.type"], **shown}
        if view.selected is None:
            shown["meetingMessageType"] = row.facts["meetingMessageType"]
    return shown | {name: known[name] for name in view.properties() if name in known}


def _content(source: bytes, view: View) -> Json:
    if {"body", "uniqueBody"}.isdisjoint(view.properties()):
        return {"internetMessageHeaders": [{"name": name, "value": value} for name, value in mime.headers(source)]}
    mail = mime.read(source)
    if view.body_type == "text":
        body = {"contentType": "text", "content": mail.text}
    else:
        body = {"contentType": "html", "content": mail.html if view.keeps_active_content else bodies.cleaned(mail.html)}
    headers = [{"name": name, "value": value} for name, value in mail.headers]
    return {"body": body, "uniqueBody": body, "internetMessageHeaders": headers}


def _conversation_index(mail: mime.Mail) -> str:
    """22 bytes for the first mail of a thread and 5 more for each answer, as Outlook makes them."""
    digest = hashlib.sha256(mail.thread.encode()).digest()
    return base64.b64encode(b"\x01" + digest[:21] + digest[:5] * min(mail.depth, 20)).decode()


# ── Attachments ───────────────────────────────────────────────────────────


def part_facts(part: mime.Part) -> Json:
    """An attachment as it is stored with its message."""
    return {
        "kind": part.kind,
        "name": part.name,
        "contentType": part.content_type,
        "size": part.size,
        "isInline": part.is_inline,
        "contentId": part.content_id,
        "item": part.item,
    }


def attachment(row: Message, number: int, guid: UUID, view: View, *, content: bytes | None = None) -> Json:
    """An attachment (`number` counts from 1), with its content where that is given and it is a file."""
    stored = row.attachments[number - 1]
    known: Json = {
        "id": message_id(guid, row.pk, row.location, immutable=view.immutable_ids, attachment=number),
        "lastModifiedDateTime": moment(row.received_at),
        "name": stored["name"],
        "contentType": None if stored["kind"] == "item" else stored["contentType"],
        "size": stored["size"],
        "isInline": stored["isInline"],
    }
    shown: Json = {"@odata.type": f"#microsoft.graph.{stored['kind']}Attachment"}
    if stored["kind"] == "file":
        shown["@odata.mediaContentType"] = stored["contentType"]
    shown |= {name: known[name] for name in dict.fromkeys(("id", *(view.selected or ATTACHMENT_PROPERTIES)))}
    if content is not None and stored["kind"] == "file":
        encoded = base64.b64encode(content).decode()
        shown |= {"contentId": stored["contentId"], "contentLocation": None, "contentBytes": encoded}
    return shown
