"""Which messages are to carry the category in Outlook: wishes as rows, in the transaction of the state that they follow from.

Whoever writes taggings holds their messages first, in one order, so that nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.clock import now
from apps.mailboxes.models import Mailbox, Message, MessageState, OutlookCategory
from apps.sync.models import Tagging
from apps.sync.waking import wake_writer
from apps.work.limits import LimitReached, slot
from apps.work.models import ACTIVE, Lane, Status

PORTION = 500
# So many of a mailbox wait at most for what was synced before: little is left over where it is switched off half-way.
MOST_WAITING = 1000
SHOWN = (MessageState.SYNCED, MessageState.PARTIAL, MessageState.HIDDEN)
# What is under way, or failed on it, says nothing of what is in CORIPO: the category stays as it is.
UNDECIDED = (MessageState.QUEUED, MessageState.RUNNING, MessageState.FAILED)


@contextmanager
def holding(message_ids: Iterable[int]) -> Iterator[None]:
    """A transaction that writes taggings of these messages."""
    with transaction.atomic():
        if connection.features.has_select_for_update:
            held = Message.objects.filter(pk__in=list(message_ids)).order_by("pk")
            list(held.select_for_update(no_key=True).values_list("pk"))
        yield


def follow_states(changed: Mapping[MessageState, Collection[Message]]) -> None:
    """States have changed to these: wish for the category, or wish it away where the portal gave it. The messages are held
    and bring `mailbox.category`. Costs nothing for mailboxes where it is not shown."""
    rows = [(row, state) for state, rows in changed.items() for row in rows if is_shown_in(row.mailbox)]
    _wish_by_state(rows, lane=Lane.AUTOMATIC)


def is_shown_in(mailbox: Mailbox) -> bool:
    category: OutlookCategory | None = getattr(mailbox, "category", None)
    return category is not None and category.is_shown


@dataclass(frozen=True, slots=True)
class CategoryProgress:
    """Of a mailbox: whether messages carry the category by the portal's doing, and whether some wait to get or lose it."""

    has_any: bool
    is_moving: bool


def progress_of_category(mailboxes: Collection[Mailbox]) -> dict[int, CategoryProgress]:
    """One query, however many messages there are."""
    own = Tagging.objects.filter(mailbox=OuterRef("pk"))
    rows = Mailbox.objects.filter(pk__in=[mailbox.pk for mailbox in mailboxes]).annotate(
        has_any=Exists(own.filter(is_wanted=True)),
        is_waiting=Exists(own.filter(Q(is_wanted=False) | Q(mailbox__category__is_shown=True), status=Status.QUEUED)),
        is_tended=Exists(_tended().filter(mailbox=OuterRef("pk"))),
    )
    return {row.pk: CategoryProgress(row.has_any, row.is_waiting or row.is_tended) for row in rows}


def has_portions() -> bool:
    return _tended().exists()


def tend_portions(*, until: datetime) -> bool:
    """Wish for the category of what was synced before, and wish it away where all are to go, in portions. Returns whether
    it moved and more is left; what waits for Graph is not waited for."""
    moved = False
    for category in _tended():
        try:
            with slot(f"category:{category.pk}", (1,)):
                while now() < until and _take_portion(category.pk):
                    moved = True
        except LimitReached:
            continue
    return moved and has_portions()


def _tended() -> QuerySet[OutlookCategory]:
    return OutlookCategory.objects.filter(Q(is_expanding=True) | Q(is_removing=True), refused_at=None)


def _take_portion(mailbox_id: int) -> bool:
    """The next portion of one mailbox, in one transaction with its place. False where nothing is left, or enough waits."""
    with transaction.atomic():
        category = _tended().select_for_update(no_key=True).filter(pk=mailbox_id).first()
        if category is None:
            return False
        waiting = Tagging.objects.filter(mailbox=mailbox_id, lane=Lane.BACKFILL, status=Status.QUEUED)
        if waiting.filter(is_wanted=not category.is_removing)[:MOST_WAITING].count() >= MOST_WAITING:
            return False
        is_last = _remove(category) if category.is_removing else _expand(category)
        if is_last:
            category.is_removing = category.is_expanding = False
        category.save(update_fields=["is_removing", "is_expanding", "place"])
    return not is_last


