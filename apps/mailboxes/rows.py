"""Graph's messages as rows. Everything here is safe to repeat: Graph replays items, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Q

from apps.core.addresses import Address, canonical
from apps.graph.parsing import GraphMessage
from apps.mailboxes.category import is_among
from apps.mailboxes.identity import email_key, traits, variants
from apps.mailboxes.kinds import is_private, kind_of
from apps.mailboxes.models import MailFolder, Message, OutlookCategory, Participant
from apps.mailboxes.search import search_text
from apps.mailboxes.texts import storable

# Of a mail to hundreds of people the first hundred are found by name; the text filter stays small.
SEARCHED_PEOPLE = 100
CHANGING_FIELDS = [
    "folder",
    "change_key",
    "is_read",
    "has_attachments",
    "web_link",
    "seen_round",
    "missing_since",
    "gone_at",
    "has_category",
    "category_asked_at",
    "kind",
    "is_private",
    "kind_read_at",
]


def store_messages(folder: MailFolder, messages: Iterable[GraphMessage], *, at: datetime) -> list[int]:
    """Write what a page of this folder showed, inside the caller's transaction. Returns the ids of new rows.

    A row is known by its immutable id, so a moved message keeps row, state and marks. Drafts are no mail yet.
    """
    seen = {message.id: message for message in messages if not message.is_draft}
    _hold(folder, seen.values())
    known = {row.graph_id: row for row in Message.objects.filter(mailbox=folder.mailbox_id, graph_id__in=list(seen))}
    taken_since = (
        OutlookCategory.objects.filter(mailbox=folder.mailbox_id).values_list("taken_since", flat=True).first()
    )
    for row in known.values():
        _bring_up_to_date(row, seen[row.graph_id], folder, at=at)
        _note_category(row, seen[row.graph_id], taken_since=taken_since, at=at)
    Message.objects.bulk_update(known.values(), CHANGING_FIELDS, batch_size=100)
    # Of a change to a message that is not known the proof of the night finds the rest.
    new = [message for message in seen.values() if message.id not in known and message.is_whole]
    return _insert(folder, new, taken_since=taken_since, at=at)


def _hold(folder: MailFolder, messages: Iterable[GraphMessage]) -> None:
    """Lock the rows of this page and all copies of its mails at once, in the order in which everybody locks copies.

    A colleague's run locks the same copies. Were our own rows locked first and the copies with the new ones, the two could
    wait for each other.
    """
    if connection.features.has_select_for_update:
        listed = {message.id: email_key(message) for message in messages}
        own = Q(mailbox=folder.mailbox_id, graph_id__in=list(listed))
        copies = Message.objects.filter(own | Q(email_key__in=set(listed.values())))
        list(copies.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def mark_missing(folder: MailFolder, graph_ids: Sequence[str], *, at: datetime) -> None:
    """These left the folder. Moved or gone, a look-up by id decides; until then they stay."""
    if graph_ids:
        Message.objects.filter(folder=folder, graph_id__in=graph_ids, missing_since=None, gone_at=None).update(
            missing_since=at
        )


def _bring_up_to_date(row: Message, message: GraphMessage, folder: MailFolder, *, at: datetime) -> None:
    row.folder = folder
    row.seen_round = folder.round
    row.missing_since = row.gone_at = None
    row.is_read = message.is_read
    if not message.is_whole:
        return
    row.change_key = message.change_key
    row.has_attachments = message.has_attachments
    row.web_link = message.web_link
    if row.kind_read_at is None:
        _note_kind(row, message, at=at)


def _note_kind(row: Message, message: GraphMessage, *, at: datetime) -> None:
    """What the list tells of the kind. Without the mail's own headers that is little, and the letter will tell."""
    if message.headers:
        row.kind, row.is_private, row.kind_read_at = kind_of(message.headers), is_private(message.headers), at
    if message.is_meeting and row.kind == Message.Kind.MAIL:
        row.kind = Message.Kind.MEETING


