"""Reading marks: what a person or a transfer said of each of many messages, in one query."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from apps.mailboxes.models import Message, MessageState
from apps.sync.models import Mark


def mark_key(message: Message) -> tuple[str, str, str]:
    """Under what the mark of a message is kept: by the identity of its mailbox, so that it outlives the connection."""
    return message.mailbox.home_account_id, message.email_key, message.variant


def marks_by_key(messages: Collection[Message]) -> dict[tuple[str, str, str], str]:
    """The marks of these messages, with their mailboxes at hand, by `mark_key`."""
    rows = _rows(messages).values_list("home_account_id", "email_key", "variant", "value")
    return {(home_account_id, email_key, variant): value for home_account_id, email_key, variant, value in rows}


def marks_of(messages: Collection[Message]) -> dict[int, str]:
    """The mark of each message that has one, by the message's id."""
    marks = marks_by_key(messages)
    return {message.pk: marks[key] for message in messages if (key := mark_key(message)) in marks}


def synced_by(messages: Collection[Message]) -> dict[int, str]:
    """Who marked each of these messages that is marked as synced: a Mark.Source, by the message's id."""
    synced = _rows(messages).filter(value=Mark.Value.SYNCED)
    sources = {(row.home_account_id, row.email_key, row.variant): row.source for row in synced}
    return {message.pk: sources[key] for message in messages if (key := mark_key(message)) in sources}


def holds_back(message: Message, source: str) -> bool:
    """Whether a mark as synced keeps the message out of selections and runs.

    Where not all of it arrived, the mark of a transfer says no more than that: it is tried again. A person's word holds, but
    for a transfer that failed after it, for that one was asked for all the same.
    """
    if message.state == MessageState.PARTIAL:
        return source != Mark.Source.TRANSFER
    return message.state != MessageState.FAILED


def _rows(messages: Collection[Message]) -> QuerySet[Mark]:
    return Mark.objects.filter(
        home_account_id__in={message.mailbox.home_account_id for message in messages},
        email_key__in={message.email_key for message in messages},
    )
