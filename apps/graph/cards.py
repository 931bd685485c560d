"""Contacts of Outlook as dataclasses, from Graph's JSON and back into it. What is missing is empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from apps.core.addresses import Address
from apps.graph.parsing import Json, id_of, moment, text_of, texts_of, value_of

# Graph refuses more of them, in a new contact and in a change alike.
MOST_ADDRESSES, MOST_BUSINESS_PHONES, MOST_HOME_PHONES = 3, 2, 2
# Our own properties of an item, invisible to its owner. The GUID is the product's; never change it.
CRM_ID = "String {6f9d2c1e-0c5b-4d0a-9b76-2f3f1f0a7c11} Name CrmRecordId"
# Outlook's own "private": 2 (private) and 3 (confidential) are not for others.
SENSITIVITY = "Integer 0x0036"
_NOT_FOR_OTHERS = {"2", "3"}
_EXTENDED = "singleValueExtendedProperties"
EXPAND = f"{_EXTENDED}($filter=id eq '{CRM_ID}' or id eq '{SENSITIVITY}')"


@dataclass(frozen=True, slots=True)
class Place:
    """A postal address."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Card:
    """What a person writes on a contact. At most 3 addresses and 2 phones of each kind; a new one needs a given, middle
    or last name, or Graph refuses it. Where the display name is empty, Exchange makes one of the names.
    """

    display_name: str = ""
    title: str = ""
    given_name: str = ""
    middle_name: str = ""
    surname: str = ""
    suffix: str = ""
    nickname: str = ""
    company: str = ""
    department: str = ""
    job_title: str = ""
    assistant: str = ""
    addresses: tuple[Address, ...] = ()
    business_phones: tuple[str, ...] = ()
    home_phones: tuple[str, ...] = ()
    mobile_phone: str = ""
    business_address: Place = NOWHERE
    home_address: Place = NOWHERE
    other_address: Place = NOWHERE
    web_page: str = ""
    birthday: date | None = None
    notes: str = ""
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphContact:
    """A contact in one version of it; `folder_id` is none of the contact folders where it was deleted.

    `crm_id` ("" for none) and `is_private` are None where the answer could not tell them: a delta never does.
    """

    id: str
    version: str
    folder_id: str
    created_at: datetime | None
    modified_at: datetime | None
    card: Card
    crm_id: str | None = None
    is_private: bool | None = None


@dataclass(frozen=True, slots=True)
class ContactFolder:
    id: str
    name: str
    parent_id: str
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class ContactPage:
    """One page of a folder. `next_link` continues this round; `delta_link`, at its end, asks what changed since.

    A contact that left the folder may have moved: only reading it by its id tells.
    """

    contacts: tuple[GraphContact, ...]
    removed_ids: tuple[str, ...]
    next_link: str
    delta_link: str
    damaged: int


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to be made in a folder, with the id of its record in the CRM if it has one there."""

    folder_id: str
    card: Card
    crm_id: str = ""


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What a contact is to be, over the version that was read. `crm_id` is left alone where it is None."""

    contact: GraphContact
    card: Card
    crm_id: str | None = None


_TEXTS = {
    "display_name": "displayName",
    "title": "title",
    "given_name": "givenName",
    "middle_name": "middleName",
    "surname": "surname",
    "suffix": "generation",
    "nickname": "nickName",
    "company": "companyName",
    "department": "department",
    "job_title": "jobTitle",
    "assistant": "assistantName",
    "mobile_phone": "mobilePhone",
    "web_page": "businessHomePage",
    "notes": "personalNotes",
}
_LISTS = {"business_phones": "businessPhones", "home_phones": "homePhones", "categories": "categories"}
_PLACES = {"business_address": "businessAddress", "home_address": "homeAddress", "other_address": "otherAddress"}
_PLACE_PARTS = {
    "street": "street",
    "city": "city",
    "state": "state",
    "postal_code": "postalCode",
    "country": "countryOrRegion",
}
# A cursor answers in the shape of the request that began it, so a change of this list must change SHAPE as well: then
# every folder is listed afresh.
CONTACT_FIELDS = ",".join(
    (
        *("parentFolderId", "createdDateTime", "lastModifiedDateTime", "birthday", "emailAddresses"),
        *(*_TEXTS.values(), *_LISTS.values(), *_PLACES.values()),
    )
)
SHAPE = "v1"


# ── From Graph ────────────────────────────────────────────────────────────


