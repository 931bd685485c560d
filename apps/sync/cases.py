"""What the rows say of messages, as the policy asks for it: a handful of queries, however many messages they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from apps.mailboxes.models import Message, MessageState, Participant
from apps.mailboxes.own_addresses import own_addresses_of_user
from apps.sync.marks import marks_of
from apps.sync.models import SyncRules
from apps.sync.policy import Case
from apps.sync.taken_folders import has_words, taken_folders
from apps.work.models import Lane


def cases_of(messages: Collection[Message], *, lane: Lane, rules: SyncRules) -> dict[int, Case]:
    """The case of each message, by its id."""
    marks = marks_of(messages)
    people = _people(messages) if rules.left_out_addresses else {}
    own = own_addresses_of_user(rules.user) if people else frozenset()
    folders = taken_folders(rules.user, rules) if has_words(rules) else None
    return {
        message.pk: Case(
            lane=lane,
            kind=Message.Kind(message.kind),
            is_private=message.is_private,
            mark=marks.get(message.pk, ""),
            addresses=frozenset(people.get(message.pk, ())) - own,
            state=MessageState(message.state),
            direction=Message.Direction(message.direction),
            is_folder_taken=folders is None or message.folder_id in folders,
            received_at=message.received_at,
            is_read=message.kind_read_at is not None,
        )
        for message in messages
    }


def once_read(case: Case, message: Message) -> Case:
    """The case with what the letter said of itself, written to the message by now."""
    return replace(case, kind=Message.Kind(message.kind), is_private=message.is_private, is_read=True)


def _people(messages: Collection[Message]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    named = Participant.objects.filter(message__in=[message.pk for message in messages]).exclude(address="")
    for message_id, address in named.values_list("message", "address"):
        found[message_id].add(address)
    return found
