"""Reads that shape the pages: the list of messages by state, and what the portal knows about one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from apps.accounts.models import User
from apps.core.addresses import canonical
from apps.mailboxes.models import Mailbox, MailFolder, Message, MessageState, Participant
from apps.sync.listing import (
    COUNT_LIMIT,
    UNDECIDED,
    Cursor,
    MessageFilter,
    count_messages,
    newer_messages,
    older_messages,
)
from apps.sync.marks import marks_of
from apps.sync.models import CrmEmail, CrmFile, CrmLink, KnownAddress, Outcome
from apps.sync.people import KIND_OF

PAGE_SIZE = 50
MOVING = (MessageState.QUEUED, MessageState.RUNNING)


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as the list shows it. `recipients` is filled for sent mail, whose sender everybody knows.

    `kind` is what the user's CORIPO last said of the sender, or of the first recipient of sent mail: "contact",
    "lead", "company", "unknown", or "" where nobody has asked yet.
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
        found = newer_messages(user, wanted, after, most=size + 1)
        messages = found[:size][::-1]
        newer = str(Cursor.of(messages[0])) if len(found) > size else ""
        older = str(Cursor.of(messages[-1])) if messages else ""
        if not messages:
            return message_page(user, wanted, size=size)
    else:
        found = older_messages(user, wanted, before, most=size + 1)
        messages = found[:size]
        older = str(Cursor.of(messages[-1])) if len(found) > size else ""
        newer = str(Cursor.of(messages[0])) if before is not None and messages else ""
        if before is not None and not messages:
            return message_page(user, wanted, size=size)
    return MessagePage(rows=rows_of(user, messages), older=older, newer=newer)


def files_of(message: Message) -> list[CrmFile]:
    """What became of the mail's attachments in CORIPO, in the order of their names."""
    return list(CrmFile.objects.filter(crm_email__in=CrmEmail.objects.of(message)).order_by("name", "pk"))


def messages_by_id(user: User, pks: Collection[int]) -> tuple[MessageRow, ...]:
    """The rows of these messages, as far as the user may see them."""
    messages = Message.objects.visible_to(user).filter(pk__in=pks).select_related("mailbox").order_by("pk")
    return rows_of(user, list(messages))


def count_by_state(user: User, wanted: MessageFilter, states: Iterable[str]) -> dict[str, int]:
    """How many messages of the filter are in each of these states, counted up to COUNT_LIMIT."""
    return {state: count_messages(user, replace(wanted, state=state)) for state in states}


def count_undecided(user: User) -> dict[str, int]:
    """How many messages of the lists are in each of the UNDECIDED states, counted up to COUNT_LIMIT together: one query."""
    listed = Message.objects.visible_to(user).present().filter(state__in=UNDECIDED)
    return Counter(listed.values_list("state", flat=True)[:COUNT_LIMIT])


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


def record_of(message: Message, *, user: User) -> Record | None:
    """The record in CORIPO that this mail has, as far as the portal knows; asks nobody."""
    crm_email = (
        CrmEmail.objects.of(message)
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
    known = KnownAddress.objects.filter(user=user, address__in=addresses - {""}).values_list(
        "address", "contacts", "records"
    )
    return {
        address: "contact" if contacts else KIND_OF[records[0]["module"]] if records else "unknown"
        for address, contacts, records in known
    }
