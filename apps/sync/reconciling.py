"""The proof that nothing is lost: per mailbox, every night and on demand (docs/architecture.md, "What proves it").

A check is work like any other: a row that is planned, claimed by a lease, and goes on from its stage and position wherever a
carrier stopped. It names what differs before it mends, and mends by what there is already: the next listing of a folder, an
ordinary transfer, a link made again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount
from apps.core.clock import now
from apps.crm.errors import CrmError, CrmThrottled, CrmUnauthorized, CrmUnreachable
from apps.crm.face import CrmClient
from apps.mailboxes.models import Mailbox
from apps.sync.isolating import Outage, keep_away, reach
from apps.sync.models import Reconciliation, ReconciliationQuerySet
from apps.sync.reconciling_findings import ClaimLost, keep_progress
from apps.sync.reconciling_mailbox import check_mailbox, count_again
from apps.sync.reconciling_records import check_next_records
from apps.sync.reconciling_repairs import has_running_repairs, leave_open_repairs, settle_next
from apps.sync.reconciling_rows import check_rows
from apps.work.fences import FenceStands
from apps.work.heartbeat import heartbeat
from apps.work.models import Lane, Status, WorkItemQuerySet
from apps.work.retry import next_attempt_at

log = logging.getLogger(__name__)

Stage = Reconciliation.Stage

# How soon a check looks again at what it waits for.
BUSY = timedelta(seconds=15)
REPAIRS_TAKE = timedelta(seconds=3)
MOST_FAILURES = 5
NOT_CONNECTED = "crm_not_connected"


class _Wait(Exception):
    """The check goes on at that time, from where it is."""

    def __init__(self, until: datetime, *, cause: str = "") -> None:
        super().__init__(cause)
        self.until, self.cause = until, cause


def has_due_checks(*, at: datetime) -> bool:
    return any(_due(lane, at=at).exists() for lane in Lane)


def reconcile_due(*, until: datetime) -> bool:
    """Take checks further, those that a person asked for first, until none is due or the time is up.

    Returns whether more is due. Never raises for trouble of one check: its row says what became of it.
    """
    while (at := now()) < until:
        check = _claim_next(at=at)
        if check is None:
            break
        _take_further(check, until=until)
    return has_due_checks(at=now())


def give_back_silent(*, at: datetime) -> int:
    """Checks whose carrier fell silent go on with the next one."""
    return Reconciliation.objects.give_back_expired(at=at)


def _due(lane: str, *, at: datetime) -> WorkItemQuerySet[Reconciliation]:
    reachable = Mailbox.objects.filter(status=Mailbox.Status.ACTIVE, owner__is_active=True)
    return Reconciliation.objects.due(lane=lane, at=at).filter(mailbox__in=reachable)


def _claim_next(*, at: datetime) -> Reconciliation | None:
    lease_until = at + timedelta(seconds=settings.LEASE_SECONDS)
    for lane in (Lane.INTERACTIVE, Lane.AUTOMATIC):
        claim, pks = _due(lane, at=at).claim(size=1, lease_until=lease_until)
        held = Reconciliation.objects.held(claim).filter(pk__in=pks).select_related("mailbox__owner").first()
        if held is not None:
            return held
    return None


def _take_further(check: Reconciliation, *, until: datetime) -> None:
    def keep() -> bool:
        lease_until = now() + timedelta(seconds=settings.LEASE_SECONDS)
        return bool(Reconciliation.objects.renew(check.claim, lease_until=lease_until)) if check.claim else False

    log.info("proof", extra={"step": check.stage, "mailbox_id": check.mailbox_id, "reconciliation_id": check.pk})
    try:
        if check.started_at is None:
            keep_progress(check, started_at=now())
        with heartbeat(keep):
            is_done = _go_on(check, until=until)
        if is_done:
            _end(check, Status.DONE, cause=check.cause)
        else:
            _give_back(check, not_before=now(), cause=check.cause)
    except ClaimLost:
        log.warning("proof taken over", extra={"reconciliation_id": check.pk})
    except _Wait as wait:
        _give_back(check, not_before=wait.until, cause=wait.cause or check.cause)
    except CrmError as error:
        _try_again(check, cause=error.code)
    except Exception:
        # A fault of ours, seen in the logs; the check is tried again a few times and holds up nobody else.
        log.exception("proof broke off", extra={"reconciliation_id": check.pk})
        _try_again(check, cause="crashed")


def _go_on(check: Reconciliation, *, until: datetime) -> bool:
    """Stage after stage as far as the time reaches. Returns whether the check is complete."""
    while now() < until:
        if check.stage == Stage.MAILBOX:
            _compare_mailbox(check, until=until)
        elif check.stage == Stage.ROWS:
            if check_rows(check, until=until):
                keep_progress(check, stage=Stage.CORIPO, position=0)
        elif check.stage == Stage.CORIPO:
            _compare_records(check, until=until)
        elif _repair(check, until=until):
            return True
    return False


def _compare_mailbox(check: Reconciliation, *, until: datetime) -> None:
    is_last_count = check_mailbox(check, until=until)
    if is_last_count is None:
        raise _Wait(now() + BUSY)
    if is_last_count:
        keep_progress(check, stage=Stage.ROWS, position=0)


def _compare_records(check: Reconciliation, *, until: datetime) -> None:
    account = CrmAccount.objects.working_for(check.mailbox.owner_id).first()
    if account is None:
        keep_progress(check, stage=Stage.REPAIR, cause=NOT_CONNECTED)
        return
    with _coripo(account) as crm:
        while now() < until:
            if not check_next_records(check, crm=crm, at=now()):
                keep_progress(check, stage=Stage.REPAIR, cause="")
                return


def _repair(check: Reconciliation, *, until: datetime) -> bool:
    """Whether everything is settled and summed up."""
    if has_running_repairs(check, at=now()):
        raise _Wait(now() + REPAIRS_TAKE)
    account = CrmAccount.objects.working_for(check.mailbox.owner_id).first()
    if account is None:
        leave_open_repairs(check, reason="crm_unauthorized", at=now())
    else:
        with _coripo(account) as crm:
            while settle_next(check, crm=crm, at=now()):
                if now() >= until:
                    return False
    if check.findings.exists() and not count_again(check, until=until):
        raise _Wait(now() + BUSY)
    return True


@contextmanager
def _coripo(account: CrmAccount) -> Iterator[CrmClient]:
    """CORIPO as this login. The check waits where a fence stands, and puts one up where CORIPO does not answer."""
    try:
        with crm_login(account) as crm:
            reach(account, crm)
            yield crm
    except (FenceStands, Outage) as outside:
        raise _Wait(outside.again_at, cause=outside.reason) from outside
    except CrmUnauthorized as error:
        raise _Wait(now(), cause=error.code) from error
    except (CrmUnreachable, CrmThrottled) as error:
        raise _Wait(keep_away(account, error).again_at, cause=error.code) from error


def _try_again(check: Reconciliation, *, cause: str) -> None:
    at = now()
    if check.failures + 1 >= MOST_FAILURES:
        _end(check, Status.FAILED, cause=cause)
        return
    _held(check).update(failures=F("failures") + 1)
    _give_back(check, not_before=next_attempt_at(failures=check.failures + 1, at=at), cause=cause)


def _give_back(check: Reconciliation, *, not_before: datetime, cause: str) -> None:
    _held(check).update(status=Status.QUEUED, claim=None, lease_until=None, not_before=not_before, cause=cause)


def _end(check: Reconciliation, status: Status, *, cause: str) -> None:
    _held(check).update(status=status, claim=None, lease_until=None, finished_at=now(), cause=cause)


def _held(check: Reconciliation) -> ReconciliationQuerySet:
    return Reconciliation.objects.filter(pk=check.pk, status=Status.CLAIMED, claim=check.claim)
