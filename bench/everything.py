"""Kills while everything runs at once: runs over many mails, the automat with new mail arriving, and clicks.

CORIPO drops 2 % of its answers after it has carried the call out, Graph throttles now and then, and processes die as
`bench.kill` kills them. Two people: one whose mailbox the runs and the automat carry, and one who clicks; every third
click is at a mail that a run is about to carry.
"""

from __future__ import annotations

import random
from dataclasses import astuple
from datetime import UTC, datetime, timedelta

import requests

from bench.desk import BenchDesk
from bench.kill import LEASE_SECONDS, TOKEN_SECONDS, Count, count, note_kills, strike_one_after_another
from bench.results import Results, note
from tests.installation import Installation, Profile
from tests.visitor import wait_until

# A run over so many mails is asked for each so many kills.
MAILS_OF_A_RUN, KILLS_OF_A_RUN = 100, 20
DROPPED = 0.02
# Each so many kills Graph answers so many requests with 429, and names so many seconds.
STORM_EVERY, STORM_REQUESTS, STORM_SECONDS = 15, 3, 1


def main(*, kills: int, seed: int, profile: Profile) -> int:
    with Installation(profile=profile, environment={"LEASE_SECONDS": str(LEASE_SECONDS)}) as installation:
        found, mails, drained, throttled = run(installation, kills=kills, chance=random.Random(seed))
    results = Results()
    n = f"{profile} profile, {kills} kills, {mails} mails by runs, automat and clicks, {DROPPED:.0%} of CORIPO's answers"
    n += f" dropped after success, {throttled} requests throttled by Graph, seed {seed}"
    results.add("everything_lost", found.lost, "mails", at_most=0, n=n)
    results.add("everything_doubled", found.doubled, "mails", at_most=0, n=n)
    results.add("everything_links_wrong", found.wrong_links, "mails", at_most=0, n=n)
    results.add("everything_attachments_wrong", found.wrong_files, "mails", at_most=0, n=n)
    results.add("everything_not_shown_as_synced", found.not_synced, "mails", at_most=0, n=n)
    n = f"from the last kill until all that was asked for by then is done; two leases of {LEASE_SECONDS} s"
    results.add("everything_drained_s", drained, "s", at_most=2 * LEASE_SECONDS, n=n)
    return 1 if results.missed else 0


