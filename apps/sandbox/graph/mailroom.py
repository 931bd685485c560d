"""What happens to a mailbox: it is opened, mail arrives, messages and folders are moved, changed and deleted.

Every verb keeps its own transaction and leaves the trail that delta reads.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.sandbox.control.models import Person
from apps.sandbox.graph import bodies, fillers, ids, mime, rewriting, shapes
from apps.sandbox.graph.mime import Mail
from apps.sandbox.graph.models import ExtendedProperty, Folder, Index, Mailbox, MasterCategory, Message, Removal, Source

# Well-known names and what Outlook calls the folders. `msgfolderroot` is the parent of the others.
FOLDER_NAMES = {
    "cs": {
        "inbox": "Doručená pošta",
        "sentitems": "Odeslaná pošta",
        "drafts": "Koncepty",
        "deleteditems": "Odstraněná pošta",
        "junkemail": "Nevyžádaná pošta",
        "outbox": "Pošta k odeslání",
        "archive": "Archiv",
        "conversationhistory": "Historie konverzací",
        "syncissues": "Problémy se synchronizací",
    },
    "en": {
        "inbox": "Inbox",
        "sentitems": "Sent Items",
        "drafts": "Drafts",
        "deleteditems": "Deleted Items",
        "junkemail": "Junk Email",
        "outbox": "Outbox",
        "archive": "Archive",
        "conversationhistory": "Conversation History",
        "syncissues": "Sync Issues",
    },
}
# What Outlook puts into the list of categories of a new mailbox: colour, and name by language.
CATEGORY_NAMES = {
    "preset0": {"cs": "Červená kategorie", "en": "Red category"},
    "preset1": {"cs": "Oranžová kategorie", "en": "Orange category"},
    "preset3": {"cs": "Žlutá kategorie", "en": "Yellow category"},
    "preset4": {"cs": "Zelená kategorie", "en": "Green category"},
    "preset7": {"cs": "Modrá kategorie", "en": "Blue category"},
    "preset8": {"cs": "Fialová kategorie", "en": "Purple category"},
}
ROOT = "msgfolderroot"
ROOT_NAME = "Top of Information Store"
HIDDEN = {"syncissues"}
BATCH_SIZE = 200


@dataclass(frozen=True)
class Delivery:
    """One mail on its way into a folder. `received_at` is UTC; None means now.

    `mail` is what `mime.read` makes of the bytes, where the sender knows that already: reading is what takes long.
    """

    mime: bytes
    folder: str = "inbox"
    received_at: datetime | None = None
    is_read: bool = False
    is_draft: bool = False
    mail: Mail | None = None


class NoSuchMailbox(LookupError):
    """Nobody has that address, or its owner has no mailbox."""


class NoSuchMessage(LookupError):
    """The id names no message (any more)."""


@transaction.atomic
def open_mailbox(person: Person) -> Mailbox:
    """Give the person a mailbox with the well-known folders, named in the person's language; safe to repeat."""
    mailbox, is_new = Mailbox.objects.get_or_create(person=person)
    if is_new:
        names = FOLDER_NAMES[person.language]
        number = mailbox.take_changes(len(names) + 1)
        root = Folder.objects.create(
            mailbox=mailbox, display_name=ROOT_NAME, well_known_name=ROOT, is_hidden=True, changed=number
        )
        Folder.objects.bulk_create(
            Folder(
                mailbox=mailbox,
                parent=root,
                display_name=display_name,
                well_known_name=name,
                is_hidden=name in HIDDEN,
                changed=number + ordinal,
            )
            for ordinal, (name, display_name) in enumerate(names.items(), start=1)
        )
        MasterCategory.objects.bulk_create(
            MasterCategory(mailbox=mailbox, display_name=named[person.language], color=color)
            for color, named in CATEGORY_NAMES.items()
        )
    return mailbox


def mailbox_of(mail: str) -> Mailbox:
    """The mailbox with that address, in any case of letters. Raises NoSuchMailbox."""
    try:
        return Mailbox.objects.select_related("person").get(person__mail__iexact=mail.strip())
    except Mailbox.DoesNotExist:
        raise NoSuchMailbox(mail) from None


