"""Finding messages by words, alike on SQLite and PostgreSQL.

A message is found by a text when each word of the text begins a word of the message; order, case, diacritics and
punctuation do not matter. Two ways lead there, and `apps/sync/listing.py` chooses:

- `matching` reads rows. Right for few rows, or where so many match that a page is soon full.
- `looked_up` asks the text index of ADR 0008. Right for what is rare.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections, models
from django.db.models.expressions import RawSQL

from apps.mailboxes.models import Message
from apps.mailboxes.texts import words_of

LONGEST_SEARCH_TEXT = 8000
# Shorter beginnings are shared by so many words that looking them up costs more than it leaves out.
SHORTEST_LOOKED_UP = 3

_LOOK_UP = {
    "postgresql": "SELECT message_id FROM mailboxes_message_words WHERE words @@ %s::tsquery",
    "sqlite": "SELECT rowid FROM mailboxes_message_words WHERE mailboxes_message_words MATCH %s",
}
_TERM = {"postgresql": "'{mailbox}:{word}':*", "sqlite": '"{mailbox}:{word}"*'}
_AND = {"postgresql": " & ", "sqlite": " AND "}


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


def looked_up(messages: models.QuerySet[Message], words: Sequence[str], *, mailbox_id: int) -> models.QuerySet[Message]:
    """Those of this mailbox that hold all words, found by the text index. At least one word is needed.

    Nothing else in `messages` should be a condition on mailbox or folder that an index could serve: the database
    might take that index instead.
    """
    vendor = connections[messages.db].vendor
    telling = [word for word in words if len(word) >= SHORTEST_LOOKED_UP] or words
    query = _AND[vendor].join(_TERM[vendor].format(mailbox=mailbox_id, word=word) for word in telling)
    return matching(messages.filter(pk__in=RawSQL(_LOOK_UP[vendor], [query])), words)  # noqa: S611  # constant SQL
