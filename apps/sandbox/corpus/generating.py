"""Many made-up messages, for benches and for seeing how the portal feels with a full mailbox.

They are composed from sentences, so that lists, threads and searches look lively; they are not meant to be read. The
mails that are meant to be read are the files under mail/.
"""

import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from itertools import cycle, islice

from django.utils import timezone

from apps.sandbox.corpus.seeding import crm
from apps.sandbox.corpus.sentences import CZECH, ENGLISH, Language
from apps.sandbox.graph import mailroom, mime

BATCH_SIZE = 1_000
# So many are composed; what is wanted beyond them is written once more under another Message-ID and time.
COMPOSED = 2_000
# Shares of all messages.
SENT, REPLIES, WITH_HTML, WITH_FILE, UNREAD = 0.3, 0.4, 0.5, 0.06, 0.05
# So many recent mails may still be answered.
MEMORY = 60

STRANGERS = (
    ("Zuzana Holubová", "holubova@kovo-podhori.example"),
    ("Dominik Raška", "raska@obrabeni-raska.example"),
    ("Nákup", "nakup@strojtech-jih.example"),
    ("Ewa Zielińska", "ewa.zielinska@odlewnia-bielsko.example"),
    ("Callum Reid", "c.reid@clydemachining.example"),
    ("", "noreply@portal-zakazek.example"),
    ("Vojtěch Ševčík", "sevcik@sevcik-hydraulika.example"),
    ("Katharina Brandl", "k.brandl@brandl-zerspanung.example"),
)


@dataclass(frozen=True)
class Note:
    """A message before it becomes MIME."""

    author: tuple[str, str]
    recipient: tuple[str, str]
    copies: tuple[tuple[str, str], ...]
    subject: str
    text: str
    message_id: str
    sent_at: datetime
    references: tuple[str, ...]
    language: Language
    is_sent: bool


def generate(*, mailbox: str, messages: int, days: int = 730) -> int:
    """Put so many messages of the last `days` into Inbox and Sent of a mailbox, and return how many those are.

    Known contacts of the CRM and strangers write, and are written to. Raises NoSuchMailbox.
    """
    owner = mailroom.mailbox_of(mailbox).person
    chance = random.Random()  # noqa: S311
    times = _times(messages, span=timedelta(days=days), until=timezone.now(), chance=chance)
    notes = _notes((owner.name, owner.mail), _correspondents(), times=islice(times, COMPOSED), chance=chance)
    composed = [(note, source, mime.read(source)) for note in notes for source in [_mime(note, chance)]]
    done = len(mailroom.deliver_many(mailbox, [_delivery(*mail, chance) for mail in composed]))
    again = (
        _delivery(*_again(*mail, sent_at=sent_at), chance)
        for mail, sent_at in zip(cycle(composed), times, strict=False)
    )
    while batch := list(islice(again, BATCH_SIZE)):
        done += len(mailroom.deliver_many(mailbox, batch))
    return done


def _delivery(note: Note, source: bytes, mail: mime.Mail, chance: random.Random) -> mailroom.Delivery:
    return mailroom.Delivery(
        mime=source,
        folder="sentitems" if note.is_sent else "inbox",
        received_at=note.sent_at,
        is_read=note.is_sent or chance.random() >= UNREAD,
        mail=mail,
    )


def _again(note: Note, source: bytes, mail: mime.Mail, *, sent_at: datetime) -> tuple[Note, bytes, mime.Mail]:
    """The same mail under another Message-ID and time; what it answers stays the same."""
    message_id = _message_id(note.author)
    changed = {"Date": format_datetime(sent_at), "Message-ID": message_id}
    for name, value in mail.headers:
        if name in changed:
            source = source.replace(f"{name}: {value}".encode(), f"{name}: {changed[name]}".encode(), 1)
    read = replace(
        mail,
        message_id=message_id,
        thread=mail.thread if note.references else message_id,
        sent_at=sent_at.replace(microsecond=0),
        headers=[(name, changed.get(name, value)) for name, value in mail.headers],
    )
    return replace(note, message_id=message_id, sent_at=sent_at), source, read


def _times(messages: int, *, span: timedelta, until: datetime, chance: random.Random) -> Iterator[datetime]:
    """When they were sent, the oldest first, evenly over the span."""
    step = span / messages
    for number in range(messages):
        yield min(until, _in_office_hours(until - span + step * (number + chance.random() * 0.9)))


def _correspondents() -> list[tuple[str, str]]:
    """Name and address of who writes here: everyone that the CRM knows, and a few that it does not."""
    content = crm(days=0)
    known = [
        (f"{entry.get('first_name', '')} {entry['last_name']}".strip(), address)
        for entry in content["contacts"] + content["leads"]
        for address in entry.get("addresses", ())
    ]
    return [*known, *STRANGERS]


def _notes(
    owner: tuple[str, str],
    correspondents: list[tuple[str, str]],
    *,
    times: Iterable[datetime],
    chance: random.Random,
) -> Iterator[Note]:
    """One for each time; replies answer one of the recent ones."""
    recent: list[Note] = []
    for sent_at in times:
        if recent and chance.random() < REPLIES:
            note = _reply(chance.choice(recent), owner, sent_at=sent_at, chance=chance)
        else:
            note = _first(owner, chance.sample(correspondents, 3), sent_at=sent_at, chance=chance)
        recent = [*recent[-MEMORY:], note]
        yield note


