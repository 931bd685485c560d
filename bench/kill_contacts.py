"""Kills from outside while contacts are made and changed on both sides; then both services are read: 0 lost, 0 doubled.

Most contacts are new in Outlook and are made in CORIPO, every fourth is there already under its address. Later its phone is
changed in Outlook and its department in CORIPO, so that each field has one author and both sides must agree in the end. Both
services drop answers after they have carried a call out, and processes die as `bench.kill` kills them.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.kill import LEASE_SECONDS, strike_one_after_another
from bench.people import ContactsDesk, tag
from bench.results import Results, note
from tests.installation import Installation, Profile
from tests.visitor import wait_until

STEPS = ["claimed", "read", "found", "created", "judged", "crm_written", "outlook_written", "recorded"]
DROPPED = 0.05
# The two after which something is there that no row tells of.
WRITING = ["created", "outlook_written"]
KNOWN_OF = 4
# After so many kills somebody changes what was made then.
LATER = 3


@dataclass(frozen=True, slots=True)
class Person:
    number: int
    name: str
    graph_id: str
    crm_id: str = ""

    @property
    def phone(self) -> str:
        return f"+420 777 {self.number // 1000:03d} {self.number % 1000:03d}"

    @property
    def department(self) -> str:
        return f"Oddělení {self.number} & spol."


@dataclass(frozen=True, slots=True)
class Count:
    """What both services hold after everything has come to rest: `apart` are contacts whose sides do not say the same, or not
    what was entered last, and nobody is told; `shown` those that wait for a choice; `untied` those whose id in Outlook is not
    CORIPO's."""

    lost: int
    doubled: int
    apart: int
    shown: int
    untied: int


def main(*, kills: int, contacts: int, seed: int, profile: Profile = "small") -> int:
    with Installation(profile=profile, environment={"LEASE_SECONDS": str(LEASE_SECONDS)}) as installation:
        found, drained = run(installation, kills=kills, contacts=contacts, chance=random.Random(seed))
    results = Results()
    n = f"{profile} profile, {kills} kills, {contacts} contacts made and changed on both sides, {DROPPED:.0%} of the"
    n += f" answers of both services dropped after success, seed {seed}"
    results.add("kill_contacts_lost", found.lost, "contacts", at_most=0, n=n)
    results.add("kill_contacts_doubled", found.doubled, "contacts", at_most=0, n=n)
    results.add("kill_contacts_apart", found.apart, "contacts", at_most=0, n=n)
    results.add("kill_contacts_asked_about", found.shown, "contacts", at_most=contacts / 50, n=n)
    results.add("kill_contacts_without_id", found.untied, "contacts", at_most=0, n=n)
    note(f"at rest {drained:.1f} s after the last kill; lease {LEASE_SECONDS} s")
    return 1 if results.missed else 0


