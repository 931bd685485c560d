"""What a person may ask of the transfer. Ids that the user may not see are as if they had not been sent."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.core.addresses import canonical, without_tag
from apps.crm.face import FoundRecord
from apps.mailboxes import actions as mailboxes
from apps.mailboxes.models import Mailbox, Message
from apps.sync.chosen import correspondents_of
from apps.sync.conversations import others_of, remember_for_later
from apps.sync.facts import Because
from apps.sync.marks import mark_key
from apps.sync.models import ChosenLink, ConversationLink, CrmEmail, CrmLink, Mark, Outcome, Rule, Transfer
from apps.sync.rematching import ask_for_matched
from apps.sync.states import hold, writing_facts
from apps.sync.waking import wake_carrier
from apps.sync.wishes import identities, own_messages, queue_messages, set_marks
from apps.work.models import Lane, Run, Status

log = logging.getLogger(__name__)

STOPPED_AT_ONCE = 200


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
    also_addresses: Sequence[str] = (),
) -> Asked:
    """Ask for the transfer of these messages by hand. May be repeated: a message has one active transfer.

    On a selection, marked mails are left out and counted; a single message always goes. `also_addresses`, canonical, are
    looked up besides those that the mail names.
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
            messages,
            run=run,
            at=at,
            leave_out_marked=leave_out_marked,
            store_without_match=store_without_match,
            also_addresses=also_addresses,
        )
        run.count(queued.new + queued.raised, left_out=queued.left_out_marked, already=queued.elsewhere)
        wake_carrier(Lane.INTERACTIVE)
    return Asked(
        run,
        queued=queued.new,
        already=queued.raised + queued.elsewhere,
        left_out_marked=queued.left_out_marked,
    )


def store_without_link(message_id: int, *, user: User, at: datetime) -> Asked:
    """Store the mail although nobody in CORIPO has one of its addresses."""
    return sync_messages([message_id], user=user, at=at, leave_out_marked=False, store_without_match=True)


def sync_with_suggestion(message_id: int, address: str, *, user: User, at: datetime) -> Asked:
    """Sync the mail, and take a tagged address of its people for the box behind the tag.

    An address without a tag, or that the mail does not name, adds nothing.
    """
    named = Message.objects.visible_to(user).filter(pk=message_id, participants__address=canonical(address))
    behind = without_tag(address) if named.exists() else ""
    return sync_messages(
        [message_id], user=user, at=at, leave_out_marked=False, also_addresses=[behind] if behind else []
    )


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
                _take_choices_along(message, variant=f"user-{user.pk}")
                copies.update(variant=f"user-{user.pk}")
        return sync_messages([message_id], user=user, at=at, leave_out_marked=False)


def choose_records(
    message_id: int,
    records: Sequence[FoundRecord],
    *,
    user: User,
    at: datetime,
    for_others: bool = False,
    for_later: bool = False,
) -> Asked:
    """Say that the mail belongs with these records as well, and ask for the transfer that stores and links it.

    `for_others` says it of the other mails of the conversation, `for_later` of those that are still to come: they are
    linked when they are transferred. May be repeated. What is on its way goes once more for links that it did not know of
    (recording.finish).
    """
    wanted = [message_id]
    for message in own_messages([message_id], user):
        if for_others:
            wanted += others_of(message, user=user).values_list("pk", flat=True)
        if for_later:
            remember_for_later(message, records, user=user, at=at)
    return choose_records_for(wanted, records, user=user, at=at)


def choose_records_for(
    message_ids: Collection[int], records: Sequence[FoundRecord], *, user: User, at: datetime
) -> Asked:
    """The same for many mails at once."""
    chosen = own_messages(message_ids, user)
    with writing_facts(identities(chosen)):
        messages = list(chosen)
        addresses = correspondents_of(messages)
        # Of copies in several folders one speaks for the mail.
        mails = {mark_key(message): message for message in messages}
        each_once = {(record.module, record.id): record for record in records}
        ChosenLink.objects.bulk_create(
            [
                ChosenLink(
                    home_account_id=message.mailbox.home_account_id,
                    email_key=message.email_key,
                    variant=message.variant,
                    module=record.module,
                    record_id=record.id,
                    name=record.name[:300],
                    company=record.company[:300],
                    address=addresses[message.pk],
                    chosen_by=user,
                    chosen_at=at,
                )
                for message in mails.values()
                for record in each_once.values()
            ],
            batch_size=100,
            update_conflicts=True,
            unique_fields=["home_account_id", "email_key", "variant", "module", "record_id"],
            # A link that was taken away once is wanted again.
            update_fields=["belongs", "chosen_by", "chosen_at"],
        )
        return sync_messages(message_ids, user=user, at=at, leave_out_marked=False)


