"""From the ids in a path to rows of the caller's own mailbox, or the refusal that Exchange has for it."""

from apps.sandbox.graph import addressbook, errors, ids
from apps.sandbox.graph.ids import ItemId, Space
from apps.sandbox.graph.models import Contact, ContactFolder, Folder, Mailbox, Message

WELL_KNOWN_NAMES = {
    *("archive", "clutter", "conflicts", "conversationhistory", "deleteditems", "drafts", "inbox", "junkemail"),
    *("localfailures", "msgfolderroot", "outbox", "recoverableitemsdeletions", "scheduled", "searchfolders"),
    *("sentitems", "serverfailures", "syncissues"),
}


def folder_named(mailbox: Mailbox, name: str) -> Folder:
    """A folder by its id or well-known name. Raises GraphError."""
    if name.lower() in WELL_KNOWN_NAMES:
        found = mailbox.folders.filter(well_known_name=name.lower()).first()
    else:
        found = mailbox.folders.filter(pk=_own(mailbox, name, {Space.FOLDER}).item).first()
    if found is None:
        raise errors.item_not_found()
    return found


def message_named(mailbox: Mailbox, name: str, *, folder: str | None = None) -> Message:
    """A message by an id of either space, in that folder if one is named. Raises GraphError.

    A mutable id from before a move leads nowhere.
    """
    own_id = _own(mailbox, name, {Space.MUTABLE, Space.IMMUTABLE})
    message = Message.objects.filter(mailbox=mailbox, pk=own_id.item).first()
    if own_id.attachment:
        raise errors.malformed_id()
    if message is None or (own_id.space is Space.MUTABLE and own_id.location != message.location):
        raise errors.item_not_found()
    if folder is not None and message.folder_id != folder_named(mailbox, folder).pk:
        raise errors.item_not_found()
    message.mailbox = mailbox
    return message


def contact_folder_named(mailbox: Mailbox, name: str) -> ContactFolder:
    """A folder of contacts by its id, or the default one as "contacts". Raises GraphError."""
    if name.lower() == "contacts":
        return addressbook.default_folder(mailbox)
    found = mailbox.contact_folders.filter(pk=_own(mailbox, name, {Space.CONTACT_FOLDER}).item).first()
    if found is None:
        raise errors.item_not_found()
    return found


def contact_named(mailbox: Mailbox, name: str, *, folder: str | None = None) -> Contact:
    """A contact by an id of either space, in that folder if one is named; one in the deleted items is found as well.

    Raises GraphError.
    """
    own_id = _own(mailbox, name, {Space.CONTACT, Space.IMMUTABLE_CONTACT})
    contact = Contact.objects.filter(mailbox=mailbox, pk=own_id.item).first()
    if contact is None or (own_id.space is Space.CONTACT and own_id.location != contact.location):
        raise errors.item_not_found()
    if folder is not None and contact.folder_id != contact_folder_named(mailbox, folder).pk:
        raise errors.item_not_found()
    contact.mailbox = mailbox
    return contact


def attachment_number(mailbox: Mailbox, message: Message, name: str) -> int:
    """Which attachment of the message an id names, counted from 1. Raises GraphError."""
    own_id = _own(mailbox, name, {Space.MUTABLE, Space.IMMUTABLE})
    is_here = own_id.item == message.pk and 0 < own_id.attachment <= len(message.attachments)
    if not is_here or (own_id.space is Space.MUTABLE and own_id.location != message.location):
        raise errors.item_not_found()
    return own_id.attachment


def _own(mailbox: Mailbox, name: str, spaces: set[Space]) -> ItemId:
    try:
        own_id = ids.parse(name)
    except ids.MalformedId:
        raise errors.malformed_id() from None
    if own_id.space not in spaces:
        raise errors.malformed_id()
    if own_id.mailbox_guid != mailbox.guid:
        raise errors.other_mailbox()
    return own_id
