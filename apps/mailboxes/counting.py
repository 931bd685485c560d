"""Counting a mailbox against its rows: folder by folder, where they differ day by day, and there id by id. The ids of a
folder are compared in turn even where the numbers agree.

It runs in a turn of the mailbox, right after its delta was read, so that nobody moves the rows meanwhile. What the owner
moves in that moment is told by a second reading of the delta; only what that does not explain is a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDay

from apps.core.clock import now
from apps.graph.client import BATCH_LIMIT, Span
from apps.mailboxes.following import Look, follow, is_listed, list_afresh, window_start
from apps.mailboxes.models import MailFolder, Message, MessageQuerySet
from apps.mailboxes.rows import mark_missing

# Mail that has just arrived may not be in the delta yet.
YOUNGEST = timedelta(minutes=2)
IDS_PER_PAGE = 500
# Ids in one statement of ours.
CHUNK = 400
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Gap:
    """A message of the mailbox without a row, or (`is_here`) a row without its message in that folder."""

    folder: MailFolder
    graph_id: str
    subject: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """Messages and rows of the listed folders, received from `since` until just before `until`. Drafts are no mail."""

    folder_ids: tuple[int, ...]
    since: datetime
    until: datetime
    in_microsoft: int
    gaps: tuple[Gap, ...]


def count_mailbox(
    look: Look, folders: Iterable[MailFolder], *, is_by_id: Callable[[MailFolder], bool], at: datetime
) -> Counted:
    """Compare the folders whose window is complete. One request for twenty folders that agree. Raises GraphError.

    A lost message and a surplus one in the same folder have the same number as none of both: `is_by_id` names the folders
    whose ids are compared although the numbers agree, a request for each 500 messages.
    """
    until = (at - YOUNGEST).replace(microsecond=0)
    since = window_start(look.mailbox, at=at).replace(microsecond=0) + timedelta(seconds=1)
    listed = [folder for folder in folders if is_listed(folder)]
    spans = [Span(folder.graph_id, since, until) for folder in listed]
    there = _count_there(look, spans)
    here = [_rows(folder, span).count() for folder, span in zip(listed, spans, strict=True)]
    suspects = [
        gap
        for folder, span, mails, rows in zip(listed, spans, there, here, strict=True)
        for gap in _differences(look, folder, span, mails=mails, rows=rows, is_by_id=is_by_id(folder))
    ]
    gaps = tuple(_unexplained(look, suspects))
    rows_now = sum(_rows(folder, span).count() for folder, span in zip(listed, spans, strict=True))
    return Counted(
        folder_ids=tuple(folder.pk for folder in listed),
        since=since,
        until=until,
        # Where the numbers differed, the ids have the last word: Graph counts items that it cannot show as well.
        in_microsoft=rows_now + sum(-1 if gap.is_here else 1 for gap in gaps),
        gaps=gaps,
    )


def rows_counted(counted: Counted) -> MessageQuerySet:
    """The rows that the count is about, as they are now."""
    rows = Message.objects.filter(folder__in=counted.folder_ids, gone_at=None, missing_since=None)
    return rows.filter(received_at__gte=counted.since, received_at__lt=counted.until)


def open_repair(gaps: Iterable[Gap], *, at: datetime) -> None:
    """Have the gaps closed by the next look, inside the caller's transaction and turn.

    A folder with a message that has no row is listed afresh; a row without its message is looked up by its id.
    """
    gaps = list(gaps)
    for folder in {gap.folder.pk: gap.folder for gap in gaps if not gap.is_here}.values():
        list_afresh(folder)
    for gap in gaps:
        if gap.is_here:
            mark_missing(gap.folder, [gap.graph_id], at=at)


def _rows(folder: MailFolder, span: Span) -> MessageQuerySet:
    return Message.objects.filter(
        folder=folder, gone_at=None, missing_since=None, received_at__gte=span.since, received_at__lt=span.until
    )


def _count_there(look: Look, spans: Sequence[Span]) -> list[int]:
    counts: list[int] = []
    for start in range(0, len(spans), BATCH_LIMIT):
        look.keep(at=now())
        counts += look.client.count_messages(spans[start : start + BATCH_LIMIT])
    return counts


def _differences(look: Look, folder: MailFolder, span: Span, *, mails: int, rows: int, is_by_id: bool) -> Iterator[Gap]:
    if is_by_id and (mails or rows):
        yield from _differences_of_ids(look, folder, span)
    elif mails != rows:
        yield from _differences_of_days(look, folder, span)


def _differences_of_days(look: Look, folder: MailFolder, span: Span) -> Iterator[Gap]:
    days = list(_days(span))
    here = dict(
        _rows(folder, span)
        .annotate(day=TruncDay("received_at", tzinfo=UTC))
        .values_list("day")
        .order_by("day")
        .annotate(Count("pk"))
    )
    for day, mails in zip(days, _count_there(look, days), strict=True):
        if mails != here.get(_midnight(day.since), 0):
            yield from _differences_of_ids(look, folder, day)


def _differences_of_ids(look: Look, folder: MailFolder, span: Span) -> Iterator[Gap]:
    there: dict[str, str] = {}
    for number, message in enumerate(look.client.messages_in(span, page_size=IDS_PER_PAGE)):
        if number % IDS_PER_PAGE == 0:
            look.keep(at=now())
        there[message.id] = message.subject
    here = dict(_rows(folder, span).values_list("graph_id", "subject"))
    for graph_id in sorted(there.keys() - here.keys()):
        yield Gap(folder, graph_id, there[graph_id], is_here=False)
    for graph_id in sorted(here.keys() - there.keys()):
        yield Gap(folder, graph_id, here[graph_id], is_here=True)


def _unexplained(look: Look, suspects: list[Gap]) -> list[Gap]:
    """Those that stay after what changed since was read."""
    folders = {gap.folder.pk: gap.folder for gap in suspects}
    for folder in folders.values():
        follow(look, folder)
    present: set[tuple[int, str]] = set()
    for start in range(0, len(suspects), CHUNK):
        graph_ids = [gap.graph_id for gap in suspects[start : start + CHUNK]]
        rows = Message.objects.filter(mailbox=look.mailbox, graph_id__in=graph_ids, gone_at=None, missing_since=None)
        present.update(rows.values_list("folder_id", "graph_id"))
    return [gap for gap in suspects if ((gap.folder.pk, gap.graph_id) in present) == gap.is_here]


def _days(span: Span) -> Iterator[Span]:
    """The span in pieces that end at midnight (UTC)."""
    since = span.since
    while since < span.until:
        until = min(_midnight(since) + DAY, span.until)
        yield Span(span.folder_id, since, until)
        since = until


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
