"""Functions 1 to 4 of an e-mail: their names, and for each message whether it can be used and, if not, why.

The answer is advice for the eye. What may really be done is decided by `sync.actions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.mailboxes.models import Message, MessageState
from apps.sync.models import Mark
from apps.sync.queries import MOVING


class Code(StrEnum):
    OPEN = "open"
    SYNC = "sync"
    MARK = "mark"
    UNMARK = "unmark"


@dataclass(frozen=True, slots=True)
class Function:
    """One of the four functions of an e-mail. `name` is what people and tests find it by; `key` works in the list."""

    code: Code
    name: Promise
    icon: str
    key: str


FUNCTIONS = (
    Function(Code.OPEN, gettext_lazy("Open e-mail in CORIPO"), "open", "o"),
    Function(Code.SYNC, gettext_lazy("Sync e-mail"), "runs", "s"),
    Function(Code.MARK, gettext_lazy("Mark as synced"), "mark", "m"),
    Function(Code.UNMARK, gettext_lazy("Mark as not synced"), "unmark", "u"),
)

# The record exists, whatever the mark says: without a mark the mail counts as synced.
_WITH_RECORD = (MessageState.SYNCED, MessageState.PARTIAL, MessageState.GONE, MessageState.HIDDEN)


@dataclass(frozen=True, slots=True)
class Offered:
    """A function as one message offers it; `why_not` is "" where it can be used."""

    function: Function
    why_not: str


def offered(message: Message, *, mark: str) -> tuple[Offered, ...]:
    """The four functions for a message that bears this mark."""
    reasons = {
        Code.OPEN: "",
        Code.SYNC: _why_not_sync(message),
        Code.MARK: _why_not_mark(message, mark),
        Code.UNMARK: _why_not_unmark(message, mark),
    }
    return tuple(Offered(function, reasons[function.code]) for function in FUNCTIONS)


def _why_not_sync(message: Message) -> str:
    if message.gone_at is not None:
        return _("The e-mail is no longer in the mailbox.")
    return _("It is on its way already.") if message.state in MOVING else ""


def _why_not_mark(message: Message, mark: str) -> str:
    if mark == Mark.Value.SYNCED:
        return _("The e-mail is marked already.")
    return _("The e-mail is synced already.") if message.state == MessageState.SYNCED else ""


def _why_not_unmark(message: Message, mark: str) -> str:
    if mark == Mark.Value.CLEARED:
        return _("The e-mail is marked as not synced already.")
    return "" if mark or message.state in _WITH_RECORD else _("The e-mail is not marked.")
