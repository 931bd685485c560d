"""The one face of a CRM: what crosses the edge, and what can be asked. Plain Python; the transports stand behind it.

Texts are plain (nothing is HTML-encoded), times are aware and in UTC, ids are opaque. Every call may raise a `CrmError`
(apps/crm/errors.py) and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from apps.core.addresses import Address
from apps.crm.errors import CrmError
from apps.crm.pulse import Pulse

if TYPE_CHECKING:
    from apps.crm.contact_face import ContactPage, ContactUpdate, OutgoingContact, StoredContact, Written


@dataclass(frozen=True, slots=True)
class CrmCompany:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CrmContact:
    """A contact with all its addresses, canonical (apps/core/addresses.py), and all its companies, each once."""

    id: str
    name: str
    title: str
    phone: str
    addresses: tuple[str, ...]
    companies: tuple[CrmCompany, ...]


@dataclass(frozen=True, slots=True)
class CrmLead:
    """Somebody who may become a contact, with all addresses, canonical. `company` is a text of the lead's own. One that
    `is_converted` has given way to a contact."""

    id: str
    name: str
    company: str
    addresses: tuple[str, ...]
    is_converted: bool


@dataclass(frozen=True, slots=True)
class OutgoingLead:
    """Somebody to be stored as a new lead under its own id. `address` is canonical; a lead has to have a `last_name`."""

    id: str
    first_name: str
    last_name: str
    address: str
    assigned_user_id: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingEmail:
    """An e-mail to be stored under its own id.

    `message_id` is bare (without brackets) and at most 255 characters. `company_id` becomes the record's one parent,
    and with it a link. Without `assigned_user_id` the record belongs to the login that stores it.
    """

    id: str
    message_id: str
    subject: str
    sent_at: datetime
    text: str = field(repr=False)
    html: str = field(repr=False)
    sender: Address
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    company_id: str | None = None
    assigned_user_id: str | None = None


# Links to these are read with every e-mail; all of them would be as many queries more on CORIPO's side.
LINKED_MODULES = ("Contacts", "Accounts", "Leads")


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a record was last changed by CORIPO's clock, to the second, and who did it."""

    modified_at: datetime | None
    modifier_id: str


@dataclass(frozen=True, slots=True)
class StoredEmail:
    """An e-mail record as this login sees it.

    `sender_address` is canonical, "" where CORIPO has none. Of a deleted record only the fields of its own row are
    known: no sender and no links. `links` has an entry for Contacts, Accounts and Leads, empty ones too.
    """

    id: str
    message_id: str
    subject: str
    sent_at: datetime | None
    sender_address: str
    creator_id: str
    creator_name: str
    entered_at: datetime | None
    modified_at: datetime | None
    modifier_id: str
    is_deleted: bool
    links: Mapping[str, frozenset[str]]

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.modified_at, self.modifier_id)

    @property
    def is_as_created(self) -> bool:
        """Nobody has changed it since the second in which it was made, but perhaps who made it."""
        return self.modified_at == self.entered_at and self.modifier_id == self.creator_id


@dataclass(frozen=True, slots=True)
class Link:
    """An e-mail belongs with a record. `module` is CORIPO's name: Contacts, Accounts, Leads, ..."""

    email_id: str
    module: str
    record_id: str


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """An attachment to be stored as a note of its e-mail, under its own id."""

    note_id: str
    email_id: str
    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Created:
    """The record is there, by this call or by an earlier one. It was read back; `stamp` is of that reading, of e-mails."""

    id: str
    stamp: Stamp | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Linked:
    """The link is there, by this call or by an earlier one. It was read back.

    `was_there` says that it was found before the call; only of modules that are not among LINKED_MODULES, whose links
    everybody has read. `stamp` is the e-mail's as it was read back.
    """

    link: Link
    was_there: bool = False
    stamp: Stamp | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Unlinked:
    """The link is not there, by this call or already before it. It was read back; `stamp` is the e-mail's."""

    link: Link
    stamp: Stamp | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Deleted:
    """The record is deleted, by this call or already before it. It was read back."""

    id: str


@dataclass(frozen=True, slots=True)
class Probe:
    """Who this login is, and what it may do there."""

    user_id: str
    user_name: str
    full_name: str
    is_admin: bool
    version: str
    may_create_emails: bool
    may_read_contacts: bool
    may_create_contacts: bool
    may_edit_contacts: bool


@dataclass(frozen=True, slots=True)
class RecordSight:
    """What this login sees under an id.

    Neither visible nor deleted nor denied means that CORIPO answers as if there were no such record; to a login
    without the right some servers answer the same, so it is no proof that nobody has it.
    """

    is_visible: bool = False
    is_deleted: bool = False
    is_denied: bool = False


