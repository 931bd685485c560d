"""Carriers for Celery: no work travels in a message, only the lane that somebody should look at."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from apps.core.clock import now
from apps.mailboxes.importing import has_due_mailboxes, look_at_due_mailboxes
from apps.sync.claiming import give_back_expired, mailboxes_with_due
from apps.sync.delivery import deliver_due
from apps.sync.rematching import look_for_due_matches, plan_looks
from apps.sync.states import decide_new_messages
from apps.work.models import Lane
from apps.work.wakeups import EXPIRES_SECONDS

QUEUES = {Lane.INTERACTIVE: "interactive", Lane.AUTOMATIC: "background", Lane.BACKFILL: "background"}


@shared_task
def carry_transfers(*, lane: str) -> None:
    """Drain a lane for a while, then ask for another turn if there is more."""
    if deliver_due(lane, until=now() + timedelta(seconds=settings.DRAIN_SECONDS)):
        carry_transfers.apply_async(kwargs={"lane": lane}, queue=QUEUES[Lane(lane)], expires=EXPIRES_SECONDS)


@shared_task
def keep_in_step() -> None:
    """Read what is new in the mailboxes whose time has come; new rows get their state in the same transaction."""
    until = now() + timedelta(seconds=settings.DRAIN_SECONDS)
    if look_at_due_mailboxes(until=until, decide=decide_new_messages):
        keep_in_step.apply_async(queue="background", expires=EXPIRES_SECONDS)


@shared_task
def look_for_matches() -> None:
    """Look whether somebody appeared in CORIPO for mails that wait without a match."""
    until = now() + timedelta(seconds=settings.DRAIN_SECONDS)
    if look_for_due_matches(until=until):
        look_for_matches.apply_async(queue="background", expires=EXPIRES_SECONDS)


@shared_task
def sweep() -> None:
    """Every few seconds: return what silent carriers held, and wake for what is due. Covers every lost wake-up."""
    at = now()
    give_back_expired(at=at)
    for lane, queue in QUEUES.items():
        if mailboxes_with_due(lane=lane, at=at).exists():
            carry_transfers.apply_async(kwargs={"lane": lane.value}, queue=queue, expires=EXPIRES_SECONDS)
    if has_due_mailboxes(at=at):
        keep_in_step.apply_async(queue="background", expires=EXPIRES_SECONDS)
    if plan_looks(at=at):
        look_for_matches.apply_async(queue="background", expires=EXPIRES_SECONDS)
