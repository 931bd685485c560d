"""Whether a mail goes into CORIPO by itself: one pure function, so that every case can be listed and tried."""

from __future__ import annotations

from dataclasses import dataclass

from apps.mailboxes.models import Message
from apps.sync.models import Mark, SyncRules
from apps.work.models import Lane


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a mail whose turn has come. `mark` is the word about it, "" for none."""

    lane: Lane
    kind: Message.Kind
    is_private: bool = False
    mark: str = ""
    is_repair: bool = False

    @classmethod
    def of(cls, message: Message, *, lane: Lane, mark: str, is_repair: bool = False) -> Case:
        kind = Message.Kind(message.kind)
        return cls(lane=lane, kind=kind, is_private=message.is_private, mark=mark, is_repair=is_repair)


def left_out_by(case: Case, rules: SyncRules) -> str:
    """The code of the rule that leaves the mail out, a key of `causes.SENTENCES`; "" where it goes.

    Whoever clicks has decided, so the interactive lane takes everything; of a repair it was decided before.
    """
    if case.lane == Lane.INTERACTIVE or case.is_repair:
        return ""
    if case.mark == Mark.Value.SYNCED:
        return "marked"
    if case.is_private and not rules.takes_private:
        return "private"
    if case.kind in rules.left_out_kinds:
        return f"kind_{case.kind}"
    return ""