def message_of(immutable_id: str) -> Message:
    """The message with that immutable id, in whosever mailbox. Raises NoSuchMessage."""
    try:
        name = ids.parse(immutable_id)
        message = Message.objects.select_related("mailbox", "folder").get(pk=name.item, mailbox__guid=name.mailbox_guid)
    except (ids.MalformedId, Message.DoesNotExist):
        raise NoSuchMessage(immutable_id) from None
    if name.space is not ids.Space.IMMUTABLE or name.attachment:
        raise NoSuchMessage(immutable_id)
    return message


# ── Mail ──────────────────────────────────────────────────────────────────


def deliver(
    mailbox_mail: str,
    mime: bytes,
    *,
    folder: str = "inbox",
    received_at: datetime | None = None,
    is_read: bool = False,
    is_draft: bool = False,
) -> Message:
    """Put one mail into a folder: a well-known name, or a display name ("Zakázky 2026/Servis"), made where missing.

    Any bytes are taken. Raises NoSuchMailbox.
    """
    delivery = Delivery(mime=mime, folder=folder, received_at=received_at, is_read=is_read, is_draft=is_draft)
    return deliver_many(mailbox_mail, [delivery])[0]


def deliver_many(mailbox_mail: str, deliveries: Iterable[Delivery]) -> list[Message]:
    """Put many mails into a mailbox, in their order, some hundreds a transaction. Raises NoSuchMailbox."""
    mailbox = mailbox_of(mailbox_mail)
    waiting = list(deliveries)
    delivered: list[Message] = []
    for start in range(0, len(waiting), BATCH_SIZE):
        delivered += _deliver_batch(mailbox, waiting[start : start + BATCH_SIZE])
    return delivered


def _deliver_batch(mailbox: Mailbox, deliveries: Sequence[Delivery]) -> list[Message]:
    now = timezone.now()
    mails = [delivery.mail or mime.read(delivery.mime) for delivery in deliveries]
    with transaction.atomic():
        folders = {name: folder_for(mailbox, name) for name in dict.fromkeys(item.folder for item in deliveries)}
        number = mailbox.take_changes(len(deliveries))
        messages = Message.objects.bulk_create(
            _message(mailbox, folders[delivery.folder], mail, delivery, number=number + ordinal, now=now)
            for ordinal, (mail, delivery) in enumerate(zip(mails, deliveries, strict=True))
        )
        Source.objects.bulk_create(
            Source(message=message, mime=delivery.mime) for message, delivery in zip(messages, deliveries, strict=True)
        )
    return messages


def _message(
    mailbox: Mailbox, folder: Folder, mail: mime.Mail, delivery: Delivery, *, number: int, now: datetime
) -> Message:
    received_at = (delivery.received_at or now).replace(microsecond=0)
    return Message(
        mailbox=mailbox,
        folder=folder,
        arrived=number,
        changed=number,
        received_at=received_at,
        sent_at=mail.sent_at or received_at,
        modified_at=now.replace(microsecond=0),
        subject=mail.subject,
        internet_message_id=mail.message_id,
        conversation_id=ids.conversation_id(mailbox.guid, mail.thread),
        from_name=mail.author.name if mail.author else "",
        from_address=mail.author.address if mail.author else "",
        is_read=delivery.is_read,
        is_draft=delivery.is_draft,
        has_attachments=any(not part.is_inline for part in mail.parts),
        importance=mail.importance,
        flag={"flagStatus": "notFlagged"},
        size=fillers.filled_size(delivery.mime),
        facts=shapes.facts(mail),
        attachments=[shapes.part_facts(part) for part in mail.parts],
    )


@transaction.atomic
def move(message: Message, *, folder: str) -> Message:
    """Move a message into a folder, named as for `deliver`. Its immutable id stays, its mutable id changes."""
    return move_to(message, folder_for(message.mailbox, folder))


@transaction.atomic
def move_to(message: Message, folder: Folder) -> Message:
    if folder.pk == message.folder_id:
        return message
    number = message.mailbox.take_changes()
    _leave_trail(message, number=number)
    message.folder, message.location = folder, message.location + 1
    message.arrived = message.changed = number
    message.modified_at = timezone.now().replace(microsecond=0)
    message.save(update_fields=["folder", "location", "arrived", "changed", "modified_at"])
    return message


