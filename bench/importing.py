"""A large mailbox imported by a real installation: how large its workers become, and what it costs at Graph.

The workers' peak is what the kernel noted (VmHWM). It is noted at a fifth of the mail as well: what has not grown since then
does not grow with the mailbox.
"""

from __future__ import annotations

import time
from pathlib import Path

from bench.desk import BenchDesk
from bench.results import Results, note
from tests.installation import Installation, Profile
from tests.visitor import wait_until

DAYS = 80
# The portal's own figures are of a mailbox that is in step within this time.
LONGEST_SECONDS = 1800


def main(*, messages: int, profile: Profile = "small") -> int:
    results = Results()
    with Installation(profile=profile) as installation:
        desk = BenchDesk(installation)
        generate(desk, messages)
        desk.visitor.sign_in()
        measure(installation, desk, results, messages=messages)
    return 1 if results.missed else 0


def generate(desk: BenchDesk, messages: int) -> None:
    """Fill the desk's mailbox with mail of the last 80 days, in the sandbox's own process."""
    sandbox = desk.sandbox
    sandbox.command("generate", "--mailbox", desk.person["mail"], "--messages", str(messages), "--days", str(DAYS))


def measure(installation: Installation, desk: BenchDesk, results: Results, *, messages: int) -> None:
    """From *Connect mailbox* until every followed folder is in step."""
    desk.sandbox.forget_requests()
    began = time.monotonic()
    desk.visitor.connect_mailbox()
    memory = WorkerMemory(installation)
    wait_until(
        lambda: memory.look() and desk.imported() >= messages // 5, seconds=LONGEST_SECONDS, what="a fifth is here"
    )
    early = memory.peak_mb
    wait_until(
        lambda: memory.look() and is_in_step(installation), seconds=LONGEST_SECONDS, what="the mailbox is in step"
    )
    took = time.monotonic() - began
    rows = desk.imported()
    requests_sent = desk.sandbox.requests()["total"]["graph"]
    n = f"{rows} messages"
    results.add("graph_requests_per_1000_imported", requests_sent / rows * 1000, "requests", at_most=30, n=n)
    note(f"{rows / took:.0f} messages/s imported")
    results.add("import_worker_peak", memory.peak_mb, "MB", at_most=200, n=f"largest worker, {n}")
    note(f"the largest worker had {early:.0f} MB at a fifth of them")
    for line in installation.lines:
        if " ended with " in line:
            note(line.strip())


def is_in_step(installation: Installation) -> bool:
    """Whether every followed folder has been read to its end."""
    (folders, done) = installation.rows(
        "select count(*), count(completed_at) from mailboxes_mailfolder where is_followed"
    )[0]
    return bool(folders) and folders == done


class WorkerMemory:
    """The largest resident size that any worker process has had, those that have ended included."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.peak_mb = 0.0

    def look(self) -> bool:
        """Take note; True, so that it can stand before a condition."""
        for worker in self.installation.children("worker"):
            self.peak_mb = max(self.peak_mb, _peak_mb(worker.pid))
        return True


def _peak_mb(pid: int) -> float:
    """In MB (10^6 bytes); 0 for a process that has ended meanwhile."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1_000_000
