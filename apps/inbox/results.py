"""What became of each message of a run: a page of results, and all of them as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.mailboxes.models import Message
from apps.sync.causes import sentence_for
from apps.sync.models import Transfer, Undoing
from apps.sync.outcomes import LISTED, RunOutcome, outcome_of, shows
from apps.work.models import Function, Run

PAGE_SIZE = 50
# A spreadsheet would take a text that begins so for a formula, and run it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_EXPLAINED = (RunOutcome.FAILED, RunOutcome.SKIPPED, RunOutcome.KEPT)


@dataclass(frozen=True, slots=True)
class Result:
    """`message` is None where its mailbox was disconnected since."""

    message: Message | None
    outcome: RunOutcome
    why: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ResultPage:
    """`chosen` is the outcome that the page is narrowed to, "" for all; `next` the place of the next page, 0 at the end."""

    results: tuple[Result, ...]
    chosen: str
    next: int


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def result_page(run: Run, *, outcome: str, after: int) -> ResultPage:
    """Results in the order in which they were asked for. An outcome that means nothing is as if none were chosen."""
    chosen = outcome if outcome in LISTED else ""
    items = _items(run).filter(pk__gt=after)
    if chosen:
        items = items.filter(shows(RunOutcome(chosen), run.function))
    found: list[Transfer | Undoing] = [*items[: PAGE_SIZE + 1]]
    shown = found[:PAGE_SIZE]
    return ResultPage(
        results=tuple(_result(item, run) for item in shown),
        chosen=chosen,
        next=shown[-1].pk if len(found) > PAGE_SIZE else 0,
    )


def csv_lines(run: Run, *, language: str, time_zone: tzinfo) -> Iterator[str]:
    """The results as lines of a file that spreadsheets read: a byte order mark first, and no text that begins a formula.

    The lines are made while they are sent, when the request with its reader's language and time zone has ended.
    """
    with translation.override(language), timezone.override(time_zone):
        yield from _lines(run)


def _lines(run: Run) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff"
    yield writer.writerow([_("Received"), _("From"), _("Subject"), _("Result"), _("Why"), _("Finished")])
    for item in _items(run).iterator(chunk_size=500):
        result = _result(item, run)
        message = result.message or Message(received_at=item.queued_at)
        finished = timezone.localtime(result.finished_at) if result.finished_at else None
        yield writer.writerow(
            [
                timezone.localtime(message.received_at).isoformat(sep=" ", timespec="seconds"),
                *(harmless(text) for text in (message.sender_address, message.subject)),
                str(result.outcome.label),
                result.why,
                finished.isoformat(sep=" ", timespec="seconds") if finished else "",
            ]
        )


def harmless(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _items(run: Run) -> QuerySet[Transfer] | QuerySet[Undoing]:
    """The transfers of the run, or the items of an undo, in the order in which they were asked for."""
    items: QuerySet[Transfer] | QuerySet[Undoing] = (
        Undoing.objects.filter(run=run) if run.function == Function.UNDO else Transfer.objects.filter(run=run)
    )
    return items.select_related("message").defer("message__search_text", "message__preview").order_by("pk")


def _result(item: Transfer | Undoing, run: Run) -> Result:
    outcome = outcome_of(item.status, item.result, item.cause, run.function)
    why = sentence_for(item.cause) if outcome in _EXPLAINED else ""
    return Result(item.message, outcome, why, item.finished_at)
