"""Reading the folders of an address book: first a listing that tells everything, then what changed since.

A listing alone tells the extended properties of a whole folder, a delta alone gives a cursor: the first reading is a
listing and a delta behind it, in which nothing is new but what came between. A page's rows and the place behind them are
one transaction: a crash repeats a page, it never skips one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from apps.contacts.models import AddressBook, ContactFolder
from apps.contacts.rows import Stored, mark_missing, mark_unseen, store_contacts
from apps.contacts.turns import BookTurn
from apps.core.clock import now
from apps.graph.cards import SHAPE, ContactPage, GraphContact
from apps.graph.contacts import ContactsClient
from apps.graph.errors import GraphContractBroken, GraphRejected, GraphServerTrouble, ResyncRequired
from apps.work.fences import Passage

log = logging.getLogger(__name__)

# A larger page saves little and makes a longer transaction.
PAGE = 200

Changed = Callable[[list[int]], None]


@dataclass(slots=True)
class Look:
    """One turn's means: client and way past the fence, the time that it may take, and who is told of contacts.

    `changed` gets the ids of rows that are new, changed, back or gone, in the transaction that wrote them.
    """

    turn: BookTurn
    client: ContactsClient
    way: Passage
    until: datetime
    changed: Changed
    written: int = field(default=0)

    @property
    def book(self) -> AddressBook:
        return self.turn.book

    def has_time(self) -> bool:
        return now() < self.until

    def keep(self, *, at: datetime) -> None:
        self.turn.keep(at=at)

    def store(self, folder: ContactFolder, contacts: Iterable[GraphContact], *, at: datetime) -> Stored:
        """Keep contacts of a folder in the caller's transaction, and tell of them."""
        stored = store_contacts(folder, contacts, at=at)
        self.written += stored.written
        if stored.told:
            self.changed(stored.told)
        return stored


def follow(look: Look, folder: ContactFolder) -> bool:
    """Read a folder until it is in step or the time is up. Returns whether it is in step.

    Raises ItemGone where the folder is not there any more, or another GraphError; the page under way is not kept then.
    """
    if folder.cursor_shape != SHAPE:
        list_afresh(folder)
        folder.cursor_shape = SHAPE
    has_started_again = False
    while look.has_time():
        try:
            if not (_read_delta(look, folder) if folder.listed_at else _read_listing(look, folder)):
                return True
        except ResyncRequired as error:
            if has_started_again or not folder.cursor:
                raise GraphServerTrouble("the listing does not hold", request_id=error.request_id) from error
            has_started_again = True
            list_afresh(folder)
    return False


def list_afresh(folder: ContactFolder) -> None:
    """Read the folder afresh; its rows stay, and those that the round then does not show are looked up one by one."""
    folder.cursor = folder.listing_link = ""
    folder.listed_at = folder.completed_at = None
    folder.save(update_fields=["cursor", "listing_link", "listed_at", "completed_at"])


def _read_listing(look: Look, folder: ContactFolder) -> bool:
    """The next page with extended properties. Always more to do: the delta follows."""
    try:
        page = look.client.list_page(folder.graph_id, link=folder.listing_link, page_size=PAGE)
    except (GraphRejected, ResyncRequired) as error:
        if not folder.listing_link:
            raise
        # The place is lost: the listing begins again, and what it has told is not written twice.
        folder.listing_link = ""
        folder.save(update_fields=["listing_link"])
        raise GraphServerTrouble("the listing does not go on", request_id=error.request_id) from error
    look.way.answered()
    at = now()
    with transaction.atomic():
        look.keep(at=at)
        look.store(folder, page.contacts, at=at)
        folder.listing_link = page.next_link
        folder.listed_at = None if page.next_link else at
        folder.save(update_fields=["listing_link", "listed_at", "cursor_shape"])
    return True


def _read_delta(look: Look, folder: ContactFolder) -> bool:
    """The next page of a round. Returns whether another one follows."""
    if folder.cursor:
        page = look.client.proceed(folder.cursor, page_size=PAGE)
    else:
        page = look.client.begin(folder.graph_id, page_size=PAGE)
        folder.round += 1
    look.way.answered()
    _keep_page(look, folder, page)
    return bool(page.next_link)


def _keep_page(look: Look, folder: ContactFolder, page: ContactPage) -> None:
    cursor = page.next_link or page.delta_link
    if not cursor:
        raise GraphContractBroken("a page without a link to the next")
    if page.damaged:
        log.warning("contacts that Graph cannot read", extra={"folder_id": folder.pk, "count": page.damaged})
    at = now()
    with transaction.atomic():
        look.keep(at=at)
        look.store(folder, page.contacts, at=at)
        look.written += mark_missing(folder, page.removed_ids, at=at)
        folder.cursor = cursor
        if not page.next_link:
            if folder.completed_at is None:
                look.written += mark_unseen(folder, at=at)
            folder.completed_at = folder.completed_at or at
            folder.looked_at = at
        folder.save(update_fields=["cursor", "cursor_shape", "round", "completed_at", "looked_at"])
