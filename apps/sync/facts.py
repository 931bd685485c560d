"""What the state of a message follows from, and the reason for its change. Pure, so that every case can be listed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from apps.mailboxes.models import MessageState
from apps.sync.models import CrmEmail, Mark, Rule, Transfer
from apps.work.models import Status

_IN_CORIPO = (MessageState.SYNCED, MessageState.PARTIAL)
_ON_ITS_WAY = (MessageState.QUEUED, MessageState.RUNNING)


@dataclass(frozen=True, slots=True)
class Because:
    """What decided, and for whom: `actor` is the id of the person who acted, `run` that of their run."""

    rule: Rule
    actor: int | None = None
    cause: str = ""
    run: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a state and its reason follow from. `record` is "", "exists" or "deleted"; `result` and what begins
    with `transfer` is of the newest transfer, people and runs are ids."""

    mark: str = ""
    record: str = ""
    is_visible: bool = True
    has_failures: bool = False
    transfer: str = ""
    result: str = ""
    owner: int | None = None
    marked_by: int | None = None
    is_adopted: bool = False
    created_by: int | None = None
    undone_by: int | None = None
    transfer_origin: str = ""
    transfer_by: int | None = None
    transfer_cause: str = ""
    transfer_run: int | None = None


def state_of(facts: Facts) -> MessageState:
    """The table of states in docs/user.md, read from its strongest row down."""
    if facts.transfer == Status.QUEUED:
        return MessageState.QUEUED
    if facts.transfer == Status.CLAIMED:
        return MessageState.RUNNING
    if facts.transfer == Status.FAILED:
        return MessageState.FAILED
    if facts.record == CrmEmail.Status.DELETED:
        return MessageState.GONE
    if facts.record == CrmEmail.Status.EXISTS:
        if not facts.is_visible:
            return MessageState.HIDDEN
        if facts.has_failures:
            return MessageState.PARTIAL
        return MessageState.RESYNC if facts.mark == Mark.Value.CLEARED else MessageState.SYNCED
    if facts.mark == Mark.Value.SYNCED:
        return MessageState.MARKED
    if facts.result == Transfer.Result.NO_MATCH:
        return MessageState.NO_MATCH
    if facts.result == Transfer.Result.SKIPPED:
        return MessageState.SKIPPED
    return MessageState.NOT_SYNCED


def because_of(facts: Facts, *, before: str, after: str) -> Because:
    """The reason that the facts give for this change."""
    if after in _IN_CORIPO:
        return _in_coripo(facts, before=before, after=after)
    return _REASONS[MessageState(after)](facts, before)


def _queued(facts: Facts, before: str) -> Because:
    if before == MessageState.RUNNING:
        return Because(Rule.AGAIN, cause=facts.transfer_cause, run=facts.transfer_run)
    return _by_origin(facts, Rule.ASKED)


def _running(facts: Facts, _before: str) -> Because:
    return Because(Rule.CARRIED, run=facts.transfer_run)


def _of_transfer(rule: Rule, facts: Facts) -> Because:
    return Because(rule, cause=facts.transfer_cause, run=facts.transfer_run)


def _by_hand(facts: Facts, _before: str) -> Because:
    rule = Rule.UNMARKED if facts.mark == Mark.Value.CLEARED else Rule.MARKED
    return Because(rule, actor=facts.marked_by)


def _not_synced(facts: Facts, before: str) -> Because:
    if facts.mark == Mark.Value.CLEARED and before not in _ON_ITS_WAY:
        return _by_hand(facts, before)
    return Because(Rule.WITHDRAWN if before in _ON_ITS_WAY else Rule.COMPARED)


def _in_coripo(facts: Facts, *, before: str, after: str) -> Because:
    if before in _ON_ITS_WAY and facts.transfer == Status.DONE and facts.result == Transfer.Result.STORED:
        return _by_origin(facts, Rule.STORED)
    if before in (*_IN_CORIPO, MessageState.GONE, MessageState.HIDDEN, MessageState.RESYNC):
        return Because(Rule.IN_PART if after == MessageState.PARTIAL else Rule.COMPARED)
    if facts.is_adopted or facts.created_by is None:
        return Because(Rule.FOUND)
    if facts.created_by == facts.owner:
        return Because(Rule.OTHER_COPY, actor=facts.created_by)
    return Because(Rule.COLLEAGUE, actor=facts.created_by)


def _by_origin(facts: Facts, asked: Rule) -> Because:
    """Of a transfer: what asked for it, or how it is stored. Only what a person asked for has an actor."""
    told = Because(asked, run=facts.transfer_run)
    if facts.transfer_origin == Transfer.Origin.CATEGORY:
        return replace(told, actor=facts.transfer_by, rule=Rule.STORED if asked == Rule.STORED else Rule.CATEGORY)
    if facts.transfer_origin == Transfer.Origin.PERSON:
        return replace(told, actor=facts.transfer_by)
    if asked == Rule.STORED:
        return replace(told, rule=Rule.BY_ITSELF)
    return replace(told, rule=_ORIGINS[Transfer.Origin(facts.transfer_origin)])


_ORIGINS = {
    Transfer.Origin.AUTOMAT: Rule.AUTOMATIC,
    Transfer.Origin.REMATCH: Rule.REMATCH,
    Transfer.Origin.PROOF: Rule.REPAIR,
}
_REASONS = {
    MessageState.NOT_SYNCED: _not_synced,
    MessageState.MARKED: _by_hand,
    MessageState.RESYNC: _by_hand,
    MessageState.QUEUED: _queued,
    MessageState.RUNNING: _running,
    MessageState.FAILED: lambda facts, _before: _of_transfer(Rule.FAILED, facts),
    MessageState.NO_MATCH: lambda facts, _before: _of_transfer(Rule.NO_MATCH, facts),
    MessageState.SKIPPED: lambda facts, _before: _of_transfer(Rule.LEFT_OUT, facts),
    MessageState.GONE: lambda facts, _before: Because(
        Rule.UNDONE if facts.undone_by else Rule.DELETED, actor=facts.undone_by
    ),
    MessageState.HIDDEN: lambda _facts, _before: Because(Rule.RIGHTS),
}
