"""What of the mail waits for a person, grouped by what it waits for. Everything is counted up to COUNT_LIMIT."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from apps.accounts.models import User
from apps.core.addresses import canonical
from apps.mailboxes.models import Message, MessageState, Participant
from apps.sync.cause_column import cause_column
from apps.sync.listing import COUNT_LIMIT, MessageFilter, older_messages


@dataclass(frozen=True, slots=True)
class Unmatched:
    """The mails with one address that nobody in CORIPO has: how many, and the newest. `address` is canonical, "" for none."""

    address: str
    name: str
    count: int
    newest: Message


def count_by_cause(user: User, state: MessageState) -> Counter[str]:
    """How many messages of the lists came into this state by which cause, a key of `causes.SENTENCES`; one query."""
    causes = Message.objects.visible_to(user).present().filter(state=state).annotate(behind=cause_column())
    return Counter(causes.values_list("behind", flat=True)[:COUNT_LIMIT])


def count_in_state(user: User, state: MessageState) -> int:
    return Message.objects.visible_to(user).present().filter(state=state)[:COUNT_LIMIT].count()


def unmatched(user: User) -> list[Unmatched]:
    """The newest COUNT_LIMIT mails without a match by the other side's address, most mails first."""
    messages = older_messages(user, MessageFilter(state=MessageState.NO_MATCH), None, most=COUNT_LIMIT)
    others = _other_sides(messages)
    newest: dict[str, Message] = {}
    for message in messages:
        newest.setdefault(others[message.pk][0], message)
    counted = Counter(others[message.pk][0] for message in messages)
    return [
        Unmatched(address, name=others[newest[address].pk][1], count=count, newest=newest[address])
        for address, count in counted.most_common()
    ]


def _other_sides(messages: list[Message]) -> dict[int, tuple[str, str]]:
    """Address and name of the sender, or of the first recipient of sent mail; as `chosen.correspondent_of`, for many."""
    found = {}
    sent = set()
    for message in messages:
        if message.direction == Message.Direction.RECEIVED:
            found[message.pk] = (canonical(message.sender_address), message.sender_name)
        else:
            found[message.pk] = ("", "")
            sent.add(message.pk)
    recipients = Participant.objects.filter(message__in=sent, role=Participant.Role.TO)
    for message_id, address, name in recipients.order_by("message_id", "-position").values_list(
        "message_id", "address", "name"
    ):
        found[message_id] = (address, name)
    return found