def sync_matched(*, user: User, at: datetime) -> int:
    """Ask for the waiting mails for which somebody has appeared in CORIPO since. Returns how many those are."""
    return ask_for_matched(user, at=at, most=STOPPED_AT_ONCE)


def forget_later_link(message_id: int, *, module: str, record_id: str, user: User) -> None:
    """Later mails of the conversation are not linked with this by themselves any more. Links that were made stay."""
    for message in own_messages([message_id], user):
        ConversationLink.objects.of_conversation(message).filter(module=module, record_id=record_id).delete()


def forget_choice(message_id: int, *, module: str, record_id: str, user: User) -> None:
    """Take a choice back. A link that failed is forgotten with it; one that was made stays in CORIPO, and so does the choice."""
    chosen = own_messages([message_id], user)
    with writing_facts(identities(chosen), because=Because(Rule.LINKS, actor=user.pk)):
        for message in chosen:
            links = CrmLink.objects.filter(
                crm_email__in=CrmEmail.objects.of(message),
                module=module,
                record_id=record_id,
            )
            if links.filter(outcome=Outcome.MADE).exists():
                continue
            links.filter(made_by=user).delete()
            choice = ChosenLink.objects.of(message).wanted().filter(module=module, record_id=record_id)
            if ConversationLink.objects.of_conversation(message).filter(module=module, record_id=record_id).exists():
                # Without a word against it, the next transfer would inherit it again.
                choice.update(belongs=False)
            else:
                choice.delete()


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
        wake_carrier(Lane.INTERACTIVE)
    return count


def disconnect(mailbox: Mailbox, *, forget_marks: bool, at: datetime) -> None:
    """Forget the connection of the mailbox. Its marks and chosen records stay for the day when it is connected again,
    unless they are to be forgotten: then they go in the same transaction, those of mails that were not loaded included."""
    account, pk = mailbox.home_account_id, mailbox.pk
    with transaction.atomic():
        # The mailbox before anything of it, as whoever reads it does. Their states are nobody's any more, so no copy is held.
        mailboxes.disconnect_mailbox(mailbox, at=at)
        # What is on its way stops, for its carrier finds nothing to finish; no other sets out without a token.
        Transfer.objects.filter(mailbox=mailbox, status=Status.CLAIMED).delete()
        # Last: a carrier that was finishing held its transfers until now, and one that comes later finds none.
        if forget_marks:
            forgotten, _by_model = Mark.objects.filter(home_account_id=account).delete()
            ChosenLink.objects.filter(home_account_id=account).delete()
            ConversationLink.objects.filter(home_account_id=account).delete()
            log.info("marks forgotten with the mailbox", extra={"mailbox_id": pk, "count": forgotten})


def follow_folders(
    mailbox: Mailbox, folder_ids: Collection[int], *, with_subfolders: Collection[int] = (), at: datetime
) -> int:
    """Follow exactly these folders, some of them with all that lies below. What waits in a folder that is left does not
    go any more: it is skipped, for that reason; what is on its way finishes. Returns how many e-mails that stopped.
    """
    left = mailboxes.follow_folders(mailbox, folder_ids, with_subfolders=with_subfolders, at=at)
    stopped = 0
    waiting = Transfer.objects.filter(status=Status.QUEUED, mailbox=mailbox, message__folder__in=left)
    while chosen := list(waiting.values_list("pk", "message__email_key", "message__variant")[:STOPPED_AT_ONCE]):
        because = Because(Rule.LEFT_OUT, actor=mailbox.owner_id, cause="folder_left")
        with writing_facts(((key, variant) for _pk, key, variant in chosen), because=because):
            # Chosen without a lock: what a carrier took meanwhile is its own.
            stopped += waiting.filter(pk__in=[pk for pk, _key, _variant in chosen]).update(
                status=Status.DONE, result=Transfer.Result.SKIPPED, cause="folder_left", finished_at=at
            )
    return stopped


def _take_choices_along(message: Message, *, variant: str) -> None:
    chosen = list(ChosenLink.objects.of(message))
    for choice in chosen:
        choice.pk, choice.variant = None, variant
    ChosenLink.objects.bulk_create(chosen, ignore_conflicts=True)
