"""Whose turn it is: a mailbox is looked at by one carrier at a time, which holds it by a lease."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db.models import Case, F, Q, Value, When

from apps.mailboxes.models import Mailbox, MailboxQuerySet
from apps.work.heartbeat import lease

# The polling floor: while its owner has a page open, and else. With the tree once an hour, an idle folder that nobody
# watches costs eleven requests an hour.
WATCHED_EVERY = timedelta(seconds=60)
UNWATCHED_EVERY = timedelta(minutes=5, seconds=30)
WATCHED_FOR = timedelta(minutes=2)
# The folder tree changes rarely. It is read as well when its owner asks, and when a message has gone who knows where.
TREE_EVERY_WATCHED = timedelta(minutes=5)
TREE_EVERY_UNWATCHED = timedelta(hours=1)
# An account without a mailbox may get one; until then it is asked once a day.
UNAVAILABLE_EVERY = timedelta(days=1)
# Others may have taken the ones that we read; this many are tried before the answer is "none".
CANDIDATES = 10


class TurnLost(Exception):
    """Our lease ran out and somebody else looks at the mailbox: nothing more may be written."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A mailbox in our hands. `planned_at` is when its look was due, to notice a wish that came meanwhile."""

    mailbox: Mailbox
    claim: UUID
    planned_at: datetime

    def keep(self, *, at: datetime) -> None:
        """Renew the lease, in the transaction that is about to write. Raises TurnLost."""
        if not self._held().update(look_lease_until=at + lease()):
            raise TurnLost(self.mailbox.pk)

    def end(self, *, next_look_at: datetime, looked_at: datetime | None = None) -> None:
        """Give the mailbox back. A wish to look at once that came during the turn outlives it."""
        changes = {"looked_at": looked_at} if looked_at else {}
        self._held().update(
            look_claim=None,
            look_lease_until=None,
            next_look_at=Case(When(next_look_at=self.planned_at, then=Value(next_look_at)), default=F("next_look_at")),
            **changes,
        )

    def _held(self) -> MailboxQuerySet:
        return Mailbox.objects.filter(pk=self.mailbox.pk, look_claim=self.claim)


def due_mailboxes(*, at: datetime) -> MailboxQuerySet:
    reachable = [Mailbox.Status.ACTIVE, Mailbox.Status.UNAVAILABLE]
    return _free(at=at).filter(status__in=reachable, next_look_at__lte=at, owner__is_active=True)


def _free(*, at: datetime) -> MailboxQuerySet:
    return Mailbox.objects.kept().filter(Q(look_claim=None) | Q(look_lease_until__lt=at))


def take_turn(*, at: datetime) -> Turn | None:
    """The mailbox that has waited longest, or None where none is due and free."""
    for mailbox in due_mailboxes(at=at).order_by("next_look_at", "pk")[:CANDIDATES]:
        claim = uuid4()
        if due_mailboxes(at=at).filter(pk=mailbox.pk).update(look_claim=claim, look_lease_until=at + lease()):
            return Turn(mailbox=mailbox, claim=claim, planned_at=mailbox.next_look_at)
    return None


def take_turn_at(mailbox: Mailbox, *, at: datetime) -> Turn | None:
    """This mailbox, due or not; None while somebody else looks at it."""
    claim = uuid4()
    if not _free(at=at).filter(pk=mailbox.pk).update(look_claim=claim, look_lease_until=at + lease()):
        return None
    return Turn(mailbox=mailbox, claim=claim, planned_at=mailbox.next_look_at)


def next_look(mailbox: Mailbox, *, at: datetime) -> datetime:
    """When a mailbox that is in step is looked at again."""
    return at + (WATCHED_EVERY if _is_watched(mailbox, at=at) else UNWATCHED_EVERY)


def is_tree_due(mailbox: Mailbox, *, at: datetime) -> bool:
    if mailbox.folders_read_at is None:
        return True
    every = TREE_EVERY_WATCHED if _is_watched(mailbox, at=at) else TREE_EVERY_UNWATCHED
    return mailbox.folders_read_at <= at - every


def _is_watched(mailbox: Mailbox, *, at: datetime) -> bool:
    return mailbox.page_seen_at is not None and mailbox.page_seen_at > at - WATCHED_FOR
