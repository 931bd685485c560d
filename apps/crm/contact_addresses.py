"""Addresses of contacts that exist already: a later `email1` is ignored, so each is a row of its own and a link to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from apps.crm import queries, shapes
from apps.crm.calling import Caller
from apps.crm.contact_fields import address_rows, key_of, reachable, storable
from apps.crm.portions import portions
from apps.crm.reading import rows

ROWS_PER_QUERY = 100
LINKS_PER_WRITE = 100
_PRIMARY = {"primary_address": "1"}


@dataclass(frozen=True, slots=True)
class AddressWish:
    """What the addresses of a contact, as it was read, are to be. With `keeps_others` none is taken away."""

    record: shapes.Record
    addresses: tuple[str, ...]
    keeps_others: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    """One entry of `set_relationships`."""

    contact_id: str
    row_ids: tuple[str, ...]
    is_primary: bool = False
    is_delete: bool = False


def change_addresses(caller: Caller, wishes: Sequence[AddressWish]) -> None:
    """Three requests at most for as many contacts as one portion has. What came of it is for the caller to read.

    Nothing is taken away before the rest is there. A primary address of its own is made by adding the new one as such,
    which leaves two of them, and linking the former one anew.
    """
    wanted: dict[str, str] = {}
    for wish in wishes:
        there = {key_of(address) for address in address_rows(wish.record).values()}
        wanted |= {key: address for key, address in storable(wish.addresses).items() if key not in there}
    made = _rows_for(caller, wanted)
    steps = [step for wish in wishes for step in _steps(wish, made)]
    for portion in portions(steps, most=LINKS_PER_WRITE):
        caller.write(
            "set_relationships",
            module_names=["Contacts"] * len(portion),
            module_ids=[step.contact_id for step in portion],
            link_field_names=["email_addresses"] * len(portion),
            related_ids=[list(step.row_ids) for step in portion],
            name_value_lists=[shapes.name_values(_PRIMARY if step.is_primary else {}) for step in portion],
            delete_array=[int(step.is_delete) for step in portion],
        )


def _steps(wish: AddressWish, made: Mapping[str, str]) -> Iterable[_Step]:
    there = {key_of(address): row_id for row_id, address in address_rows(wish.record).items()}
    after = reachable(wish.addresses, there)
    contact_id = wish.record.id
    ids = there | {key: made[key] for key in after if key not in there and key in made}
    former, first = next(iter(there), ""), after[0] if after else ""
    is_moved = bool(former and first) and first != former and not wish.keeps_others
    if is_moved:
        yield _Step(contact_id, (ids[first],), is_primary=True)
    added = tuple(ids[key] for key in after if key not in there and not (is_moved and key == first))
    if added:
        yield _Step(contact_id, added)
    gone = [key for key in there if key not in after and not wish.keeps_others]
    gone += [former] if is_moved and former not in gone else []
    if gone:
        yield _Step(contact_id, tuple(there[key] for key in gone), is_delete=True)
    if is_moved and former in after:
        yield _Step(contact_id, (there[former],))


def _rows_for(caller: Caller, wanted: Mapping[str, str]) -> dict[str, str]:
    """By their keys the ids of the rows of these addresses. One row serves everybody who has the address."""
    found: dict[str, str] = {}
    for portion in portions(wanted.values(), most=ROWS_PER_QUERY):
        query = queries.address_rows(portion)
        for row in rows(caller, "EmailAddresses", query=query, fields=("id", "email_address")):
            found.setdefault(key_of(row["email_address"]), row.id)
    new = {key: str(uuid4()) for key in wanted if key not in found}
    for keys in portions(new, most=ROWS_PER_QUERY):
        caller.write(
            "set_entries",
            module_name="EmailAddresses",
            name_value_lists=[shapes.name_values(_row(new[key], wanted[key])) for key in keys],
        )
    return found | new


def _row(row_id: str, address: str) -> dict[str, str]:
    return {
        "id": row_id,
        "new_with_id": "1",
        "email_address": address,
        "email_address_caps": address.upper(),
    }