def run(
    installation: Installation,
    *,
    kills: int,
    contacts: int,
    chance: random.Random,
    only_steps: bool = False,
    steps: Sequence[str] = STEPS,
) -> tuple[Count, float]:
    """Make and change `contacts` while `kills` fall; the count, and the seconds until both sides agreed."""
    desk, mark = ContactsDesk(installation), f"K{tag()}-"
    desk.set_up()
    # Made in fair weather: whoever writes them here asks twice where an answer is dropped.
    known = {number: _known(desk, mark, number) for number in range(0, contacts, KNOWN_OF)}
    people: list[Person] = []
    waiting: list[Person] = []
    desk.sandbox.fault("dropped", "coripo", times=0, share=DROPPED)
    desk.sandbox.fault("dropped", "graph", times=0, share=DROPPED)
    share = -(-contacts // max(kills - LATER, 1))

    def between_kills(number: int) -> None:
        desk.reconnect_if_asked()
        for _ in range(min(share, contacts - len(people))):
            people.append(_made(desk, mark, len(people), known))
            waiting.append(people[-1])
        if number >= LATER:
            _change(desk, waiting, most=share)
        desk.look()

    struck = strike_one_after_another(installation, kills, chance, between_kills, only_steps=only_steps, steps=steps)
    last_kill = time.monotonic()
    _write_rest(desk, people, waiting, known, contacts=contacts, mark=mark)
    wait_until(lambda: _agrees(desk, people, mark), seconds=120 + contacts / 2, what="both sides agree")
    drained = time.monotonic() - last_kill
    note("kills: " + ", ".join(f"{what} {times}" for what, times in sorted(struck.items())))
    desk.sandbox.calm()
    return count(desk, people, mark), drained


def _write_rest(
    desk: ContactsDesk, people: list[Person], waiting: list[Person], known: dict[int, str], *, contacts: int, mark: str
) -> None:
    while len(people) < contacts:
        people.append(_made(desk, mark, len(people), known))
        waiting.append(people[-1])

    def all_changed() -> bool:
        desk.look()
        _change(desk, waiting, most=len(waiting))
        return not waiting

    wait_until(all_changed, seconds=60 + contacts / 2, what="everybody was made in CORIPO")


def _known(desk: ContactsDesk, mark: str, number: int) -> str:
    return desk.coripo.contact(_address(mark, number), first_name="Jan", last_name=f"{mark}{number}")


def _made(desk: ContactsDesk, mark: str, number: int, known: dict[int, str]) -> Person:
    name, crm_id = f"{mark}{number}", known.get(number, "")
    # Every third has no address, so that nothing but the ids can tell who it is.
    emails = [] if number % 3 == 1 and not crm_id else [{"name": "", "address": _address(mark, number)}]
    graph_id = desk.write(name, givenName="Jan", mobilePhone=f"{number}", emailAddresses=emails)
    return Person(number, name, graph_id, crm_id)


def _address(mark: str, number: int) -> str:
    return f"{mark}{number}@kovarna-morava.example".lower()


def _change(desk: ContactsDesk, waiting: list[Person], *, most: int) -> None:
    """Both sides of some are changed, of those that CORIPO has by now."""
    there = {row["last_name"]: row["id"] for row in desk.in_crm(waiting[0].name.split("-")[0])} if waiting else {}
    for person in [person for person in waiting if person.name in there][:most]:
        waiting.remove(person)
        desk.change(person.graph_id, mobilePhone=person.phone)
        desk.coripo.change("Contacts", there[person.name], department=person.department)


def _agrees(desk: ContactsDesk, people: list[Person], mark: str) -> bool:
    time.sleep(0.5)
    desk.reconnect_if_asked()
    desk.look()
    return not desk.active() and not count(desk, people, mark).apart


def count(desk: ContactsDesk, people: list[Person], mark: str) -> Count:
    in_crm: dict[str, list[dict[str, str]]] = {}
    for row in desk.in_crm(mark):
        in_crm.setdefault(row["last_name"], []).append(row)
    told = desk.in_outlook()
    in_outlook = {one["id"]: one for one in told}
    names = Counter(one["surname"] for one in told)
    differing = desk.differing()
    lost = doubled = apart = shown = untied = 0
    for person in people:
        records, contact = in_crm.get(person.name, []), in_outlook.get(person.graph_id)
        if not records or contact is None:
            lost += 1
            continue
        doubled += len(records) > 1 or names[person.name] > 1
        record = records[0]
        wanted = (person.phone, person.department)
        ours = (contact.get("mobilePhone"), contact.get("department"))
        theirs = (record["phone_mobile"], record["department"].replace("&amp;", "&"))
        if not wanted == ours == theirs:
            # What the portal shows as a difference is in a person's hands.
            shown += person.graph_id in differing
            apart += person.graph_id not in differing
        untied += record["id"] not in str(contact)
    return Count(lost=lost, doubled=doubled, apart=apart, shown=shown, untied=untied)