def _expand(category: OutlookCategory) -> bool:
    messages = Message.objects.filter(mailbox=category.pk, pk__gt=category.place).order_by("pk")
    pks = list(messages.values_list("pk", flat=True)[:PORTION])
    with holding(pks):
        # What lost its record or its mark while nothing was shown loses the category now.
        rows = messages.filter(pk__in=pks).defer("preview", "search_text")
        _wish_by_state([(row, MessageState(row.state)) for row in rows], lane=Lane.BACKFILL)
    category.place = pks[-1] if pks else category.place
    return len(pks) < PORTION


def _remove(category: OutlookCategory) -> bool:
    wanted = Tagging.objects.filter(mailbox=category.pk, is_wanted=True).order_by("message")
    chosen = list(wanted.values_list("message", flat=True)[:PORTION])
    with holding(chosen):
        rows = Tagging.objects.filter(message__in=chosen, is_wanted=True).select_related("message")
        _wish(present=[], absent=[row.message for row in rows], lane=Lane.BACKFILL)
    return len(chosen) < PORTION


def _wish_by_state(rows: Iterable[tuple[Message, MessageState]], *, lane: Lane) -> None:
    decided = [(row, state) for row, state in rows if state not in UNDECIDED]
    _wish(
        present=[row for row, state in decided if state in SHOWN],
        absent=[row for row, state in decided if state not in SHOWN],
        lane=lane,
    )


def _wish(*, present: list[Message], absent: list[Message], lane: Lane) -> None:
    if not present and not absent:
        return
    known = Tagging.objects.filter(message__in=[message.pk for message in (*present, *absent)]).in_bulk(
        field_name="message_id"
    )
    at = now()
    rows = []
    for message in present:
        former = known.get(message.pk)
        if message.gone_at is not None:
            continue
        if former is None and message.has_category:
            # Its owner was quicker: from now on it is kept in step like the others.
            rows.append(_row(message, is_wanted=True, status=Status.DONE, lane=lane, at=at))
        elif former is None or not former.is_wanted or (former.status not in ACTIVE and not message.has_category):
            rows.append(_row(message, is_wanted=True, status=Status.QUEUED, lane=lane, at=at))
    for message in absent:
        if message.pk in known and known[message.pk].is_wanted:
            rows.append(_row(message, is_wanted=False, status=Status.QUEUED, lane=lane, at=at))
    if not rows:
        return
    Tagging.objects.bulk_create(
        sorted(rows, key=lambda row: row.message_id),
        batch_size=100,
        update_conflicts=True,
        unique_fields=["message"],
        # Without its claim, a carrier that is at the former wish changes nothing here any more.
        update_fields=[
            *("is_wanted", "status", "lane", "queued_at", "not_before", "finished_at"),
            *("claim", "lease_until", "failures", "cause", "detail"),
        ],
    )
    wake_writer()


def _row(message: Message, *, is_wanted: bool, status: Status, lane: Lane, at: datetime) -> Tagging:
    return Tagging(
        message=message,
        mailbox_id=message.mailbox_id,
        is_wanted=is_wanted,
        status=status,
        lane=lane,
        queued_at=at,
        not_before=at,
        finished_at=at if status == Status.DONE else None,
    )


def give_back_silent(*, at: datetime) -> int:
    """Return what silent carriers held: it is read and written once more, which changes nothing that is there."""
    silent = Tagging.objects.filter(status=Status.CLAIMED, lease_until__lt=at)
    chosen = list(silent.values_list("message", flat=True))
    if not chosen:
        return 0
    with holding(chosen):
        return Tagging.objects.filter(message__in=chosen).give_back_expired(at=at)
