"""What a person may ask of the transfer. Ids that the user may not see are as if they had not been sent."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.mailboxes.actions import disconnect_mailbox
from apps.mailboxes.models import Mailbox, Message
from apps.sync.models import Mark, Transfer
from apps.sync.states import hold, writing_facts
from apps.sync.wishes import identities, own_messages, queue_messages, set_marks
from apps.work.models import Lane, Run, Status
from apps.work.wakeups import wake

log = logging.getLogger(__name__)

CARRY = "apps.sync.tasks.carry_transfers"


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a wish: newly queued, raised from a slower lane or waiting there already, left out as marked."""

    run: Run
    queued: int
    already: int
    left_out_marked: int


def sync_messages(
    message_ids: Collection[int],
    *,
    user: User,
    at: datetime,
    leave_out_marked: bool,
    store_without_match: bool = False,
) -> Asked:
    """Ask for the transfer of these messages by hand. May be repeated: a message has one active transfer.

    On a selection, marked mails are left out and counted; a single message always goes.
    """
    chosen = own_messages(message_ids, user)
    with writing_facts(identities(chosen)):
        messages = list(chosen)
        run = Run.objects.create(
            requested_by=user,
            lane=Lane.INTERACTIVE,
            requested_at=at,
            started_at=at,
            moving_since=at,
            is_expanded=True,
            matched=len(messages),
        )
        queued = queue_messages(
            messages, run=run, at=at, leave_out_marked=leave_out_marked, store_without_match=store_without_match
        )
        run.count(queued.new + queued.raised, left_out=queued.left_out_marked, already=queued.elsewhere)
        wake(CARRY, queue="interactive", lane=Lane.INTERACTIVE.value)
    return Asked(
        run,
        queued=queued.new,
        already=queued.raised + queued.elsewhere,
        left_out_marked=queued.left_out_marked,
    )


def store_without_link(message_id: int, *, user: User, at: datetime) -> Asked:
    """Store the mail although nobody in CORIPO has one of its addresses."""
    return sync_messages([message_id], user=user, at=at, leave_out_marked=False, store_without_match=True)


def store_as_new(message_id: int, *, user: User, at: datetime) -> Asked:
    """Store the mail as a record of this user's own: the one that exists is not visible to this login.

    The user's copies become another variant of the mail, so that the colleague's record stays what it is for everybody else.
    """
    with transaction.atomic():
        chosen = own_messages([message_id], user)
        hold(identities(chosen))
        for message in chosen:
            copies = Message.objects.visible_to(user).filter(email_key=message.email_key, variant=message.variant)
            # What is on its way finishes as the mail that it set out as.
            if not Transfer.objects.filter(message__in=copies, status=Status.CLAIMED).exists():
                copies.update(variant=f"user-{user.pk}")
        return sync_messages([message_id], user=user, at=at, leave_out_marked=False)


def mark_synced(message_ids: Collection[int], *, user: User, at: datetime) -> int:
    """Bulk and automatic runs leave these out from now on. Returns how many were not marked so before."""
    return set_marks(message_ids, Mark.Value.SYNCED, user=user, at=at)


def mark_not_synced(message_ids: Collection[int], *, user: User, at: datetime) -> int:
    """Bulk and automatic runs take these again. Nothing is deleted in CORIPO. Returns how many changed."""
    return set_marks(message_ids, Mark.Value.CLEARED, user=user, at=at)


def resume_transfers(*, user: User, at: datetime) -> int:
    """Try what waited for this user's login now, rather than at its retry time. Returns how many that are."""
    with transaction.atomic():
        waiting = Transfer.objects.visible_to(user).filter(status=Status.QUEUED, not_before__gt=at)
        count = waiting.update(not_before=at)
        wake(CARRY, queue="interactive", lane=Lane.INTERACTIVE.value)
    return count


def disconnect(mailbox: Mailbox, *, forget_marks: bool) -> None:
    """Forget the connection of the mailbox. Its marks stay for the day when it is connected again, unless they are to
    be forgotten: then they go in the same transaction, those of mails that were not loaded included."""
    account, pk = mailbox.home_account_id, mailbox.pk
    with transaction.atomic():
        disconnect_mailbox(mailbox)
        # Last: a carrier that was finishing held its transfers until now, and one that comes later finds none.
        if forget_marks:
            forgotten, _by_model = Mark.objects.filter(home_account_id=account).delete()
            log.info("marks forgotten with the mailbox", extra={"mailbox_id": pk, "count": forgotten})
