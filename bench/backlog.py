"""Clicks behind a backlog: how long until a carrier takes them, while all workers are at the backlog.

The rows of the backlog are written by SQL. Their mails are in no mailbox, so that Graph refuses each of them and the workers
go through as many as they can. A person's own backlog waits in the lane of older mail; somebody else's there, and then as many
again in the lane of the clicks themselves.
"""

from __future__ import annotations

import time
from typing import get_args

from bench.desk import BenchDesk
from bench.results import Results
from tests.installation import Installation, Profile
from tests.visitor import wait_until

WAITING = 100_000
CLICKS = 10

_NUMBERS = "with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ?)"


def main() -> int:
    results = Results()
    for profile in get_args(Profile):
        with Installation(profile=profile) as installation:
            for behind, waits in run(installation, waiting=WAITING, clicks=CLICKS).items():
                n = f"behind {behind}, {profile} profile, worst of {len(waits)} clicks"
                results.add(f"click_behind_{WAITING}_s", max(waits), "s", at_most=2, n=n)
    return 1 if results.missed else 0


def run(installation: Installation, *, waiting: int, clicks: int) -> dict[str, list[float]]:
    """Seconds from each click until a carrier has taken it, by whose backlog was before it."""
    busy, other = BenchDesk(installation), BenchDesk(installation)
    # The first mail of the busy one is what the rows of the backlog are copied from.
    busy.receive(1 + clicks, with_file_every=clicks + 2)
    other.receive(clicks * 2, with_file_every=clicks * 2 + 1)
    for desk in (busy, other):
        desk.visitor.set_up()
    pattern, *own = busy.wait_for_import(1 + clicks)
    theirs = other.wait_for_import(clicks * 2)
    busy.sync([pattern])
    wait_until(lambda: busy.active() == 0, seconds=60, what="the pattern is delivered")

    queue_copies(installation, of=pattern, number=waiting, lane="backfill")
    measured = {
        "one's own": [click_to_start(busy, pk) for pk in own],
        "somebody else's": [click_to_start(other, pk) for pk in theirs[:clicks]],
    }
    queue_copies(installation, of=pattern, number=waiting, lane="interactive")
    measured["somebody else's in the same lane"] = [click_to_start(other, pk) for pk in theirs[clicks:]]
    assert busy.active() > waiting // 2, "the backlog was gone before the last click"
    return measured


def queue_copies(installation: Installation, *, of: int, number: int, lane: str) -> None:
    """So many messages like this one, each with a transfer that is due."""
    _copy(
        installation,
        "mailboxes_message",
        f"from mailboxes_message, numbers where id = {of}",
        {
            "graph_id": f"'{lane}-' || cast(n as text)",
            "email_key": f"'{lane}-' || cast(n as text) || '@firma.example'",
            "state": "'queued'",
        },
        number=number,
    )
    _copy(
        installation,
        "sync_transfer",
        f"from sync_transfer pattern, mailboxes_message copy where message_id = {of} and copy.graph_id like '{lane}-%'",
        {
            "message_id": "copy.id",
            "mailbox_id": "copy.mailbox_id",
            "status": "'queued'",
            "lane": f"'{lane}'",
            "run_id": "null",
            "attempts": "0",
            "result": "''",
            "finished_at": "null",
        },
    )
    if installation.profile == "large":
        installation.write("analyze")


def _copy(
    installation: Installation, table: str, source: str, changed: dict[str, str], *, number: int | None = None
) -> None:
    """Rows of a table like those that the source gives, but for the columns that these expressions change."""
    if installation.profile == "large":
        found = installation.rows("select column_name from information_schema.columns where table_name = ?", table)
    else:
        found = installation.rows("select name from pragma_table_info(?)", table)
    columns = [str(name) for (name,) in found if name != "id"]
    values = ", ".join(
        changed.get(column, f"pattern.{column}" if "pattern" in source else column) for column in columns
    )
    numbers, parameters = (_NUMBERS, [number]) if number else ("", [])
    installation.write(f"insert into {table} ({', '.join(columns)}) {numbers} select {values} {source}", *parameters)


def click_to_start(desk: BenchDesk, pk: int) -> float:
    """Seconds from the click until a carrier has taken it."""
    pressed = time.monotonic()
    desk.visitor.post(f"/inbox/{pk}/act/", {"action": "sync"})
    while desk.installation.rows("select 1 from sync_transfer where message_id = ? and status = 'queued'", pk):
        time.sleep(0.005)
    return time.monotonic() - pressed
