"""Keeping address books in step: whose time has come is looked at, folder by folder. Trouble of one stops nobody else.

A round of a quiet book is a request for each folder, and fewer for folders without contacts. What is told of a contact
is decided by others: see `changed` of `Look`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import IntegrityError, OperationalError
from django.db.models import Exists, OuterRef

from apps.contacts.consent import stop_refused
from apps.contacts.folders import folders_of, refresh_folders
from apps.contacts.following import Changed, Look, follow
from apps.contacts.looking_up import has_missing, list_where_much_is_unread, read_properties, settle_missing
from apps.contacts.models import AddressBook, ContactFolder, OutlookContact
from apps.contacts.turns import WATCHED_EVERY, BookTurn, due_books, is_tree_due, is_watched, next_look, take_turn
from apps.core.clock import now
from apps.graph.errors import GraphError, GraphForbidden, ItemGone, MailboxDisconnected, MailboxUnavailable
from apps.mailboxes.connection import BULK_SLOTS, contacts_client, graph_key, raise_graph_fence
from apps.mailboxes.turns import UNAVAILABLE_EVERY, TurnLost
from apps.work.fences import FenceStands, passage
from apps.work.limits import LimitReached, slot

log = logging.getLogger(__name__)

# A large book gives way to the others after this time, and comes again.
LONGEST_TURN = timedelta(seconds=5)
BUSY = timedelta(seconds=2)
# Not longer than somebody who watches waits, or their look would be brought forward again and again.
AFTER_TROUBLE = WATCHED_EVERY
# A folder without contacts, other than the default one, is looked at this often while nobody watches.
EMPTY_EVERY = timedelta(hours=1)


def has_due_books(*, at: datetime) -> bool:
    return due_books(at=at).exists()


def look_at_due_books(*, until: datetime, changed: Changed) -> bool:
    """Bring address books in step until none is due or the time is up. Returns whether more is due.

    `changed` gets the ids of contacts that are new, changed, back or gone, once all of them is known, inside the
    transaction that wrote them. Never raises for trouble of one book: a fence, its row or its next look says what became
    of it.
    """
    while (at := now()) < until:
        turn = take_turn(at=at)
        if turn is None:
            break
        _look_safely(turn, until=min(until, at + LONGEST_TURN), changed=changed)
    return has_due_books(at=now())


def _look_safely(turn: BookTurn, *, until: datetime, changed: Changed) -> None:
    mailbox = turn.book.mailbox
    key = graph_key(mailbox)
    try:
        with passage(key) as way, slot(key, BULK_SLOTS), contacts_client(mailbox) as client:
            _look(Look(turn=turn, client=client, way=way, until=until, changed=changed))
    except FenceStands as standing:
        turn.end(next_look_at=standing.again_at)
    except LimitReached:
        turn.end(next_look_at=now() + BUSY)
    except TurnLost:
        log.warning("turn lost", extra={"mailbox_id": mailbox.pk})
    except GraphError as error:
        _record_trouble(turn, error)
    except (OperationalError, IntegrityError):
        # The database was busy, or somebody wrote the same contact: nothing of this page was kept.
        log.warning("look gave way", extra={"mailbox_id": mailbox.pk}, exc_info=True)
        turn.end(next_look_at=now() + BUSY)
    except Exception:
        # A fault of ours, seen in the logs; the book is looked at again and the others are not held up.
        log.exception("look failed", extra={"mailbox_id": mailbox.pk})
        turn.end(next_look_at=now() + AFTER_TROUBLE)


def _look(look: Look) -> None:
    book = look.book
    is_in_step = _bring_in_step(look)
    at = now()
    found: dict[str, object] = {"looked_at": at}
    if look.written:
        found["contact_count"] = OutlookContact.objects.there().filter(mailbox=book.pk).count()
        found["changed_at"] = book.changed_at = at
    if is_in_step and book.completed_at is None:
        found["completed_at"] = at
    look.turn.end(next_look_at=next_look(book, at=at) if is_in_step else at, **found)


def _bring_in_step(look: Look) -> bool:
    """One look; False where time ran out before everything was read."""
    at = now()
    has_read_tree = is_tree_due(look.book, at=at)
    if has_read_tree:
        refresh_folders(look.book, look.client, at=at)
        look.way.answered()
    is_in_step = True
    for folder in _due_folders(look.book, at=at):
        with _its_own_trouble(folder):
            is_in_step = follow(look, folder) and is_in_step
    if list_where_much_is_unread(look):
        return False
    # Only now: what left one folder may have turned up in another, and that one may be new.
    if has_missing(look):
        if not has_read_tree:
            refresh_folders(look.book, look.client, at=now())
        is_in_step = not settle_missing(look) and is_in_step
    return not read_properties(look) and is_in_step


def _due_folders(book: AddressBook, *, at: datetime) -> list[ContactFolder]:
    folders = folders_of(book)
    if is_watched(book, at=at):
        return folders
    there = OutlookContact.objects.there().filter(folder=OuterRef("pk"))
    filled = set(ContactFolder.objects.filter(Exists(there), mailbox=book.pk).values_list("pk", flat=True))
    return [
        folder
        for folder in folders
        if folder.is_default
        or folder.pk in filled
        or folder.looked_at is None
        or folder.completed_at is None
        or folder.looked_at <= at - EMPTY_EVERY
    ]


@contextmanager
def _its_own_trouble(folder: ContactFolder) -> Iterator[None]:
    """A failing folder does not stop its book; what concerns the whole mailbox goes on upwards."""
    try:
        yield
    except ItemGone:
        # The next listing of the folders, with the next look, tells what became of it and of what was in it.
        AddressBook.objects.filter(pk=folder.mailbox_id).update(folders_read_at=None)
    except GraphError as error:
        if error.is_retryable or isinstance(error, MailboxDisconnected | MailboxUnavailable | GraphForbidden):
            raise
        log.error(
            "contact folder cannot be read",
            extra={"folder_id": folder.pk, "error": error.code, "graph_request_id": error.request_id},
        )


def _record_trouble(turn: BookTurn, error: GraphError) -> None:
    mailbox, at = turn.book.mailbox, now()
    log.warning(
        "look broke off", extra={"mailbox_id": mailbox.pk, "error": error.code, "graph_request_id": error.request_id}
    )
    if error.is_retryable:
        turn.end(next_look_at=raise_graph_fence(mailbox, error))
    elif isinstance(error, GraphForbidden):
        stop_refused(mailbox.pk, at=at)
        turn.end(next_look_at=at + UNAVAILABLE_EVERY)
    elif isinstance(error, MailboxUnavailable):
        turn.end(next_look_at=at + UNAVAILABLE_EVERY)
    else:
        turn.end(next_look_at=at + AFTER_TROUBLE)
