"""Reading the letters of a batch from the mailbox. What cannot be read now waits; what is gone is said to be gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from django.db.models import F

from apps.core.clock import now
from apps.graph.client import GraphClient
from apps.graph.errors import (
    GraphError,
    GraphServerTrouble,
    GraphTokenAwaited,
    GraphTooLarge,
    ItemGone,
    MailboxDisconnected,
)
from apps.mailboxes.connection import BULK_SLOTS, graph_client, graph_key, raise_graph_fence
from apps.mailboxes.kinds import remember_kinds
from apps.mailboxes.large_letters import Parts, fetch_parts, letter_of_parts
from apps.mailboxes.letter_pages import LetterPages
from apps.mailboxes.letters import Attachment, Letter, read_letter
from apps.mailboxes.models import Message
from apps.sync import recording
from apps.sync.cases import cases_of, once_read
from apps.sync.claiming import Batch
from apps.sync.models import SyncRules, Transfer
from apps.sync.parcels import Fetched
from apps.sync.policy import Case, left_out_by
from apps.work.fences import FenceStands, Passage, passage
from apps.work.limits import slot
from apps.work.models import Lane

# Which of Graph's four requests in flight of a mailbox a lane may take.
SLOTS = {Lane.INTERACTIVE: (1, *BULK_SLOTS), Lane.AUTOMATIC: BULK_SLOTS, Lane.BACKFILL: BULK_SLOTS}
# A larger mail is read in parts, one file at a time: parsing takes several times the mail's size.
LARGEST_WHOLE_BYTES = 25 * 1024 * 1024
# Letters are kept in memory while their batch is delivered; the rest of the batch goes with the next one.
MOST_BYTES = 32 * 1024 * 1024


def fetch_letters(batch: Batch, *, lane: Lane, rules: SyncRules) -> list[Fetched]:
    """The letters that could be read, in the order of their transfers; the others are settled or given back.

    What a rule keeps out of this lane is settled as left out: without a request where the rows know it already.
    The caller holds a slot of Graph's limit.
    """
    fetched: list[Fetched] = []
    not_before = None
    try:
        with passage(graph_key(batch.mailbox)) as way:
            cause = _fetch(batch, fetched, way, lane=lane, rules=rules)
    except FenceStands as standing:
        # It went up after the batch was claimed: another carrier was told to keep quiet.
        cause = standing.reason
    except GraphTokenAwaited as awaited:
        cause, not_before = "", now() + timedelta(seconds=awaited.again_after_seconds)
    recording.give_back_unfetched(batch, fetched, cause=cause, not_before=not_before or now())
    return fetched


def _fetch(batch: Batch, fetched: list[Fetched], way: Passage, *, lane: Lane, rules: SyncRules) -> str:
    """Read letter after letter into `fetched`; the code of the trouble that ended it, or "".

    Raises FenceStands or GraphTokenAwaited.
    """
    for transfer in batch.transfers:
        transfer.message.mailbox = batch.mailbox
    cases = cases_of([transfer.message for transfer in batch.transfers], lane=lane, rules=rules)
    size = 0
    letters: dict[int, Letter] = {}
    with graph_client(batch.mailbox) as graph:
        pages = LetterPages(graph, _to_be_read(batch, cases, rules=rules))
        for transfer in batch.transfers:
            if size > MOST_BYTES:
                break
            case = _case(transfer, cases)
            if _is_left_out(batch, transfer, case, rules=rules):
                continue
            try:
                if transfer.pk not in letters:
                    way.check()
                    source = pages.take(transfer.message) or _source(graph, transfer)
                    way.answered()
                    letters |= _read(batch, {transfer: source, **_on_that_page(batch, transfer, pages)})
            except ItemGone:
                way.answered()
                recording.skip(batch, [transfer], cause="left_mailbox", at=now())
                continue
            except GraphTokenAwaited:
                raise
            except GraphError as error:
                if not error.is_retryable and not isinstance(error, MailboxDisconnected):
                    recording.fail(batch, [transfer], cause=error.code, at=now())
                    continue
                if error.is_retryable:
                    raise_graph_fence(batch.mailbox, error)
                    recording.put_off(batch, transfer, error=error, at=now())
                return error.code
            letter = letters.pop(transfer.pk)
            if _is_left_out(batch, transfer, once_read(case, transfer.message), rules=rules):
                continue
            fetched.append(Fetched(transfer, letter))
            size += len(letter.html) + sum(len(attachment.content) for attachment in letter.attachments)
    return ""


def fetch_file(batch: Batch, transfer: Transfer, attachment: Attachment, *, lane: Lane, most_bytes: int) -> bytes:
    """The bytes of a file that stayed in the mailbox. Raises GraphError, and LimitReached where the slots are taken.

    Trouble that time heals puts the fence up.
    """
    with slot(graph_key(batch.mailbox), SLOTS[lane]), graph_client(batch.mailbox) as graph:
        try:
            return graph.content(transfer.message.graph_id, attachment.graph_id, most_bytes=most_bytes)
        except GraphError as error:
            if error.is_retryable:
                raise_graph_fence(batch.mailbox, error)
            raise


def _on_that_page(batch: Batch, first: Transfer, pages: LetterPages) -> dict[Transfer, Parts]:
    """The other letters of the batch that came with the first one."""
    beside = [transfer for transfer in batch.transfers if transfer != first]
    found = ((transfer, pages.take_read(transfer.message)) for transfer in beside)
    return {transfer: parts for transfer, parts in found if parts is not None}


def _read(batch: Batch, sources: Mapping[Transfer, bytes | Parts]) -> dict[int, Letter]:
    """What is written there, by the transfer's id; the rows learn what kind of mail each one is."""
    with _suspected(batch, sources):
        letters = {
            transfer: read_letter(source) if isinstance(source, bytes) else letter_of_parts(source)
            for transfer, source in sources.items()
        }
    remember_kinds([(each.message, letter.kind, letter.is_private) for each, letter in letters.items()], at=now())
    return {transfer.pk: letter for transfer, letter in letters.items()}