def _note_category(row: Message, message: GraphMessage, *, taken_since: datetime | None, at: datetime) -> None:
    """A category that was not there before is the owner's wish. What the portal wrote itself it knows of; what changed in
    Graph's same second is taken for its own writing."""
    if not message.is_whole:
        return
    if row.category_known_at and message.modified_at and message.modified_at <= row.category_known_at:
        return
    has_it = is_among(message.categories)
    if has_it == row.has_category:
        return
    row.has_category = has_it
    is_new = taken_since is not None and message.modified_at is not None and message.modified_at >= taken_since
    row.category_asked_at = at if has_it and is_new else None


def _insert(
    folder: MailFolder, messages: Sequence[GraphMessage], *, taken_since: datetime | None, at: datetime
) -> list[int]:
    keys = [email_key(message) for message in messages]
    identities = zip(keys, variants(zip(keys, map(traits, messages), strict=True)), strict=True)
    rows = Message.objects.bulk_create(
        [
            _row(folder, message, key=key, variant=variant, taken_since=taken_since, at=at)
            for message, (key, variant) in zip(messages, identities, strict=True)
        ],
        batch_size=100,
    )
    Participant.objects.bulk_create(
        [person for row, message in zip(rows, messages, strict=True) for person in _participants(row, message)],
        batch_size=200,
    )
    return [row.pk for row in rows]


def _row(
    folder: MailFolder, message: GraphMessage, *, key: str, variant: str, taken_since: datetime | None, at: datetime
) -> Message:
    sender = message.sender or Address("", "")
    received_at = message.received_at or message.sent_at or at
    has_category = is_among(message.categories)
    # Older mail that is loaded for the first time may have had it for years.
    is_asked = has_category and taken_since is not None and received_at >= taken_since
    row = Message(
        mailbox_id=folder.mailbox_id,
        folder_id=folder.pk,
        graph_id=message.id,
        change_key=message.change_key,
        internet_message_id=storable(message.internet_message_id),
        email_key=storable(key),
        variant=variant,
        conversation_id=message.conversation_id[:255],
        direction=_direction(folder, sender),
        subject=storable(message.subject),
        preview=storable(message.preview),
        sender_name=storable(sender.name)[:300],
        sender_address=storable(sender.address)[:320],
        received_at=received_at,
        sent_at=message.sent_at or received_at,
        is_read=message.is_read,
        has_attachments=message.has_attachments,
        web_link=message.web_link,
        search_text=_searched(message),
        seen_round=folder.round,
        has_category=has_category,
        category_asked_at=at if is_asked else None,
    )
    _note_kind(row, message, at=at)
    return row


def _direction(folder: MailFolder, sender: Address) -> Message.Direction:
    """Sent is what lies among the sent mail, and what is the owner's own in any folder but the inbox."""
    is_own = canonical(sender.address) in folder.mailbox.own_addresses
    if folder.kind == MailFolder.Kind.SENT or (is_own and folder.kind != MailFolder.Kind.INBOX):
        return Message.Direction.SENT
    return Message.Direction.RECEIVED


def _searched(message: GraphMessage) -> str:
    people = [person for _role, _position, person in _people(message)][:SEARCHED_PEOPLE]
    texts = [message.subject, *(f"{person.name} {person.address}" for person in people), message.preview]
    return search_text("\n".join(texts))


def _participants(row: Message, message: GraphMessage) -> Iterator[Participant]:
    for role, position, person in _people(message):
        yield Participant(
            message_id=row.pk,
            role=role,
            position=position,
            name=storable(person.name)[:300],
            written_address=storable(person.address)[:400],
            address=canonical(person.address),
        )


def _people(message: GraphMessage) -> Iterator[tuple[Participant.Role, int, Address]]:
    groups = [
        (Participant.Role.FROM, (message.sender,) if message.sender else ()),
        (Participant.Role.TO, message.to),
        (Participant.Role.CC, message.cc),
        (Participant.Role.BCC, message.bcc),
    ]
    for role, people in groups:
        for position, person in enumerate(people):
            yield role, position, person
