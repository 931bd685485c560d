"""The three-way merge of a contact: what is to be written on either side, what a person must decide, what is then agreed.

Pure: no database, no clock, no call outside. The values are those of `apps/contacts/fields.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from apps.contacts.address_merging import addresses_agreed, merge_addresses
from apps.contacts.fields import Value, Values, fit_for_crm, is_less, is_same, is_same_across
from apps.contacts.models import Field, OnConflict, Side
from apps.contacts.verdicts import Clash, Entry, Intent, Left, Merged, MergeRules, Sides, Snapshot, Step, Verdict


def merge(
    snapshot: Snapshot,
    outlook: Values,
    crm: Values,
    *,
    rules: MergeRules,
    outlook_at: datetime | None = None,
    crm_at: datetime | None = None,
    picks: Mapping[str, Side] | None = None,
    intent: Intent | None = None,
) -> Merged:
    """What follows from what both sides say now.

    A side has changed a field if it says something else than its own entry of the snapshot. What one side has changed is
    copied; what both have is settled by `picks`, the choices of a person who saw these values, or by the rules. Nothing is
    emptied and nothing deleted because the other side lacks it. `intent` is of a try that never told how it ended.
    """
    sides = Sides(snapshot, outlook, crm, rules, outlook_at, crm_at, picks or {}, intent or {})
    found = [
        merge_addresses(sides) if name == Field.ADDRESSES else _value(name, sides)
        for name in Field.values
        if rules.travels(name)
    ]
    base = _base(sides)
    kept = {name: entry for name, entry in base.items() if not rules.travels(name)}
    return Merged(
        steps=tuple(step for verdict in found for step in verdict.steps),
        differences=tuple(verdict.clash for verdict in found if verdict.clash),
        base=base,
        agreed=kept | {verdict.field: verdict.entry for verdict in found if verdict.entry is not None},
        left=tuple(left for verdict in found for left in verdict.left),
        done_before=tuple(_done_before(sides)),
    )


def _value(name: str, sides: Sides) -> Verdict:
    outlook, crm = sides.now(name)
    entry = _entry(name, sides)
    left = _emptied(name, entry, outlook, crm)
    if is_same_across(name, outlook, crm):
        return Verdict(name, [outlook, crm], left=left)
    winner, cause = _winner(name, entry, outlook, crm, sides)
    if winner is None and cause == OnConflict.ASK:
        return Verdict(name, entry, clash=Clash(name, entry, outlook, crm), left=left)
    value, other = (outlook, crm) if winner == Side.OUTLOOK else (crm, outlook)
    if winner is None or is_less(name, value, other):
        if cause == "rule_fill_empty":
            left = (*left, Left(name, Side.OUTLOOK, outlook, crm, cause))
        return Verdict(name, [outlook, crm], left=left)
    if cause != "picked" and not sides.rules.lets(name, winner):
        # Not agreed on: where the direction is opened later, the change travels.
        return Verdict(name, entry)
    if winner == Side.OUTLOOK:
        fitting = fit_for_crm(name, outlook)
        return Verdict(name, [outlook, fitting], (Step(name, Side.CRM, crm, fitting, cause),), left=left)
    return Verdict(name, [crm, crm], (Step(name, Side.OUTLOOK, outlook, crm, cause),), left=left)


def _winner(name: str, entry: Entry | None, outlook: Value, crm: Value, sides: Sides) -> tuple[Side | None, str]:
    """The side whose value is copied, and why; without one, why both stay as they are."""
    if name in sides.picks:
        return sides.picks[name], "picked"
    if entry is not None:
        changed = [
            side
            for side, value, agreed in zip(Side, (outlook, crm), entry, strict=True)
            if not is_same(name, value, agreed) and not is_less(name, value, agreed)
        ]
        if len(changed) < len(Side):
            return (changed[0], "changed") if changed else (None, "")
    if is_less(name, outlook, crm):
        return Side.CRM, "filled"
    if is_less(name, crm, outlook):
        return Side.OUTLOOK, "filled"
    rule, outlook_at, crm_at = sides.rules.on_conflict, sides.outlook_at, sides.crm_at
    if rule == OnConflict.OUTLOOK:
        return Side.OUTLOOK, "rule_outlook"
    if rule == OnConflict.CRM:
        return Side.CRM, "rule_crm"
    if rule == OnConflict.FILL_EMPTY:
        return None, "rule_fill_empty"
    if rule == OnConflict.NEWER and outlook_at and crm_at and outlook_at != crm_at:
        return (Side.OUTLOOK if outlook_at > crm_at else Side.CRM), "rule_newer"
    return None, OnConflict.ASK


def _emptied(name: str, entry: Entry | None, outlook: Value, crm: Value) -> tuple[Left, ...]:
    """What a side has taken away since, where the other one still has it. It is told once: the snapshot then knows."""
    if entry is None:
        return ()
    return tuple(
        Left(name, side, agreed, value, "emptied")
        for side, value, other, agreed in zip(Side, (outlook, crm), (crm, outlook), entry, strict=True)
        if is_less(name, value, agreed) and is_less(name, value, other)
    )


def _base(sides: Sides) -> Snapshot:
    outlook, crm = (list(side) for side in sides.now(Field.ADDRESSES))
    found: dict[str, Any] = {name: _entry(name, sides) for name in Field.values if name != Field.ADDRESSES}
    found[Field.ADDRESSES.value] = addresses_agreed(sides, outlook, crm)
    return {name: entry for name, entry in found.items() if entry is not None}


def _entry(name: str, sides: Sides) -> Entry | None:
    """What was agreed on. What we wrote ourselves in a try that broke off, and what still stands there, is no change."""
    for side in Side:
        _before, after = sides.intent.get(side, {}).get(name, (None, None))
        if after is not None:
            outlook, crm = sides.now(name)
            if side == Side.CRM and is_same(name, crm, after):
                return [after, crm]
            if side == Side.OUTLOOK and is_same(name, outlook, after):
                return [outlook, after]
    return sides.snapshot.get(name)


def _done_before(sides: Sides) -> Iterable[Step]:
    for side in Side:
        for name, (before, after) in sides.intent.get(side, {}).items():
            is_now = sides.now(name)[0 if side == Side.OUTLOOK else 1]
            if not is_same(name, is_now, before):
                yield Step(name, side, before, after, "broken_off")
