"""What workers do for runs of undo: forecast with a look at CORIPO, and expansion into items, portion by portion."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount
from apps.crm.errors import CrmError
from apps.sync.models import CrmEmail, Undoing
from apps.sync.outcomes import RunOutcome
from apps.sync.undo_judging import Case, Sight, Verdict, What, cases_of, judge, judge_by_rows, look
from apps.sync.undo_scope import Portion, next_portion
from apps.work.models import Run

log = logging.getLogger(__name__)

# As many of those that stay are named in a forecast; the results name all.
MOST_NAMED = 50
AS_FORESEEN = {What.DELETE: RunOutcome.REMOVED, What.UNLINK: RunOutcome.UNLINKED}


def foresee_undo(run: Run) -> tuple[Counter[str], list[list[object]], Portion]:
    """What becomes of the next portion: counted by outcome, or by the cause for which something stays, and those named as
    [message id, cause]. Where CORIPO does not answer, what depends on it is UNKNOWN."""
    portion = next_portion(run)
    cases = cases_of([record for record, _message in portion.records], run)
    open_ones = [case.record for case in cases.values() if judge_by_rows(case) is None]
    sight = _look(open_ones, run)
    counted: Counter[str] = Counter()
    named: list[list[object]] = []
    for record, message in portion.records:
        verdict = _verdict(cases[record.pk], sight)
        if verdict is None:
            counted[RunOutcome.UNKNOWN] += 1
        elif verdict.what is What.KEEP:
            counted[verdict.cause] += 1
            named.append([message.pk, verdict.cause])
        else:
            counted[AS_FORESEEN[verdict.what]] += 1
    return counted, named, portion


def queue_portion(run: Run, *, at: datetime) -> Portion:
    """Write the items of the next portion, and count them in the run, which is locked. What another undo is at already is
    left to that one."""
    portion = next_portion(run)
    active = Undoing.objects.active().filter(crm_email__in=[record.pk for record, _message in portion.records])
    elsewhere = set(active.values_list("crm_email", flat=True))
    items = [
        Undoing(
            run=run,
            lane=run.lane,
            requested_by=run.requested_by,
            crm_email=record,
            message=message,
            queued_at=run.started_at or at,
            not_before=at,
        )
        for record, message in portion.records
        if record.pk not in elsewhere
    ]
    Undoing.objects.bulk_create(items, batch_size=100)
    run.count(len(items), already=len(portion.records) - len(items))
    return portion


def _verdict(case: Case, sight: Sight | None) -> Verdict | None:
    return judge_by_rows(case) if sight is None else judge(case, sight)


def _look(records: list[CrmEmail], run: Run) -> Sight | None:
    """None where CORIPO cannot be asked; also where it did not answer a moment ago, for each further try costs its time."""
    account = CrmAccount.objects.select_related("server", "user").filter(user=run.requested_by).first()
    if account is None or account.status != CrmAccount.Status.ACTIVE or RunOutcome.UNKNOWN in run.forecast:
        return None
    if not records:
        return Sight({}, {})
    try:
        with crm_login(account) as crm:
            return look(records, crm)
    except CrmError as error:
        log.warning("forecast without CORIPO", extra={"run_id": run.pk, "error": error.code})
        return None