# Fewer characters would fit half of CORIPO.
SHORTEST_SEARCH = 2


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record as somebody recognises it: its company, its first e-mail address and phone as written, a few words more.

    `stage` is the key under which CORIPO keeps its stage or status; `CrmClient.stages` has the words. Each of them is ""
    where CORIPO has none.
    """

    module: str
    id: str
    name: str
    detail: str = ""
    company: str = ""
    address: str = ""
    stage: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """What a search found, ordered by name. With `has_more`, more words would tell."""

    records: tuple[FoundRecord, ...]
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class ChangedContacts:
    """All addresses, canonical, of contacts that changed. `newest` is the latest change among them by CORIPO's clock.

    With `has_more`, others changed as well.
    """

    addresses: frozenset[str]
    newest: datetime | None
    has_more: bool


class CrmClient(Protocol):
    """One login at one CRM, used by one thread at a time."""

    @property
    def pulse(self) -> Pulse:
        """How quickly CORIPO has answered this client so far, and how often it met trouble."""
        ...

    def probe(self) -> Probe:
        """Who the login is and what it may do."""
        ...

    def is_answering(self) -> bool:
        """Whether CORIPO carries out an ordinary reading of this login now. Raises CrmUnauthorized."""
        ...

    def find_contacts(self, addresses: Sequence[str]) -> dict[str, tuple[CrmContact, ...]]:
        """The contacts that have each address, each contact once, ordered by id.

        Every address that was asked for has an entry under its canonical form; nobody found is an empty tuple. What is
        no SMTP address has none. Compared exactly but for case; all addresses of a contact count, opted-out ones too.
        """
        ...

    def find_companies(self, addresses: Sequence[str]) -> dict[str, tuple[CrmCompany, ...]]:
        """The companies whose own address each is; entries as of `find_contacts`."""
        ...

    def find_leads(self, addresses: Sequence[str]) -> dict[str, tuple[CrmLead, ...]]:
        """The leads that have each address, converted ones too; entries as of `find_contacts`."""
        ...

    def read_leads(self, ids: Sequence[str]) -> dict[str, CrmLead | None]:
        """The leads with these ids; None for a deleted one. What is missing, or hidden from this login, has no entry."""
        ...

    def create_leads(self, wanted: Sequence[OutgoingLead]) -> list[Created | CrmError]:
        """Store the leads under the ids that they bring, each with its address; otherwise as `create_emails`.

        One whose address CORIPO did not keep is a CrmRejected.
        """
        ...

    def changed_contacts(self, since: datetime | None) -> ChangedContacts:
        """The contacts that changed or got an address at that moment of CORIPO's clock or later; one request.

        None asks only when the latest change was.
        """
        ...

    def read_contacts(self, ids: Sequence[str]) -> dict[str, StoredContact]:
        """The whole contacts with these ids, deleted ones too. What is missing, or hidden from this login, has no entry.

        One request for 200 of them.
        """
        ...

    def contacts_with(self, addresses: Sequence[str]) -> dict[str, tuple[StoredContact, ...]]:
        """The whole contacts that have each address; entries as of `find_contacts`, one request for 100 addresses."""
        ...

    def contacts_changed(self, since: datetime | None, *, after_id: str = "", limit: int) -> ContactPage:
        """The contacts, deleted ones too, that changed after that place by CORIPO's clock, or got or lost an address.

        Ordered by the moment of their change and their id; None begins with the contact that is longest unchanged. One
        request for `limit` contacts. The seconds before the end of a reading are told once more by the next one, since
        others may have changed in them later: whoever knows a contact's stamp and addresses takes it for nothing new.
        Contacts with nothing but other addresses come on the first and after the last page of a reading, which may be
        longer for them; a reading is to be finished within an hour. A company that was linked at the company changes no
        contact and is not told.
        """
        ...

    def create_contacts(self, wanted: Sequence[OutgoingContact]) -> list[Written | CrmError]:
        """Store the contacts under the ids that they bring; one outcome for each, in order.

        Nobody is looked for: a namesake with the same address does not keep a contact from being made. Safe to repeat:
        what exists under its id is reported as it is, and not written again, but that addresses which it still lacks
        are added. Raises as `create_emails` does, and CrmIdOccupied is an outcome as there.
        """
        ...

    def update_contacts(self, changes: Sequence[ContactUpdate]) -> list[Written | CrmError]:
        """Write what differs, over the expected state alone; one outcome for each, in order.

        CrmConflict where somebody was quicker: nothing was written for that one. The expected state is read right before
        the write, which is as close as CORIPO allows. CrmRejected names a field of the card that CORIPO left as it was,
        or "contact" where it is deleted or not to be seen; other fields may have been written then.
        CrmOutcomeUnknown: read the contact before it is repeated. Raises as `create_emails` does.
        """
        ...

    def companies_named(self, names: Sequence[str]) -> dict[str, tuple[CrmCompany, ...]]:
        """The companies that may be meant by each name, for an exact comparison by the caller; by id.

        All whose name begins as the first word of the asked one, whatever case, accents, blanks and signs. Every name
        that was asked for has an entry as it was asked; one without a letter or digit has none in it.
        """
        ...

    def create_companies(self, wanted: Sequence[tuple[str, str]]) -> list[Created | CrmError]:
        """Store companies, each an id that it brings and a name; otherwise as `create_emails`."""
        ...

    def find_emails(self, message_ids: Sequence[str]) -> dict[str, tuple[StoredEmail, ...]]:
        """The live e-mail records with each Message-ID, the oldest first (by `entered_at`, then id).

        Every Message-ID that was asked for has an entry under its bare, case-folded form; none found is an empty tuple.
        Brackets and case do not count.
        """
        ...

    def read_emails(
        self, ids: Sequence[str], *, with_deleted: bool = False, all_links: bool = False
    ) -> dict[str, StoredEmail]:
        """The e-mail records with these ids. What is missing, or hidden from this login, has no entry.

        With `all_links`, `links` has an entry for every module that an e-mail can be linked with.
        """
        ...

    def create_emails(self, emails: Sequence[OutgoingEmail]) -> list[Created | CrmError]:
        """Store the e-mails under the ids that they bring; one outcome for each, in order.

        Safe to repeat: what exists under its id is reported as created and never written twice. Texts above the limits
        are cut with a note. A retryable outcome says nothing about the record: ask again later, under the same id.

        Raises CrmUnauthorized, CrmThrottled or CrmUnreachable when nothing was sent for any of them.
        """
        ...

    def link(self, links: Sequence[Link]) -> list[Linked | CrmError]:
        """Make the links; one outcome for each, in order. Safe to repeat. Raises as `create_emails` does."""
        ...

    def unlink(self, links: Sequence[Link]) -> list[Unlinked | CrmError]:
        """Take the links away, and the e-mail's parent where that is the record; one outcome for each, in order.

        The records stay. Safe to repeat. Raises as `create_emails` does.
        """
        ...

    def delete(self, module: str, ids: Sequence[str]) -> list[Deleted | CrmError]:
        """Mark e-mails or notes as deleted; one outcome for each, in order. CORIPO unties them from everything.

        Safe to repeat: what is deleted already is reported so. A retryable outcome says nothing about the record: look
        before it is repeated. Raises as `create_emails` does.
        """
        ...

    def find_notes(self, email_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """The ids of all notes of each e-mail, those without a file included. Every e-mail asked for has an entry."""
        ...

    def find_files(self, email_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """The ids of the notes of each e-mail whose file has arrived. Every e-mail asked for has an entry."""
        ...

    def make_notes(self, files: Sequence[OutgoingFile]) -> None:
        """Make the notes that files will come under, many to a request, for e-mails that have none yet.

        It saves requests and promises nothing: what it does not make, `attach` makes. Raises CrmUnauthorized.
        """
        ...

    def attach(self, file: OutgoingFile, *, has_note: bool = False) -> Created:
        """Store one file as a note of its e-mail. Safe to repeat after any error.

        `has_note` says that the note was probably made before, which saves a request.
        """
        ...

    def read_record(self, module: str, record_id: str) -> RecordSight:
        """What this login sees of a record, to be asked before somebody is sent there."""
        ...

    def search(self, module: str, text: str, *, limit: int) -> FoundRecords:
        """The records of a module with every word of the text in their name, and those with that address; one request.

        One word may be the beginning of an address, or any part of it where it has an `@` or a dot. No character of it
        is a wildcard. What this login may not see is left out. Contacts are found by a word of their company's name as
        well, for a second request, and by a phone number, however it is written and with or without +420.

        Raises CrmRejected for a text below SHORTEST_SEARCH characters and for a module that is not searched,
        CrmForbidden where the login may not list the module.
        """
        ...

    def related_records(self, contact_ids: Sequence[str], *, limit: int) -> FoundRecords:
        """The companies of these contacts, and the open opportunities and cases of both; two requests.

        At most `limit` of each module, each once. What this login may not see is left out.
        """
        ...

    def stages(self, module: str) -> dict[str, str]:
        """The stages or statuses of a module as people read them, by their keys, in the language of the CRM; one request.

        Empty where the module has none, or the CRM does not tell.
        """
        ...
