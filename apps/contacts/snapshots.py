"""What is kept of a merge: before the writes, and once the sides that were written have been read again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.contacts.fields import Values, address_key, empty, is_same, keys_of
from apps.contacts.models import Field, Side
from apps.contacts.verdicts import Intent, Left, Merged, Snapshot


def picks_that_hold(wished: Mapping[str, Mapping[str, Any]], outlook: Values, crm: Values) -> dict[str, Side]:
    """Of `{field: {"side": side, "seen": [outlook, crm]}}` the sides of fields that are as the person saw them: nothing is
    overwritten that nobody has looked at.
    """
    return {
        name: Side(pick["side"])
        for name, pick in wished.items()
        if is_same(name, outlook.get(name, empty(name)), pick["seen"][0])
        and is_same(name, crm.get(name, empty(name)), pick["seen"][1])
    }


def snapshot_after(merged: Merged, read_back: Mapping[Side, Values]) -> Snapshot:
    """The snapshot once the sides in `read_back` have been written and read again: what a side made of a value, cut or
    changed by its own rules, is what it had when they agreed. A field with a step that was not done stays as it was.
    """
    entries = dict(merged.agreed)
    for step in merged.steps:
        if step.side not in read_back:
            entries.pop(step.field, None)
            if step.field in merged.base:
                entries[step.field] = merged.base[step.field]
    for step in merged.steps:
        if step.field in entries and all(it.side in read_back for it in merged.steps if it.field == step.field):
            place = 0 if step.side == Side.OUTLOOK else 1
            is_now = read_back[step.side].get(step.field, empty(step.field))
            if step.field == Field.ADDRESSES:
                # What somebody added in between was not agreed on, and travels in the next round.
                agreed = keys_of(entries[step.field][place])
                is_now = [one for one in is_now if address_key(one) in agreed]
            entry = list(entries[step.field])
            entry[place] = is_now
            entries[step.field] = entry
    return entries


def altered(merged: Merged, read_back: Mapping[Side, Values]) -> tuple[Left, ...]:
    """Where a side made something else of what was written: a text without what looked like a tag, an address not taken."""
    found = []
    for step in merged.steps:
        is_now = read_back.get(step.side, {}).get(step.field, empty(step.field))
        if step.side not in read_back or is_same(step.field, is_now, step.after):
            continue
        if step.field != Field.ADDRESSES or not keys_of(step.after) <= keys_of(is_now):
            found.append(Left(step.field, step.side, step.after, is_now, "altered"))
    return tuple(found)


def intent_after(merged: Merged, read_back: Mapping[Side, Values]) -> Intent:
    """What must still be kept: of a field that is written on one of two sides, what was done there, too."""
    waiting = {step.field for step in merged.steps if step.side not in read_back}
    kept = {
        side: {name: pair for name, pair in fields.items() if name in waiting} for side, fields in merged.intent.items()
    }
    return {side: fields for side, fields in kept.items() if fields}
