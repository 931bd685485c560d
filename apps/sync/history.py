"""The stored reasons: the last changes of one message, and what became of the mail of a person in a stretch of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from apps.accounts.models import User
from apps.core.clock import now
from apps.mailboxes.models import Message, MessageState
from apps.sync.causes import sentence_for
from apps.sync.listing import COUNT_LIMIT
from apps.sync.models import Rule, StateChange
from apps.work.models import Run

SHOWN = 10
# So many changes of a message are kept, the newest.
KEPT = 20
TIDIED_AT_ONCE = 500
# What happened is counted up to so many changes: more than anybody reads, few enough for a page.
MOST_COUNTED = 5 * COUNT_LIMIT
# These end a transfer or tell that the record is there; all others are on the way.
_ENDS = (MessageState.SYNCED, MessageState.PARTIAL, MessageState.NO_MATCH, MessageState.FAILED)
# Where the cause says more than the rule.
_TOLD_BY_CAUSE = (Rule.FAILED, Rule.LEFT_OUT)


@dataclass(frozen=True, slots=True)
class ToldChange:
    """A change in words. `run` is the run of many e-mails that it came with."""

    at: datetime
    state: MessageState
    sentence: str
    actor: str
    run: Run | None


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of a person's mail: numbers of e-mails, each counted by its last change. `is_more`: there were more."""

    arrived: int
    by_itself: int
    asked: int
    by_colleagues: int
    in_part: int
    no_match: int
    failed: int
    is_more: bool


def changes_of(message: Message) -> list[ToldChange]:
    """The last changes of the message, newest first; that its turn came is left out. One query."""
    changes = StateChange.objects.filter(message=message).exclude(rule=Rule.CARRIED)
    return [
        ToldChange(
            at=change.at,
            state=MessageState(change.after),
            sentence=sentence_of(change),
            actor=change.actor.shown_name if change.actor else "",
            # A click on one e-mail is a run as well, of which nobody knows.
            run=change.run if change.run and (change.run.matched > 1 or change.run.wanted) else None,
        )
        for change in changes.select_related("actor", "run").order_by("-pk")[:SHOWN]
    ]


def sentence_of(change: StateChange) -> str:
    if change.cause and change.rule in _TOLD_BY_CAUSE:
        return sentence_for(change.cause)
    sentence = str(Rule(change.rule).label)
    return f"{sentence} {sentence_for(change.cause)}" if change.cause and change.rule == Rule.AGAIN else sentence


def happened(user: User, *, since: datetime, until: datetime) -> Happened:
    """What became of the user's mail after `since` and up to `until`. Two queries, at a cost with an end."""
    changes = StateChange.objects.visible_to(user).filter(at__gt=since, at__lte=until, after__in=_ENDS)
    rows = changes.order_by("-at", "-pk").values_list("message_id", "rule", "after")[:MOST_COUNTED]
    last: dict[int, str] = {}
    read = 0
    for message_id, rule, after in rows:
        read += 1
        last.setdefault(message_id, _word_of(rule, after))
    counted = Counter(last.values())
    arrived = Message.objects.visible_to(user).present().filter(direction=Message.Direction.RECEIVED)
    return Happened(
        arrived=arrived.filter(received_at__gt=since, received_at__lte=until)[:COUNT_LIMIT].count(),
        by_itself=counted[Rule.BY_ITSELF],
        asked=counted[Rule.STORED],
        by_colleagues=counted[Rule.COLLEAGUE],
        in_part=counted[MessageState.PARTIAL],
        no_match=counted[MessageState.NO_MATCH],
        failed=counted[MessageState.FAILED],
        is_more=read == MOST_COUNTED,
    )


def _word_of(rule: str, after: str) -> str:
    return rule if after == MessageState.SYNCED else after


def forget_old_changes(*, until: datetime) -> None:
    """Keep the newest changes of each message, portion by portion, until none is too many or the time is up."""
    numbers = StateChange.objects.order_by().values("message").annotate(number=Count("pk"))
    while now() < until:
        messages = list(numbers.filter(number__gt=KEPT).values_list("message", flat=True)[:TIDIED_AT_ONCE])
        if not messages:
            return
        old = list(_too_many(messages))
        for start in range(0, len(old), TIDIED_AT_ONCE):
            StateChange.objects.filter(pk__in=old[start : start + TIDIED_AT_ONCE]).delete()


def _too_many(messages: list[int]) -> Iterable[int]:
    """The ids of what stands behind the newest of each of these messages."""
    seen: Counter[int] = Counter()
    changes = StateChange.objects.filter(message__in=messages).order_by("message", "-pk")
    for pk, message_id in changes.values_list("pk", "message_id").iterator():
        seen[message_id] += 1
        if seen[message_id] > KEPT:
            yield pk
