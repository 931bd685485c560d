"""Changing contacts: only what differs, only over what was expected, and never without looking at what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.crm import shapes
from apps.crm.calling import Caller
from apps.crm.contact_addresses import AddressWish, change_addresses
from apps.crm.contact_creating import CONTACTS_PER_WRITE, FAILURES_IN_A_ROW
from apps.crm.contact_face import ContactUpdate, StoredContact, Written
from apps.crm.contact_fields import changed_fields, keys_of, plain_fields, reachable, storable, stored, unkept_fields
from apps.crm.contact_reading import contact_records
from apps.crm.errors import (
    CrmConflict,
    CrmContractBroken,
    CrmError,
    CrmForbidden,
    CrmOutcomeUnknown,
    CrmRejected,
    CrmThrottled,
    CrmUnauthorized,
    CrmUnreachable,
)
from apps.crm.portions import portions

_NOTHING_WAS_SENT = (CrmUnauthorized, CrmThrottled, CrmUnreachable)
_SERVER_TROUBLE = (CrmOutcomeUnknown, CrmContractBroken, CrmForbidden)
_FIRST_ADDRESSES = ("email1", "email2")
_Outcomes = dict[str, Written | CrmError]


@dataclass(frozen=True, slots=True)
class _Change:
    """A change that is to be written over the contact as it was read right before: `record`, and `now` in our words."""

    update: ContactUpdate
    record: shapes.Record
    now: StoredContact

    @property
    def id(self) -> str:
        return self.now.id

    @property
    def lines(self) -> dict[str, str]:
        return changed_fields(self.update.contact.card, self.update.after)

    @property
    def readdresses(self) -> bool:
        return _differ(keys_of(self.update.contact.card.addresses), self.wanted_addresses)

    @property
    def wanted_addresses(self) -> list[str]:
        return reachable(self.update.after.addresses, keys_of(self.update.contact.card.addresses))

    @property
    def unkept_addresses(self) -> tuple[str, ...]:
        """That CORIPO does not take an address is known before, and keeps nothing else from being written."""
        return ("addresses",) if len(self.wanted_addresses) < len(keys_of(self.update.after.addresses)) else ()

    @property
    def changes_company(self) -> bool:
        return self.update.contact.card.company_id != self.update.after.company_id

    @property
    def is_nothing(self) -> bool:
        return not (self.lines or self.readdresses or self.changes_company)

    @property
    def is_late(self) -> bool:
        """Somebody else wrote since the contact was read, or at least one of the fields is no longer as it was."""
        before, now = self.update.contact.card, self.now.card
        plain_before, plain_now = plain_fields(before), plain_fields(now)
        return (
            self.now.stamp != self.update.contact.stamp
            or any(plain_now[field] != plain_before[field] for field in self.lines)
            or (self.readdresses and set(keys_of(now.addresses)) != set(keys_of(before.addresses)))
            or (self.changes_company and now.company_id != before.company_id)
        )

    @property
    def fields(self) -> dict[str, str]:
        """What goes into the contact itself; where nothing does, the save alone shows others that it was changed."""
        former, now = plain_fields(self.update.contact.card), plain_fields(self.now.card)
        # A second write leaves alone what the first one wrote, and what others wrote meanwhile.
        fields = {"id": self.id, **{name: it for name, it in self.lines.items() if now[name] == former[name]}}
        if self.readdresses and not self.now.card.addresses:
            # The one case in which a contact takes them like a new one.
            fields |= dict(zip(_FIRST_ADDRESSES, storable(self.update.after.addresses).values(), strict=False))
        if self.changes_company and not self.has_other_companies and self.update.after.company_id:
            fields["account_id"] = self.update.after.company_id
        return fields

    @property
    def has_other_companies(self) -> bool:
        """There `account_id` would replace one of several, and which one is not said."""
        return len(self.now.companies) > 1

    @property
    def company_links(self) -> list[tuple[str, bool]]:
        """Companies to be linked (False) and unlinked (True) one by one, where `account_id` does not do."""
        if not self.changes_company or "account_id" in self.fields:
            return []
        after, before = self.update.after.company_id, self.update.contact.card.company_id
        return [(company, is_delete) for company, is_delete in ((after, False), (before, True)) if company]

    def unkept(self, contact: StoredContact) -> tuple[str, ...]:
        after = self.update.after
        unkept = unkept_fields(self.lines, contact.card, plain_fields(self.update.contact.card))
        if self.readdresses and _differ(self.wanted_addresses, keys_of(contact.card.addresses)):
            unkept += ("addresses",)
        if self.changes_company and contact.card.company_id != after.company_id:
            companies = {company.id for company in contact.companies}
            if after.company_id not in companies | {""} or self.update.contact.card.company_id in companies:
                unkept += ("company_id",)
        return unkept


def _differ(one: Sequence[str], other: Sequence[str]) -> bool:
    """By what counts of addresses: which there are, and which is the first."""
    return set(one) != set(other) or one[:1] != other[:1]


def update_contacts(caller: Caller, changes: Sequence[ContactUpdate]) -> list[Written | CrmError]:
    outcomes: _Outcomes = {}
    for portion in portions({one.contact.id: one for one in changes}.values(), most=CONTACTS_PER_WRITE):
        try:
            outcomes |= _update_portion(caller, portion)
        except _NOTHING_WAS_SENT as error:
            if not outcomes:
                raise
            outcomes |= {one.contact.id: error for one in changes if one.contact.id not in outcomes}
            break
    return [outcomes[one.contact.id] for one in changes]


def _update_portion(caller: Caller, updates: list[ContactUpdate]) -> _Outcomes:
    outcomes: _Outcomes = {}
    going: list[_Change] = []
    records = contact_records(caller, [one.contact.id for one in updates])
    for update in updates:
        record = records.get(update.contact.id)
        if record is None:
            outcomes[update.contact.id] = CrmRejected(field="contact", reason="it is not to be seen")
            continue
        change = _Change(update, record, stored(record))
        if change.now.is_deleted:
            outcomes[change.id] = CrmRejected(field="contact", reason="it is deleted")
        elif change.is_late:
            outcomes[change.id] = CrmConflict(change.now)
        elif change.is_nothing:
            outcomes[change.id] = Written(change.now, unkept=change.unkept_addresses)
        else:
            going.append(change)
    return outcomes | (_write(caller, going) if going else {})


def _write(caller: Caller, going: list[_Change]) -> _Outcomes:
    trouble: CrmError | None = None
    try:
        caller.write(
            "set_entries",
            module_name="Contacts",
            name_value_lists=[shapes.name_values(change.fields) for change in going],
        )
    except _NOTHING_WAS_SENT:
        raise
    except CrmError as error:
        # What came before the trouble is saved, what comes after it is not. Only the reading tells which.
        trouble = error
    if trouble is None:
        trouble = _relate(caller, going)
    outcomes: _Outcomes = {}
    try:
        outcomes, open_ones = _read_back(caller, going)
        if open_ones:
            troubles = _write_singly(caller, open_ones)
            again, still_open = _read_back(caller, open_ones)
            outcomes |= again
            for change in still_open:
                known = troubles.get(change.id) or trouble
                if isinstance(known, _NOTHING_WAS_SENT):
                    known = CrmOutcomeUnknown(f"set_entries was sent, and then: {known}")
                if known is not None:
                    outcomes[change.id] = known
        return outcomes
    except CrmError as error:
        unseen = CrmOutcomeUnknown(f"set_entries was sent, and then: {trouble or error}")
        return {change.id: it if isinstance(it := outcomes.get(change.id), Written) else unseen for change in going}


def _relate(caller: Caller, going: Iterable[_Change]) -> CrmError | None:
    """Addresses and companies, which are links. Trouble of theirs is the contact's: it was written in part."""
    links = [(change, company, is_delete) for change in going for company, is_delete in change.company_links]
    wishes = [
        AddressWish(change.record, change.update.after.addresses)
        for change in going
        if change.readdresses and (change.now.card.addresses or len(change.update.after.addresses) > 2)
    ]
    try:
        fresh = [wish.record.id for wish in wishes if not stored(wish.record).card.addresses]
        if fresh:
            # These got their first two with the contact, and the others are linked beside them.
            now = contact_records(caller, fresh)
            wishes = [AddressWish(now.get(it.record.id, it.record), it.addresses) for it in wishes]
        if wishes:
            change_addresses(caller, wishes)
        if links:
            caller.write(
                "set_relationships",
                module_names=["Contacts"] * len(links),
                module_ids=[change.id for change, _company, _is_delete in links],
                link_field_names=["accounts"] * len(links),
                related_ids=[[company] for _change, company, _is_delete in links],
                name_value_lists=[[] for _link in links],
                delete_array=[int(is_delete) for _change, _company, is_delete in links],
            )
    except CrmError as error:
        return CrmOutcomeUnknown(f"the contact was written without all its links: {error}")
    return None


