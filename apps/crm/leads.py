"""New leads, under ids of our own. As with e-mails, an answer is never taken for the deed: every lead is read back."""

from collections.abc import Iterable, Sequence

from apps.crm import queries, shapes, texts
from apps.crm.calling import Caller
from apps.crm.errors import (
    CrmError,
    CrmIdOccupied,
    CrmOutcomeUnknown,
    CrmRejected,
    CrmThrottled,
    CrmUnauthorized,
    CrmUnreachable,
)
from apps.crm.face import Created, CrmLead, OutgoingLead
from apps.crm.people import LEAD_FIELDS, addresses_of, lead_of
from apps.crm.portions import portions
from apps.crm.reading import IDS_PER_QUERY, rows

LEADS_PER_WRITE = 50
_NOTHING_WAS_SENT = (CrmUnauthorized, CrmThrottled, CrmUnreachable)
_Outcomes = dict[str, Created | CrmError]


def read_leads(caller: Caller, ids: Iterable[str]) -> dict[str, CrmLead | None]:
    found: dict[str, CrmLead | None] = {}
    for portion in portions(dict.fromkeys(filter(queries.is_id, ids)), most=IDS_PER_QUERY):
        for record in rows(
            caller,
            "Leads",
            query=queries.with_ids("leads", portion),
            fields=(*LEAD_FIELDS, "deleted"),
            links={"email_addresses": ("email_address",)},
            deleted=True,
        ):
            found[record.id] = None if record["deleted"] == "1" else lead_of(record, addresses_of(record))
    return found


def create_leads(caller: Caller, leads: Sequence[OutgoingLead]) -> list[Created | CrmError]:
    outcomes: _Outcomes = {}
    for portion in portions({lead.id: lead for lead in leads}.values(), most=LEADS_PER_WRITE):
        try:
            outcomes |= _create_portion(caller, portion)
        except _NOTHING_WAS_SENT as error:
            if not outcomes:
                raise
            outcomes |= {lead.id: error for lead in leads if lead.id not in outcomes}
            break
    return [outcomes[lead.id] for lead in leads]


def _create_portion(caller: Caller, leads: list[OutgoingLead]) -> _Outcomes:
    trouble: CrmError | None = None
    try:
        caller.write("set_entries", module_name="Leads", name_value_lists=[_fields(lead) for lead in leads])
    except _NOTHING_WAS_SENT:
        raise
    except CrmError as error:
        # What came before the trouble is stored: perhaps another carrier was quicker at the same id.
        trouble = error
    outcomes = _read_back(caller, leads, trouble)
    missing = [lead for lead in leads if lead.id not in outcomes]
    if isinstance(trouble, CrmRejected):
        return outcomes | dict.fromkeys([lead.id for lead in missing], trouble)
    for lead in missing:
        outcomes |= _create_alone(caller, lead)
    return outcomes


def _create_alone(caller: Caller, lead: OutgoingLead) -> _Outcomes:
    trouble: CrmError = CrmIdOccupied(lead.id, is_deleted=False)
    try:
        caller.write("set_entry", module_name="Leads", name_value_list=_fields(lead), track_view=False)
    except CrmError as error:
        is_taken = isinstance(error, CrmOutcomeUnknown) and error.is_database_failure
        # An id that is taken and not to be seen is a lead that this login may not see.
        trouble = trouble if is_taken else error
    return {lead.id: trouble, **_read_back(caller, [lead], trouble)}


def _read_back(caller: Caller, leads: list[OutgoingLead], trouble: CrmError | None) -> _Outcomes:
    """What became of those that are there; the others have no entry."""
    try:
        found = read_leads(caller, [lead.id for lead in leads])
    except CrmError as error:
        unseen = CrmOutcomeUnknown(f"leads were sent, and then: {trouble or error}")
        return {lead.id: unseen for lead in leads}
    outcomes: _Outcomes = {}
    for lead in leads:
        if lead.id not in found:
            continue
        there = found[lead.id]
        if there is None:
            outcomes[lead.id] = CrmIdOccupied(lead.id, is_deleted=True)
        elif lead.address not in there.addresses:
            outcomes[lead.id] = CrmRejected(field="email1", reason="CORIPO did not keep the address")
        else:
            outcomes[lead.id] = Created(lead.id)
    return outcomes


def _fields(lead: OutgoingLead) -> list[dict[str, str]]:
    fields = {
        "id": lead.id,
        "new_with_id": "1",
        "first_name": texts.line(lead.first_name, limit=100),
        "last_name": texts.line(lead.last_name, limit=100),
        # Taken on create alone: a later write of it would be ignored.
        "email1": lead.address,
        "lead_source": "Email",
        "status": "New",
    }
    if lead.assigned_user_id:
        fields["assigned_user_id"] = lead.assigned_user_id
    return shapes.name_values(fields)
