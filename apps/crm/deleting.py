"""Marking records as deleted in portions. What CORIPO may not delete it passes over in silence, so the rows are read back."""

from collections.abc import Sequence

from apps.crm import queries, shapes
from apps.crm.calling import Caller
from apps.crm.errors import (
    CrmError,
    CrmForbidden,
    CrmOutcomeUnknown,
    CrmRejected,
    CrmThrottled,
    CrmUnauthorized,
    CrmUnreachable,
)
from apps.crm.face import Deleted
from apps.crm.portions import portions
from apps.crm.reading import deleted_ids

# As many as are created together: a lost answer leaves few to look after.
RECORDS_PER_WRITE = 50

_NOTHING_WAS_SENT = (CrmUnauthorized, CrmThrottled, CrmUnreachable)
_Outcomes = dict[str, Deleted | CrmError]


def delete(caller: Caller, module: str, ids: Sequence[str]) -> list[Deleted | CrmError]:
    outcomes: _Outcomes = {
        one: CrmRejected(field="id", reason="it is no id of a record") for one in ids if not queries.is_id(one)
    }
    going = dict.fromkeys(one for one in ids if one not in outcomes)
    for position, portion in enumerate(portions(going, most=RECORDS_PER_WRITE)):
        try:
            outcomes |= _delete_portion(caller, module, portion)
        except _NOTHING_WAS_SENT as error:
            if position == 0:
                raise
            return [outcomes.get(one, error) for one in ids]
    return [outcomes[one] for one in ids]


def _delete_portion(caller: Caller, module: str, ids: list[str]) -> _Outcomes:
    trouble: CrmError | None = None
    try:
        caller.write(
            "set_entries",
            module_name=module,
            name_value_lists=[shapes.name_values({"id": one, "deleted": "1"}) for one in ids],
        )
    except _NOTHING_WAS_SENT:
        raise
    except CrmError as error:
        # What came before the trouble is deleted, what comes after it is not. Only the reading tells which.
        trouble = error
    return _read_back(caller, module, ids, trouble)


def _read_back(caller: Caller, module: str, ids: list[str], trouble: CrmError | None) -> _Outcomes:
    try:
        rows = deleted_ids(caller, module, ids)
    except CrmError as error:
        return dict.fromkeys(ids, CrmOutcomeUnknown(f"set_entries was sent, and then: {error}"))
    outcomes: _Outcomes = {}
    for one in ids:
        if rows.get(one):
            outcomes[one] = Deleted(one)
        elif one in rows:
            outcomes[one] = trouble or CrmForbidden(f"{module}: CORIPO kept the record")
        else:
            outcomes[one] = trouble or CrmRejected(field="id", reason="the record is not to be seen")
    return outcomes