def _write_singly(caller: Caller, going: list[_Change]) -> dict[str, CrmError]:
    """Each by itself, so that a bad one sinks no other, and one without the right says so."""
    troubles: dict[str, CrmError] = {}
    failures = 0
    for position, change in enumerate(going):
        try:
            caller.write(
                "set_entry",
                module_name="Contacts",
                name_value_list=shapes.name_values(change.fields),
                track_view=False,
            )
        except CrmError as error:
            troubles[change.id] = error
            failures = failures + 1 if isinstance(error, _SERVER_TROUBLE) else 0
            if isinstance(error, _NOTHING_WAS_SENT) or failures == FAILURES_IN_A_ROW:
                return troubles | {later.id: error for later in going[position + 1 :]}
        else:
            failures = 0
    trouble = _relate(caller, [change for change in going if change.id not in troubles])
    return troubles if trouble is None else {change.id: trouble for change in going} | troubles


def _read_back(caller: Caller, going: list[_Change]) -> tuple[_Outcomes, list[_Change]]:
    """What became of each, and what is left to do of those that were not saved as a whole: a rejection so far."""
    records = contact_records(caller, [change.id for change in going])
    outcomes: _Outcomes = {}
    open_ones: list[_Change] = []
    for change in going:
        record = records.get(change.id)
        if record is None or record["deleted"] == "1":
            outcomes[change.id] = CrmRejected(field="contact", reason="it has gone")
            continue
        contact = stored(record)
        unkept = change.unkept(contact)
        if unkept:
            outcomes[change.id] = CrmRejected(field=unkept[0], reason="CORIPO did not keep it")
            open_ones.append(_Change(change.update, record, contact))
        else:
            outcomes[change.id] = Written(contact, unkept=change.unkept_addresses)
    return outcomes, open_ones
