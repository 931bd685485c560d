"""Finding messages by words, alike on SQLite and PostgreSQL.

A message is found by a text when each word of the text begins a word of the message; order, case, diacritics and
punctuation do not matter. Two ways lead there, and `apps/sync/listing.py` chooses:

- `matching` reads rows. Right for few rows, or where so many match that a page is soon full.
- `looked_up` asks the text index of ADR 0008 about some months. Right for what is rarer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connections, models
from django.db.models.expressions import RawSQL

from apps.mailboxes.models import Message
from apps.mailboxes.texts import words_of

LONGEST_SEARCH_TEXT = 8000
# Shorter beginnings are shared by so many words that looking them up costs more than it leaves out.
SHORTEST_LOOKED_UP = 3

_LOOK_UP = {
    "postgresql": "SELECT mailboxes_message_words_found(%s::tsquery)",
    "sqlite": "SELECT rowid FROM mailboxes_message_words WHERE mailboxes_message_words MATCH %s",
}
_TERM = {"postgresql": "'{mailbox}:{month}:{word}':*", "sqlite": '"{mailbox}:{month}:{word}"*'}
_AND = {"postgresql": " & ", "sqlite": " AND "}
_OR = {"postgresql": " | ", "sqlite": " OR "}


def search_text(text: str) -> str:
    """What `Message.search_text` holds: each different word with a space before it, in the order of the text."""
    words = "".join(f" {word}" for word in words_of(text))
    if len(words) <= LONGEST_SEARCH_TEXT:
        return words
    return words[: words.rfind(" ", 0, LONGEST_SEARCH_TEXT + 1)]


def matching(messages: models.QuerySet[Message], words: Sequence[str]) -> models.QuerySet[Message]:
    """Those that hold all words, found by reading the rows."""
    for word in words:
        messages = messages.filter(search_text__contains=f" {word}")
    return messages


def month_of(at: datetime) -> int:
    """The month, in UTC, as the text index counts them: from January 2000 on; what is older belongs to that one."""
    at = at.astimezone(UTC)
    return max(0, (at.year - 2000) * 12 + at.month - 1)


def looked_up(
    messages: models.QuerySet[Message], words: Sequence[str], *, mailbox_ids: Sequence[int], months: range
) -> models.QuerySet[Message]:
    """Those of these mailboxes and months that hold all words, found by the text index. At least one word is needed.

    Nothing else in `messages` should be a condition on mailbox or folder that an index could serve: the database might
    take that index instead.
    """
    vendor = connections[messages.db].vendor
    telling = [word for word in words if len(word) >= SHORTEST_LOOKED_UP] or words
    anywhere = [
        [_TERM[vendor].format(mailbox=mailbox, month=month, word=word) for mailbox in mailbox_ids for month in months]
        for word in telling
    ]
    query = _AND[vendor].join(f"({_OR[vendor].join(terms)})" for terms in anywhere)
    return matching(messages.filter(pk__in=RawSQL(_LOOK_UP[vendor], [query])), words)  # noqa: S611  # constant SQL
