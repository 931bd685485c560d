"""The addresses of two contacts merged: a set with a primary one, of which nothing is ever taken away."""

from __future__ import annotations

from apps.contacts.fields import address_key, is_same, keys_of
from apps.contacts.models import Field, Side
from apps.contacts.verdicts import Entry, Left, Sides, Step, Verdict
from apps.graph.cards import MOST_ADDRESSES


def merge_addresses(sides: Sides) -> Verdict:
    """What was added on one side is added on the other, as far as it has room. What was taken away stays on the other
    side, and is not brought back. Which is the primary one follows the side that changed it.
    """
    name = Field.ADDRESSES.value
    outlook, crm = ([one for one in side if one.strip()] for side in sides.now(name))
    entry = addresses_agreed(sides, outlook, crm)
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
    return Verdict(name, agreed, tuple(steps), left=tuple(left))


def addresses_agreed(sides: Sides, outlook: list[str], crm: list[str]) -> list[list[str]] | None:
    """The entry of the snapshot, with what a try that broke off has added: that came from the other side."""
    name = Field.ADDRESSES.value
    stored = sides.snapshot.get(name)
    entry: list[list[str]] = [list(one) for one in stored] if stored else [[], []]
    for place, (side, is_now) in enumerate(((Side.OUTLOOK, outlook), (Side.CRM, crm))):
        before, after = map(list, sides.intent.get(side, {}).get(name, ([], [])))
        arrived = [one for one in _missing(after, before) if address_key(one) in keys_of(is_now)]
        for one in (place, 1 - place):
            entry[one] += _missing(arrived, entry[one])
        if after and is_now and address_key(after[0]) == address_key(is_now[0]):
            # The primary one that we set is no change of anybody's.
            entry[place] = _led_by(is_now[0], entry[place])
            entry[1 - place] = _led_by(is_now[0], entry[1 - place])
    return entry if stored or any(entry) else None


def _primary(
    name: str, outlook: list[str], crm: list[str], base_outlook: list[str], base_crm: list[str], sides: Sides
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
