"""The figures of the first promise lines: requests, page times and the way from a click to its start."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from bench import importing, peers, scale
from bench.desk import BenchDesk
from bench.results import Results, note
from tests.installation import Installation
from tests.visitor import wait_until

IMPORTED = 5_000
SMALL, LARGE, ROUNDS = 1_000, 20_000, 25
BATCH = 200


def main(*, is_quick: bool = False) -> int:
    """Every figure. A quick one is measured at fewer messages, which each line says."""
    results = Results()
    if is_quick:
        note("quick: at a fifth to a half of the messages; what is paid once weighs more")
    with Installation() as installation:
        desk = BenchDesk(installation)
        import_cost(installation, desk, results, messages=IMPORTED // 5 if is_quick else IMPORTED)
        transfer_cost(desk, results)
        click_to_start(desk, results)
        idle_cost(installation, results)
        for messages in (SMALL,) if is_quick else (SMALL, LARGE):
            proof_cost(installation, messages, results)
    rates = peers.measure(results, peers.QUICK if is_quick else peers.Size())
    if not is_quick:
        peers.draw(rates)
        scale.measure(results, engine="sqlite", small=SMALL, large=LARGE, rounds=ROUNDS)
    return 1 if results.missed else 0


def import_cost(installation: Installation, desk: BenchDesk, results: Results, *, messages: int) -> None:
    importing.generate(desk, messages)
    desk.visitor.sign_in()
    importing.measure(installation, desk, results, messages=messages)
    desk.visitor.connect_crm()


def transfer_cost(desk: BenchDesk, results: Results) -> None:
    before = desk.imported()
    desk.receive(BATCH, with_file_every=BATCH + 1)
    desk.look()
    pks = desk.wait_for_import(before + BATCH)[:BATCH]
    desk.sandbox.forget_requests()
    began = time.monotonic()
    desk.sync(pks)
    wait_until(lambda: desk.active() == 0, seconds=120, what="the batch is delivered")
    took = time.monotonic() - began
    sent = desk.sandbox.requests()["total"]["coripo"]
    results.add("crm_requests_per_email", sent / BATCH, "requests", at_most=0.2, n=f"batch of {BATCH}, login included")
    note(f"{BATCH / took:.0f} e-mails/s delivered")


def proof_cost(installation: Installation, messages: int, results: Results) -> None:
    """A check that finds nothing, asked for with the button, so that all ids are compared: a mailbox of its own."""
    desk = BenchDesk(installation)
    importing.generate(desk, messages)
    desk.receive(BATCH, with_file_every=BATCH + 1)
    desk.visitor.sign_in()
    desk.visitor.connect_mailbox()
    wait_until(lambda: importing.is_in_step(installation), seconds=600, what="the mailbox is in step")
    desk.visitor.connect_crm()
    desk.sync(desk.wait_for_import(BATCH)[:BATCH])
    wait_until(lambda: desk.active() == 0, seconds=120, what="the batch is delivered")
    ((mailbox,),) = installation.rows(
        "select id from mailboxes_mailbox where lower(address) = ?", desk.person["mail"].lower()
    )
    desk.sandbox.forget_requests()
    began = time.monotonic()
    desk.visitor.post(f"/status/{mailbox}/check/", {})
    ended = (
        "select in_microsoft, records_checked from sync_reconciliation where finished_at is not null and mailbox_id = ?"
    )
    wait_until(lambda: installation.rows(ended, mailbox), seconds=300, what="the proof is made")
    took = time.monotonic() - began
    sent = desk.sandbox.requests()["total"]
    ((checked, records),) = ((int(str(one)), int(str(other))) for one, other in installation.rows(ended, mailbox))
    results.add(
        f"proof_graph_requests_per_1000_of_{messages}",
        sent["graph"] / checked * 1000,
        "requests",
        at_most=15 if messages == SMALL else 5,
        n=f"nothing missing, {checked} messages, all ids compared",
    )
    results.add(
        f"proof_crm_requests_per_1000_of_{messages}",
        sent["coripo"] / records * 1000,
        "requests",
        at_most=30,
        n=f"nothing missing, {records} records in CORIPO, login included",
    )
    note(f"proof of {checked} messages in {took:.1f} s")


def idle_cost(installation: Installation, results: Results) -> None:
    """Requests to Graph while nobody looks and nothing comes: counted over two looks, that are made due instead of waited
    for, and reckoned to an hour by the time that the portal sets for the next one; the folder tree is read once an hour."""
    times = "update mailboxes_mailbox set page_seen_at = null, next_look_at = ?"
    sandbox = installation.sandbox
    folders, sent = int(str(installation.rows("select count(*) from mailboxes_mailfolder where is_followed")[0][0])), []
    for tree in (", folders_read_at = ?", ", folders_read_at = coalesce(folders_read_at, ?)"):
        due = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
        sandbox.forget_requests()
        installation.write(times + tree, due, "2026-01-01 00:00:00" if not sent else due)
        looked = (
            "select looked_at, next_look_at from mailboxes_mailbox where looked_at > ? and next_look_at > looked_at"
        )
        wait_until(lambda: bool(installation.rows(looked, due)), seconds=60, what="the mailbox was looked at")  # noqa: B023
        sent.append(sandbox.requests()["total"]["graph"])
    ((at, then),) = installation.rows("select looked_at, next_look_at from mailboxes_mailbox")
    pause = (datetime.fromisoformat(str(then)) - datetime.fromisoformat(str(at))).total_seconds()
    each_hour = (sent[1] * 3600 / pause + sent[0] - sent[1]) / folders
    n = f"{folders} folders, a look each {pause:.0f} s with {sent[1]} requests, {sent[0]} with the folder tree"
    results.add("graph_requests_per_idle_folder_and_hour", each_hour, "requests", at_most=12, n=n)


def click_to_start(desk: BenchDesk, results: Results) -> None:
    before = desk.imported()
    clicks = 10
    desk.receive(clicks, with_file_every=clicks + 1)
    desk.look()
    pks = desk.wait_for_import(before + clicks)[:clicks]
    waits, requests_sent = [], []
    for pk in pks:
        desk.sandbox.forget_requests()
        pressed = time.monotonic()
        desk.visitor.post(f"/inbox/{pk}/act/", {"action": "sync"})
        while desk.installation.rows("select 1 from sync_transfer where message_id = ? and status = 'queued'", pk):
            time.sleep(0.005)
        waits.append(time.monotonic() - pressed)
        wait_until(lambda: desk.active() == 0, seconds=60, what="delivered")
        requests_sent.append(desk.sandbox.requests()["total"]["coripo"])
    results.add("click_to_start", max(waits), "s", at_most=1, n=f"worst of {clicks} clicks on idle workers")
    results.add("crm_requests_per_click", max(requests_sent), "requests", at_most=8, n=f"worst of {clicks}")
