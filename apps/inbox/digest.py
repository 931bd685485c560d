"""What happened while a person was away, in sentences with links: since the last visit, and after an outage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User, Visit
from apps.core.templatetags.portal import moment
from apps.inbox.filters import query_of
from apps.mailboxes.models import Message, MessageState
from apps.sync.catching_up import CatchUp
from apps.sync.history import happened
from apps.sync.listing import COUNT_LIMIT, MessageFilter

# The inbox speaks of it on the first visit of a day, and to whoever was away for a working day.
LONG_AWAY = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Line:
    """`url` leads to the e-mails, or to the run that they came with."""

    icon: str
    sentence: str
    url: str


@dataclass(frozen=True, slots=True)
class Digest:
    since: datetime
    lines: list[Line]


def digest(user: User, visit: Visit) -> Digest | None:
    """What happened between the last visit and the beginning of this one; None where nothing did. Two queries."""
    if visit.last_seen_at is None:
        return None
    told = happened(user, since=visit.last_seen_at, until=visit.began_at)
    numbers = {
        "arrived": told.arrived,
        "failed": told.failed,
        "in_part": told.in_part,
        "no_match": told.no_match,
        "by_itself": told.by_itself,
        "asked": told.asked,
        "by_colleagues": told.by_colleagues,
    }
    lines = [
        Line(_ICONS[name], _SENTENCES[name](number) % {"count": _shown(number, name, told.is_more)}, _url(name))
        for name, number in numbers.items()
        if number
    ]
    return Digest(visit.last_seen_at, lines) if lines else None


def digest_for_inbox(user: User, visit: Visit) -> Digest | None:
    """The same as a quiet line above the list, until the page of it was read. Mostly asks the database nothing."""
    if visit.last_seen_at is None or visit.told_at is not None:
        return None
    is_new_day = timezone.localdate(visit.last_seen_at) != timezone.localdate(visit.began_at)
    if not is_new_day and visit.began_at - visit.last_seen_at < LONG_AWAY:
        return None
    return digest(user, visit)


def sentences_of(told: CatchUp) -> list[str]:
    """What an outage was and what it held up, in two sentences."""
    names = {"since": moment(told.since), "until": moment(told.until), "mailbox": told.mailbox}
    if told.mailbox and told.reason == "graph_throttled":
        first = _("Microsoft 365 asked for a pause for %(mailbox)s from %(since)s to %(until)s.") % names
    elif told.mailbox:
        first = _("Microsoft 365 did not answer for %(mailbox)s from %(since)s to %(until)s.") % names
    else:
        first = _("CORIPO did not answer from %(since)s to %(until)s.") % names
    waited = ngettext("%(count)s e-mail waited;", "%(count)s e-mails waited;", told.waited) % {
        "count": number_format(told.waited)
    }
    last = {"time": moment(told.last_at), "count": number_format(told.left)}
    if told.last_at is None:
        rest = _("nothing of that has gone yet. It goes on by itself.")
    elif told.left:
        rest = ngettext(
            "all but %(count)s have gone since, the last at %(time)s.",
            "all but %(count)s have gone since, the last at %(time)s.",
            told.left,
        )
    else:
        rest = _("everything has gone since, the last at %(time)s.")
    return [first, f"{waited} {rest % last}"]


def _shown(number: int, name: str, is_more: bool) -> str:
    is_capped = is_more or (name == "arrived" and number >= COUNT_LIMIT)
    return number_format(number) + ("+" if is_capped else "")


def _url(name: str) -> str:
    if name == "asked":
        return reverse("runs")
    return reverse("inbox") + query_of(_FILTERS[name])


_FILTERS = {
    "arrived": MessageFilter(direction=Message.Direction.RECEIVED),
    "failed": MessageFilter(state=MessageState.FAILED),
    "in_part": MessageFilter(state=MessageState.PARTIAL),
    "no_match": MessageFilter(state=MessageState.NO_MATCH),
    "by_itself": MessageFilter(state=MessageState.SYNCED),
    "by_colleagues": MessageFilter(state=MessageState.SYNCED),
}
_ICONS = {
    "arrived": "inbox",
    "failed": "failed",
    "in_part": "partial",
    "no_match": "no_match",
    "by_itself": "synced",
    "asked": "runs",
    "by_colleagues": "people",
}
_SENTENCES: dict[str, Callable[[int], str]] = {
    "arrived": lambda n: ngettext("%(count)s e-mail arrived", "%(count)s e-mails arrived", n),
    "failed": lambda n: ngettext("%(count)s ended with an error", "%(count)s ended with an error", n),
    "in_part": lambda n: ngettext("%(count)s synced with errors", "%(count)s synced with errors", n),
    "no_match": lambda n: ngettext("%(count)s without a match", "%(count)s without a match", n),
    "by_itself": lambda n: ngettext("%(count)s synced by itself", "%(count)s synced by themselves", n),
    "asked": lambda n: ngettext("%(count)s synced as you asked", "%(count)s synced as you asked", n),
    "by_colleagues": lambda n: ngettext("%(count)s stored by a colleague", "%(count)s stored by colleagues", n),
}
