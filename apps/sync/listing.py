"""Which messages a list shows, in which order: by keyset over indexes, at a cost that does not grow with the mailbox.

Without a text, each mailbox and direction is walked in the order of an index and merged here, so nothing has to be sorted or
skipped. With one, the same walk reads the nearest rows first: a common word fills its page there. What is rarer is looked up in
the text index, the next month first, then ever more months at once: a page is filled before many more rows than it shows are
sorted. The database's planner is not asked to choose: it cannot know which words are common in this mailbox.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q, QuerySet

from apps.accounts.models import User
from apps.mailboxes.models import MailFolder, Message, MessageState
from apps.mailboxes.search import looked_up, matching, month_of
from apps.mailboxes.texts import words_of
from apps.sync.cause_column import cause_column

# The transfer ended, not all of it arrived, and it does not try again by itself.
UNDECIDED = (MessageState.FAILED, MessageState.PARTIAL)
# Chips show "999+" above this, so that their cost does not grow with the mailbox.
COUNT_LIMIT = 1000
# So many rows of each mailbox and direction are read for a text before the index is asked.
WALKED = 500
# So many times as many months are looked up for a text as just before, when those did not fill the page.
MONTHS_GROW_BY = 4

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = struct.Struct(">qQ")


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What a person wants to see. An empty field means all; a mailbox or folder that is not the user's has nothing in it.

    `up_to` is the id of the newest message that counts: what the portal learns of later is not meant. `cause` is a key of
    `causes.SENTENCES` and means something beside one of the UNDECIDED states.
    """

    state: str = ""
    folder: int | None = None
    direction: str = ""
    text: str = ""
    mailbox: int | None = None
    up_to: int | None = None
    cause: str = ""

    @property
    def is_for_failures(self) -> bool:
        """Whether it asks for what failed, wholly or in part: to try that again was decided before, and no rule is asked."""
        return bool(self.cause) or self.state in UNDECIDED

    @property
    def is_narrow(self) -> bool:
        """Whether a person chose anything but the place."""
        return bool(self.state or self.direction or self.text or self.cause)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list: after, or before, the message received at this time with this id."""

    received_at: datetime
    pk: int

    @classmethod
    def of(cls, message: Message) -> Cursor:
        return cls(message.received_at, message.pk)

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor of an address, or None for anything that is none: the page then starts at its first row."""
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            microseconds, pk = _CURSOR.unpack(packed)
            received_at = _EPOCH + timedelta(microseconds=microseconds)
        except (binascii.Error, ValueError, struct.error, OverflowError):
            return None
        return cls(received_at, pk) if pk < 2**63 else None

    def __str__(self) -> str:
        packed = _CURSOR.pack((self.received_at - _EPOCH) // _MICROSECOND, self.pk)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class _Part:
    """What of one mailbox is listed: these of its folders."""

    mailbox_id: int
    folder_ids: list[int]


def older_messages(user: User, wanted: MessageFilter, cursor: Cursor | None, *, most: int) -> list[Message]:
    """The messages next below this place, newest first; from the top without one."""
    return _messages(user, wanted, cursor, most=most, newest_first=True)


def newer_messages(user: User, wanted: MessageFilter, cursor: Cursor | None, *, most: int) -> list[Message]:
    """The messages next above this place, oldest first; from the bottom without one."""
    return _messages(user, wanted, cursor, most=most, newest_first=False)


def has_newer(user: User, wanted: MessageFilter, cursor: Cursor | None) -> bool:
    """Whether a message of the filter stands before this place in the list; any message does before an empty list."""
    return bool(newer_messages(user, wanted, cursor, most=1))


def newest_message_id() -> int:
    """The id of the message that the portal learnt of last."""
    return Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def count_messages(user: User, wanted: MessageFilter, *, limit: int = COUNT_LIMIT) -> int:
    """How many messages match, counted up to `limit`."""
    parts = _parts(user, wanted)
    if wanted.text:
        newest = _last_received(parts, newest_first=False)
        found = _looked_up(parts, wanted, words_of(wanted.text), since=newest, newest_first=True)
    else:
        found = (_in_order_of_index(part, wanted) for part in parts)
    total = 0
    for messages in found:
        total += messages.order_by()[: limit - total].count()
        if total == limit:
            break
    return total


def _messages(
    user: User, wanted: MessageFilter, cursor: Cursor | None, *, most: int, newest_first: bool
) -> list[Message]:
    parts = _parts(user, wanted)
    directions = [wanted.direction] if wanted.direction else Message.Direction.values
    walks = [
        _from(_in_order_of_index(part, wanted).filter(direction=direction), cursor, newest_first=newest_first)
        for part in parts
        for direction in directions
    ]
    if not wanted.text:
        return _merged((walk[:most] for walk in walks), most=most, newest_first=newest_first)
    words = words_of(wanted.text)
    if not words:
        return []
    reach = _reach(walks, newest_first=newest_first)
    if reach is not None:
        near = Q(received_at__gt=reach) if newest_first else Q(received_at__lt=reach)
        walks = [walk.filter(near) for walk in walks]
    found = _merged((matching(walk, words)[:most] for walk in walks), most=most, newest_first=newest_first)
    if reach is None or len(found) == most:
        return found
    far = Q(received_at__lte=reach) if newest_first else Q(received_at__gte=reach)
    for hits in _looked_up(parts, wanted, words, since=reach, newest_first=newest_first):
        hits = _from(hits.filter(far), cursor, newest_first=newest_first)
        found += hits[: most - len(found)]
        if len(found) == most:
            break
    return found


def _parts(user: User, wanted: MessageFilter) -> list[_Part]:
    followed: dict[int, list[int]] = {}
    folders = MailFolder.objects.visible_to(user).filter(is_followed=True, is_gone=False)
    for mailbox_id, folder_id in folders.order_by("pk").values_list("mailbox_id", "pk"):
        if wanted.folder in (None, folder_id) and wanted.mailbox in (None, mailbox_id):
            followed.setdefault(mailbox_id, []).append(folder_id)
    return [_Part(mailbox_id, folder_ids) for mailbox_id, folder_ids in followed.items()]


def _in_order_of_index(part: _Part, wanted: MessageFilter) -> QuerySet[Message]:
    """With one direction added, and in the order of the list, rows come as an index holds them."""
    messages = _narrowed(wanted)
    if wanted.folder is not None:
        return messages.filter(folder__in=part.folder_ids)
    return _in_folders(messages.filter(mailbox=part.mailbox_id), [part])


def _looked_up(
    parts: list[_Part], wanted: MessageFilter, words: list[str], *, since: datetime | None, newest_first: bool
) -> Iterator[QuerySet[Message]]:
    """Queries for the messages from the month of `since` to the end of the list, one part of that time after the other."""
    last = _last_received(parts, newest_first=newest_first)
    if not words or since is None or last is None:
        return
    messages = _in_folders(_narrowed(wanted), parts)
    step = -1 if newest_first else 1
    months, at_once = range(month_of(since), month_of(last) + step, step), 1
    while months:
        yield looked_up(messages, words, mailbox_ids=[part.mailbox_id for part in parts], months=months[:at_once])
        months, at_once = months[at_once:], at_once * MONTHS_GROW_BY


def _narrowed(wanted: MessageFilter) -> QuerySet[Message]:
    messages = Message.objects.filter(gone_at=None).select_related("mailbox").defer("search_text", "web_link")
    if wanted.state:
        messages = messages.filter(state=wanted.state)
    if wanted.cause:
        messages = messages.alias(behind=cause_column()).filter(behind=wanted.cause)
    if wanted.direction:
        messages = messages.filter(direction=wanted.direction)
    if wanted.up_to is not None:
        # Nearly all rows: no reason for the planner to leave the order of the list, so the sum hides it.
        messages = messages.alias(plain_id=F("pk") + 0).filter(plain_id__lte=wanted.up_to)
    return messages


def _in_folders(messages: QuerySet[Message], parts: list[_Part]) -> QuerySet[Message]:
    # The sum hides the folder from the planner, which would else collect and sort all folders' rows for one page.
    folder_ids = [folder_id for part in parts for folder_id in part.folder_ids]
    return messages.alias(plain_folder=F("folder_id") + 0).filter(plain_folder__in=folder_ids)


def _from(messages: QuerySet[Message], cursor: Cursor | None, *, newest_first: bool) -> QuerySet[Message]:
    """In the order of the list, or against it, from this place on."""
    if cursor is not None:
        # The first condition is what an index can use, the second settles equal times.
        at, pk = cursor.received_at, cursor.pk
        if newest_first:
            messages = messages.filter(received_at__lte=at).filter(Q(received_at__lt=at) | Q(pk__lt=pk))
        else:
            messages = messages.filter(received_at__gte=at).filter(Q(received_at__gt=at) | Q(pk__gt=pk))
    return messages.order_by("-received_at", "-pk") if newest_first else messages.order_by("received_at", "pk")


def _last_received(parts: list[_Part], *, newest_first: bool) -> datetime | None:
    """When the last message in this direction was received, listed or not: the mailboxes hold nothing beyond it."""
    times = Message.objects.order_by("received_at" if newest_first else "-received_at").values_list(
        "received_at", flat=True
    )
    ends = [
        end
        for part in parts
        for direction in Message.Direction.values
        for end in times.filter(mailbox=part.mailbox_id, direction=direction)[:1]
    ]
    return (min if newest_first else max)(ends, default=None)


def _reach(walks: list[QuerySet[Message]], *, newest_first: bool) -> datetime | None:
    """How far all walks together are complete if each reads at most WALKED rows; None where that is to their ends."""
    ends = [end for walk in walks for end in walk.values_list("received_at", flat=True)[WALKED : WALKED + 1]]
    if not ends:
        return None
    return max(ends) if newest_first else min(ends)


def _merged(listings: Iterable[QuerySet[Message]], *, most: int, newest_first: bool) -> list[Message]:
    found = [message for listing in listings for message in listing]
    return sorted(found, key=lambda message: (message.received_at, message.pk), reverse=newest_first)[:most]
