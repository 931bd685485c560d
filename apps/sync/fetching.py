"""Reading the letters of a batch from the mailbox. What cannot be read now waits; what is gone is said to be gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import F

from apps.core.clock import now
from apps.graph.errors import GraphError, ItemGone, MailboxDisconnected
from apps.mailboxes.connection import graph_client, graph_key
from apps.mailboxes.letters import read_letter
from apps.sync import recording
from apps.sync.claiming import Batch
from apps.sync.models import Transfer
from apps.sync.parcels import Fetched
from apps.work.fences import FenceStands, Passage, passage, raise_fence

# Letters are kept in memory while their batch is delivered; the rest of the batch goes with the next one.
MOST_BYTES = 48 * 1024 * 1024


def fetch_letters(batch: Batch) -> list[Fetched]:
    """The letters that could be read, in the order of their transfers; the others are settled or given back.

    The caller holds a slot of Graph's limit.
    """
    fetched: list[Fetched] = []
    try:
        with passage(graph_key(batch.mailbox)) as way:
            cause = _fetch(batch, fetched, way)
    except FenceStands as standing:
        # It went up after the batch was claimed: another carrier was told to keep quiet.
        cause = standing.reason
    recording.give_back_unfetched(batch, fetched, cause=cause, not_before=now())
    return fetched


def _fetch(batch: Batch, fetched: list[Fetched], way: Passage) -> str:
    """Read letter after letter into `fetched`; the code of the trouble that ended it, or "". Raises FenceStands."""
    size = 0
    with graph_client(batch.mailbox) as graph:
        for transfer in batch.transfers:
            if size > MOST_BYTES:
                break
            way.check()
            try:
                raw = graph.mime(transfer.message.graph_id)
            except ItemGone:
                way.answered()
                recording.skip(batch, [transfer], cause="left_mailbox", at=now())
                continue
            except GraphError as error:
                if not error.is_retryable and not isinstance(error, MailboxDisconnected):
                    recording.fail(batch, [transfer], cause=error.code, at=now())
                    continue
                if error.is_retryable:
                    raise_fence(graph_key(batch.mailbox), reason=error.code, seconds=error.retry_after_seconds)
                    recording.put_off(batch, transfer, error=error, at=now())
                return error.code
            way.answered()
            with _suspected(batch, transfer):
                letter = read_letter(raw)
            fetched.append(Fetched(transfer, letter))
            size += len(letter.html) + sum(len(attachment.content) for attachment in letter.attachments)
    return ""


@contextmanager
def _suspected(batch: Batch, transfer: Transfer) -> Iterator[None]:
    """Foreign bytes are read now: if this process dies of them, the row says which ones they were."""
    mine = batch.held().filter(pk=transfer.pk)
    mine.update(crashes=F("crashes") + 1)
    try:
        yield
    finally:
        # Whoever comes here is alive: what an exception means for the mail is said where it is caught.
        mine.update(crashes=F("crashes") - 1)
