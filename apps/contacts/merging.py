"""The three-way merge of a contact: what is to be written on either side, what a person must decide, what is then agreed.

Pure: no database, no clock, no call outside. The values are those of `apps/contacts/fields.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from apps.contacts.fields import (
    Value,
    Values,
    address_key,
    empty,
    fit_for_crm,
    is_less,
    is_same,
    is_same_across,
    keys_of,
)
from apps.contacts.models import ContactRules, Direction, Field, OnConflict, Side
from apps.graph.cards import MOST_ADDRESSES

Entry = list[Value]
"""[what Outlook had, what CORIPO had] when they agreed."""
Snapshot = dict[str, Entry]
Intent = dict[str, dict[str, list[Value]]]
"""{side: {field: [before, after]}}: what is being written. As long as it stands, nobody knows whether it arrived."""

_WAY = {Side.OUTLOOK: Direction.TO_CRM, Side.CRM: Direction.FROM_CRM}


@dataclass(frozen=True, slots=True)
class MergeRules:
    """A field that has no direction does not travel."""

    on_conflict: str = OnConflict.ASK
    directions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: ContactRules) -> MergeRules:
        return cls(rules.on_conflict, rules.fields)

    def travels(self, name: str) -> bool:
        return self.directions.get(name, Direction.NONE) != Direction.NONE

    def lets(self, name: str, winner: Side) -> bool:
        """Whether the field may travel from this side to the other."""
        return self.directions.get(name) in (Direction.BOTH, _WAY[winner])


@dataclass(frozen=True, slots=True)
class Clash:
    """Both sides have changed the field since they agreed (`base` is None where they never did): somebody decides."""

    field: str
    base: Entry | None
    outlook: Value
    crm: Value


@dataclass(frozen=True, slots=True)
class Step:
    """A value that is written on a side over what stood there. `cause` is a code of apps/contacts/causes.py."""

    field: str
    side: Side
    before: Value
    after: Value
    cause: str


@dataclass(frozen=True, slots=True)
class Left:
    """Something that the merge saw and did not carry: a field emptied on `side`, a conflict that a rule left as it is."""

    field: str
    side: Side
    before: Value
    after: Value
    cause: str


@dataclass(frozen=True, slots=True)
class Merged:
    """`base` is the snapshot that was merged over, with what tries that broke off had agreed on; `agreed` as it is once
    every step is written. `done_before` are steps of such a try that are seen to have arrived, or to have been overwritten
    since: the history must have them.
    """

    steps: tuple[Step, ...] = ()
    differences: tuple[Clash, ...] = ()
    base: Snapshot = field(default_factory=dict)
    agreed: Snapshot = field(default_factory=dict)
    left: tuple[Left, ...] = ()
    done_before: tuple[Step, ...] = ()

    @property
    def to_outlook(self) -> Values:
        return self._to(Side.OUTLOOK)

    @property
    def to_crm(self) -> Values:
        return self._to(Side.CRM)

    @property
    def intent(self) -> Intent:
        """What to keep before the first write."""
        return {
            side.value: {step.field: [step.before, step.after] for step in self.steps if step.side == side}
            for side in Side
            if any(step.side == side for step in self.steps)
        }

    def without(self, name: str, side: Side, *, cause: str = "") -> Merged:
        """The same without writing this field on this side, as for a company that CORIPO does not know. With a cause it is
        left for good, until somebody changes it again; without, it waits and is tried in the next round.
        """
        step = next((it for it in self.steps if it.field == name and it.side == side), None)
        if step is None:
            return self
        agreed = {key: entry for key, entry in self.agreed.items() if key != name}
        if cause:
            place = 0 if side == Side.OUTLOOK else 1
            agreed[name] = [step.before if index == place else value for index, value in enumerate(self.agreed[name])]
        elif name in self.base:
            agreed[name] = self.base[name]
        left = (Left(name, side, step.before, step.after, cause),) if cause else ()
        return replace(
            self, steps=tuple(it for it in self.steps if it is not step), agreed=agreed, left=(*self.left, *left)
        )

    def _to(self, side: Side) -> Values:
        return {step.field: step.after for step in self.steps if step.side == side}


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
    sides = _Sides(snapshot, outlook, crm, rules, outlook_at, crm_at, picks or {}, intent or {})
    found = [
        _addresses(sides) if name == Field.ADDRESSES else _value(name, sides)
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
                agreed = keys_of(entries[step.field][place])  # type: ignore[arg-type]
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


@dataclass(frozen=True, slots=True)
class _Sides:
    snapshot: Snapshot
    outlook: Values
    crm: Values
    rules: MergeRules
    outlook_at: datetime | None
    crm_at: datetime | None
    picks: Mapping[str, Side]
    intent: Intent

    def now(self, name: str) -> tuple[Value, Value]:
        return self.outlook.get(name, empty(name)), self.crm.get(name, empty(name))


@dataclass(frozen=True, slots=True)
class _Verdict:
    field: str
    entry: Entry | None
    steps: tuple[Step, ...] = ()
    clash: Clash | None = None
    left: tuple[Left, ...] = ()


def _value(name: str, sides: _Sides) -> _Verdict:
    outlook, crm = sides.now(name)
    entry = _entry(name, sides)
    left = _emptied(name, entry, outlook, crm)
    if is_same_across(name, outlook, crm):
        return _Verdict(name, [outlook, crm], left=left)
    winner, cause = _winner(name, entry, outlook, crm, sides)
    if winner is None and cause == OnConflict.ASK:
        return _Verdict(name, entry, clash=Clash(name, entry, outlook, crm), left=left)
    value, other = (outlook, crm) if winner == Side.OUTLOOK else (crm, outlook)
    if winner is None or is_less(name, value, other):
        if cause == "rule_fill_empty":
            left = (*left, Left(name, Side.OUTLOOK, outlook, crm, cause))
        return _Verdict(name, [outlook, crm], left=left)
    if cause != "picked" and not sides.rules.lets(name, winner):
        # Not agreed on: where the direction is opened later, the change travels.
        return _Verdict(name, entry)
    if winner == Side.OUTLOOK:
        fitting = fit_for_crm(name, outlook)
        return _Verdict(name, [outlook, fitting], (Step(name, Side.CRM, crm, fitting, cause),), left=left)
    return _Verdict(name, [crm, crm], (Step(name, Side.OUTLOOK, outlook, crm, cause),), left=left)


def _winner(name: str, entry: Entry | None, outlook: Value, crm: Value, sides: _Sides) -> tuple[Side | None, str]:
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


def _base(sides: _Sides) -> Snapshot:
    outlook, crm = (list(side) for side in sides.now(Field.ADDRESSES))
    found: dict[str, Any] = {name: _entry(name, sides) for name in Field.values if name != Field.ADDRESSES}
    found[Field.ADDRESSES.value] = _addresses_agreed(sides, outlook, crm)
    return {name: entry for name, entry in found.items() if entry is not None}


def _entry(name: str, sides: _Sides) -> Entry | None:
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


def _done_before(sides: _Sides) -> Iterable[Step]:
    for side in Side:
        for name, (before, after) in sides.intent.get(side, {}).items():
            is_now = sides.now(name)[0 if side == Side.OUTLOOK else 1]
            if not is_same(name, is_now, before):
                yield Step(name, side, before, after, "broken_off")


# ── Addresses: a set with a primary one ───────────────────────────────────


def _addresses(sides: _Sides) -> _Verdict:
    """What was added on one side is added on the other, as far as it has room. What was taken away stays on the other
    side, and is not brought back. Which is the primary one follows the side that changed it.
    """
    name = Field.ADDRESSES.value
    outlook, crm = ([one for one in side if one.strip()] for side in sides.now(name))
    entry = _addresses_agreed(sides, outlook, crm)
    base_outlook, base_crm = entry or [[], []]
    from_crm = _missing(_missing(crm, base_crm), outlook)
    from_outlook = _missing(_missing(outlook, base_outlook), crm)
    unsent_crm: list[str] = []
    unsent_outlook: list[str] = []
    if not sides.rules.lets(name, Side.CRM):
        unsent_crm, from_crm = from_crm, []
    if not sides.rules.lets(name, Side.OUTLOOK):
        unsent_outlook, from_outlook = from_outlook, []
    room = max(MOST_ADDRESSES - len(outlook), 0)
    to_outlook, to_crm = outlook + from_crm[:room], crm + from_outlook
    lead = _primary(name, outlook, crm, base_outlook, base_crm, sides)
    if lead == Side.OUTLOOK:
        to_crm = _led_by(outlook[0], to_crm)
    elif lead == Side.CRM:
        to_outlook = _led_by(crm[0], to_outlook)
    cause = "picked" if name in sides.picks else "changed" if entry else "filled"
    steps = []
    if not is_same(name, to_outlook, outlook):
        steps.append(Step(name, Side.OUTLOOK, outlook, to_outlook, cause))
    if not is_same(name, to_crm, crm):
        steps.append(Step(name, Side.CRM, crm, to_crm, cause))
    taken_away = _keys_of_both(_missing(base_outlook, outlook), crm), _keys_of_both(_missing(base_crm, crm), outlook)
    left = [
        Left(name, side, base, value, "emptied")
        for side, base, value, away in zip(Side, (base_outlook, base_crm), (outlook, crm), taken_away, strict=True)
        if away
    ]
    if from_crm[room:]:
        left.append(Left(name, Side.OUTLOOK, outlook, from_crm[room:], "no_room"))
    agreed: Entry = [_missing(to_outlook, unsent_outlook), _missing(to_crm, unsent_crm)]
    return _Verdict(name, agreed, tuple(steps), left=tuple(left))


def _addresses_agreed(sides: _Sides, outlook: list[str], crm: list[str]) -> list[list[str]] | None:
    """The entry of the snapshot, with what a try that broke off has added: that came from the other side."""
    name = Field.ADDRESSES.value
    stored = sides.snapshot.get(name)
    entry: list[list[str]] = [list(one) for one in stored] if stored else [[], []]
    for place, (side, is_now) in enumerate(((Side.OUTLOOK, outlook), (Side.CRM, crm))):
        before, after = sides.intent.get(side, {}).get(name, ([], []))
        arrived = [one for one in _missing(list(after), list(before)) if address_key(one) in keys_of(is_now)]
        for one in (place, 1 - place):
            entry[one] += _missing(arrived, entry[one])
        if after and is_now and address_key(after[0]) == address_key(is_now[0]):
            # The primary one that we set is no change of anybody's.
            entry[place] = _led_by(is_now[0], entry[place])
            entry[1 - place] = _led_by(is_now[0], entry[1 - place])
    return entry if stored or any(entry) else None


def _primary(
    name: str, outlook: list[str], crm: list[str], base_outlook: list[str], base_crm: list[str], sides: _Sides
) -> Side | None:
    """The side whose primary address leads on the other as well; None where each keeps its own."""
    pick = sides.picks.get(name)
    if pick is not None:
        return pick if (outlook if pick == Side.OUTLOOK else crm) else None
    moved = [
        side
        for side, value, base in ((Side.OUTLOOK, outlook, base_outlook), (Side.CRM, crm, base_crm))
        if value and base and address_key(value[0]) != address_key(base[0])
    ]
    return moved[0] if len(moved) == 1 and sides.rules.lets(name, moved[0]) else None


def _missing(addresses: list[str], there: list[str]) -> list[str]:
    """Those of the addresses that are not there."""
    known = keys_of(there)
    return [one for one in addresses if address_key(one) not in known]


def _keys_of_both(one: list[str], other: list[str]) -> set[str]:
    return keys_of(one) & keys_of(other)


def _led_by(first: str, addresses: list[str]) -> list[str]:
    """With this one first, if it is among them."""
    key = address_key(first)
    return sorted(addresses, key=lambda one: address_key(one) != key)
