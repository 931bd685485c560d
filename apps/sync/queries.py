"""Reads that shape the pages: the list of messages by state, and what the portal knows about one of them."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q, QuerySet

from apps.accounts.models import CrmServer, User
from apps.core.addresses import canonical
from apps.mailboxes.models import Mailbox, MailFolder, Message, MessageState, Participant
from apps.mailboxes.texts import folded
from apps.sync.models import CrmEmail, CrmLink, KnownAddress, Mark, Outcome

PAGE_SIZE = 50
# Chips show "999+" above this, so that their cost does not grow with the mailbox.
COUNT_LIMIT = 1000
MOVING = (MessageState.QUEUED, MessageState.RUNNING)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = struct.Struct(">qQ")


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What a person wants to see. An empty field means all; `folder` must be one that the user may see.

    `up_to` is the id of the newest message that counts: what the portal learns of later is not meant.
    """

    state: str = ""
    folder: int | None = None
    direction: str = ""
    text: str = ""
    up_to: int | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether a person chose anything but the folder."""
        return bool(self.state or self.direction or self.text)


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
class MessageRow:
    """A message as the list shows it. `recipients` is filled for sent mail, whose sender everybody knows.

    `kind` is what the user's CORIPO last said of the sender, or of the first recipient of sent mail: "contact",
    "unknown", or "" where nobody has asked yet.
    """

    message: Message
    mark: str
    kind: str
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Rows, newest first. `older` and `newer` are cursors, empty where there is nothing more."""

    rows: tuple[MessageRow, ...]
    older: str = ""
    newer: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """What the workers do with the user's mailboxes: load mail for the first time, or look for what is new."""

    has_mailbox: bool
    is_importing: bool
    is_looking: bool


@dataclass(frozen=True, slots=True)
class Record:
    """The mail's record in CORIPO and what belongs to it. `colleague` is who stored it, "" where that was the user."""

    crm_email: CrmEmail
    colleague: str
    links: tuple[CrmLink, ...]


def message_page(
    user: User,
    wanted: MessageFilter,
    *,
    before: Cursor | None = None,
    after: Cursor | None = None,
    size: int = PAGE_SIZE,
) -> MessagePage:
    """The messages older than `before`, or newer than `after`, else the first ones. Keyset by (received_at, id)."""
    if after is not None:
        found = _merged([_newer(qs, after)[: size + 1] for qs in _listings(user, wanted)], newest_first=False)
        messages = found[:size][::-1]
        newer = str(Cursor.of(messages[0])) if len(found) > size else ""
        older = str(Cursor.of(messages[-1])) if messages else ""
        if not messages:
            return message_page(user, wanted, size=size)
    else:
        found = _merged([_older(qs, before)[: size + 1] for qs in _listings(user, wanted)], newest_first=True)
        messages = found[:size]
        older = str(Cursor.of(messages[-1])) if len(found) > size else ""
        newer = str(Cursor.of(messages[0])) if before is not None and messages else ""
        if before is not None and not messages:
            return message_page(user, wanted, size=size)
    return MessagePage(rows=rows_of(user, messages), older=older, newer=newer)


def messages_by_id(user: User, pks: Collection[int]) -> tuple[MessageRow, ...]:
    """The rows of these messages, as far as the user may see them."""
    messages = Message.objects.visible_to(user).filter(pk__in=pks).select_related("mailbox").order_by("pk")
    return rows_of(user, list(messages))


def count_by_state(user: User, wanted: MessageFilter, states: Iterable[str]) -> dict[str, int]:
    """How many messages of the filter are in each of these states, counted up to COUNT_LIMIT."""
    return {state: count_messages(user, replace(wanted, state=state)) for state in states}


def count_messages(user: User, wanted: MessageFilter, *, limit: int = COUNT_LIMIT) -> int:
    """How many messages match, counted up to `limit`."""
    total = sum(listing.order_by()[:limit].count() for listing in _listings(user, wanted))
    return min(total, limit)


def next_messages(user: User, wanted: MessageFilter, *, after: Cursor | None, size: int) -> list[Message]:
    """The messages that follow this place in the list, the newest first; all of them are reached by going on from the last."""
    return _merged([_older(qs, after)[:size] for qs in _listings(user, wanted)], newest_first=True)[:size]


def newest_message_id() -> int:
    """The id of the message that the portal learnt of last."""
    return Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def has_newer(user: User, wanted: MessageFilter, cursor: Cursor | None) -> bool:
    """Whether a message of the filter stands before this place in the list; any message does before an empty list."""
    return any((_newer(qs, cursor) if cursor else qs).exists() for qs in _listings(user, wanted))


def progress_of(user: User, *, at: datetime) -> Progress:
    mailboxes = list(Mailbox.objects.visible_to(user).only("status", "next_look_at", "look_lease_until"))
    active = [mailbox for mailbox in mailboxes if mailbox.status == Mailbox.Status.ACTIVE]
    unfinished = MailFolder.objects.filter(mailbox__in=active, is_followed=True, is_gone=False, completed_at=None)
    return Progress(
        has_mailbox=bool(mailboxes),
        is_importing=bool(active) and unfinished.exists(),
        is_looking=any(
            mailbox.next_look_at <= at or (mailbox.look_lease_until is not None and mailbox.look_lease_until > at)
            for mailbox in active
        ),
    )


