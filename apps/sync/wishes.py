"""Wishes as rows: queueing the transfer of messages, and marking them. Asked for by hand, and by runs portion by portion."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import User
from apps.mailboxes.models import Message, MessageQuerySet
from apps.sync.marks import holds_back, mark_key, marks_by_key, synced_by
from apps.sync.models import Mark, Transfer
from apps.sync.states import Identity, writing_facts
from apps.work.models import Lane, Run, Status


@dataclass(frozen=True, slots=True)
class Queued:
    """What became of messages that were asked for. `raised` were under way already and belong to this run now; `elsewhere`
    are carried for another wish."""

    new: int
    raised: int
    elsewhere: int
    left_out_marked: int


def own_messages(message_ids: Collection[int], user: User) -> MessageQuerySet:
    """The user's own messages among these."""
    return Message.objects.visible_to(user).filter(pk__in=list(message_ids)).order_by("pk").select_related("mailbox")


def identities(messages: MessageQuerySet) -> list[Identity]:
    return list(messages.values_list("email_key", "variant"))


def queue_messages(
    messages: Collection[Message],
    *,
    run: Run,
    at: datetime,
    leave_out_marked: bool,
    store_without_match: bool = False,
    also_addresses: Sequence[str] = (),
    is_repair: bool = False,
) -> Queued:
    """Queue what is not under way yet, in the run's lane. Call it inside `writing_facts` of these messages.

    In the interactive lane, what is under way already moves up and belongs to this run from now on: neither the rules of
    a slower lane nor a pause or the end of the run that it came with hold back what somebody has asked for singly.
    """
    marked = synced_by(messages) if leave_out_marked else {}
    left_out = {message.pk for message in messages if message.pk in marked and holds_back(message, marked[message.pk])}
    going = [message for message in messages if message.pk not in left_out]
    active = Transfer.objects.active().filter(message__in=[message.pk for message in going])
    waiting = set(active.values_list("message_id", flat=True))
    raised = 0
    if run.lane == Lane.INTERACTIVE:
        raised = active.update(lane=Lane.INTERACTIVE, run=run)
        # What waits for its retry time is tried now.
        active.filter(status=Status.QUEUED).update(
            not_before=at,
            **({"store_without_match": True} if store_without_match else {}),
            **({"also_addresses": list(also_addresses)} if also_addresses else {}),
        )
    Transfer.objects.bulk_create(
        [
            Transfer(
                message=message,
                mailbox_id=message.mailbox_id,
                requested_by=run.requested_by,
                lane=run.lane,
                run=run,
                queued_at=at,
                not_before=at,
                store_without_match=store_without_match,
                also_addresses=list(also_addresses),
                # Marked by its own transfer, and not all of it arrived: no rule is asked again whether it goes.
                is_repair=is_repair or message.pk in marked,
            )
            for message in going
            if message.pk not in waiting
        ]
    )
    return Queued(
        new=len(going) - len(waiting),
        raised=raised,
        elsewhere=len(waiting) - raised,
        left_out_marked=len(left_out),
    )


def set_marks(message_ids: Collection[int], value: Mark.Value, *, user: User, at: datetime) -> int:
    """Mark the user's own messages among these. Returns how many e-mails were not marked so before."""
    chosen = own_messages(message_ids, user)
    with writing_facts(identities(chosen)):
        messages = list(chosen)
        known = marks_by_key(messages)
        fresh = {mark_key(message) for message in messages if known.get(mark_key(message)) != value}
        Mark.objects.bulk_create(
            [
                Mark(
                    home_account_id=home_account_id,
                    email_key=email_key,
                    variant=variant,
                    value=value,
                    source=Mark.Source.PERSON,
                    set_by=user,
                    set_at=at,
                )
                for home_account_id, email_key, variant in sorted(fresh)
            ],
            update_conflicts=True,
            unique_fields=["home_account_id", "email_key", "variant"],
            update_fields=["value", "source", "set_by", "set_at"],
        )
        _settle_by_hand(messages, value, at=at)
    return len(fresh)


def _settle_by_hand(messages: list[Message], value: Mark.Value, *, at: datetime) -> None:
    """A person's word ends what waits: a failure is dealt with, and a marked mail does not go. What is on its way finishes."""
    transfers = Transfer.objects.filter(message__in=[message.pk for message in messages])
    transfers.filter(status=Status.FAILED).update(status=Status.DONE, result="", finished_at=at)
    if value == Mark.Value.CLEARED:
        # It was left out only because of the mark that is taken away now.
        transfers.filter(status=Status.DONE, result=Transfer.Result.SKIPPED, cause="marked").update(result="")
    if value == Mark.Value.SYNCED:
        transfers.filter(status=Status.QUEUED).update(
            status=Status.DONE, result=Transfer.Result.SKIPPED, cause="marked", finished_at=at
        )
