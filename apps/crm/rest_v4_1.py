"""CORIPO over REST v4_1, with a person's own login: the `CrmClient` that the Outlook plugin's protocol allows.

Each step lives in a module of its own; what every method promises is written at the face (apps/crm/face.py).
"""

from collections.abc import Sequence
from datetime import datetime

from apps.crm import (
    attaching,
    changes,
    companies,
    contact_creating,
    contact_reading,
    contact_updating,
    creating,
    deleting,
    leads,
    linking,
    people,
    probing,
    reading,
    relating,
    searching,
    unlinking,
)
from apps.crm.calling import Caller
from apps.crm.contact_face import ContactPage, ContactUpdate, OutgoingContact, StoredContact, Written
from apps.crm.errors import CrmError
from apps.crm.face import (
    ChangedContacts,
    Created,
    CrmCompany,
    CrmContact,
    CrmLead,
    Deleted,
    FoundRecords,
    Link,
    Linked,
    OutgoingEmail,
    OutgoingFile,
    OutgoingLead,
    Probe,
    RecordSight,
    StoredEmail,
    Unlinked,
)
from apps.crm.pulse import Pulse


class RestV41:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @property
    def pulse(self) -> Pulse:
        return self._caller.transport.pulse

    def probe(self) -> Probe:
        return probing.probe(self._caller)

    def is_answering(self) -> bool:
        return people.is_answering(self._caller)

    def find_contacts(self, addresses: Sequence[str]) -> dict[str, tuple[CrmContact, ...]]:
        return people.find_contacts(self._caller, addresses)

    def find_companies(self, addresses: Sequence[str]) -> dict[str, tuple[CrmCompany, ...]]:
        return people.find_companies(self._caller, addresses)

    def find_leads(self, addresses: Sequence[str]) -> dict[str, tuple[CrmLead, ...]]:
        return people.find_leads(self._caller, addresses)

    def read_leads(self, ids: Sequence[str]) -> dict[str, CrmLead | None]:
        return leads.read_leads(self._caller, ids)

    def create_leads(self, wanted: Sequence[OutgoingLead]) -> list[Created | CrmError]:
        return leads.create_leads(self._caller, wanted)

    def changed_contacts(self, since: datetime | None) -> ChangedContacts:
        return changes.changed_contacts(self._caller, since)

    def read_contacts(self, ids: Sequence[str]) -> dict[str, StoredContact]:
        return contact_reading.read_contacts(self._caller, ids)

    def contacts_with(self, addresses: Sequence[str]) -> dict[str, tuple[StoredContact, ...]]:
        return contact_reading.contacts_with(self._caller, addresses)

    def contacts_changed(self, since: datetime | None, *, after_id: str = "", limit: int) -> ContactPage:
        return contact_reading.contacts_changed(self._caller, since, after_id=after_id, limit=limit)

    def create_contacts(self, wanted: Sequence[OutgoingContact]) -> list[Written | CrmError]:
        return contact_creating.create_contacts(self._caller, wanted)

    def update_contacts(self, changes: Sequence[ContactUpdate]) -> list[Written | CrmError]:
        return contact_updating.update_contacts(self._caller, changes)

    def companies_named(self, names: Sequence[str]) -> dict[str, tuple[CrmCompany, ...]]:
        return companies.companies_named(self._caller, names)

    def create_companies(self, wanted: Sequence[tuple[str, str]]) -> list[Created | CrmError]:
        return companies.create_companies(self._caller, wanted)

    def find_emails(self, message_ids: Sequence[str]) -> dict[str, tuple[StoredEmail, ...]]:
        return reading.find_emails(self._caller, message_ids)

    def read_emails(
        self, ids: Sequence[str], *, with_deleted: bool = False, all_links: bool = False
    ) -> dict[str, StoredEmail]:
        return reading.read_emails(self._caller, ids, with_deleted=with_deleted, all_links=all_links)

    def create_emails(self, emails: Sequence[OutgoingEmail]) -> list[Created | CrmError]:
        return creating.create_emails(self._caller, emails)

    def link(self, links: Sequence[Link]) -> list[Linked | CrmError]:
        return linking.link(self._caller, links)

    def unlink(self, links: Sequence[Link]) -> list[Unlinked | CrmError]:
        return unlinking.unlink(self._caller, links)

    def delete(self, module: str, ids: Sequence[str]) -> list[Deleted | CrmError]:
        return deleting.delete(self._caller, module, ids)

    def find_notes(self, email_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        return reading.find_notes(self._caller, email_ids)

    def find_files(self, email_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        return reading.find_files(self._caller, email_ids)

    def make_notes(self, files: Sequence[OutgoingFile]) -> None:
        attaching.make_notes(self._caller, files)

    def attach(self, file: OutgoingFile, *, has_note: bool = False) -> Created:
        return attaching.attach(self._caller, file, has_note=has_note)

    def read_record(self, module: str, record_id: str) -> RecordSight:
        return reading.read_record(self._caller, module, record_id)

    def search(self, module: str, text: str, *, limit: int) -> FoundRecords:
        return searching.search(self._caller, module, text, limit=limit)

    def related_records(self, contact_ids: Sequence[str], *, limit: int) -> FoundRecords:
        return relating.related_records(self._caller, contact_ids, limit=limit)

    def stages(self, module: str) -> dict[str, str]:
        return searching.stages(self._caller, module)
