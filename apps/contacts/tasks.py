"""Carriers for Celery: no work travels in a message, only that somebody should look."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from apps.contacts.automatic import changed_in_outlook
from apps.contacts.carrying import carry_due
from apps.contacts.claiming import give_back_expired, mailboxes_with_due
from apps.contacts.reading import has_due_books, look_at_due_books
from apps.contacts.runs import end_finished_runs
from apps.contacts.turns import bring_forward_watched
from apps.contacts.waking import QUEUES, wake_contact_carrier
from apps.contacts.watching import plan_watches, watch_due
from apps.core.clock import now
from apps.work.wakeups import EXPIRES_SECONDS


@shared_task
def carry_contacts(*, lane: str) -> None:
    """Drain a lane for a while, with others where there is more than one mailbox, then ask for another turn if there is more."""

    def call_another() -> None:
        wake_contact_carrier(lane)

    if carry_due(lane, until=now() + timedelta(seconds=settings.DRAIN_SECONDS), call_another=call_another):
        call_another()


@shared_task
def read_address_books() -> None:
    """Read what is new in the address books whose time has come, for a while, then ask for another turn if there is more."""
    until = now() + timedelta(seconds=settings.DRAIN_SECONDS)
    if look_at_due_books(until=until, changed=changed_in_outlook):
        read_address_books.apply_async(queue="background", expires=EXPIRES_SECONDS)


@shared_task
def watch_crm() -> None:
    """Read what changed among CORIPO's contacts, and who those in Outlook may be, for a while."""
    if watch_due(until=now() + timedelta(seconds=settings.DRAIN_SECONDS)):
        watch_crm.apply_async(queue="background", expires=EXPIRES_SECONDS)


@shared_task
def sweep() -> None:
    """Every few seconds: wake for what is due. Covers every lost wake-up."""
    at = now()
    bring_forward_watched(at=at)
    give_back_expired(at=at)
    end_finished_runs(at=at)
    for lane, queue in QUEUES.items():
        if mailboxes_with_due(lane=lane, at=at).exists():
            carry_contacts.apply_async(kwargs={"lane": lane.value}, queue=queue, expires=EXPIRES_SECONDS)
    if plan_watches(at=at):
        watch_crm.apply_async(queue="background", expires=EXPIRES_SECONDS)
    if has_due_books(at=at):
        read_address_books.apply_async(queue="background", expires=EXPIRES_SECONDS)
