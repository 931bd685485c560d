"""What happens to the contacts of a mailbox, through Graph or by its owner in Outlook: made, changed, moved, deleted.

Every verb keeps its own transaction and leaves the trail that delta reads.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.sandbox.graph import ids
from apps.sandbox.graph.models import Contact, ContactFolder, ExtendedProperty, Mailbox, Removal

FOLDER_NAMES = {"cs": "Kontakty", "en": "Contacts"}
NAME_PARTS = ("givenName", "middleName", "surname", "generation")


class NoSuchContact(LookupError):
    """The id names no contact (any more)."""


def contact_of(immutable_id: str) -> Contact:
    """The contact with that immutable id, in whosever mailbox. Raises NoSuchContact."""
    try:
        name = ids.parse(immutable_id)
        found = Contact.objects.select_related("mailbox").get(pk=name.item, mailbox__guid=name.mailbox_guid)
    except (ids.MalformedId, Contact.DoesNotExist):
        raise NoSuchContact(immutable_id) from None
    if name.space is not ids.Space.IMMUTABLE_CONTACT:
        raise NoSuchContact(immutable_id)
    return found


@transaction.atomic
def create(folder: ContactFolder, facts: Mapping[str, Any], *, properties: Mapping[str, str] | None = None) -> Contact:
    """A new contact. What it is called and filed under is made from its names where `facts` do not say it."""
    number, now = folder.mailbox.take_changes(), timezone.now().replace(microsecond=0)
    contact = Contact(mailbox=folder.mailbox, folder=folder, arrived=number, changed=number, created_at=now)
    _write(contact, _named({}, facts))
    contact.modified_at = now
    contact.save()
    _set(contact, properties or {})
    return contact


@transaction.atomic
def change(contact: Contact, facts: Mapping[str, Any], *, properties: Mapping[str, str] | None = None) -> Contact:
    """Set properties, extended ones by their tags, which gives the contact a new change key.

    Without a `displayName` among them, Exchange makes it anew from the names, whatever it was.
    """
    _write(contact, _named(contact.facts, facts) if facts else {})
    contact.changed = contact.mailbox.take_changes()
    contact.modified_at = timezone.now().replace(microsecond=0)
    contact.save()
    _set(contact, properties or {})
    return contact


@transaction.atomic
def move(contact: Contact, folder: ContactFolder | None) -> Contact:
    """Into another folder, or to the deleted items. The immutable id stays, the mutable one changes."""
    if contact.folder_id == (folder.pk if folder else None):
        return contact
    number = contact.mailbox.take_changes()
    _leave_trail(contact, number=number)
    contact.folder, contact.location = folder, contact.location + 1
    contact.arrived = contact.changed = number
    contact.modified_at = timezone.now().replace(microsecond=0)
    contact.save()
    return contact


@transaction.atomic
def delete(contact: Contact) -> None:
    """For good, as Shift+Delete in Outlook does."""
    _leave_trail(contact, number=contact.mailbox.take_changes())
    contact.delete()


# ── Folders ───────────────────────────────────────────────────────────────


def default_folder(mailbox: Mailbox) -> ContactFolder:
    """The folder that every mailbox has; made when it is first asked for."""
    found = mailbox.contact_folders.filter(parent=None).first()
    return found or _open(mailbox)


@transaction.atomic
def _open(mailbox: Mailbox) -> ContactFolder:
    name, number = FOLDER_NAMES[mailbox.person.language], mailbox.take_changes()
    folder, _is_new = ContactFolder.objects.get_or_create(
        mailbox=mailbox, parent=None, defaults={"display_name": name, "changed": number}
    )
    return folder


def folder_at(mailbox: Mailbox, name: str) -> ContactFolder | None:
    """The folder of a display name, or of a path of them, below the default one, which has no name here."""
    folder: ContactFolder | None = default_folder(mailbox)
    for step in filter(None, (step.strip() for step in name.split("/"))):
        folder = folder.children.filter(display_name=step).first() if folder else None
    return folder


def folder_for(mailbox: Mailbox, name: str) -> ContactFolder:
    """The same, made where missing."""
    found = folder_at(mailbox, name)
    if found:
        return found
    above, _slash, last = name.rpartition("/")
    return create_folder(folder_for(mailbox, above), display_name=last.strip())


@transaction.atomic
def create_folder(parent: ContactFolder, *, display_name: str) -> ContactFolder:
    """Raises IntegrityError where that name is taken there."""
    number = parent.mailbox.take_changes()
    return ContactFolder.objects.create(
        mailbox=parent.mailbox, parent=parent, display_name=display_name, changed=number
    )


@transaction.atomic
def rename_folder(folder: ContactFolder, *, display_name: str) -> ContactFolder:
    """Raises IntegrityError where the name is taken beside it."""
    folder.display_name = display_name
    folder.changed = folder.mailbox.take_changes()
    folder.save(update_fields=["display_name", "changed"])
    return folder


@transaction.atomic
def delete_folder(folder: ContactFolder) -> None:
    """With all that is in it."""
    for child in folder.children.all():
        delete_folder(child)
    number = folder.mailbox.take_changes()
    Removal.objects.create(mailbox=folder.mailbox, is_of_contacts=True, item=folder.pk, number=number)
    folder.delete()


# ── Parts of the above ────────────────────────────────────────────────────


def _named(known: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with what Exchange makes of the names: what the contact is called, and what it is filed under."""
    named, after = dict(facts), {**known, **facts}
    if not facts.get("displayName"):
        addresses = [one["address"] for one in after.get("emailAddresses") or []]
        parts = [after[part] for part in NAME_PARTS if after.get(part)]
        named["displayName"] = " ".join(parts) or after.get("companyName") or next(iter(addresses), None)
    if "fileAs" not in facts and (not known or not facts.keys().isdisjoint(NAME_PARTS)):
        first, last = after.get("givenName"), after.get("surname")
        named["fileAs"] = ", ".join(filter(None, (last, first))) or named.get("displayName") or after.get("displayName")
    return named


def _write(contact: Contact, facts: Mapping[str, Any]) -> None:
    contact.facts = {name: value for name, value in {**(contact.facts or {}), **facts}.items() if value is not None}
    addresses = [one["address"].lower() for one in contact.facts.get("emailAddresses") or []]
    contact.address_lines = _lines(addresses)
    contact.category_lines = _lines(contact.facts.get("categories") or [])


def _lines(texts: list[str]) -> str:
    return "".join(f"\n{text}" for text in texts) + "\n" if texts else ""


def _set(contact: Contact, properties: Mapping[str, str]) -> None:
    for tag, value in properties.items():
        ExtendedProperty.objects.update_or_create(contact=contact, tag=tag, defaults={"value": value})


def _leave_trail(contact: Contact, *, number: int) -> None:
    if contact.folder_id is None:
        return
    Removal.objects.create(
        mailbox_id=contact.mailbox_id,
        contact_folder_id=contact.folder_id,
        is_of_contacts=True,
        item=contact.pk,
        location=contact.location,
        number=number,
    )
