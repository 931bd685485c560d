"""Whom to wake for contacts. Sent once the transaction has committed."""

from __future__ import annotations

from apps.work.models import Lane
from apps.work.wakeups import wake

QUEUES = {Lane.INTERACTIVE: "interactive", Lane.AUTOMATIC: "background", Lane.BACKFILL: "background"}


def wake_contact_carrier(lane: str) -> None:
    """Somebody is to carry what is due for contacts in this lane."""
    wake("apps.contacts.tasks.carry_contacts", queue=QUEUES[Lane(lane)], lane=Lane(lane).value)
