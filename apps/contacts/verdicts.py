"""What a merge is told, and what it says: rules, steps, differences, and what is then agreed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from apps.contacts.fields import Value, Values, empty
from apps.contacts.models import ContactRules, Direction, OnConflict, Side

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


@dataclass(frozen=True, slots=True)
class Sides:
    """Everything that a merge knows."""

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
class Verdict:
    """What becomes of one field; `entry` is what is then agreed on, None where nothing is."""

    field: str
    entry: Entry | None
    steps: tuple[Step, ...] = ()
    clash: Clash | None = None
    left: tuple[Left, ...] = ()
