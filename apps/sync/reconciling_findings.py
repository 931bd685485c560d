"""Naming what differs, once, and saying what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from apps.mailboxes.models import Message
from apps.sync.models import CrmEmail, Finding, Reconciliation, Transfer
from apps.work.models import Lane, Status

SETTLED_FIELDS = ("outcome", "reason", "settled_at")


class ClaimLost(Exception):
    """The check belongs to another carrier now; this one stops where it is."""


def keep_progress(check: Reconciliation, **changes: Any) -> None:
    """Write how far the check has come, in the transaction of what it did. Raises ClaimLost."""
    if not Reconciliation.objects.filter(pk=check.pk, status=Status.CLAIMED, claim=check.claim).update(**changes):
        raise ClaimLost(check.pk)
    for name, value in changes.items():
        setattr(check, name, value)


def name_finding(
    check: Reconciliation,
    kind: Finding.Kind,
    key: str,
    *,
    outcome: Finding.Outcome,
    at: datetime,
    subject: str = "",
    message: Message | None = None,
    crm_email: CrmEmail | None = None,
    transfer: Transfer | None = None,
    note_ids: Iterable[str] = (),
    reason: str = "",
) -> None:
    """Write the finding down unless this check has named it before."""
    Finding.objects.get_or_create(
        reconciliation=check,
        kind=kind,
        key=key,
        defaults={
            "subject": (subject or (message.subject if message else ""))[:300],
            "message": message,
            "crm_email": crm_email,
            "transfer": transfer,
            "note_ids": sorted(note_ids),
            "outcome": outcome,
            "reason": reason,
            "found_at": at,
            "settled_at": None if outcome == Finding.Outcome.UNDER_WAY else at,
        },
    )


def settle_finding(finding: Finding, *, is_repaired: bool, at: datetime, reason: str = "") -> None:
    note_settled(finding, is_repaired=is_repaired, at=at, reason=reason)
    finding.save(update_fields=SETTLED_FIELDS)


def note_settled(finding: Finding, *, is_repaired: bool, at: datetime, reason: str = "") -> None:
    """Say what became of it, for the caller to save."""
    finding.outcome = Finding.Outcome.REPAIRED if is_repaired else Finding.Outcome.LEFT
    finding.reason = "" if is_repaired else reason
    finding.settled_at = at


def ask_for_repair(message: Message, *, at: datetime) -> Transfer:
    """The transfer that stores what is missing of this mail, or the one that is under way already.

    It was in CORIPO before, so it goes there again although nobody may have its addresses any more, and whatever the rules
    of runs say. Call it inside `writing_facts` of the mail.
    """
    active = Transfer.objects.active().filter(message=message)
    active.update(origin=Transfer.Origin.PROOF, is_repair=True, store_without_match=True)
    return active.first() or Transfer.objects.create(
        message=message,
        mailbox=message.mailbox,
        requested_by=message.mailbox.owner,
        lane=Lane.AUTOMATIC,
        status=Status.QUEUED,
        queued_at=at,
        not_before=at,
        store_without_match=True,
        origin=Transfer.Origin.PROOF,
        is_repair=True,
    )
