"""What became of each message of a run: a page of results, and all of them as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.sync.causes import sentence_for
from apps.sync.models import Transfer
from apps.sync.outcomes import OF_ITEMS, RunOutcome, outcome_of, shows
from apps.work.models import Run

PAGE_SIZE = 50
# A spreadsheet would take a text that begins so for a formula, and run it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_EXPLAINED = (RunOutcome.FAILED, RunOutcome.SKIPPED)


@dataclass(frozen=True, slots=True)
class Result:
    transfer: Transfer
    outcome: RunOutcome
    why: str


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
    chosen = outcome if outcome in OF_ITEMS else ""
    transfers = Transfer.objects.filter(run=run, pk__gt=after).select_related("message").order_by("pk")
    transfers = transfers.defer("message__search_text", "message__preview")
    if chosen:
        transfers = transfers.filter(shows(RunOutcome(chosen)))
    found = list(transfers[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return ResultPage(
        results=tuple(_result(transfer) for transfer in shown),
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
    transfers = Transfer.objects.filter(run=run).select_related("message").order_by("pk")
    for transfer in transfers.defer("message__search_text", "message__preview").iterator(chunk_size=500):
        result, message = _result(transfer), transfer.message
        finished = timezone.localtime(transfer.finished_at) if transfer.finished_at else None
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


def _result(transfer: Transfer) -> Result:
    outcome = outcome_of(transfer.status, transfer.result, transfer.cause)
    return Result(transfer, outcome, sentence_for(transfer.cause) if outcome in _EXPLAINED else "")
