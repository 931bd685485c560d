"""Keeping mailboxes in step: whose time has come is looked at, folder by folder. Trouble of one stops nobody else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import OperationalError

from apps.core.clock import now
from apps.graph.ahead import pages_ahead
from apps.graph.errors import GraphError, GraphForbidden, ItemGone, MailboxDisconnected, MailboxUnavailable
from apps.mailboxes.connection import BULK_SLOTS, graph_client, graph_key, raise_graph_fence
from apps.mailboxes.folders import refresh_folders
from apps.mailboxes.following import FIRST_PAGE, Decide, Look, follow_by_page, is_listed, read_page
from apps.mailboxes.models import Mailbox, MailFolder
from apps.mailboxes.own_addresses import refresh_own_addresses
from apps.mailboxes.turns import (
    UNAVAILABLE_EVERY,
    UNWATCHED_EVERY,
    Turn,
    TurnLost,
    due_mailboxes,
    is_tree_due,
    next_look,
    take_turn,
    take_turn_at,
)
from apps.mailboxes.whereabouts import has_missing, settle_missing
from apps.work.fences import FenceStands, passage
from apps.work.limits import LimitReached, slot

log = logging.getLogger(__name__)

# A mailbox with years of mail gives way to the others after this time, and comes again.
LONGEST_TURN = timedelta(seconds=5)
# So much of a turn a mailbox may use both slots for bulk requests; then transfers of its mail get one.
SIDE_BY_SIDE = timedelta(seconds=3)
BUSY = timedelta(seconds=2)

Result = TypeVar("Result")


def has_due_mailboxes(*, at: datetime) -> bool:
    return due_mailboxes(at=at).exists()


def look_at_due_mailboxes(*, until: datetime, decide: Decide) -> bool:
    """Bring mailboxes in step until none is due or the time is up. Returns whether more is due.

    `decide` gets the ids of new messages inside the transaction that wrote them. Never raises for trouble of one
    mailbox: a fence, its status or the time of its next look says what became of it.
    """
    while (at := now()) < until:
        turn = take_turn(at=at)
        if turn is None:
            break
        _look_safely(turn, until=min(until, at + LONGEST_TURN), decide=decide)
    return has_due_mailboxes(at=now())


def look_closely(
    mailbox: Mailbox, *, until: datetime, decide: Decide, then: Callable[[Look, list[MailFolder]], Result]
) -> Result | None:
    """Bring this mailbox in step now and, in the same turn, do `then` with its followed folders: nobody else moves its rows
    meanwhile. None where it is not to be had: somebody looks at it, a fence stands, time ran out, or there is trouble,
    which is recorded as that of any look."""
    turn = take_turn_at(mailbox, at=now())
    found: list[Result] = []
    if turn is not None:
        _look_safely(turn, until=until, decide=decide, then=lambda look: found.append(then(look, _followed(mailbox))))
    return found[0] if found else None


def _look_safely(turn: Turn, *, until: datetime, decide: Decide, then: Callable[[Look], None] | None = None) -> None:
    mailbox = turn.mailbox
    key = graph_key(mailbox)
    try:
        with passage(key) as way, slot(key, BULK_SLOTS), graph_client(mailbox) as client:
            _look(Look(turn=turn, client=client, way=way, until=until, decide=decide), then)
    except FenceStands as standing:
        turn.end(next_look_at=standing.again_at)
    except LimitReached:
        turn.end(next_look_at=now() + BUSY)
    except TurnLost:
        log.warning("turn lost", extra={"mailbox_id": mailbox.pk})
    except GraphError as error:
        _record_trouble(turn, error)
    except OperationalError:
        # The database was busy, or ended a circle of waiting at our cost: nothing of this page was kept.
        log.warning("look gave way", extra={"mailbox_id": mailbox.pk}, exc_info=True)
        turn.end(next_look_at=now() + BUSY)
    except Exception:
        # A fault of ours, seen in the logs; the mailbox is looked at again and the others are not held up.
        log.exception("look failed", extra={"mailbox_id": mailbox.pk})
        turn.end(next_look_at=now() + UNWATCHED_EVERY)


def _look(look: Look, then: Callable[[Look], None] | None) -> None:
    turn, mailbox = look.turn, look.mailbox
    is_in_step = _bring_in_step(look)
    if is_in_step and then is not None:
        then(look)
    at = now()
    if mailbox.status == Mailbox.Status.UNAVAILABLE:
        Mailbox.objects.filter(pk=mailbox.pk, status=Mailbox.Status.UNAVAILABLE).update(
            status=Mailbox.Status.ACTIVE, status_since=at, status_reason=""
        )
    mailbox.refresh_from_db(fields=["page_seen_at"])
    turn.end(next_look_at=next_look(mailbox, at=at) if is_in_step else at, looked_at=at)


def _bring_in_step(look: Look) -> bool:
    """One look; False where time ran out before everything was read."""
    at = now()
    has_read_tree = is_tree_due(look.mailbox, at=at)
    if has_read_tree:
        refresh_folders(look.mailbox, look.client, at=at)
        refresh_own_addresses(look.mailbox, look.client, at=at)
        look.way.answered()
    folders = _followed(look.mailbox)
    # The newest mail of every folder first, so that a person has something to look at.
    for folder in folders:
        if folder.newest_loaded_at is None:
            with _its_own_trouble(folder):
                read_page(look, folder, page_size=FIRST_PAGE)
    is_in_step = _follow_all(look, folders)
    # Only now: what left one folder may have turned up in another, and that one may be new.
    if not has_missing(look.mailbox, at=now()):
        return is_in_step
    if not has_read_tree:
        refresh_folders(look.mailbox, look.client, at=now())
    return is_in_step and not settle_missing(look.mailbox, look.client, at=now())


def _follow_all(look: Look, folders: list[MailFolder]) -> bool:
    """Bring all of them in step, at first two side by side where much is to be read: while a page of one is stored, the
    other's is on its way. Returns whether they are in step."""
    is_in_step = True
    with ExitStack() as second, pages_ahead(look.client, listings=2) as ahead:
        side_by_side = 2 if _has_second_slot(look, folders, second) else 1
        ends_at = now() + SIDE_BY_SIDE
        waiting = [(folder, follow_by_page(look, folder, ahead)) for folder in folders]
        while waiting:
            if side_by_side > 1 and now() >= ends_at:
                ahead.settle()
                second.close()
                side_by_side = 1
            for folder, pages in waiting[:side_by_side]:
                is_over = True
                with _its_own_trouble(folder):
                    try:
                        next(pages)
                        is_over = False
                    except StopIteration as end:
                        is_in_step = bool(end.value) and is_in_step
                if is_over:
                    waiting.remove((folder, pages))
    return is_in_step