def contact(item: Json) -> GraphContact:
    """A contact with what `EXPAND` brought, if it was asked for: an answer without them is read as one that cannot tell."""
    return GraphContact(
        id=id_of(item),
        version=text_of(item, "@odata.etag"),
        folder_id=text_of(item, "parentFolderId"),
        created_at=moment(item.get("createdDateTime")),
        modified_at=moment(item.get("lastModifiedDateTime")),
        card=_card(item),
    )


def expanded_contact(item: Json) -> GraphContact:
    """A contact from an answer to `EXPAND`: a property that did not come is not there."""
    read = contact(item)
    values = {_folded(text_of(one, "id")): text_of(one, "value") for one in item.get(_EXTENDED) or ()}
    return replace(
        read,
        crm_id=values.get(_folded(CRM_ID), ""),
        is_private=values.get(_folded(SENSITIVITY), "") in _NOT_FOR_OTHERS,
    )


def contact_page(document: Json) -> ContactPage:
    """A damaged item stands in a page as an error: it is counted, the others are read."""
    contacts, removed, damaged = [], [], 0
    for item in value_of(document):
        if "@removed" in item:
            removed.append(id_of(item))
        elif "error" in item and "id" not in item:
            damaged += 1
        else:
            contacts.append(contact(item))
    return ContactPage(
        contacts=tuple(contacts),
        removed_ids=tuple(removed),
        next_link=text_of(document, "@odata.nextLink"),
        delta_link=text_of(document, "@odata.deltaLink"),
        damaged=damaged,
    )


def contact_folder(item: Json) -> ContactFolder:
    return ContactFolder(id=id_of(item), name=text_of(item, "displayName"), parent_id=text_of(item, "parentFolderId"))


def _card(item: Json) -> Card:
    found: dict[str, Any] = {name: text_of(item, graph_name) for name, graph_name in _TEXTS.items()}
    found |= {name: texts_of(item, graph_name) for name, graph_name in _LISTS.items()}
    found |= {name: _place(item.get(graph_name)) for name, graph_name in _PLACES.items()}
    born = moment(item.get("birthday"))
    addresses = (_address(one) for one in item.get("emailAddresses") or () if isinstance(one, Mapping))
    return Card(
        **found, birthday=born.date() if born else None, addresses=tuple(one for one in addresses if one.address)
    )


def _address(one: Json) -> Address:
    # Exchange puts the address where a name is missing.
    name, address = text_of(one, "name"), text_of(one, "address")
    return Address(name="" if name == address else name, address=address)


def _place(value: object) -> Place:
    known = value if isinstance(value, Mapping) else {}
    return Place(**{name: text_of(known, graph_name) for name, graph_name in _PLACE_PARTS.items()})


def _folded(tag: str) -> str:
    """The id of a property, however it is spelt: "Integer 0x36" is "Integer 0x0036"."""
    return tag.lower().replace(" 0x00", " 0x")


# ── To Graph ──────────────────────────────────────────────────────────────


def json_of_new(wish: NewContact) -> dict[str, Any]:
    """The body that makes a contact: what is empty is left out."""
    return _differences(Card(), wish.card) | _extended(wish.crm_id or None)


def json_of_change(wish: ContactChange) -> dict[str, Any]:
    """The body that changes a contact: what differs, and the display name, which Exchange makes anew where it is missing.

    Empty where nothing differs.
    """
    body = _differences(wish.contact.card, wish.card) | _extended(wish.crm_id)
    if body and wish.card.display_name:
        body["displayName"] = wish.card.display_name
    return body


def _differences(before: Card, after: Card) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, graph_name in {
        **_TEXTS,
        **_LISTS,
        **_PLACES,
        "birthday": "birthday",
        "addresses": "emailAddresses",
    }.items():
        value = getattr(after, name)
        if value != getattr(before, name):
            body[graph_name] = _json(value)
    return body


def _json(value: str | tuple[str | Address, ...] | Place | date | None) -> Any:
    if isinstance(value, Place):
        return {graph_name: getattr(value, name) or None for name, graph_name in _PLACE_PARTS.items()}
    if isinstance(value, tuple):
        return [
            one if isinstance(one, str) else {"name": one.name or one.address, "address": one.address} for one in value
        ]
    if isinstance(value, date):
        # Exchange keeps the day alone; in the middle of it, no time zone makes another of it.
        return f"{value:%Y-%m-%d}T11:59:00Z"
    return value or None


def _extended(crm_id: str | None) -> dict[str, Any]:
    return {} if crm_id is None else {_EXTENDED: [{"id": CRM_ID, "value": crm_id}]}
