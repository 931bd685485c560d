"""When mailboxes are checked: one open check for each, planned for the night or asked for now."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.mailboxes.models import Mailbox
from apps.sync.models import Reconciliation
from apps.sync.waking import wake_prover
from apps.work.models import ACTIVE, Lane

NIGHT_BEGINS = time(1, 0)
NIGHT = timedelta(hours=4)
# Not all at once, and none at a whole hour, when everything else begins: steps of a prime number of seconds.
APART_SECONDS = 397
KEPT_FOR = timedelta(days=90)
# More than that waits for the next time, so that no statement takes long.
CLEARED_AT_ONCE = 200


def request_check(mailbox: Mailbox, *, user: User, at: datetime) -> None:
    """Check this mailbox now: the check that is planned for the night is drawn forward, one under way goes on."""
    with transaction.atomic():
        planned = Reconciliation.objects.filter(mailbox=mailbox, status__in=ACTIVE)
        if not planned.exists():
            Reconciliation.objects.bulk_create(
                [_planned(mailbox, queued_at=at, not_before=at, lane=Lane.INTERACTIVE, asked_by=user)],
                ignore_conflicts=True,
            )
        planned.filter(started_at=None).update(not_before=at, lane=Lane.INTERACTIVE, asked_by=user)
        wake_prover()


def plan_nightly(*, at: datetime) -> None:
    """See that every connected mailbox has a check to come. Two planners at once plan it once."""
    open_checks = Reconciliation.objects.filter(status__in=ACTIVE).values("mailbox")
    without = Mailbox.objects.filter(status=Mailbox.Status.ACTIVE, owner__is_active=True).exclude(pk__in=open_checks)
    plans = [
        _planned(mailbox, queued_at=at, not_before=next_night(mailbox, at=at), lane=Lane.AUTOMATIC)
        for mailbox in without.order_by("pk")
    ]
    if plans:
        Reconciliation.objects.bulk_create(plans, ignore_conflicts=True)


def next_night(mailbox: Mailbox, *, at: datetime) -> datetime:
    """The mailbox's own minute of the next night, in the time of the installation."""
    offset = timedelta(seconds=mailbox.pk * APART_SECONDS % int(NIGHT.total_seconds()))
    today = timezone.localdate(at, timezone.get_default_timezone())
    for day in (today, today + timedelta(days=1)):
        begins = timezone.make_aware(datetime.combine(day, NIGHT_BEGINS), timezone.get_default_timezone())
        if begins + offset > at:
            return begins + offset
    raise AssertionError("the night of tomorrow is in the future")


def clear_old(*, at: datetime) -> None:
    """Forget what was proven long ago."""
    old = Reconciliation.objects.filter(finished_at__lt=at - KEPT_FOR).order_by("pk")
    Reconciliation.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:CLEARED_AT_ONCE])).delete()


def _planned(
    mailbox: Mailbox, *, queued_at: datetime, not_before: datetime, lane: Lane, asked_by: User | None = None
) -> Reconciliation:
    return Reconciliation(mailbox=mailbox, queued_at=queued_at, not_before=not_before, lane=lane, asked_by=asked_by)