def run(installation: Installation, *, kills: int, chance: random.Random) -> tuple[Count, int, float, int]:
    """What CORIPO holds in the end, of how many mails, the seconds from the last kill until what was asked for by then was
    done, and the requests throttled."""
    sandbox = installation.sandbox
    if installation.profile == "large":
        sandbox.control("POST", "knobs", json={"at_life": TOKEN_SECONDS, "revoke_old": True})
    truster, clicker = Truster(installation, runs=-(-kills // KILLS_OF_A_RUN)), Clicker(installation, clicks=kills)
    sandbox.forget_requests()
    sandbox.fault("dropped", "coripo", times=0, share=DROPPED)

    def between_kills(number: int) -> None:
        for desk in (truster.desk, clicker.desk):
            desk.reconnect_if_asked()
        if number % STORM_EVERY == 0:
            sandbox.fault("throttle", "graph", times=STORM_REQUESTS, seconds=STORM_SECONDS)
        if number % KILLS_OF_A_RUN == 0:
            truster.ask_for_a_run()
        truster.start_what_is_foreseen()
        truster.receive_one()
        clicker.click(number)
        if number % 3 == 0:
            truster.click_ahead(chance)

    struck = strike_one_after_another(installation, kills, chance, between_kills)
    last_kill = datetime.now(UTC)
    wait_until(lambda: _is_at_rest(truster, clicker), seconds=180 + kills, what="everything delivered")
    drained = (_last_end(installation, asked_before=last_kill) - last_kill).total_seconds()
    note_kills(struck, [truster.desk, clicker.desk])
    throttled = sum(
        fault["hits"] for fault in sandbox.control("GET", "faults")["faults"] if fault["name"] == "throttle"
    )
    sandbox.calm()
    counts = [count(truster.desk, truster.message_ids), count(clicker.desk, clicker.message_ids)]
    total = Count(*map(sum, zip(*map(astuple, counts), strict=True)))
    return total, len(truster.message_ids) + len(clicker.message_ids), drained, throttled


def _is_at_rest(truster: Truster, clicker: Clicker) -> bool:
    for desk in (truster.desk, clicker.desk):
        desk.reconnect_if_asked()
    truster.start_what_is_foreseen()
    return truster.has_all() and truster.desk.active() == 0


def _last_end(installation: Installation, *, asked_before: datetime) -> datetime:
    rows = installation.rows(
        "select queued_at, finished_at, lane, failures, crashes from sync_transfer where status in ('done', 'failed')"
    )
    # Without a zone on SQLite, and UTC.
    ends = [
        (datetime.fromisoformat(f"{ended}+00:00"[:32]), f"lane {lane}, {failures} failures, {crashes} crashes")
        for asked, ended, lane, failures, crashes in rows
        if datetime.fromisoformat(f"{asked}+00:00"[:32]) <= asked_before
    ]
    for ended, how in sorted(ends, reverse=True)[:3]:
        note(f"done {(ended - asked_before).total_seconds():.1f} s after the last kill: {how}")
    return max(ends)[0]


class Truster:
    """Whose mail goes by runs, as it lay there before, and by the automat, as it comes."""

    def __init__(self, installation: Installation, *, runs: int) -> None:
        self.desk = BenchDesk(installation)
        self.message_ids: list[str] = []
        for number in range(runs):
            # Before the automat is switched on, which takes what comes afterwards.
            long_ago = datetime.now(UTC) - timedelta(days=number + 1)
            self.message_ids += self.desk.receive(MAILS_OF_A_RUN, subject=_word(number), until=long_ago)
        self.desk.visitor.set_up()
        self.waiting = self.desk.wait_for_import(len(self.message_ids))
        self.about_to_go: list[int] = []
        self.runs = 0
        self.run_page = ""
        self._switch_on()

    def _switch_on(self) -> None:
        folders = self.desk.installation.rows("select id from mailboxes_mailfolder where is_followed")
        words = {"action": "preview", "takes_received": "on", "followed_folders": [pk for (pk,) in folders]}
        self.desk.visitor.post("/settings/automatic/", words)
        self.desk.visitor.press("Switch on")
        assert self.desk.installation.rows("select 1 from sync_syncrules where is_automatic"), "the automat is on"

    def ask_for_a_run(self) -> None:
        """A run over a portion by its word; its page has the forecast, and waits for the button."""
        words = {"action": "sync", "matching": f"?q={_word(self.runs)}", "up_to": max(self.waiting)}

        def asked() -> bool:
            try:
                self.run_page = self.desk.visitor.post("/runs/ask/", words).url
            except requests.ConnectionError:
                return False
            return "/runs/" in self.run_page

        wait_until(asked, seconds=60, what="the run was asked for")
        at = self.runs * MAILS_OF_A_RUN
        self.about_to_go = self.waiting[at : at + MAILS_OF_A_RUN]
        self.runs += 1

    def start_what_is_foreseen(self) -> None:
        if not self.run_page:
            return
        try:
            self.desk.visitor.go(self.run_page)
            if self.desk.visitor.has_button("Start"):
                self.desk.visitor.press("Start")
        except requests.ConnectionError:
            # The web was killed; the page is there again in a moment.
            return
        pk = self.run_page.rstrip("/").rsplit("/", 1)[-1]
        if self.desk.installation.rows("select 1 from work_run where id = ? and started_at is not null", int(pk)):
            self.run_page = ""

    def click_ahead(self, chance: random.Random) -> None:
        """At a mail that a run is about to carry, or has carried."""
        self.desk.sync([chance.choice(self.about_to_go)])

    def receive_one(self) -> None:
        a_minute_on = datetime.now(UTC) + timedelta(minutes=1)
        self.message_ids += self.desk.receive(1, first=len(self.message_ids), subject="Novinka", until=a_minute_on)
        self.desk.look()

    def has_all(self) -> bool:
        """Whether what arrived is known to the portal, and every run was started."""
        if self.desk.imported() < len(self.message_ids):
            self.desk.look()
            return False
        return not self.run_page and not self.desk.states()["not_synced"]


def _word(number: int) -> str:
    return f"davka{number:03}x"


class Clicker:
    """Who clicks at own mails, one by one."""

    def __init__(self, installation: Installation, *, clicks: int) -> None:
        self.desk = BenchDesk(installation)
        self.message_ids = self.desk.receive(clicks)
        self.desk.visitor.set_up()
        self.waiting = self.desk.wait_for_import(clicks)

    def click(self, number: int) -> None:
        self.desk.sync([self.waiting[number]])
