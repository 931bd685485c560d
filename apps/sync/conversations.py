"""Choosing for a whole conversation: its other mails, and those that are still to come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import User
from apps.crm.face import FoundRecord
from apps.mailboxes.models import Mailbox, Message, MessageQuerySet, MessageState
from apps.sync.chosen import correspondents_of
from apps.sync.models import ChosenLink, ConversationLink
from apps.sync.states import writing_facts

# A choice is one transaction over all its mails. A longer conversation is a robot's, which has one for everything.
MOST_TOGETHER = 200
# What somebody marked by hand is not to go into CORIPO, and where the record is not to be seen nothing can be linked.
LEFT_OUT = (MessageState.MARKED, MessageState.HIDDEN)


@dataclass(frozen=True, slots=True)
class Conversation:
    """The mails of a message's conversation beside itself: how many go with it, and how many are left out."""

    others: int
    marked: int
    hidden: int


def conversation_of(message: Message, *, user: User) -> Conversation:
    """Counted as `others_of` takes them; three queries."""
    beside = _beside(message, user=user)
    return Conversation(
        others=min(others_of(message, user=user).count(), MOST_TOGETHER),
        marked=beside.filter(state=MessageState.MARKED).count(),
        hidden=beside.filter(state=MessageState.HIDDEN).count(),
    )


def others_of(message: Message, *, user: User) -> MessageQuerySet:
    """The other mails of the conversation in the same mailbox that a choice for all of it takes; the newest of very many."""
    return _beside(message, user=user).exclude(state__in=LEFT_OUT).order_by("-received_at", "-pk")[:MOST_TOGETHER]


def remember_for_later(
    message: Message, records: Sequence[FoundRecord], *, user: User, at: datetime
) -> list[ConversationLink]:
    """Keep that later mails of the conversation belong with these records; nothing for a mail without a conversation."""
    if not message.conversation_id:
        return []
    return ConversationLink.objects.bulk_create(
        [
            ConversationLink(
                home_account_id=message.mailbox.home_account_id,
                conversation_id=message.conversation_id,
                module=record.module,
                record_id=record.id,
                name=record.name[:300],
                company=record.company[:300],
                since=message.received_at,
                chosen_by=user,
                chosen_at=at,
            )
            for record in records
        ],
        ignore_conflicts=True,
    )


def later_links(message: Message) -> list[ConversationLink]:
    """The records that later mails of this conversation are linked with."""
    return list(ConversationLink.objects.of_conversation(message))


def inherit_choices(mailbox: Mailbox, messages: Collection[Message], *, at: datetime) -> None:
    """Make what was said for later mails of a conversation a choice for each of these mails that is one.

    Times have a resolution of a second, so the mail for which it was said counts as well. What a person said of the mail
    itself stays. Repeated for every transfer, so a kill loses nothing.
    """
    conversations = {message.conversation_id for message in messages if message.conversation_id}
    rules = ConversationLink.objects.filter(
        home_account_id=mailbox.home_account_id, conversation_id__in=conversations
    ).order_by("pk")
    inheriting = [
        (message, rule)
        for rule in rules
        for message in messages
        if message.conversation_id == rule.conversation_id and message.received_at >= rule.since
    ]
    if not inheriting:
        return
    addresses = correspondents_of([message for message, _rule in inheriting])
    with writing_facts(message.identity for message, _rule in inheriting):
        ChosenLink.objects.bulk_create(
            [
                ChosenLink(
                    home_account_id=mailbox.home_account_id,
                    email_key=message.email_key,
                    variant=message.variant,
                    module=rule.module,
                    record_id=rule.record_id,
                    name=rule.name,
                    company=rule.company,
                    address=addresses[message.pk],
                    chosen_by_id=rule.chosen_by_id,
                    chosen_at=at,
                )
                for message, rule in inheriting
            ],
            ignore_conflicts=True,
        )


def _beside(message: Message, *, user: User) -> MessageQuerySet:
    visible = Message.objects.visible_to(user).present()
    if not message.conversation_id:
        return visible.none()
    return visible.filter(mailbox=message.mailbox_id, conversation_id=message.conversation_id).exclude(pk=message.pk)
