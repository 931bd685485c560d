"""Reading marks: what a person or a transfer said of each of many messages, in one query."""

from __future__ import annotations

from collections.abc import Collection

from apps.mailboxes.models import Message
from apps.sync.models import Mark


def mark_key(message: Message) -> tuple[str, str, str]:
    """Under what the mark of a message is kept: by the identity of its mailbox, so that it outlives the connection."""
    return message.mailbox.home_account_id, message.email_key, message.variant


def marks_by_key(messages: Collection[Message]) -> dict[tuple[str, str, str], str]:
    """The marks of these messages, with their mailboxes at hand, by `mark_key`."""
    if not messages:
        return {}
    marks = Mark.objects.filter(
        home_account_id__in={message.mailbox.home_account_id for message in messages},
        email_key__in={message.email_key for message in messages},
    )
    rows = marks.values_list("home_account_id", "email_key", "variant", "value")
    return {(home_account_id, email_key, variant): value for home_account_id, email_key, variant, value in rows}


def marks_of(messages: Collection[Message]) -> dict[int, str]:
    """The mark of each message that has one, by the message's id."""
    marks = marks_by_key(messages)
    return {message.pk: marks[key] for message in messages if (key := mark_key(message)) in marks}
