"""The figures of the first promise lines: requests, page times and the way from a click to its start."""

from __future__ import annotations

import time

from bench import importing, scale
from bench.desk import BenchDesk
from bench.results import Results, note
from tests.installation import Installation
from tests.visitor import wait_until

IMPORTED = 5_000
SMALL, LARGE, ROUNDS = 1_000, 20_000, 25
BATCH = 200


def main() -> int:
    results = Results()
    with Installation() as installation:
        desk = BenchDesk(installation)
        import_cost(installation, desk, results)
        transfer_cost(desk, results)
        click_to_start(desk, results)
        for messages in (SMALL, LARGE):
            proof_cost(installation, messages, results)
    scale.measure(results, engine="sqlite", small=SMALL, large=LARGE, rounds=ROUNDS)
    return 1 if results.missed else 0


def import_cost(installation: Installation, desk: BenchDesk, results: Results) -> None:
    importing.generate(desk, IMPORTED)
    desk.visitor.sign_in()
    importing.measure(installation, desk, results, messages=IMPORTED)
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
