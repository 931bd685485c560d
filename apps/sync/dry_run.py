"""What the automat would do by settings that do not hold yet: the list of its decisions, from the code that makes them.

Reads rows alone. Whether somebody in CORIPO has an address of a mail is told as far as CORIPO was asked
(sync/dry_run_asking.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from apps.mailboxes.models import Message, MessageState
from apps.sync.cases import cases_of
from apps.sync.foreseeing import Foreseen, foreseen
from apps.sync.models import SyncRules
from apps.sync.policy import Decision, decide, left_out_by
from apps.sync.scope import cleared, in_scope, skipped_by_rule
from apps.work.models import Lane

# The newest of this many are listed; the page says where that was not all.
MOST_LISTED = 5000
PORTION = 500
IN_CORIPO = (MessageState.SYNCED, MessageState.PARTIAL)


@dataclass(frozen=True, slots=True)
class DryRun:
    """`decisions` by message id, the newest mail first. `is_complete` is False where there is more than is listed.

    `matches` says of those that go, or may go when they are read, whether somebody in CORIPO has an address of theirs.
    `kept` are e-mails in CORIPO that these settings would have left out and the present ones did not.
    """

    decisions: dict[int, Decision]
    matches: dict[int, Foreseen]
    is_complete: bool
    kept: int

    @property
    def goes(self) -> int:
        return sum(decision.goes and not decision.is_open for decision in self.decisions.values())

    @property
    def open(self) -> int:
        return sum(decision.is_open for decision in self.decisions.values())

    @property
    def matched(self) -> Counter[Foreseen]:
        return Counter(self.matches.values())

    @property
    def left_out(self) -> Counter[str]:
        """How many mails each rule leaves out."""
        return Counter(decision.rule for decision in self.decisions.values() if not decision.goes)


def dry_run(proposed: SyncRules, present: SyncRules, *, at: datetime) -> DryRun:
    """Decide by the proposed settings, and write nothing."""
    undecided = in_scope(proposed, [MessageState.NOT_SYNCED, MessageState.SKIPPED])
    found = {
        message.pk: message
        for messages in (undecided, cleared(proposed))
        for message in messages.order_by("-received_at", "-pk")[: MOST_LISTED + 1]
    }
    newest = sorted(found.values(), key=lambda message: (message.received_at, message.pk), reverse=True)
    decisions: dict[int, Decision] = {}
    matches: dict[int, Foreseen] = {}
    for portion in _portions(newest[:MOST_LISTED]):
        former = skipped_by_rule(portion)
        ours = [message for message in portion if message.state != MessageState.SKIPPED or message.pk in former]
        cases = cases_of(ours, lane=Lane.AUTOMATIC, rules=proposed)
        decisions |= {pk: decide(case, proposed) for pk, case in cases.items()}
        matches |= foreseen([message for message in ours if decisions[message.pk].goes], rules=proposed, at=at)
    return DryRun(decisions, matches, is_complete=len(newest) <= MOST_LISTED, kept=_kept(proposed, present))


def _kept(proposed: SyncRules, present: SyncRules) -> int:
    # Their marks are the transfers' own and say nothing about the rules.
    stored = Message.objects.visible_to(proposed.user).present().filter(state__in=IN_CORIPO)
    newest = stored.select_related("mailbox").defer("search_text", "preview").order_by("-received_at", "-pk")
    count = 0
    for portion in _portions(list(newest[:MOST_LISTED])):
        before = cases_of(portion, lane=Lane.AUTOMATIC, rules=present)
        after = cases_of(portion, lane=Lane.AUTOMATIC, rules=proposed)
        count += sum(
            bool(left_out_by(replace(after[message.pk], mark=""), proposed))
            and not left_out_by(replace(before[message.pk], mark=""), present)
            for message in portion
        )
    return count


def _portions(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    for start in range(0, len(messages), PORTION):
        yield messages[start : start + PORTION]
