"""What a page shows of the proof: the newest check of each mailbox, what it found, and the one under way."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Case, Count, F, OuterRef, Q, Subquery, When, Window
from django.db.models.expressions import BaseExpression
from django.db.models.functions import RowNumber

from apps.accounts.models import User
from apps.mailboxes.models import Mailbox
from apps.sync.models import Finding, Reconciliation
from apps.work.models import ACTIVE, Lane

# More are counted, and not named on a page.
MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Proof:
    """`newest` is the last check that ended, `under_way` the one that a person waits for. `outcomes` counts findings."""

    mailbox: Mailbox
    newest: Reconciliation | None
    under_way: Reconciliation | None
    findings: list[Finding]
    outcomes: Counter[str]


def proofs(user: User) -> list[Proof]:
    """One for each of the user's mailboxes, in five queries."""
    ended = Reconciliation.objects.filter(mailbox=OuterRef("pk"), finished_at__isnull=False)
    mailboxes = (
        Mailbox.objects.visible_to(user)
        .annotate(newest_check=Subquery(ended.order_by("-finished_at", "-pk").values("pk")[:1]))
        .order_by("connected_at", "pk")
    )
    newest = {mailbox.pk: mailbox.newest_check for mailbox in mailboxes}
    checks = Reconciliation.objects.visible_to(user).in_bulk([pk for pk in newest.values() if pk])
    running = Q(started_at__isnull=False) | Q(lane=Lane.INTERACTIVE)
    under_way = {
        check.mailbox_id: check for check in Reconciliation.objects.visible_to(user).filter(running, status__in=ACTIVE)
    }
    findings, outcomes = _findings(checks), _outcomes(checks)
    return [
        Proof(
            mailbox=mailbox,
            newest=checks.get(newest[mailbox.pk]),
            under_way=under_way.get(mailbox.pk),
            findings=findings[newest[mailbox.pk]],
            outcomes=outcomes[newest[mailbox.pk]],
        )
        for mailbox in mailboxes
    ]


def _findings(checks: Iterable[int]) -> Mapping[int | None, list[Finding]]:
    """The first of each check, those that are not repaired before the others."""
    order: list[BaseExpression | F | str] = [Case(When(outcome=Finding.Outcome.REPAIRED, then=1), default=0), F("pk")]
    numbered = Finding.objects.filter(reconciliation__in=list(checks)).annotate(
        number=Window(RowNumber(), partition_by=F("reconciliation"), order_by=order)
    )
    found: defaultdict[int | None, list[Finding]] = defaultdict(list)
    for finding in numbered.filter(number__lte=MOST_FINDINGS).order_by("number").select_related("message"):
        found[finding.reconciliation_id].append(finding)
    return found


def _outcomes(checks: Iterable[int]) -> Mapping[int | None, Counter[str]]:
    found: defaultdict[int | None, Counter[str]] = defaultdict(Counter)
    counted = Finding.objects.filter(reconciliation__in=list(checks)).values_list("reconciliation", "outcome")
    for check, outcome, count in counted.order_by().annotate(Count("pk")):
        found[check][outcome] = count
    return found
