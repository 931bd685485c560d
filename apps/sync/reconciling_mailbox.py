"""First stage of the proof: every message of the followed folders has a row, and every row its message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from apps.core.clock import now
from apps.mailboxes.counting import Counted, Gap, count_mailbox, open_repair, rows_counted
from apps.mailboxes.following import Look
from apps.mailboxes.importing import look_closely
from apps.mailboxes.models import MailFolder, Message
from apps.mailboxes.texts import storable
from apps.sync.models import Finding, Reconciliation
from apps.sync.reconciling_findings import SETTLED_FIELDS, keep_progress, note_settled
from apps.sync.states import decide_new_messages
from apps.work.models import Lane

# A folder of 20,000 messages costs forty requests in its night.
BY_ID_EVERY_NIGHTS = 14
# Rows in one statement.
FINDINGS_AT_ONCE = 100
_KINDS = {False: Finding.Kind.ROW_LOST, True: Finding.Kind.MESSAGE_LEFT}


def check_mailbox(check: Reconciliation, *, until: datetime) -> bool | None:
    """Count, name the gaps, and at the first time have them closed. Returns whether that was the last count.

    None where the mailbox is not to be had at the moment.
    """

    def compare(look: Look, folders: list[MailFolder]) -> bool:
        at = now()
        counted = count_mailbox(look, folders, is_by_id=_by_id(check), at=at)
        is_last = check.has_opened_repair or not counted.gaps
        with transaction.atomic():
            look.keep(at=at)
            _name(check, counted.gaps, at=at)
            if is_last:
                _settle(check, counted.gaps, at=at)
            else:
                open_repair(counted.gaps, at=at)
            _keep(check, counted, has_opened_repair=bool(counted.gaps) or check.has_opened_repair)
        return is_last

    return look_closely(check.mailbox, until=until, decide=decide_new_messages, then=compare)


def count_again(check: Reconciliation, *, until: datetime) -> bool:
    """The sum at the end, from one moment. False where the mailbox is not to be had at the moment."""

    def compare(look: Look, folders: list[MailFolder]) -> bool:
        at = now()
        counted = count_mailbox(look, folders, is_by_id=_by_id(check), at=at)
        with transaction.atomic():
            _name(check, counted.gaps, at=at)
            _settle(check, counted.gaps, at=at)
            _keep(check, counted, has_opened_repair=check.has_opened_repair)
        return True

    return bool(look_closely(check.mailbox, until=until, decide=decide_new_messages, then=compare))


def _by_id(check: Reconciliation) -> Callable[[MailFolder], bool]:
    """Each folder in its own night of fourteen, and every folder where a person asked."""
    night = (check.started_at or check.queued_at).toordinal()
    return lambda folder: check.lane == Lane.INTERACTIVE or (night + folder.pk) % BY_ID_EVERY_NIGHTS == 0


def _keep(check: Reconciliation, counted: Counted, *, has_opened_repair: bool) -> None:
    states = dict(rows_counted(counted).values_list("state").order_by("state").annotate(Count("pk")))
    keep_progress(
        check,
        has_opened_repair=has_opened_repair,
        states=states,
        in_microsoft=counted.in_microsoft,
        here=sum(states.values()),
    )


def _name(check: Reconciliation, gaps: tuple[Gap, ...], *, at: datetime) -> None:
    """Those that this check has named before stay as they are. A folder may lack thousands, all in one transaction."""
    Finding.objects.bulk_create(
        [
            Finding(
                reconciliation=check,
                kind=_KINDS[gap.is_here],
                key=gap.graph_id,
                subject=storable(gap.subject)[:300],
                outcome=Finding.Outcome.UNDER_WAY,
                found_at=at,
            )
            for gap in gaps
        ],
        ignore_conflicts=True,
        batch_size=FINDINGS_AT_ONCE,
    )


def _settle(check: Reconciliation, gaps: tuple[Gap, ...], *, at: datetime) -> None:
    """What was named before and is no gap any more is repaired; a row that is back can be opened from its finding."""
    still_open = {gap.graph_id for gap in gaps}
    named = check.findings.filter(kind__in=_KINDS.values(), outcome=Finding.Outcome.UNDER_WAY)
    rows = {
        row.graph_id: row
        for row in Message.objects.filter(mailbox=check.mailbox, graph_id__in=named.values_list("key"), gone_at=None)
    }
    for finding in named:
        finding.message = rows.get(finding.key)
        note_settled(finding, is_repaired=finding.key not in still_open, reason="still_missing", at=at)
    Finding.objects.bulk_update(named, ["message", *SETTLED_FIELDS], batch_size=FINDINGS_AT_ONCE)
