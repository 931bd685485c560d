"""Fill the sandbox: three people of a small firm, their mail of the last 120 days and their contacts, and a CRM that knows
some of both.

    people.json                          who they are, their demo passwords and CORIPO roles
    mail/<local part>/<folder>/*.eml     one file for each copy of a mail; FOLDERS says which folder is meant
    contacts.json                        whom they keep in Outlook, by local part: the `contact` as Graph writes it, with
                                         the folder below the default one and the extended properties, where it has any
    crm.json                             what CORIPO holds (the shape is told by `coripo.seeding.load`)

A first line `X-Sandbox-State:` of a file says "unread", "flagged" or "draft"; it is not part of the mail. All dates are
those of a fictitious first start and are moved by whole days, so that the newest mail came today or yesterday.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.sandbox.control.models import Person
from apps.sandbox.coripo import seeding as coripo
from apps.sandbox.corpus.dates import shifted, shifted_text
from apps.sandbox.graph import addressbook, contact_shapes, mailroom, mime

HERE = Path(__file__).resolve().parent
MAIL = HERE / "mail"
# Folders that Outlook knows go by their well-known name; these two hang below the inbox.
FOLDERS = {"zakazky-2026": "Doručená pošta/Zakázky 2026", "servis": "Doručená pošta/Servis"}
STATE = re.compile(rb"\AX-Sandbox-State: ([a-z ]+)\r\n")


@dataclass(frozen=True)
class Letter:
    """A mail of the corpus as it lies in somebody's folder, dated as the file says. `arrived_at` is UTC."""

    path: Path
    source: bytes
    arrived_at: datetime
    state: frozenset[str]

    @property
    def owner(self) -> str:
        """The local part of the address whose mailbox it lies in."""
        return self.path.relative_to(MAIL).parts[0]

    @property
    def folder(self) -> str:
        name = self.path.parent.name
        return FOLDERS.get(name, name)


def seed_once() -> None:
    """Fill an empty sandbox; where there is already somebody, add at most the contacts that older seeds did not know."""
    with transaction.atomic():
        if not Person.objects.exists():
            _seed(at=timezone.now())
        else:
            for person in Person.objects.filter(
                mailbox__contact_folders=None, mail__in=[one["mail"] for one in people()]
            ):
                _fill_addressbook(person)


def reseed() -> None:
    """Put the seeded people, mailboxes and CRM in the place of all others. Ids of messages and sign-ins are new."""
    with transaction.atomic():
        coripo.clear()
        Person.objects.all().delete()
        _seed(at=timezone.now())


def people() -> list[dict[str, str]]:
    """The three people, with all that a sign-in to Microsoft and to CORIPO needs."""
    entries: list[dict[str, str]] = json.loads((HERE / "people.json").read_text("utf-8"))
    return entries


def letters() -> list[Letter]:
    """Every mail of the corpus, the oldest first."""
    read = [_letter(path) for path in MAIL.rglob("*.eml")]
    return sorted(read, key=lambda letter: (letter.arrived_at, letter.path))


def crm(*, days: int) -> dict[str, Any]:
    """What CORIPO holds, so many days later than the file says, with the three people among its users."""
    content: dict[str, Any] = json.loads(shifted_text((HERE / "crm.json").read_text("utf-8"), days=days))
    own = [
        {
            "user_name": person["coripo_user"],
            "password": person["coripo_password"],
            "name": person["name"],
            "mail": person["mail"],
            "role": person["coripo_role"],
        }
        for person in people()
    ]
    return content | {"users": own + content["users"]}


def _seed(*, at: datetime) -> None:
    waiting = letters()
    days = (at - waiting[-1].arrived_at) // timedelta(days=1)
    for entry in people():
        person = Person.objects.create(**{name: value for name, value in entry.items() if name != "coripo_role"})
        mailroom.open_mailbox(person)
        owner = person.mail.partition("@")[0]
        _fill(person, [letter for letter in waiting if letter.owner == owner], days=days)
        _fill_addressbook(person)
    coripo.load(crm(days=days))


def _fill(person: Person, letters: list[Letter], *, days: int) -> None:
    deliveries = [
        mailroom.Delivery(
            mime=shifted(letter.source, days=days),
            folder=letter.folder,
            received_at=letter.arrived_at + timedelta(days=days),
            is_read="unread" not in letter.state,
            is_draft="draft" in letter.state,
        )
        for letter in letters
    ]
    delivered = mailroom.deliver_many(person.mail, deliveries)
    for letter, message in zip(letters, delivered, strict=True):
        if "flagged" in letter.state:
            mailroom.change(message, flag={"flagStatus": "flagged"})


def _fill_addressbook(person: Person) -> None:
    mailbox = mailroom.mailbox_of(person.mail)
    known = json.loads((HERE / "contacts.json").read_text("utf-8"))
    for entry in known[person.mail.partition("@")[0]]:
        folder = addressbook.folder_for(mailbox, entry.get("folder", ""))
        facts = contact_shapes.written(entry["contact"], is_new=True)
        addressbook.create(folder, facts, properties=entry.get("properties"))


def _letter(path: Path) -> Letter:
    """Read a file. Raises ValueError where neither a Received nor a Date header says when the mail came."""
    source = path.read_bytes()
    match = STATE.match(source)
    source = STATE.sub(b"", source)
    mail = mime.read(source)
    arrived_at = mail.arrived_at or mail.sent_at
    if arrived_at is None:
        raise ValueError(f"{path.name} has no date")
    return Letter(path, source, arrived_at, frozenset(match[1].decode().split() if match else ()))