def _in_office_hours(moment: datetime) -> datetime:
    """The same day with its 24 hours pressed into twelve, from 5 to 17 UTC. Keeps the order."""
    midnight = datetime.combine(moment.date(), time(), moment.tzinfo)
    return midnight + timedelta(hours=5) + (moment - midnight) / 2


def _first(owner: tuple[str, str], others: list[tuple[str, str]], *, sent_at: datetime, chance: random.Random) -> Note:
    language = CZECH if chance.random() < 0.7 else ENGLISH
    subject, opening = chance.choice(language.matters)
    order = f"{chance.choice('NSZ')}{chance.randrange(1000, 10000)}"
    part = chance.choice(language.parts)
    is_sent = chance.random() < SENT
    author, recipient = (owner, others[0]) if is_sent else (others[0], owner)
    return Note(
        author=author,
        recipient=recipient,
        copies=tuple(others[1 : chance.choice((1, 1, 1, 2, 3))]),
        subject=subject.format(order=order, part=part, n=chance.randrange(2, 60)),
        text=_text(language, opening, author, order=order, part=part, chance=chance),
        message_id=_message_id(author),
        sent_at=sent_at,
        references=(),
        language=language,
        is_sent=is_sent,
    )


def _reply(to: Note, owner: tuple[str, str], *, sent_at: datetime, chance: random.Random) -> Note:
    """An answer to a note by whom it went to, with the answered text quoted below."""
    language = to.language
    author, recipient = to.recipient, to.author
    opening = chance.choice(language.details)
    opening = opening[0].lower() + opening[1:]
    own = _text(language, opening, author, order="", part=chance.choice(language.parts), chance=chance)
    wrote = language.wrote.format(date=f"{to.sent_at:%Y-%m-%d %H:%M}", author=to.author[0] or to.author[1])
    quoted = "\n".join(f"> {line}".rstrip() for line in to.text.split("\n") if not line.startswith(">"))
    return Note(
        author=author,
        recipient=recipient,
        copies=to.copies,
        subject=to.subject if to.subject.startswith("Re: ") else f"Re: {to.subject}",
        text=f"{own}\n\n{wrote}\n{quoted}",
        message_id=_message_id(author),
        sent_at=sent_at,
        references=(*to.references, to.message_id),
        language=language,
        is_sent=author == owner,
    )


def _text(
    language: Language, opening: str, author: tuple[str, str], *, order: str, part: str, chance: random.Random
) -> str:
    sentences = [opening, *chance.sample(language.details, chance.randrange(1, 4))]
    filled = [sentence.format(order=order, part=part, n=chance.randrange(2, 60)) for sentence in sentences]
    name = author[0] or author[1]
    return f"{chance.choice(language.greetings)}\n\n{' '.join(filled)}\n\n{chance.choice(language.closings)}\n{name}"


def _message_id(author: tuple[str, str]) -> str:
    return f"<{uuid.uuid4().hex}@{author[1].rpartition('@')[2].lower()}>"


# ── MIME ──────────────────────────────────────────────────────────────────
# Written by hand: `email.message` takes ten times as long, and these mails need none of its care.


def _mime(note: Note, chance: random.Random) -> bytes:
    headers = [
        f"Date: {format_datetime(note.sent_at)}",
        f"From: {_mailbox(note.author)}",
        f"To: {_mailbox(note.recipient)}",
        *([f"Cc: {', '.join(_mailbox(copy) for copy in note.copies)}"] if note.copies else []),
        f"Subject: {_encoded(note.subject)}",
        f"Message-ID: {note.message_id}",
        *([f"In-Reply-To: {note.references[-1]}"] if note.references else []),
        *([f"References: {' '.join(note.references)}"] if note.references else []),
        "MIME-Version: 1.0",
    ]
    body = _part("text/plain", note.text)
    if chance.random() < WITH_HTML:
        page = "".join("<p>" + escape(block).replace("\n", "<br>\n") + "</p>\n" for block in note.text.split("\n\n"))
        body = _multipart("alternative", body, _part("text/html", f"<html><body>\n{page}</body></html>"))
    if chance.random() < WITH_FILE:
        table = "".join(f"{row};{chance.randrange(1, 900)};{chance.random() * 10:.3f}\n" for row in range(1, 30))
        disposition = f'Content-Disposition: attachment; filename="list-{chance.randrange(100, 1000)}.csv"'
        body = _multipart("mixed", body, _part("text/csv", table, disposition))
    return "\n".join([*headers, body]).replace("\n", "\r\n").encode()


def _part(content_type: str, content: str, *headers: str) -> str:
    """Headers and content of a part."""
    lines = [f"Content-Type: {content_type}; charset=utf-8", "Content-Transfer-Encoding: 8bit", *headers]
    return "\n".join([*lines, "", content, ""])


def _multipart(kind: str, *parts: str) -> str:
    boundary = f"=_{uuid.uuid4().hex}"
    within = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{within}--{boundary}--\n'


def _mailbox(person: tuple[str, str]) -> str:
    name, address = person
    return f"{_encoded(name)} <{address}>" if name else address


@lru_cache(maxsize=1_000)
def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=300).encode()
