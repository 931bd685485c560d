"""Mail from files into a mailbox: .eml and mbox files, or folders of them. What is left out is named with a reason."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from apps.sandbox.graph import mime
from apps.sandbox.graph.mailroom import Delivery, deliver_many

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
OUTLOOK_MAGIC = b"\xd0\xcf\x11\xe0"
# A field name (RFC 5322), at the very beginning.
FIRST_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")
# The line between two mails of an mbox file names a year, which "From what I hear" in a text does not.
MBOX_LINE = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\d{4}[^\n]*\n")
MBOX_ESCAPE = re.compile(rb"^>(>*From )", re.MULTILINE)
# So many bytes of mail are held in memory before they are put in.
BATCH_BYTES = 50_000_000
# A program that reads mailboxes loads some months of them (the portal: three), and would never see what is older.
KEEPS_ITS_DATE = timedelta(days=80)


@dataclass(frozen=True)
class Refusal:
    """A file, or one mail of an mbox file, that was left out."""

    name: str
    reason: str


@dataclass
class Loaded:
    """How a load went; as text it is what the person at the command line reads."""

    count: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"left out {refusal.name}: {refusal.reason}" for refusal in self.refusals]
        return "\n".join([*lines, f"Messages loaded: {self.count}. Left out: {len(self.refusals)}."])


def load_path(path: Path, *, mailbox: str, folder: str = "inbox") -> Loaded:
    """Put every mail at `path` into a folder of a mailbox, dated as the mail itself says; an old one arrives now.

    Damaged mails are taken with all that can be read of them. Raises NoSuchMailbox.
    """
    loaded = Loaded()
    waiting: list[Delivery] = []
    for name, content in _contents(path, loaded):
        reason = _reason_against(content)
        if reason:
            loaded.refusals.append(Refusal(name, reason))
            continue
        waiting.append(Delivery(mime=content, folder=folder, received_at=_date_of(content)))
        if sum(len(delivery.mime) for delivery in waiting) > BATCH_BYTES:
            loaded.count += len(deliver_many(mailbox, waiting))
            waiting = []
    loaded.count += len(deliver_many(mailbox, waiting))
    return loaded


def _contents(path: Path, loaded: Loaded) -> Iterator[tuple[str, bytes]]:
    """The mails at a path, each with a name to speak of it. Files that cannot be opened are reported at once."""
    files = sorted(file for file in path.rglob("*") if not file.is_dir()) if path.is_dir() else [path]
    for file in files:
        name = str(file.relative_to(path)) if path.is_dir() else file.name
        if file.exists() and not file.is_file():
            # Reading a pipe would wait for somebody who writes.
            loaded.refusals.append(Refusal(name, "it is no ordinary file"))
            continue
        try:
            content = file.read_bytes()
        except OSError as error:
            loaded.refusals.append(Refusal(name, error.strerror or str(error)))
            continue
        content = content.removeprefix(BYTE_ORDER_MARK).lstrip(b"\r\n")
        if file.suffix.lower() in {".mbox", ".mbx"} or MBOX_LINE.match(content):
            yield from _mails_of_mbox(name, content)
        else:
            yield name, content


def _mails_of_mbox(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    mails = [mail for mail in MBOX_LINE.split(content) if mail.strip()]
    if not mails:
        yield name, b""
    for number, mail in enumerate(mails, start=1):
        yield f"{name}, mail {number}", MBOX_ESCAPE.sub(rb"\1", mail)


def _reason_against(content: bytes) -> str:
    """Why a file is no mail at all, empty where it is one."""
    if not content.strip(b"\0 \t\r\n"):
        return "it is empty"
    if content.startswith(OUTLOOK_MAGIC):
        return "it is an Outlook .msg file; save it as .eml"
    if not FIRST_HEADER.match(content):
        return "it is no mail: it does not begin with a header"
    return ""


def _date_of(content: bytes) -> datetime:
    """When the mail says that it arrived or was sent; now, where it says nothing, or a time that is to come or long ago."""
    mail, now = mime.read(content), timezone.now()
    said = mail.arrived_at or mail.sent_at or now
    return said if now - KEEPS_ITS_DATE <= said <= now else now
