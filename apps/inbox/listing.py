"""The list as the page shows it: rows under their days, chips above them, links to older and newer ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.accounts.models import User
from apps.contacts.correspondents import Refusals
from apps.inbox.filters import filter_of, query_of
from apps.inbox.moving import Moving, capped, first_moving
from apps.inbox.rows import ShownRow, shown_row
from apps.mailboxes.models import Mailbox, MailFolder, MessageState
from apps.sync.listing import Cursor, MessageFilter
from apps.sync.queries import count_by_state, message_page, progress_of

# The states that ask a person to decide or to mend something; each has a chip above the list.
CHIPS = (MessageState.NOT_SYNCED, MessageState.NO_MATCH, MessageState.FAILED)


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    query: str
    is_pressed: bool
    icon: str = ""
    count: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """`query` is the address of this very page, `query_without_filter` that of its mailbox or folder.

    `older` and `newer` are empty at the ends of the list.
    """

    title: str
    wanted: MessageFilter
    groups: tuple[tuple[str, tuple[ShownRow, ...]], ...]
    chips: tuple[Chip, ...]
    moving: Moving
    query: str
    query_without_filter: str
    older: str
    newer: str
    has_mailbox: bool


def listing(query: QueryDict, *, user: User, at: datetime) -> Listing:
    """The list that an address asks for, with as many queries for one row as for fifty."""
    wanted = filter_of(query)
    before, after = Cursor.parse(query.get("before", "")), Cursor.parse(query.get("after", ""))
    page = message_page(user, wanted, before=before, after=after)
    here = query_of(wanted, **({"before": str(before)} if before else {"after": str(after)} if after else {}))
    refusals = Refusals.of(user)
    rows = tuple(shown_row(row, refusals, here) for row in page.rows)
    progress = progress_of(user, at=at)
    # News belongs on top of the first page only.
    top = str(Cursor.of(page.rows[0].message)) if page.rows and not page.newer else ""
    return Listing(
        title=_title(user, wanted),
        wanted=wanted,
        groups=tuple(_by_day(rows, today=timezone.localdate(at))),
        chips=tuple(_chips(user, wanted)),
        moving=first_moving(user, rows, wanted, progress, at=at, top=top),
        query=here,
        query_without_filter=query_of(MessageFilter(mailbox=wanted.mailbox, folder=wanted.folder)),
        older=query_of(wanted, before=page.older) if page.older else "",
        newer=query_of(wanted, after=page.newer) if page.newer else "",
        has_mailbox=progress.has_mailbox,
    )


def _chips(user: User, wanted: MessageFilter) -> Iterable[Chip]:
    # A cause belongs to one state, so each of them leads to all of its own.
    wanted = replace(wanted, cause="")
    yield Chip(_("All"), query_of(replace(wanted, state="")), is_pressed=not wanted.state)
    # A text is searched by reading, so each number would cost as much as the search itself.
    counts = {} if wanted.text else count_by_state(user, wanted, CHIPS)
    chosen = {MessageState(wanted.state)} if wanted.state else set()
    for state in (*CHIPS, *(chosen - set(CHIPS))):
        yield Chip(
            str(state.label),
            query_of(replace(wanted, state=state.value)),
            is_pressed=wanted.state == state,
            icon=state.value,
            count=capped(counts[state]) if counts.get(state) else "",
        )


def _title(user: User, wanted: MessageFilter) -> str:
    if wanted.folder is not None:
        folder = MailFolder.objects.visible_to(user).filter(pk=wanted.folder).only("name").first()
        if folder is not None:
            return folder.name
    if wanted.mailbox is not None:
        mailbox = Mailbox.objects.visible_to(user).filter(pk=wanted.mailbox).only("address").first()
        if mailbox is not None:
            return mailbox.address
    return _("All mail")


def _by_day(rows: Iterable[ShownRow], *, today: date) -> Iterable[tuple[str, tuple[ShownRow, ...]]]:
    for day, of_day in groupby(rows, key=lambda row: timezone.localdate(row.message.received_at)):
        yield _day_name(day, today), tuple(of_day)


def _day_name(day: date, today: date) -> str:
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    shape = pgettext("date format", "l j F") if day.year == today.year else pgettext("date format", "l j F Y")
    return capfirst(format_date(day, shape))