def _has_second_slot(look: Look, folders: list[MailFolder], taken: ExitStack) -> bool:
    """Take the other slot for bulk requests of the mailbox, where it is free and more than one folder is to be listed."""
    if sum(not is_listed(folder) for folder in folders) < 2:
        return False
    try:
        taken.enter_context(slot(graph_key(look.mailbox), BULK_SLOTS))
    except LimitReached:
        return False
    return True


@contextmanager
def _its_own_trouble(folder: MailFolder) -> Iterator[None]:
    """A failing folder does not stop its mailbox; what concerns the whole mailbox goes on upwards."""
    try:
        yield
    except ItemGone:
        # Should it only have been away for a moment, the next reading of the tree brings it back.
        MailFolder.objects.filter(pk=folder.pk).update(is_gone=True)
        Mailbox.objects.filter(pk=folder.mailbox_id).update(folders_read_at=None)
    except GraphError as error:
        if error.is_retryable or isinstance(error, MailboxDisconnected | MailboxUnavailable | GraphForbidden):
            raise
        log.error(
            "folder cannot be read",
            extra={"folder_id": folder.pk, "error": error.code, "graph_request_id": error.request_id},
        )


def _followed(mailbox: Mailbox) -> list[MailFolder]:
    """The folders to read: the inbox, then sent mail, then the others by name."""
    first = [MailFolder.Kind.INBOX, MailFolder.Kind.SENT]
    folders = MailFolder.objects.followable().filter(mailbox=mailbox, is_followed=True)
    for folder in (ordered := sorted(folders, key=lambda row: (row.kind not in first, row.kind, row.name))):
        folder.mailbox = mailbox
    return ordered


def _record_trouble(turn: Turn, error: GraphError) -> None:
    mailbox, at = turn.mailbox, now()
    log.warning(
        "look broke off", extra={"mailbox_id": mailbox.pk, "error": error.code, "graph_request_id": error.request_id}
    )
    if error.is_retryable:
        turn.end(next_look_at=raise_graph_fence(mailbox, error))
    elif isinstance(error, MailboxUnavailable | GraphForbidden):
        Mailbox.objects.filter(pk=mailbox.pk, status=Mailbox.Status.ACTIVE).update(
            status=Mailbox.Status.UNAVAILABLE, status_since=at, status_reason=error.code
        )
        turn.end(next_look_at=at + UNAVAILABLE_EVERY)
    else:
        turn.end(next_look_at=at + UNWATCHED_EVERY)