@transaction.atomic
def change(
    message: Message,
    *,
    properties: Mapping[str, str] | None = None,
    body: Mapping[str, str] | None = None,
    **values: Any,
) -> Message:
    """Set fields of a message (`is_read`, `categories`, `flag`, ...), which gives it a new change key.

    `properties` are extended ones by their tags; `body` is a new one for a draft, with `contentType` and `content`.
    """
    if body is not None:
        values |= _rewritten(message, body, values.get("facts", message.facts))
    for name, value in values.items():
        setattr(message, name, value)
    message.changed = message.mailbox.take_changes()
    message.modified_at = timezone.now().replace(microsecond=0)
    fields = {"category_lines" if name == "categories" else name for name in values}
    message.save(update_fields=[*fields, "changed", "modified_at"])
    for tag, value in (properties or {}).items():
        ExtendedProperty.objects.update_or_create(message=message, tag=tag, defaults={"value": value})
    return message


def _rewritten(message: Message, body: Mapping[str, str], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Put a new body into the source, and return the fields that follow from it."""
    is_html = body["contentType"].lower() == "html"
    source = rewriting.with_body(bytes(message.source.mime), content=body["content"], is_html=is_html)
    Source.objects.filter(message=message).update(mime=source)
    message.source.mime = source
    # Made anew by the next search.
    Index.objects.filter(message=message).delete()
    return {"facts": {**facts, "bodyPreview": bodies.preview(mime.read(source).text)}, "size": len(source)}


@transaction.atomic
def delete(message: Message) -> None:
    """Remove a message for good, as Shift+Delete in Outlook does."""
    _leave_trail(message, number=message.mailbox.take_changes())
    message.delete()


def _leave_trail(message: Message, *, number: int) -> None:
    Removal.objects.create(
        mailbox_id=message.mailbox_id,
        folder_id=message.folder_id,
        item=message.pk,
        location=message.location,
        number=number,
    )


# ── Folders ───────────────────────────────────────────────────────────────


@transaction.atomic
def folder_for(mailbox: Mailbox, name: str) -> Folder:
    """The folder of a well-known name, or of a display name or path of them, made where missing."""
    found = folder_at(mailbox, name)
    if found:
        return found
    above, _slash, last = name.rpartition("/")
    parent = folder_for(mailbox, above) if above else mailbox.folders.get(well_known_name=ROOT)
    return create_folder(parent, display_name=last.strip())


def folder_at(mailbox: Mailbox, name: str) -> Folder | None:
    """The folder of a well-known name, or of a display name or path of them; None where there is none."""
    known = mailbox.folders.filter(well_known_name=name.strip().lower()).first() if name.strip() else None
    if known:
        return known
    folder: Folder | None = mailbox.folders.get(well_known_name=ROOT)
    for step in name.split("/"):
        folder = folder.children.filter(display_name=step.strip()).first() if folder else None
    return folder


@transaction.atomic
def create_folder(parent: Folder, *, display_name: str, is_search: bool = False, is_hidden: bool = False) -> Folder:
    """A new folder below another. Raises IntegrityError where that name is taken there."""
    return Folder.objects.create(
        mailbox=parent.mailbox,
        parent=parent,
        display_name=display_name,
        is_search=is_search,
        is_hidden=is_hidden,
        changed=parent.mailbox.take_changes(),
    )


@transaction.atomic
def rename_folder(folder: Folder, *, display_name: str) -> Folder:
    """Raises IntegrityError where the name is taken beside it."""
    folder.display_name = display_name
    folder.changed = folder.mailbox.take_changes()
    folder.save(update_fields=["display_name", "changed"])
    return folder


class FolderInsideItself(ValueError):
    """A folder cannot be moved into itself or into one below it."""


@transaction.atomic
def move_folder(folder: Folder, *, parent: Folder) -> Folder:
    """Raises FolderInsideItself, or IntegrityError where the name is taken there."""
    above: Folder | None = parent
    while above is not None:
        if above.pk == folder.pk:
            raise FolderInsideItself(folder.display_name)
        above = above.parent
    folder.parent = parent
    folder.changed = folder.mailbox.take_changes()
    folder.save(update_fields=["parent", "changed"])
    return folder


@transaction.atomic
def delete_folder(folder: Folder) -> None:
    """Remove a folder with all that is in it."""
    for child in folder.children.all():
        delete_folder(child)
    Removal.objects.create(mailbox=folder.mailbox, item=folder.pk, number=folder.mailbox.take_changes())
    folder.delete()
