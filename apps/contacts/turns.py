"""Whose turn it is: an address book is looked at by one carrier at a time, which holds it by a lease."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db.models import Case, F, Q, Value, When

from apps.contacts.models import AddressBook, AddressBookQuerySet
from apps.mailboxes.models import Mailbox
from apps.mailboxes.turns import CANDIDATES, WATCHED_FOR, TurnLost
from apps.work.heartbeat import lease

# Contacts change more rarely than mail comes: while the owner has a page open, and else the longer the quieter it is.
WATCHED_EVERY = timedelta(minutes=2)
UNWATCHED_EVERY = timedelta(minutes=6)
QUIET_EVERY = timedelta(minutes=30)
# A book that has been quiet for a time is looked at again after this part of it.
PART_OF_QUIET = 10
TREE_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class BookTurn:
    """An address book in our hands. `planned_at` is when its look was due, to notice a wish that came meanwhile."""

    book: AddressBook
    claim: UUID
    planned_at: datetime

    def keep(self, *, at: datetime) -> None:
        """Renew the lease, in the transaction that is about to write. Raises TurnLost."""
        if not self._held().update(look_lease_until=at + lease()):
            raise TurnLost(self.book.pk)

    def end(self, *, next_look_at: datetime, **changes: object) -> None:
        """Give the book back, with what else the look found. A wish to look at once that came meanwhile outlives it."""
        self._held().update(
            look_claim=None,
            look_lease_until=None,
            next_look_at=Case(When(next_look_at=self.planned_at, then=Value(next_look_at)), default=F("next_look_at")),
            **changes,
        )

    def _held(self) -> AddressBookQuerySet:
        kept = Mailbox.objects.kept().filter(pk=self.book.pk)
        return AddressBook.objects.filter(mailbox__in=kept, look_claim=self.claim)


def due_books(*, at: datetime) -> AddressBookQuerySet:
    reachable = AddressBook.objects.filter(
        refused_at=None, mailbox__status=Mailbox.Status.ACTIVE, mailbox__owner__is_active=True
    )
    return reachable.filter(Q(look_claim=None) | Q(look_lease_until__lt=at), next_look_at__lte=at)


def take_turn(*, at: datetime) -> BookTurn | None:
    """The book that has waited longest, or None where none is due and free."""
    for book in due_books(at=at).select_related("mailbox").order_by("next_look_at", "pk")[:CANDIDATES]:
        claim = uuid4()
        if due_books(at=at).filter(pk=book.pk).update(look_claim=claim, look_lease_until=at + lease()):
            return BookTurn(book=book, claim=claim, planned_at=book.next_look_at)
    return None


def bring_forward_watched(*, at: datetime) -> None:
    """Whoever was away and has a page open now does not wait for the long interval to end. Writes only where one is."""
    seen = Mailbox.objects.kept().filter(page_seen_at__gt=at - WATCHED_FOR)
    quiet = AddressBook.objects.filter(refused_at=None, looked_at__lte=at - WATCHED_EVERY)
    late = quiet.filter(mailbox__in=seen, next_look_at__gt=at + WATCHED_EVERY)
    if late.exists():
        late.update(next_look_at=at)


def next_look(book: AddressBook, *, at: datetime) -> datetime:
    """When a book that is in step is looked at again."""
    if is_watched(book, at=at):
        return at + WATCHED_EVERY
    quiet_for = at - (book.changed_at or book.consented_at)
    return at + min(max(quiet_for / PART_OF_QUIET, UNWATCHED_EVERY), QUIET_EVERY)


def is_tree_due(book: AddressBook, *, at: datetime) -> bool:
    return book.folders_read_at is None or book.folders_read_at <= at - TREE_EVERY


def is_watched(book: AddressBook, *, at: datetime) -> bool:
    seen_at = book.mailbox.page_seen_at
    return seen_at is not None and seen_at > at - WATCHED_FOR
