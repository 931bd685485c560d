"""New contacts, under ids of our own. An answer is never taken for the deed: every contact is read back."""

from collections.abc import Sequence

from apps.crm import probing, shapes
from apps.crm.calling import Caller
from apps.crm.contact_addresses import AddressWish, change_addresses
from apps.crm.contact_face import OutgoingContact, StoredContact, Written
from apps.crm.contact_fields import keys_of, plain_fields, storable, stored, unkept_fields
from apps.crm.contact_reading import contact_records
from apps.crm.errors import (
    CrmContractBroken,
    CrmError,
    CrmForbidden,
    CrmIdOccupied,
    CrmOutcomeUnknown,
    CrmThrottled,
    CrmUnauthorized,
    CrmUnreachable,
)
from apps.crm.portions import portions

CONTACTS_PER_WRITE = 50
FAILURES_IN_A_ROW = 3
# So many addresses go with a new contact. Later ones are rows of their own.
_FIRST_ADDRESSES = ("email1", "email2")
_NOTHING_WAS_SENT = (CrmUnauthorized, CrmThrottled, CrmUnreachable)
_SERVER_TROUBLE = (CrmOutcomeUnknown, CrmContractBroken, CrmForbidden)
_Outcomes = dict[str, Written | CrmError]
_Records = dict[str, shapes.Record]


def create_contacts(caller: Caller, wanted: Sequence[OutgoingContact]) -> list[Written | CrmError]:
    outcomes: _Outcomes = {}
    for portion in portions({one.id: one for one in wanted}.values(), most=CONTACTS_PER_WRITE):
        try:
            outcomes |= _create_portion(caller, portion)
        except _NOTHING_WAS_SENT as error:
            if not outcomes:
                raise
            outcomes |= {one.id: error for one in wanted if one.id not in outcomes}
            break
    return [outcomes[one.id] for one in wanted]


def _create_portion(caller: Caller, wanted: list[OutgoingContact]) -> _Outcomes:
    trouble = _send_together(caller, wanted)
    outcomes: _Outcomes = {}
    there: _Records = {}
    try:
        there = _there(caller, wanted)
        missing = [one for one in wanted if one.id not in there]
        if missing and there and isinstance(trouble, CrmOutcomeUnknown) and trouble.is_database_failure:
            # An id that was there already ended the portion, and what comes after it was not looked at.
            _send_together(caller, missing)
            there |= _there(caller, missing)
            missing = [one for one in missing if one.id not in there]
        for contact_id, error in _create_singly(caller, missing).items():
            if isinstance(trouble, CrmOutcomeUnknown) and isinstance(error, _NOTHING_WAS_SENT):
                # This time nothing was sent, and yet the portion may have been carried out after it was looked at.
                error = CrmOutcomeUnknown(f"{trouble}, and then: {error}")
            outcomes[contact_id] = error
        there |= _there(caller, [one for one in missing if isinstance(outcomes[one.id], CrmIdOccupied)])
        return outcomes | _finished(caller, wanted, there)
    except CrmError as error:
        unseen = CrmOutcomeUnknown(f"set_entries was sent, and then: {trouble or error}")
        return {one.id: unseen for one in wanted if one.id not in outcomes} | outcomes


def _send_together(caller: Caller, wanted: list[OutgoingContact]) -> CrmError | None:
    """Own ids keep CORIPO from answering with the id of a namesake who has the same address."""
    try:
        caller.write(
            "set_entries",
            module_name="Contacts",
            name_value_lists=[shapes.name_values(_fields(one)) for one in wanted],
        )
    except _NOTHING_WAS_SENT:
        raise
    except CrmError as error:
        return error
    return None


def _create_singly(caller: Caller, wanted: list[OutgoingContact]) -> dict[str, CrmError]:
    """What went wrong with each; whether it is there is still to be seen. CrmIdOccupied is also who was answered."""
    troubles: dict[str, CrmError] = {}
    failures = 0
    for position, one in enumerate(wanted):
        trouble: CrmError = CrmIdOccupied(one.id, is_deleted=False)
        try:
            caller.write(
                "set_entry", module_name="Contacts", name_value_list=shapes.name_values(_fields(one)), track_view=False
            )
        except CrmForbidden as error:
            trouble = trouble if _may_create(caller) else error
        except CrmError as error:
            is_taken = isinstance(error, CrmOutcomeUnknown) and error.is_database_failure
            trouble = trouble if is_taken else error
        if isinstance(trouble, CrmOutcomeUnknown) and one.id in _there(caller, [one]):
            trouble = CrmIdOccupied(one.id, is_deleted=False)
        troubles[one.id] = trouble
        failures = failures + 1 if isinstance(trouble, _SERVER_TROUBLE) else 0
        if isinstance(trouble, _NOTHING_WAS_SENT) or failures == FAILURES_IN_A_ROW:
            return troubles | {later.id: trouble for later in wanted[position + 1 :]}
    return troubles


def _may_create(caller: Caller) -> bool:
    """Who may create contacts and is refused this one has met one under its id that is somebody else's."""
    try:
        return probing.may_create(probing.rights_of(caller), "Contacts")
    except CrmError:
        return False


def _finished(caller: Caller, wanted: list[OutgoingContact], there: _Records) -> _Outcomes:
    """The outcome of those that are there, once they have all their addresses."""
    wishes = [
        AddressWish(there[one.id], one.card.addresses, keeps_others=True)
        for one in wanted
        if one.id in there and _lacking(one, there[one.id])
    ]
    trouble: CrmError | None = None
    if wishes:
        try:
            change_addresses(caller, wishes)
        except CrmError as error:
            trouble = CrmOutcomeUnknown(f"the contact is there without all addresses: {error}")
        there = there | contact_records(caller, [wish.record.id for wish in wishes])
    outcomes: _Outcomes = {}
    for one in wanted:
        record = there.get(one.id)
        if record is None:
            continue
        contact = stored(record)
        if contact.is_deleted:
            outcomes[one.id] = CrmIdOccupied(one.id, is_deleted=True)
        elif trouble and _lacking(one, record):
            outcomes[one.id] = trouble
        else:
            outcomes[one.id] = Written(contact, unkept=_unkept(one, contact))
    return outcomes


def _lacking(one: OutgoingContact, record: shapes.Record) -> bool:
    contact = stored(record)
    return not contact.is_deleted and not storable(one.card.addresses).keys() <= set(keys_of(contact.card.addresses))


def _unkept(one: OutgoingContact, contact: StoredContact) -> tuple[str, ...]:
    card, now = one.card, contact.card
    unkept = unkept_fields({name: value for name, value in plain_fields(card).items() if value}, now, {})
    if not set(keys_of(card.addresses)) <= set(keys_of(now.addresses)):
        unkept += ("addresses",)
    if card.company_id and card.company_id not in {company.id for company in contact.companies}:
        unkept += ("company_id",)
    return unkept


def _there(caller: Caller, wanted: Sequence[OutgoingContact]) -> _Records:
    return contact_records(caller, [one.id for one in wanted])


def _fields(one: OutgoingContact) -> dict[str, str]:
    fields = {"id": one.id, "new_with_id": "1", "assigned_user_id": one.assigned_user_id}
    fields |= plain_fields(one.card)
    fields |= dict(zip(_FIRST_ADDRESSES, storable(one.card.addresses).values(), strict=False))
    fields["account_id"] = one.card.company_id
    return {name: value for name, value in fields.items() if value}
