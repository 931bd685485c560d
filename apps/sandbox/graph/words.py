"""The words of messages as `$search` compares them: without accents and capitals, each with a blank before it."""

import re
import unicodedata
from collections.abc import Iterable

from apps.sandbox.graph import mime
from apps.sandbox.graph.models import Index, Mailbox, Message, Source

WORD = re.compile(r"\w+")
BATCH_SIZE = 200


def folded(text: str) -> str:
    """Words in a row, ready to be looked for and to be looked into.

    >>> folded("Poptávka: jana@firma.example")
    ' poptavka jana firma example'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(
        f" {word}" for word in WORD.findall("".join(char for char in plain if not unicodedata.combining(char)))
    )


def index(mailbox: Mailbox) -> None:
    """Take in the messages that came since the mailbox was last searched."""
    while waiting := list(Message.objects.filter(mailbox=mailbox, index=None).order_by("pk")[:BATCH_SIZE]):
        sources = Source.objects.in_bulk([row.pk for row in waiting])
        Index.objects.bulk_create([_entry(row, sources[row.pk]) for row in waiting], ignore_conflicts=True)


def _entry(row: Message, source: Source) -> Index:
    mail = mime.read(bytes(source.mime))
    authors = list(filter(None, (mail.author, mail.sender)))
    people = {"sender": authors, "to": mail.to, "cc": mail.cc, "bcc": mail.bcc}
    return Index(
        message=row,
        subject=folded(row.subject),
        body=folded(mail.text),
        attachment=_listed(part.name for part in mail.parts),
        **{name: _listed(f"{one.name} {one.address}" for one in found) for name, found in people.items()},
    )


def _listed(texts: Iterable[str]) -> str:
    """Texts one after another, kept apart so that no phrase reaches from one into the next."""
    return " |".join(folded(text) for text in texts)
