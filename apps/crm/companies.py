"""Companies by their names, and new ones under ids of our own."""

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
from apps.crm.face import Created, CrmCompany
from apps.crm.portions import portions
from apps.crm.reading import deleted_ids, rows

NAMES_PER_QUERY = 50
COMPANIES_PER_WRITE = 50
# Of a first word below this length only whole words are looked for: half of CORIPO begins with "A".
SHORT_WORD = 3
LONGEST_BEGINNING = 12
_NOTHING_WAS_SENT = (CrmUnauthorized, CrmThrottled, CrmUnreachable)
_Outcomes = dict[str, Created | CrmError]


def companies_named(caller: Caller, names: Sequence[str]) -> dict[str, tuple[CrmCompany, ...]]:
    found: dict[str, dict[str, CrmCompany]] = {name: {} for name in names}
    asked = {name: _beginning(name) for name in found}
    for portion in portions((name for name in asked if asked[name]), most=NAMES_PER_QUERY):
        patterns = dict.fromkeys(pattern for name in portion for pattern in _patterns(name))
        query = queries.names_like("accounts", patterns)
        for row in rows(caller, "Accounts", query=query, fields=("id", "name")):
            candidate = "".join(_letters(row["name"]))
            for name in portion:
                if candidate.startswith(asked[name]):
                    found[name][row.id] = CrmCompany(id=row.id, name=row["name"])
    return {name: tuple(companies[key] for key in sorted(companies)) for name, companies in found.items()}


def create_companies(caller: Caller, wanted: Sequence[tuple[str, str]]) -> list[Created | CrmError]:
    outcomes: _Outcomes = {}
    for portion in portions(dict(wanted).items(), most=COMPANIES_PER_WRITE):
        try:
            outcomes |= _create_portion(caller, dict(portion))
        except _NOTHING_WAS_SENT as error:
            if not outcomes:
                raise
            outcomes |= {company_id: error for company_id, _name in wanted if company_id not in outcomes}
            break
    return [outcomes[company_id] for company_id, _name in wanted]


def _create_portion(caller: Caller, wanted: dict[str, str]) -> _Outcomes:
    trouble: CrmError | None = None
    try:
        caller.write("set_entries", module_name="Accounts", name_value_lists=[_fields(*one) for one in wanted.items()])
    except _NOTHING_WAS_SENT:
        raise
    except CrmError as error:
        # What came before the trouble is stored: perhaps an earlier call was quicker at the same id.
        trouble = error
    outcomes = _read_back(caller, wanted, trouble)
    refusal: CrmError | None = trouble if isinstance(trouble, CrmRejected) else None
    for company_id, name in wanted.items():
        if company_id not in outcomes:
            outcomes |= {company_id: refusal} if refusal else _create_alone(caller, company_id, name)
            outcome = outcomes[company_id]
            refusal = outcome if isinstance(outcome, CrmRejected | CrmOutcomeUnknown | CrmUnreachable) else None
    return outcomes


def _create_alone(caller: Caller, company_id: str, name: str) -> _Outcomes:
    trouble: CrmError = CrmIdOccupied(company_id, is_deleted=False)
    try:
        caller.write("set_entry", module_name="Accounts", name_value_list=_fields(company_id, name), track_view=False)
    except CrmError as error:
        is_taken = isinstance(error, CrmOutcomeUnknown) and error.is_database_failure
        trouble = trouble if is_taken else error
    return {company_id: trouble, **_read_back(caller, [company_id], trouble)}


def _read_back(caller: Caller, ids: Iterable[str], trouble: CrmError | None) -> _Outcomes:
    """What became of those that are there; the others have no entry."""
    try:
        found = deleted_ids(caller, "Accounts", ids)
    except CrmError as error:
        return dict.fromkeys(ids, CrmOutcomeUnknown(f"companies were sent, and then: {trouble or error}"))
    return {
        company_id: CrmIdOccupied(company_id, is_deleted=True) if is_deleted else Created(company_id)
        for company_id, is_deleted in found.items()
    }


def _fields(company_id: str, name: str) -> list[dict[str, str]]:
    return shapes.name_values({"id": company_id, "new_with_id": "1", "name": texts.line(name, limit=150)})


def _beginning(name: str) -> str:
    """The letters and digits of the first word that has any."""
    return next(filter(None, ("".join(_letters(word)) for word in name.split())), "")


def _patterns(name: str) -> list[str]:
    """What the database is asked for. It compares without case and accents, and any signs may stand between letters."""
    words = [word for word in name.split() if any(_letters(word))]
    first = _beginning(name)
    spread = "".join(f"{letter}%" for letter in first[:LONGEST_BEGINNING])
    if len(first) >= SHORT_WORD:
        return [spread]
    longer = "".join(f"{letter}%" for letter in "".join(_letters(" ".join(words)))[:LONGEST_BEGINNING])
    word = "".join(sign if sign.isalnum() else "_" for sign in words[0])
    return [first, f"{first} %", f"{first},%", word, f"{word} %", f"{word},%", longer]


def _letters(text: str) -> Iterable[str]:
    return filter(str.isalnum, texts.folded(text))
