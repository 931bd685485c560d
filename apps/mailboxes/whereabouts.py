"""Messages that left their folder: moved or gone, a look-up by immutable id decides. A broken list deletes nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from apps.graph.client import GraphClient
from apps.graph.errors import GraphError, GraphRejected
from apps.graph.parsing import Presence
from apps.mailboxes.models import Mailbox, MailFolder, Message, MessageQuerySet

log = logging.getLogger(__name__)

# Each look-up counts against Graph's limits like a request; the rest comes with the next look.
LOOKUPS_AT_ONCE = 100
# An id that Graph refuses is refused the next time as well; meanwhile it must not stand before the others.
REFUSED_EVERY = timedelta(days=1)


def has_missing(mailbox: Mailbox, *, at: datetime) -> bool:
    return _missing(mailbox, at=at).exists()


def settle_missing(mailbox: Mailbox, client: GraphClient, *, at: datetime) -> bool:
    """Look up what left its folder; the folder tree has just been read. Returns whether more is waiting.

    A moved message keeps its row; only a 404 for its own id says that it is gone. Where Graph refuses an id, its row waits
    for another day. Raises the error of a part that failed, after the answers beside it are kept.
    """
    rows = list(_missing(mailbox, at=at).order_by("pk").only("pk", "graph_id")[: LOOKUPS_AT_ONCE + 1])
    asked = rows[:LOOKUPS_AT_ONCE]
    outcomes = client.whereabouts([row.graph_id for row in asked])
    folders = {folder.graph_id: folder for folder in mailbox.folders.all()}
    with transaction.atomic():
        for row, outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome, Presence):
                _settle(row, outcome, folders, at=at)
            elif isinstance(outcome, GraphRejected):
                log.error("message id refused", extra={"message_id": row.pk, "graph_request_id": outcome.request_id})
                Message.objects.filter(pk=row.pk).update(missing_since=at + REFUSED_EVERY)
    for outcome in outcomes:
        if isinstance(outcome, GraphError) and not isinstance(outcome, GraphRejected):
            raise outcome
    return len(rows) > LOOKUPS_AT_ONCE


def _missing(mailbox: Mailbox, *, at: datetime) -> MessageQuerySet:
    return Message.objects.filter(mailbox=mailbox, missing_since__lte=at, gone_at=None)


def _settle(row: Message, presence: Presence, folders: Mapping[str, MailFolder], *, at: datetime) -> None:
    folder = folders.get(presence.folder_id)
    if folder is None:
        # Not there, or where no person looks (the dumpster): should it come back, a delta says so and the row revives.
        Message.objects.filter(pk=row.pk).update(gone_at=at, missing_since=None)
    else:
        Message.objects.filter(pk=row.pk).update(folder=folder, seen_round=folder.round, missing_since=None)


def mark_unseen(folder: MailFolder, *, since: datetime, at: datetime) -> int:
    """After a complete listing from `since` on: rows that it did not show are to be looked up. Returns how many."""
    unseen = Message.objects.filter(folder=folder, gone_at=None, missing_since=None, seen_round__lt=folder.round)
    return unseen.filter(received_at__gte=since).update(missing_since=at)
