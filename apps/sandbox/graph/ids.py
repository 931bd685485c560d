"""The ids of Graph: two spaces for messages and attachments, two for contacts, one for each kind of folder, and none
valid in another mailbox.

An id is base64 with `-` and `_`, ends in `=` and is case-sensitive. Inside are the mailbox's guid, the row, and for the
mutable space the location, so that a move gives a message another mutable id and leaves the immutable one alone.
Source: Microsoft Graph's documentation.
"""

import base64
import binascii
import struct
import uuid
import zlib
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote


class Space(Enum):
    """What an id names. The values are the first bytes, chosen so that ids begin as those of Exchange do."""

    FOLDER = b"\x01\x03\x24"  # AQMk
    MUTABLE = b"\x00\x03\x24"  # AAMk
    IMMUTABLE = b"\x00\x09\x00"  # AAkA
    CONTACT_FOLDER = b"\x01\x03\x25"
    CONTACT = b"\x00\x03\x25"
    IMMUTABLE_CONTACT = b"\x00\x09\x01"
    CONVERSATION = b"\x00\x04\x24"  # AAQk


@dataclass(frozen=True)
class ItemId:
    """A folder, a message, a contact or an attachment (the one whose `attachment` is above 0; they count from 1)."""

    space: Space
    mailbox_guid: uuid.UUID
    item: int
    location: int = 0
    attachment: int = 0

    def __str__(self) -> str:
        body = self.space.value + str(self.mailbox_guid).encode() + struct.pack(">QI", self.item, self.location)
        if self.attachment:
            body += struct.pack(">HB", self.attachment, 0)
        # The checksum tells a cut or altered id from one of something that is gone; the last byte makes it end in "=".
        return base64.urlsafe_b64encode(body + struct.pack(">IB", zlib.crc32(body), 0)).decode()


class MalformedId(ValueError):
    """The text is no id of ours: cut, altered, or of another kind."""


MESSAGE_ID_BYTES = 3 + 36 + 12 + 5
ATTACHMENT_ID_BYTES = MESSAGE_ID_BYTES + 3


def parse(text: str) -> ItemId:
    """Read an id, also one whose `=` still is `%3D`. Raises MalformedId."""
    try:
        raw = base64.b64decode(unquote(text).encode("ascii"), altchars=b"-_", validate=True)
        body, (checksum, _filler) = raw[:-5], struct.unpack(">IB", raw[-5:])
        if len(raw) not in {MESSAGE_ID_BYTES, ATTACHMENT_ID_BYTES} or zlib.crc32(body) != checksum:
            raise MalformedId(text)
        item, location = struct.unpack(">QI", body[39:51])
        attachment = struct.unpack(">HB", body[51:54])[0] if len(raw) == ATTACHMENT_ID_BYTES else 0
        return ItemId(Space(body[:3]), uuid.UUID(body[3:39].decode("ascii")), item, location, attachment)
    except (binascii.Error, UnicodeError, struct.error, ValueError) as error:
        raise MalformedId(text) from error


def conversation_id(mailbox_guid: uuid.UUID, thread: str) -> str:
    """The id of a thread, which differs between two mailboxes. `thread` is what the mails have in common."""
    key = b"\x10" + uuid.uuid5(mailbox_guid, thread).bytes
    return base64.urlsafe_b64encode(Space.CONVERSATION.value + str(mailbox_guid).encode() + key).decode()
