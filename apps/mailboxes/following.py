"""Reading a folder: its newest mail first, then the window that its owner chose, then what changed since.

A page's rows and the cursor behind them are one transaction: a crash repeats a page, it never skips one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min

from apps.core.clock import now
from apps.graph.ahead import PagesAhead, pages_ahead
from apps.graph.client import GraphClient
from apps.graph.errors import GraphContractBroken, GraphServerTrouble, ResyncRequired
from apps.graph.parsing import SHAPE, GraphMessage, MessagePage
from apps.mailboxes.models import Mailbox, MailFolder, Message, MessageQuerySet
from apps.mailboxes.rows import mark_missing, store_messages
from apps.mailboxes.turns import Turn
from apps.mailboxes.whereabouts import mark_unseen
from apps.work.fences import Passage

log = logging.getLogger(__name__)

FIRST_PAGE = 50
# A larger page saves little and makes a longer transaction; Graph cuts at 512.
PAGE = 200
# To a listing with a lower bound Graph gives this many messages and is silent about the others.
LISTING_LIMIT = 5000

Decide = Callable[[list[int]], None]


@dataclass(frozen=True, slots=True)
class Look:
    """One turn's means: client and way past the fence, the time that it may take, and who decides on new rows."""

    turn: Turn
    client: GraphClient
    way: Passage
    until: datetime
    decide: Decide

    @property
    def mailbox(self) -> Mailbox:
        return self.turn.mailbox

    def has_time(self) -> bool:
        return now() < self.until

    def keep(self, *, at: datetime) -> None:
        self.turn.keep(at=at)


def is_listed(folder: MailFolder) -> bool:
    """Whether its window is complete, so that the cursor only tells what changed."""
    is_whole = folder.completed_at is not None and not folder.is_rechecking
    return is_whole and folder.cursor_shape == _shape(folder.mailbox)


def read_page(look: Look, folder: MailFolder, *, page_size: int = PAGE, ahead: PagesAhead | None = None) -> bool:
    """Read the next page of a folder and keep it with its cursor. Returns whether another one follows, which is asked for
    `ahead` while this one is kept.

    Raises ResyncRequired where Graph has forgotten the cursor, or another GraphError; nothing is changed then.
    """
    if folder.cursor and folder.cursor_shape == _shape(folder.mailbox):
        page = ahead.take(folder.cursor) if ahead else None
        page = page or look.client.continue_messages(folder.cursor, page_size=page_size)
    else:
        since = window_start(folder.mailbox, at=now())
        page = look.client.begin_messages(folder.graph_id, since=since, page_size=page_size)
        folder.is_rechecking = folder.round > 0
        folder.round += 1
        folder.cursor_shape = _shape(folder.mailbox)
    look.way.answered()
    if ahead and page.next_link and look.has_time():
        ahead.ask(page.next_link, page_size=page_size)
    _keep_page(look, folder, page)
    return bool(page.next_link)


def follow(look: Look, folder: MailFolder) -> bool:
    """Read a folder until it is in step or the time is up. Returns whether it is in step."""
    with pages_ahead(look.client) as ahead:
        pages = follow_by_page(look, folder, ahead)
        while True:
            try:
                next(pages)
            except StopIteration as end:
                return bool(end.value)


def follow_by_page(look: Look, folder: MailFolder, ahead: PagesAhead) -> Generator[None, None, bool]:
    """The same page by page. What has been asked for when the time is up is kept as well."""
    has_started_again = False
    while look.has_time() or ahead.has(folder.cursor):
        try:
            has_more = read_page(look, folder, ahead=ahead)
        except ResyncRequired as error:
            if has_started_again or not folder.cursor:
                raise GraphServerTrouble("the listing does not hold", request_id=error.request_id) from error
            has_started_again = True
            list_afresh(folder)
            continue
        if not has_more:
            return is_listed(folder) or (yield from _older_by_page(look, folder, ahead))
        yield
    return False


def window_start(mailbox: Mailbox, *, at: datetime) -> datetime:
    return at - timedelta(days=mailbox.window_days)


def list_afresh(folder: MailFolder) -> None:
    """List the folder afresh; its rows stay, and those that the new listing lacks are looked up one by one."""
    folder.cursor = ""
    folder.is_rechecking = True
    folder.save(update_fields=["cursor", "is_rechecking"])


def _shape(mailbox: Mailbox) -> str:
    """A cursor answers for the fields and the window that it began with."""
    return f"{SHAPE}:{mailbox.window_days}"


def _keep_page(look: Look, folder: MailFolder, page: MessagePage) -> None:
    cursor = page.next_link or page.delta_link
    if not cursor:
        raise GraphContractBroken("a page without a link to the next")
    if page.damaged:
        log.warning("messages that Graph cannot read", extra={"folder_id": folder.pk, "count": page.damaged})
    at = now()
    with transaction.atomic():
        look.keep(at=at)
        _store(look, folder, page.messages, at=at)
        mark_missing(folder, page.removed_ids, at=at)
        folder.cursor = cursor
        folder.newest_loaded_at = folder.newest_loaded_at or at
        if not page.next_link and not _is_cut(folder):
            _complete(folder, at=at)
        folder.save(
            update_fields=["cursor", "cursor_shape", "round", "is_rechecking", "newest_loaded_at", "completed_at"]
        )


def _store(look: Look, folder: MailFolder, messages: Iterable[GraphMessage], *, at: datetime) -> None:
    new_ids = store_messages(folder, messages, at=at)
    if new_ids:
        look.decide(new_ids)


def _is_cut(folder: MailFolder) -> bool:
    """Whether a listing under way ended where Graph stops counting instead of at the window's start."""
    if folder.completed_at is not None and not folder.is_rechecking:
        return False
    return _seen(folder)[LISTING_LIMIT - 1 : LISTING_LIMIT].exists()


def _older_by_page(look: Look, folder: MailFolder, ahead: PagesAhead) -> Generator[None, None, bool]:
    """Fill the window below a listing that was cut, by plain pages from the oldest row downwards. True when filled."""
    link = ""
    while look.has_time() or ahead.has(link):
        if link:
            page = ahead.take(link) or look.client.continue_messages(link, page_size=PAGE)
        else:
            oldest = _seen(folder).aggregate(oldest=Min("received_at"))["oldest"]
            since = window_start(folder.mailbox, at=now())
            page = look.client.older_messages(folder.graph_id, since=since, until=oldest, page_size=PAGE)
        if page.next_link and look.has_time():
            ahead.ask(page.next_link, page_size=PAGE)
        at = now()
        with transaction.atomic():
            look.keep(at=at)
            _store(look, folder, page.messages, at=at)
            if not page.next_link:
                _complete(folder, at=at)
                folder.save(update_fields=["is_rechecking", "completed_at"])
        if not page.next_link:
            return True
        link = page.next_link
        yield
    return False


def _seen(folder: MailFolder) -> MessageQuerySet:
    return Message.objects.filter(folder=folder, seen_round=folder.round)


def _complete(folder: MailFolder, *, at: datetime) -> None:
    if folder.is_rechecking:
        mark_unseen(folder, since=window_start(folder.mailbox, at=at), at=at)
    folder.is_rechecking = False
    folder.completed_at = folder.completed_at or at
