"""Carriers for Celery: no work travels in a message, only the lane that somebody should look at."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from apps.core.clock import now
from apps.mailboxes import clearing
from apps.mailboxes.importing import has_due_mailboxes, look_at_due_mailboxes
from apps.sync import automat, dry_run_asking, outlook_wishes, tag_delivery, tagging, tending, undoing
from apps.sync.claiming import give_back_expired, mailboxes_with_due
from apps.sync.delivery import deliver_due
from apps.sync.history import forget_old_changes
from apps.sync.notifying import notify_due
from apps.sync.proof_asking import clear_old, plan_nightly
from apps.sync.reconciling import give_back_silent, has_due_checks, reconcile_due
from apps.sync.rematching import look_for_due_matches, plan_looks
from apps.sync.undo_claiming import due_items
from apps.sync.undoing import undo_due
from apps.sync.waking import QUEUES, wake_carrier, wake_undoer, wake_writer
from apps.work.fences import clear_old_outages
from apps.work.wakeups import EXPIRES_SECONDS


@shared_task
def carry_transfers(*, lane: str) -> None:
    """Drain a lane for a while, with others where there is more than one mailbox, then ask for another turn if there is more.

    What dead carriers held is returned here as well: the one who sweeps may be dead, or behind others.
    """

    def call_another() -> None:
        wake_carrier(lane)

    give_back_expired(at=now())
    if deliver_due(lane, until=now() + timedelta(seconds=settings.DRAIN_SECONDS), call_another=call_another):
        call_another()


@shared_task
def take_back(*, lane: str) -> None:
    """Drain what is to be undone in a lane for a while, then ask for another turn if there is more."""
    if undo_due(lane, until=now() + timedelta(seconds=settings.DRAIN_SECONDS)):
        wake_undoer(lane)


@shared_task
def keep_in_step() -> None:
    """Read what is new in the mailboxes whose time has come; new rows get their state in the same transaction."""
    until = now() + timedelta(seconds=settings.DRAIN_SECONDS)
    if look_at_due_mailboxes(until=until, decide=automat.take_in):
        keep_in_step.apply_async(queue="background", expires=EXPIRES_SECONDS)
    if outlook_wishes.has_wishes():
        wake_writer()


@shared_task
def write_back() -> None:
    """Take the category for a wish where its owner set it, and write it where the portal shows it, for a while."""
    until = now() + timedelta(seconds=settings.DRAIN_SECONDS)
    outlook_wishes.take_wishes(until=until)
    has_more = tagging.tend_portions(until=until)
    if tag_delivery.write_due(until=until) or has_more:
        write_back.apply_async(queue="background", expires=EXPIRES_SECONDS)


@shared_task
def decide_by_itself() -> None:
    """Let the automat decide what has no decision, for a while, then ask for another turn if there is more."""
    if automat.decide_due(until=now() + timedelta(seconds=settings.DRAIN_SECONDS)):
        decide_by_itself.apply_async(queue="background", expires=EXPIRES_SECONDS)


@shared_task
def ask_for_dry_runs() -> None:
    """Ask CORIPO about the people of dry runs that somebody looks at, for a while."""
    if dry_run_asking.ask_due(until=now() + timedelta(seconds=settings.DRAIN_SECONDS)):
        ask_for_dry_runs.apply_async(queue="background", expires=EXPIRES_SECONDS)


@shared_task
def tend_runs() -> None:
    """Forecast, expand and end what people asked for by filter, for a while, then ask for another turn if there is more."""
    if tending.tend_runs(until=now() + timedelta(seconds=settings.DRAIN_SECONDS)):
        tend_runs.apply_async(queue="background", expires=EXPIRES_SECONDS)


@shared_task
def prove() -> None:
    """Take the checks further whose time has come; the sweep wakes for those that wait."""
    reconcile_due(until=now() + timedelta(seconds=settings.DRAIN_SECONDS))


@shared_task
def clear_away() -> None:
    """Delete what is left of disconnected mailboxes, for a while, then ask for another turn if there is more."""
    if clearing.clear_away(until=now() + timedelta(seconds=settings.DRAIN_SECONDS)):
        clear_away.apply_async(queue="background", expires=EXPIRES_SECONDS)


@shared_task
def plan_proofs() -> None:
    """See that every mailbox has a check to come at night, and that old ones go."""
    at = now()
    plan_nightly(at=at)
    clear_old(at=at)


@shared_task
def forget_history() -> None:
    """At night: what is kept of histories and outages has an end."""
    at = now()
    clear_old_outages(at=at)
    forget_old_changes(until=at + timedelta(seconds=settings.DRAIN_SECONDS))


@shared_task
def notify_people() -> None:
    """Write to people about what automatic sync did, where it is time and they want it."""
    notify_due(at=now())


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
    give_back_silent(at=at)
    tagging.give_back_silent(at=at)
    undoing.give_back_silent(at=at)
    for lane, queue in QUEUES.items():
        if due_items(lane=lane, at=at).exists():
            take_back.apply_async(kwargs={"lane": lane.value}, queue=queue, expires=EXPIRES_SECONDS)
        if mailboxes_with_due(lane=lane, at=at).exists():
            carry_transfers.apply_async(kwargs={"lane": lane.value}, queue=queue, expires=EXPIRES_SECONDS)
    if tending.has_runs_to_tend():
        tend_runs.apply_async(queue="background", expires=EXPIRES_SECONDS)
    if automat.has_undecided(at=at):
        decide_by_itself.apply_async(queue="background", expires=EXPIRES_SECONDS)
    if dry_run_asking.has_asking():
        ask_for_dry_runs.apply_async(queue="background", expires=EXPIRES_SECONDS)
    if has_due_mailboxes(at=at):
        keep_in_step.apply_async(queue="background", expires=EXPIRES_SECONDS)
    if has_due_checks(at=at):
        prove.apply_async(queue="background", expires=EXPIRES_SECONDS)
    if clearing.left_mailboxes().exists():
        clear_away.apply_async(queue="background", expires=EXPIRES_SECONDS)
    if plan_looks(at=at):
        look_for_matches.apply_async(queue="background", expires=EXPIRES_SECONDS)
    if outlook_wishes.has_wishes() or tagging.has_portions() or tag_delivery.has_due(at=at):
        write_back.apply_async(queue="background", expires=EXPIRES_SECONDS)
