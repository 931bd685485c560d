"""The folders of an address book, and the one in which new contacts are made."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.contacts.models import AddressBook, ContactFolder, OutlookContact
from apps.graph.cards import ContactFolder as GraphFolder
from apps.graph.contacts import ContactsClient
from apps.graph.errors import GraphRejected
from apps.mailboxes.texts import storable

# What the portal calls the folder that it offers to make.
OWN_FOLDER = "CORIPO"
CHANGING_FIELDS = ["parent_graph_id", "name", "is_default", "is_gone"]


def refresh_folders(book: AddressBook, client: ContactsClient, *, at: datetime) -> None:
    """Bring the folder rows up to date: new, renamed, moved, gone. Two requests for up to 200 folders.

    What lay in a folder that is gone is to be looked up. Raises GraphError; nothing is changed then.
    """
    listed = client.folders()
    with transaction.atomic():
        rows = ContactFolder.objects.filter(mailbox=book.pk).order_by("pk").select_for_update(no_key=True)
        known = {row.graph_id: row for row in rows}
        arrived = []
        for found in listed:
            if found.id not in known:
                arrived.append(ContactFolder(mailbox_id=book.pk, graph_id=found.id))
            row = known.get(found.id) or arrived[-1]
            _describe(row, found)
        # Only a complete listing comes this far, so what it lacks is gone.
        lost = [row for graph_id, row in known.items() if graph_id not in {found.id for found in listed}]
        for row in lost:
            row.is_gone, row.cursor, row.listing_link, row.listed_at, row.completed_at = True, "", "", None, None
        ContactFolder.objects.bulk_create(arrived)
        ContactFolder.objects.bulk_update(
            known.values(), [*CHANGING_FIELDS, "cursor", "listing_link", "listed_at", "completed_at"], batch_size=100
        )
        left = OutlookContact.objects.there().filter(folder__in=[row.pk for row in lost], missing_since=None)
        left.update(missing_since=at)
        AddressBook.objects.filter(pk=book.pk).update(folders_read_at=at)
    book.folders_read_at = at


def folders_of(book: AddressBook) -> list[ContactFolder]:
    """The folders that are there: the default one first, then by name."""
    folders = ContactFolder.objects.filter(mailbox=book.pk, is_gone=False)
    return sorted(folders, key=lambda row: (not row.is_default, row.name.casefold(), row.pk))


def folder_for_new(book: AddressBook) -> ContactFolder | None:
    """Where a new contact is made: the chosen folder while it is there, else the default one. None before the first look."""
    default = None
    for folder in folders_of(book):
        if folder.pk == book.new_contacts_folder_id:
            return folder
        default = folder if folder.is_default else default
    return default


def choose_folder(book: AddressBook, folder: ContactFolder | None) -> None:
    """Make new contacts there from now on; None stands for the default folder, whichever it is."""
    AddressBook.objects.filter(pk=book.pk).update(new_contacts_folder=folder)


def make_own_folder(book: AddressBook, client: ContactsClient, *, at: datetime) -> ContactFolder:
    """A folder "CORIPO" below the default one, chosen for new contacts; one that is there already serves.

    One request, or three. Raises GraphError.
    """
    try:
        made: GraphFolder | None = client.create_folder(OWN_FOLDER)
    except GraphRejected:
        refresh_folders(book, client, at=at)
        made = None
    with transaction.atomic():
        if made is not None:
            row, _is_new = ContactFolder.objects.get_or_create(mailbox_id=book.pk, graph_id=made.id)
            _describe(row, made)
            row.save(update_fields=CHANGING_FIELDS)
        else:
            named = [folder for folder in folders_of(book) if folder.name == OWN_FOLDER]
            if not named:
                raise GraphRejected("a folder that is neither made nor there")
            row = named[0]
        choose_folder(book, row)
    return row


def _describe(row: ContactFolder, found: GraphFolder) -> None:
    row.name, row.parent_graph_id = storable(found.name)[:255], found.parent_id
    row.is_default, row.is_gone = found.is_default, False
