"""Driving a check in a test: asked for as by the button, and taken on until it is done, repairs and their waits included."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from apps.core.clock import now
from apps.sync.delivery import deliver_due
from apps.sync.models import Finding, Reconciliation, Transfer
from apps.sync.proof_asking import request_check
from apps.sync.reconciling import reconcile_due
from apps.work.models import ACTIVE, Lane, Status
from tests.desk import Desk

MOST_TURNS = 60


def prove(desk: Desk) -> Reconciliation:
    """One whole check of the desk's mailbox; nobody waits for a time in a row."""
    request_check(desk.mailbox, user=desk.user, at=now())
    return finish(desk)


def finish(desk: Desk) -> Reconciliation:
    """Take the open check of the mailbox to its end."""
    check = Reconciliation.objects.get(mailbox=desk.mailbox, status__in=ACTIVE)
    for _ in range(MOST_TURNS):
        Reconciliation.objects.filter(pk=check.pk).update(not_before=now())
        reconcile_due(until=now() + timedelta(seconds=20))
        Transfer.objects.filter(status=Status.QUEUED).update(not_before=now())
        deliver_due(Lane.AUTOMATIC, until=now() + timedelta(seconds=20))
        check.refresh_from_db()
        if check.status not in ACTIVE:
            return check
    raise AssertionError(f"the check stays at {check.stage}: {check.cause}")


def told(findings: Iterable[Finding]) -> list[tuple[str, str, str]]:
    return sorted((finding.kind, finding.outcome, finding.reason) for finding in findings)
