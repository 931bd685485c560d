"""Whether a mail goes into CORIPO by itself: one pure function, so that every case can be listed and tried.

What decides, the first that applies:

1. a person asked for it: goes (`asked`)
2. its record was deleted in CORIPO: left alone (`gone`)
3. marked as synced: left out (`marked`)
4. under way, or failed and waiting for a person: stays (`under_way`, `failed`)
5. automatic sync is off: stays (`off`)
6. an address or domain that is left out: skipped (`excluded`)
7. private: skipped (`private`)
8. its kind: skipped (`kind_…`)
9. marked as not synced: goes, whatever its folder and date (`cleared`)
10. it is in CORIPO, or nobody there has its addresses: stays (`recorded`, `no_match`)
11. direction, folder, date: stays (`direction`, `folder`, `since`)
12. goes (`automatic`)

Exclusions stand above the cleared mark: that takes a mark away, and does not say that a mail is less private than before.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from apps.core.addresses import domain_of
from apps.mailboxes.models import Message, MessageState
from apps.sync.models import Mark, SyncRules
from apps.work.models import Lane

_UNDER_WAY = (MessageState.QUEUED, MessageState.RUNNING)
_RECORDED = (MessageState.SYNCED, MessageState.PARTIAL, MessageState.HIDDEN)


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a mail whose turn has come. `mark` is the word about it, "" for none; `addresses` are those of its
    people, canonical, without the owner's own. `is_read`: the letter's headers have told its kind and whether it is private.
    """

    lane: Lane
    kind: Message.Kind
    is_private: bool = False
    mark: str = ""
    is_repair: bool = False
    addresses: frozenset[str] = frozenset()
    state: MessageState = MessageState.NOT_SYNCED
    direction: Message.Direction = Message.Direction.RECEIVED
    is_folder_taken: bool = True
    received_at: datetime | None = None
    is_read: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule` is what decided. A mail that does not go is *Skipped* where the rule `is_stored`, else it stays what it is.

    `is_open`: what the letter says of itself may still keep a mail out that goes.
    """

    goes: bool
    rule: str
    is_stored: bool = False
    is_open: bool = False


def decide(case: Case, rules: SyncRules) -> Decision:
    """Whether the automat takes the mail, by the order above. Whoever clicks has decided, so the interactive lane takes all."""
    if case.lane == Lane.INTERACTIVE:
        return Decision(True, "asked")
    if case.state == MessageState.GONE:
        return Decision(False, "gone")
    if case.mark == Mark.Value.SYNCED:
        return Decision(False, "marked")
    if case.state in _UNDER_WAY:
        return Decision(False, "under_way")
    if case.state == MessageState.FAILED:
        return Decision(False, "failed")
    if not rules.is_automatic:
        return Decision(False, "off")
    if rule := left_out_by(case, rules):
        return Decision(False, rule, is_stored=True)
    is_open = not case.is_read and bool(rules.left_out_kinds or not rules.takes_private)
    if case.mark == Mark.Value.CLEARED:
        return Decision(True, "cleared", is_open=is_open)
    if case.state in _RECORDED:
        return Decision(False, "recorded")
    if case.state == MessageState.NO_MATCH:
        return Decision(False, "no_match")
    if outside := _outside(case, rules):
        return Decision(False, outside)
    return Decision(True, "automatic", is_open=is_open)


def left_out_by(case: Case, rules: SyncRules) -> str:
    """The code of the rule that leaves the mail out of any run, a key of `causes.SENTENCES`; "" where it goes.

    Of a repair it was decided before. Asked again when the letter was read, for runs by filter as well: they know no
    direction, folder or date of the automat.
    """
    if case.lane == Lane.INTERACTIVE or case.is_repair:
        return ""
    if case.mark == Mark.Value.SYNCED:
        return "marked"
    if names_any(case.addresses, rules.left_out_addresses):
        return "excluded"
    if case.is_private and not rules.takes_private:
        return "private"
    if case.kind in rules.left_out_kinds:
        return f"kind_{case.kind}"
    return ""


def names_any(addresses: Collection[str], excluded: Collection[str]) -> bool:
    """Whether one of these addresses, its domain or a domain above that is among the excluded."""
    if not excluded:
        return False
    listed = set(excluded)
    return any(listed.intersection(_ways_to_say(address)) for address in addresses)


def _ways_to_say(address: str) -> list[str]:
    labels = domain_of(address).split(".")
    return [address, *(".".join(labels[start:]) for start in range(len(labels)))]


def _outside(case: Case, rules: SyncRules) -> str:
    is_received = case.direction == Message.Direction.RECEIVED
    if not (rules.takes_received if is_received else rules.takes_sent):
        return "direction"
    if not case.is_folder_taken:
        return "folder"
    if rules.since is not None and case.received_at is not None and case.received_at < rules.since:
        return "since"
    return ""
