"""Contacts of a CRM as they cross the edge, whole: what a person wrote on them, and what became of a write.

Texts are plain, "" where CORIPO has none. What can be asked of them stands at the one face, `CrmClient` (apps/crm/face.py).
"""

from dataclasses import dataclass
from datetime import date, datetime

from apps.crm.face import CrmCompany, Stamp


@dataclass(frozen=True, slots=True)
class CrmPlace:
    """A postal address; a street may have several lines."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


NOWHERE = CrmPlace()


@dataclass(frozen=True, slots=True)
class CrmCard:
    """What a contact says of a person. `position` is CORIPO's title, `salutation` what stands before the name.

    `company` and `company_id` are the company that CORIPO shows, of several the one that was linked last. A name says
    nothing in a write: there the id decides. `addresses` are as written, the primary one first, and are compared by their
    canonical forms.
    """

    salutation: str = ""
    first_name: str = ""
    last_name: str = ""
    position: str = ""
    department: str = ""
    company: str = ""
    company_id: str = ""
    addresses: tuple[str, ...] = ()
    phone_work: str = ""
    phone_mobile: str = ""
    phone_home: str = ""
    phone_other: str = ""
    fax: str = ""
    work_address: CrmPlace = NOWHERE
    other_address: CrmPlace = NOWHERE
    birthday: date | None = None
    assistant: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class StoredContact:
    """A contact as this login sees it. Of a deleted one only its own row is known: no addresses and no companies.

    `modified_at` is by CORIPO's clock, to the second. A company link that was made at the company leaves it as it was;
    so does an address that was added by itself.
    """

    id: str
    card: CrmCard
    companies: tuple[CrmCompany, ...] = ()
    modified_at: datetime | None = None
    entered_at: datetime | None = None
    modifier_id: str = ""
    modifier_name: str = ""
    creator_id: str = ""
    assigned_user_id: str = ""
    is_deleted: bool = False

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.modified_at, self.modifier_id)


@dataclass(frozen=True, slots=True)
class OutgoingContact:
    """Somebody to be stored as a new contact under its own id. Of the company only `card.company_id` counts.

    Without `assigned_user_id` it belongs to nobody in CORIPO.
    """

    id: str
    card: CrmCard
    assigned_user_id: str = ""


@dataclass(frozen=True, slots=True)
class ContactUpdate:
    """`contact` is what was read, and what CORIPO is expected to have still; `after` is what its card is to be.

    Only what differs between `contact.card` and `after` is sent. Of the company only the ids count: the one goes, the
    other comes, and further companies of the contact stay.
    """

    contact: StoredContact
    after: CrmCard


@dataclass(frozen=True, slots=True)
class Written:
    """The contact as it was read back after the write: its card is the truth, also where CORIPO cut or changed a text.

    `unkept` names the fields of a new contact's card that CORIPO left empty, such as an address that it does not take.
    """

    contact: StoredContact
    unkept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactPage:
    """Contacts that changed, the longest unchanged first. `next_since` and `next_after_id` are the place to go on from:
    at once with `has_more`, and otherwise when somebody looks again. A place may be kept for as long as wanted.
    """

    contacts: tuple[StoredContact, ...]
    next_since: datetime | None
    next_after_id: str = ""
    has_more: bool = False