def _source(graph: GraphClient, transfer: Transfer) -> bytes | Parts:
    """The letter in one piece or, where it is too large for that, in parts.

    Graph answers some mails above 25 MB with trouble whenever they are asked for whole, so the second try of a mail with
    attachments asks for parts.
    """
    message = transfer.message
    broke_off_whole = transfer.failures and transfer.cause == GraphServerTrouble.code and message.has_attachments
    if not broke_off_whole:
        try:
            return graph.mime(message.graph_id, most_bytes=LARGEST_WHOLE_BYTES)
        except GraphTooLarge:
            pass
    return fetch_parts(graph, message)


def _case(transfer: Transfer, cases: Mapping[int, Case]) -> Case:
    return replace(cases[transfer.message.pk], is_repair=transfer.is_repair)


def _to_be_read(batch: Batch, cases: Mapping[int, Case], *, rules: SyncRules) -> list[Message]:
    """What may come by the page: a mail that has made trouble before is read by itself."""
    return [
        transfer.message
        for transfer in batch.transfers
        if not transfer.failures and not transfer.crashes and not left_out_by(_case(transfer, cases), rules)
    ]


def _is_left_out(batch: Batch, transfer: Transfer, case: Case, *, rules: SyncRules) -> bool:
    rule = left_out_by(case, rules)
    if rule:
        recording.skip_by_rule(batch, transfer, cause=rule, at=now())
    return bool(rule)


@contextmanager
def _suspected(batch: Batch, transfers: Iterable[Transfer]) -> Iterator[None]:
    """Foreign bytes are read now: if this process dies of them, the rows say which ones they may have been. Whoever is
    suspected travels alone until it has arrived, so that of a page only the culprit stays behind."""
    mine = batch.held().filter(pk__in=[transfer.pk for transfer in transfers])
    mine.update(crashes=F("crashes") + 1)
    try:
        yield
    finally:
        # Whoever comes here is alive: what an exception means for the mail is said where it is caught.
        mine.update(crashes=F("crashes") - 1)
