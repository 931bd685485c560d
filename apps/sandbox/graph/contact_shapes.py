"""The JSON of contacts and their folders, and what a client may write of it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.sandbox.graph import errors, properties
from apps.sandbox.graph.ids import ItemId, Space
from apps.sandbox.graph.models import Contact, ContactFolder
from apps.sandbox.graph.shapes import Json, change_key, moment

TEXTS = (
    *("displayName", "fileAs", "title", "givenName", "middleName", "surname", "generation", "initials", "nickName"),
    *("yomiGivenName", "yomiSurname", "yomiCompanyName", "companyName", "department", "jobTitle", "profession"),
    *("officeLocation", "manager", "assistantName", "spouseName", "businessHomePage", "mobilePhone", "personalNotes"),
)
LISTS = ("businessPhones", "homePhones", "imAddresses", "children", "categories")
PLACES = ("businessAddress", "homeAddress", "otherAddress")
PLACE_PARTS = {"street", "city", "state", "countryOrRegion", "postalCode"}
WRITABLE = (*TEXTS, *LISTS, *PLACES, "birthday", "emailAddresses")
READ_ONLY = ("id", "changeKey", "createdDateTime", "lastModifiedDateTime", "parentFolderId")
PROPERTIES = (*READ_ONLY, *WRITABLE)
FOLDER_PROPERTIES = ("id", "parentFolderId", "displayName")
# Measured on live mailboxes; the one of private phones is inferred from the other.
LIMITS = {"emailAddresses": 3, "businessPhones": 2, "homePhones": 2}
# One of them was once seen to be required, and is here of every new contact.
NAMES = ("givenName", "middleName", "surname")


def contact_id(guid: UUID, item: int, location: int, *, immutable: bool) -> str:
    return str(
        ItemId(Space.IMMUTABLE_CONTACT, guid, item) if immutable else ItemId(Space.CONTACT, guid, item, location)
    )


def folder_id(guid: UUID, folder: int) -> str:
    return str(ItemId(Space.CONTACT_FOLDER, guid, folder))


def version(row: Contact, guid: UUID) -> str:
    """The change key of a contact."""
    return change_key(guid, row.changed, kind=b"\x11")


def contact(
    row: Contact, guid: UUID, *, immutable: bool, deleted_items: str, selected: tuple[str, ...] | None = None
) -> Json:
    """A contact; `deleted_items` is the id of the folder in which a deleted one lies."""
    own_id, key = contact_id(guid, row.pk, row.location, immutable=immutable), version(row, guid)
    known: Json = {
        **dict.fromkeys(TEXTS),
        **{name: [] for name in LISTS},
        **{name: {} for name in PLACES},
        "birthday": None,
        "emailAddresses": [],
        **row.facts,
        "id": own_id,
        "changeKey": key,
        "createdDateTime": moment(row.created_at),
        "lastModifiedDateTime": moment(row.modified_at),
        "parentFolderId": folder_id(guid, row.folder_id) if row.folder_id else deleted_items,
    }
    shown: Json = {"@odata.etag": f'W/"{key}"', "id": own_id}
    return shown | {name: known[name] for name in selected or PROPERTIES}


def folder(row: ContactFolder, guid: UUID, root: str, selected: tuple[str, ...] | None = None) -> Json:
    """A folder; `root` is the id of the folder that holds the default one."""
    known = {
        "id": folder_id(guid, row.pk),
        "parentFolderId": folder_id(guid, row.parent_id) if row.parent_id else root,
        "displayName": row.display_name,
    }
    return {name: known[name] for name in dict.fromkeys(("id", *(selected or FOLDER_PROPERTIES)))}


def written(content: Mapping[str, Any], *, is_new: bool) -> Json:
    """What the JSON of a write sets, in Graph's spelling. What cannot be written is ignored in silence.

    Raises GraphError for a value of the wrong kind, a property that there is not, too many values, or no name.
    """
    spellings = {name.lower(): name for name in PROPERTIES}
    facts: Json = {}
    for given, value in content.items():
        if given.startswith("@") or properties.is_extended(given):
            continue
        name = spellings.get(given.lower())
        if name is None:
            raise errors.bad_request(f"The property '{given}' does not exist on type 'microsoft.graph.contact'.")
        if name in READ_ONLY:
            continue
        try:
            facts[name] = _kind(name)(value)
        except (TypeError, ValueError, LookupError, AttributeError):
            raise errors.bad_request(f"Cannot convert the literal of '{given}' to the expected type.") from None
        if name in LIMITS and len(facts[name]) > LIMITS[name]:
            raise errors.too_many_values(name, len(facts[name]), LIMITS[name])
    if is_new and not any(facts.get(name) for name in NAMES):
        raise errors.nameless_contact()
    return facts


def _kind(name: str) -> Callable[[Any], Any]:
    if name in TEXTS:
        return _text
    if name in LISTS:
        return _texts
    if name in PLACES:
        return _place
    return _day if name == "birthday" else _addresses


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and "\n" not in one for one in value):
        raise TypeError
    return value


def _place(value: Any) -> Json:
    found = {} if value is None else {name: _text(part) for name, part in value.items() if not name.startswith("@")}
    if not PLACE_PARTS.issuperset(found):
        raise ValueError
    return found


def _day(value: Any) -> str | None:
    """A birthday is a day: Exchange keeps no time with it, and tells one of its own."""
    return None if value is None else f"{datetime.fromisoformat(value):%Y-%m-%d}T11:59:00Z"


def _addresses(value: Any) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError
    addresses = [(_text(one.get("name")) or one["address"], _text(one["address"])) for one in value]
    if not all(address for _name, address in addresses):
        raise ValueError
    return [{"name": name, "address": address} for name, address in addresses]
