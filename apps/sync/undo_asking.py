"""What a person may ask of an undo: of a run, of one mail, or what went by itself in a span. A forecast comes first."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import CrmServer, User
from apps.mailboxes.models import Message, MessageState
from apps.sync.models import CrmEmail, CrmLink, Outcome
from apps.sync.undo_scope import of_automat, of_message, of_run, transfers_to_undo
from apps.sync.waking import wake_tender
from apps.work.models import Function, Lane, Run

# Up to so many transfers, an undo goes like a click.
MOST_AT_ONCE = 200

_IN_CORIPO = (MessageState.SYNCED, MessageState.PARTIAL, MessageState.RESYNC)


def ask_undo_of_run(undone: Run, *, at: datetime) -> Run:
    """Take back what a run of this person made. What waits of it is cancelled when the undo starts."""
    return _ask(of_run(undone), user=undone.requested_by, at=at)


def ask_undo_of_message(message: Message, *, user: User, at: datetime) -> Run:
    """Take back what this person's transfers of the mail made, of all its copies."""
    return _ask(of_message(message), user=user, at=at)


def ask_undo_of_automat(since: datetime, until: datetime, *, user: User, at: datetime) -> Run:
    """Take back what went by itself in this span, from its beginning up to its end."""
    return _ask(of_automat(since, min(until, at)), user=user, at=at)


def may_undo_run(run: Run) -> bool:
    """Whether the run may have left something in CORIPO."""
    not_begun = (Run.Status.FORECASTING, Run.Status.READY)
    return run.function == Function.SYNC and run.status not in not_begun and bool(run.asked)


def may_undo_message(message: Message, *, user: User) -> bool:
    """Whether this person's transfers have left something in CORIPO for the mail, as far as the rows say."""
    if message.state not in _IN_CORIPO:
        return False
    made_links = CrmLink.objects.filter(made_by=user, is_adopted=False, outcome=Outcome.MADE)
    records = CrmEmail.objects.filter(
        server=CrmServer.objects.current(), email_key=message.email_key, variant=message.variant
    )
    return records.filter(Q(created_by=user, is_adopted=False) | Q(links__in=made_links)).exists()


def _ask(wanted: dict[str, object], *, user: User, at: datetime) -> Run:
    with transaction.atomic():
        run = Run(
            requested_by=user,
            function=Function.UNDO,
            lane=Lane.INTERACTIVE,
            status=Run.Status.FORECASTING,
            requested_at=at,
            wanted=wanted,
        )
        run.matched = transfers_to_undo(run).count()
        if run.matched > MOST_AT_ONCE:
            run.lane = Lane.AUTOMATIC
        run.save()
        wake_tender()
    return run
