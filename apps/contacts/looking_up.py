"""Contacts read by their ids: for what a delta cannot tell of a new version, and for those that left their folder."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Count

from apps.contacts.following import Look
from apps.contacts.models import ContactFolder, OutlookContact, OutlookContactQuerySet
from apps.core.clock import now
from apps.graph.cards import GraphContact
from apps.graph.errors import GraphError, GraphRejected, ItemGone
from apps.graph.sending import BATCH_LIMIT

log = logging.getLogger(__name__)

# Each look-up counts against Graph's limits like a request; the rest comes with the next look.
LOOKUPS_AT_ONCE = 100
# An id that Graph refuses is refused the next time as well; meanwhile it must not stand before the others.
REFUSED_EVERY = timedelta(days=1)
# Where more than this part of a folder is to be read, a listing is cheaper than twenty at a time. What it did not tell is
# not expected of it again at once.
LISTED_ABOVE = 5
LISTED_EVERY = timedelta(hours=1)


def has_missing(look: Look) -> bool:
    return _missing(look).exists()


def list_where_much_is_unread(look: Look) -> bool:
    """Have folders listed once more in which the properties of so many contacts are unknown. Returns whether there are any."""
    unread = _unread(look).values("folder").annotate(count=Count("pk")).filter(count__gt=LOOKUPS_AT_ONCE)
    much = [one["folder"] for one in unread if one["count"] * LISTED_ABOVE > _size(one["folder"])]
    old = ContactFolder.objects.filter(pk__in=much, listed_at__lte=now() - LISTED_EVERY)
    return bool(old.update(listed_at=None, listing_link=""))


def read_properties(look: Look) -> bool:
    """Read what a delta did not tell, a request for each twenty contacts. Returns whether more is waiting."""
    return _look_up(look, _unread(look))


def settle_missing(look: Look) -> bool:
    """Look up what left its folder; the folders have just been listed. Returns whether more is waiting.

    A moved contact keeps its row, link and history. Gone is what has a 404 for its own id, or lies in a folder that is
    none of the contact folders, as a deleted one does. Where Graph refuses an id, its row waits for another day.
    """
    return _look_up(look, _missing(look))


def _unread(look: Look) -> OutlookContactQuerySet:
    there = OutlookContact.objects.there().filter(mailbox=look.book.pk, crm_id=None, missing_since=None)
    return there.filter(folder__is_gone=False)


def _missing(look: Look) -> OutlookContactQuerySet:
    return OutlookContact.objects.there().filter(mailbox=look.book.pk, missing_since__lte=now())


def _size(folder_id: int) -> int:
    return OutlookContact.objects.there().filter(folder=folder_id).count()


def _look_up(look: Look, rows: OutlookContactQuerySet) -> bool:
    """Raises the error of a part that failed, after the answers beside it are kept."""
    waiting = list(rows.order_by("pk").only("pk", "graph_id")[: LOOKUPS_AT_ONCE + 1])
    asked = waiting[:LOOKUPS_AT_ONCE]
    folders = {row.graph_id: row for row in ContactFolder.objects.filter(mailbox=look.book.pk, is_gone=False)}
    for start in range(0, len(asked), BATCH_LIMIT):
        if not look.has_time():
            return True
        part = asked[start : start + BATCH_LIMIT]
        outcomes = look.client.read([row.graph_id for row in part])
        look.way.answered()
        _settle(look, part, outcomes, folders)
        for outcome in outcomes:
            if isinstance(outcome, GraphError) and not isinstance(outcome, ItemGone | GraphRejected):
                raise outcome
    return len(waiting) > len(asked)


def _settle(
    look: Look,
    rows: Sequence[OutlookContact],
    outcomes: Sequence[GraphContact | GraphError],
    folders: dict[str, ContactFolder],
) -> None:
    at = now()
    found: dict[str, list[GraphContact]] = {}
    gone, refused = [], []
    for row, outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, GraphContact) and outcome.folder_id in folders:
            found.setdefault(outcome.folder_id, []).append(outcome)
        elif isinstance(outcome, GraphContact | ItemGone):
            gone.append(row.pk)
        elif isinstance(outcome, GraphRejected):
            log.error("contact id refused", extra={"contact_id": row.pk, "graph_request_id": outcome.request_id})
            refused.append(row.pk)
    with transaction.atomic():
        look.keep(at=at)
        for folder_id, contacts in found.items():
            look.store(folders[folder_id], contacts, at=at)
        # Should one come back, a delta says so and the row revives.
        if OutlookContact.objects.there().filter(pk__in=gone).update(gone_at=at, missing_since=None):
            look.written += len(gone)
            look.changed(gone)
        OutlookContact.objects.filter(pk__in=refused).update(missing_since=at + REFUSED_EVERY)
