"""Kills from outside while mails are delivered, then a count of what is in CORIPO: lost and doubled must be 0.

The processes are started as `./run` starts them. A kill is aimed at a named step of the delivery, read from the log, or falls
at random; CORIPO drops 5 % of its answers after it has carried the call out. No hook in the product helps.

The large profile has PostgreSQL, Redis and two workers for each queue; access tokens there live for seconds, and Microsoft
revokes a refresh token when it is used. A worker that dies with the only good one in its hands leaves the mailbox to its
owner, who connects it again: that is counted as well.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.desk import BenchDesk
from bench.results import Results, note
from tests.installation import Installation, Profile
from tests.visitor import wait_until

STEPS = ["claimed", "fetched", "resolved", "intended", "looked_up", "created", "related", "attached", "recorded"]
LEASE_SECONDS = 5
# MSAL replaces a token 300 s before its end: this one is good for five.
TOKEN_SECONDS = 305
WORKERS = "portal worker"
ANYBODY = [WORKERS, WORKERS, "portal beat", "gunicorn portal.wsgi"]


@dataclass(frozen=True, slots=True)
class Count:
    """What CORIPO holds of the mails that were asked for, after everything has come to rest."""

    lost: int
    doubled: int
    wrong_links: int
    wrong_files: int
    not_synced: int


def main(*, kills: int, mails: int, seed: int, profile: Profile = "small") -> int:
    with Installation(profile=profile, environment={"LEASE_SECONDS": str(LEASE_SECONDS)}) as installation:
        count, drained = run(installation, kills=kills, mails=mails, chance=random.Random(seed))
    results = Results()
    n = f"{profile} profile, {kills} kills, {mails} mails, 5 % of CORIPO's answers dropped after success, seed {seed}"
    results.add("kill_lost", count.lost, "mails", at_most=0, n=n)
    results.add("kill_doubled", count.doubled, "mails", at_most=0, n=n)
    results.add("kill_links_wrong", count.wrong_links, "mails", at_most=0, n=n)
    results.add("kill_attachments_wrong", count.wrong_files, "mails", at_most=0, n=n)
    results.add("kill_not_shown_as_synced", count.not_synced, "mails", at_most=0, n=n)
    note(f"at rest {drained:.1f} s after the last kill; lease {LEASE_SECONDS} s")
    return 1 if results.missed else 0


def run(
    installation: Installation, *, kills: int, mails: int, chance: random.Random, only_steps: bool = False
) -> tuple[Count, float]:
    """Deliver `mails` while `kills` fall; the count, and the seconds from the last kill until nothing is under way.

    Every second kill is aimed at a step of the delivery, with `only_steps` each of them.
    """
    desk = BenchDesk(installation)
    message_ids = desk.receive(mails)
    if installation.profile == "large":
        desk.sandbox.control("POST", "knobs", json={"at_life": TOKEN_SECONDS, "revoke_old": True})
    desk.sandbox.forget_requests()
    desk.visitor.set_up()
    waiting = desk.wait_for_import(mails)
    desk.sandbox.fault("dropped", "coripo", times=0, share=0.05)

    share = max(mails // max(kills, 1), 1)

    def between_kills(number: int) -> None:
        desk.reconnect_if_asked()
        if portion := waiting[number * share : (number + 1) * share]:
            desk.sync(portion)

    struck = strike_one_after_another(installation, kills, chance, between_kills, only_steps=only_steps)
    last_kill = time.monotonic()
    if rest := waiting[kills * share :]:
        desk.sync(rest)
    wait_until(lambda: _is_at_rest(desk), seconds=180 + mails / 5, what="everything delivered")
    drained = time.monotonic() - last_kill
    note_kills(struck, [desk])
    desk.sandbox.calm()
    return count(desk, message_ids), drained


def strike_one_after_another(
    installation: Installation,
    kills: int,
    chance: random.Random,
    between_kills: Callable[[int], None],
    *,
    only_steps: bool = False,
    steps: Sequence[str] = STEPS,
) -> Counter[str]:
    """So many kills, with what is asked for before each of them; what they were aimed at."""
    struck: Counter[str] = Counter()
    for number in range(kills):
        aim = steps[number % len(steps)] if only_steps else steps[number // 2 % len(steps)] if number % 2 == 0 else ""
        written = installation.written()
        between_kills(number)
        struck[_strike(installation, aim, chance, after=written)] += 1
    return struck


def note_kills(struck: Counter[str], desks: list[BenchDesk]) -> None:
    redeemed = desks[0].sandbox.requests()["by_part"].get("entra:POST token", 0)
    note(f"tokens asked for {redeemed} times; mailboxes connected again {sum(d.reconnected for d in desks)} times")
    note("kills: " + ", ".join(f"{what} {times}" for what, times in sorted(struck.items())))


def _is_at_rest(desk: BenchDesk) -> bool:
    desk.reconnect_if_asked()
    return desk.active() == 0


def _strike(installation: Installation, step: str, chance: random.Random, *, after: int) -> str:
    """One kill; what it was aimed at: a step that is waited for in the log, or without one whatever chance says."""
    if step and (line := installation.wait_for_line(f"step={step}", after=after, seconds=12)):
        # Each line begins with the name of the process that wrote it, and the name is part of its node's.
        installation.kill(f"-n {line.split('|')[0].strip()}@")
        return step
    time.sleep(chance.uniform(0.0, 1.5))
    victim = chance.choice(ANYBODY)
    installation.kill(victim, one_by=chance if chance.random() < 0.5 else None)
    return victim


def count(desk: BenchDesk, message_ids: list[str]) -> Count:
    found = Counter(email["message_id"] for email in desk.coripo.emails())
    record = {email["message_id"]: email["id"] for email in desk.coripo.emails()}
    wrong_links = wrong_files = 0
    for number, message_id in enumerate(message_ids):
        if message_id not in record:
            continue
        links = (
            len(desk.coripo.linked(record[message_id], "contacts")),
            len(desk.coripo.linked(record[message_id], "accounts")),
        )
        wrong_links += links != (1, 1)
        wrong_files += len(desk.coripo.linked(record[message_id], "notes")) != (1 if number % 5 == 0 else 0)
    return Count(
        lost=sum(not found[message_id] for message_id in message_ids),
        doubled=sum(found[message_id] > 1 for message_id in message_ids),
        wrong_links=wrong_links,
        wrong_files=wrong_files,
        not_synced=len(message_ids) - desk.states()["synced"],
    )