def rows_of(user: User, messages: Sequence[Message]) -> tuple[MessageRow, ...]:
    """What the list shows of these messages beside their own columns: three queries, however many there are."""
    recipients: dict[int, list[str]] = {}
    other_side = {message.pk: canonical(message.sender_address) for message in messages}
    sent = [message.pk for message in messages if message.direction == Message.Direction.SENT]
    if sent:
        people = Participant.objects.filter(message__in=sent, role=Participant.Role.TO)
        people = people.order_by("message_id", "position")
        columns = ("message_id", "name", "written_address", "address")
        for message_id, name, written, address in people.values_list(*columns):
            if message_id not in recipients:
                other_side[message_id] = address
            recipients.setdefault(message_id, []).append(name or written)
    marks = marks_of(messages)
    kinds = _kinds_of(user, set(other_side.values()))
    return tuple(
        MessageRow(
            message,
            mark=marks.get(message.pk, ""),
            kind=kinds.get(other_side[message.pk], ""),
            recipients=tuple(recipients.get(message.pk, ())),
        )
        for message in messages
    )


def marks_of(messages: Sequence[Message]) -> dict[int, str]:
    """The mark of each message that has one."""
    if not messages:
        return {}
    marks = {
        (home_account_id, email_key, variant): value
        for home_account_id, email_key, variant, value in Mark.objects.filter(
            home_account_id__in={message.mailbox.home_account_id for message in messages},
            email_key__in={message.email_key for message in messages},
        ).values_list("home_account_id", "email_key", "variant", "value")
    }
    return {
        message.pk: mark
        for message in messages
        if (mark := marks.get((message.mailbox.home_account_id, message.email_key, message.variant)))
    }


def record_of(message: Message, *, user: User) -> Record | None:
    """The record in CORIPO that this mail has, as far as the portal knows; asks nobody."""
    crm_email = (
        CrmEmail.objects.filter(
            server=CrmServer.objects.current(), email_key=message.email_key, variant=message.variant
        )
        .exclude(status=CrmEmail.Status.INTENDED)
        .select_related("created_by", "server")
        .first()
    )
    if crm_email is None:
        return None
    links = tuple(crm_email.links.exclude(outcome=Outcome.LEFT_OUT).order_by("module", "name", "pk"))
    creator = crm_email.created_by
    colleague = creator.shown_name if creator is not None else crm_email.creator_name
    return Record(crm_email, colleague="" if creator == user else colleague, links=links)


def _kinds_of(user: User, addresses: set[str]) -> dict[str, str]:
    known = KnownAddress.objects.filter(user=user, address__in=addresses - {""}).values_list("address", "contacts")
    return {address: "contact" if contacts else "unknown" for address, contacts in known}


def _listings(user: User, wanted: MessageFilter) -> list[QuerySet[Message]]:
    """One query for each mailbox, each in the order of an index: merged outside, nothing has to be sorted."""
    followed: dict[int, list[int]] = {}
    folders = MailFolder.objects.visible_to(user).filter(is_followed=True, is_gone=False)
    for mailbox_id, folder_id in folders.order_by("pk").values_list("mailbox_id", "pk"):
        if wanted.folder in (None, folder_id):
            followed.setdefault(mailbox_id, []).append(folder_id)
    return [_listing(mailbox_id, folder_ids, wanted) for mailbox_id, folder_ids in followed.items()]


def _listing(mailbox_id: int, folder_ids: list[int], wanted: MessageFilter) -> QuerySet[Message]:
    messages = Message.objects.filter(gone_at=None).select_related("mailbox").defer("search_text", "web_link")
    if wanted.folder is not None:
        messages = messages.filter(folder__in=folder_ids)
    else:
        # The sum hides the folder from the planner, which would else collect and sort all folders' rows for one page.
        messages = messages.filter(mailbox=mailbox_id)
        messages = messages.alias(plain_folder=F("folder_id") + 0).filter(plain_folder__in=folder_ids)
    if wanted.state:
        messages = messages.filter(state=wanted.state)
    if wanted.direction:
        messages = messages.filter(direction=wanted.direction)
    if wanted.up_to is not None:
        messages = messages.filter(pk__lte=wanted.up_to)
    for word in folded(wanted.text).split():
        messages = messages.filter(search_text__contains=word)
    return messages


def _older(messages: QuerySet[Message], cursor: Cursor | None) -> QuerySet[Message]:
    if cursor is not None:
        # The first condition is what an index can use, the second settles equal times.
        messages = messages.filter(received_at__lte=cursor.received_at).filter(
            Q(received_at__lt=cursor.received_at) | Q(pk__lt=cursor.pk)
        )
    return messages.order_by("-received_at", "-pk")


def _newer(messages: QuerySet[Message], cursor: Cursor) -> QuerySet[Message]:
    later = messages.filter(received_at__gte=cursor.received_at).filter(
        Q(received_at__gt=cursor.received_at) | Q(pk__gt=cursor.pk)
    )
    return later.order_by("received_at", "pk")


def _merged(listings: list[QuerySet[Message]], *, newest_first: bool) -> list[Message]:
    found = [message for listing in listings for message in listing]
    return sorted(found, key=lambda message: (message.received_at, message.pk), reverse=newest_first)
