"""Whom to wake: which task does what a wish needs, in whose queue. Sent once the transaction has committed."""

from __future__ import annotations

from apps.work.models import Lane
from apps.work.wakeups import wake

QUEUES = {Lane.INTERACTIVE: "interactive", Lane.AUTOMATIC: "background", Lane.BACKFILL: "background"}


def wake_carrier(lane: str) -> None:
    """Somebody is to deliver what is due in this lane."""
    wake("apps.sync.tasks.carry_transfers", queue=QUEUES[Lane(lane)], lane=Lane(lane).value)


def wake_undoer(lane: str) -> None:
    """Somebody is to take back what is due in this lane."""
    wake("apps.sync.tasks.take_back", queue=QUEUES[Lane(lane)], lane=Lane(lane).value)


def wake_automat() -> None:
    """Somebody is to decide what has no decision yet."""
    wake("apps.sync.tasks.decide_by_itself", queue="background")


def wake_asker() -> None:
    """Somebody is to ask CORIPO about the people of a dry run."""
    wake("apps.sync.tasks.ask_for_dry_runs", queue="background")


def wake_tender() -> None:
    """Somebody is to take runs forward."""
    wake("apps.sync.tasks.tend_runs", queue="background")


def wake_prover() -> None:
    """Somebody is to take checks further."""
    wake("apps.sync.tasks.prove", queue="background")


def wake_writer() -> None:
    """Somebody is to write the category into Outlook, or to take it for a wish."""
    wake("apps.sync.tasks.write_back", queue="background")
