"""Writing the category into Outlook: twenty messages of a mailbox at a time are read, and those that differ are written.

A list of categories is written as a whole, over the version that was read; who comes between makes it be read again. Killed
anywhere, the same is done once more, and what is there already is not written.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from apps.core.clock import now
from apps.graph.client import BATCH_LIMIT, GraphClient
from apps.graph.errors import (
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphTokenAwaited,
    ItemGone,
    MailboxDisconnected,
)
from apps.graph.parsing import GraphCategories
from apps.mailboxes.category import is_among, with_category, without_category
from apps.mailboxes.connection import BULK_SLOTS, GRAPH_KEY, graph_client, graph_key, raise_graph_fence
from apps.mailboxes.models import Mailbox, MailboxQuerySet, Message
from apps.mailboxes.tokens import WRITE_SCOPES, MailboxTokens
from apps.mailboxes.writing import stop_refused
from apps.sync.models import Tagging, TaggingQuerySet
from apps.sync.tagging import holding
from apps.work.fences import FenceStands, passage
from apps.work.heartbeat import lease
from apps.work.limits import LimitReached, slot
from apps.work.models import Fence, Lane, Status
from apps.work.retry import next_attempt_at

log = logging.getLogger(__name__)

LANES = (Lane.AUTOMATIC, Lane.BACKFILL)
# Some three hours: who changes a message that long is no passer-by.
MOST_FAILURES = 20


@dataclass(frozen=True, slots=True)
class Batch:
    mailbox: Mailbox
    claim: UUID
    taggings: list[Tagging]

    def held(self) -> TaggingQuerySet:
        return Tagging.objects.filter(status=Status.CLAIMED, claim=self.claim)

    def message_ids(self) -> list[int]:
        return [tagging.message_id for tagging in self.taggings]

    def renew(self) -> bool:
        with holding(self.message_ids()):
            return bool(self.held().update(lease_until=now() + lease()))


def has_due(*, at: datetime) -> bool:
    return _mailboxes_with_due(at=at).exists()


def write_due(*, until: datetime) -> bool:
    """Write what is due, a batch of each mailbox in turn, until nothing is left or the time is up. Returns whether more is
    due. Never raises for trouble of one mailbox: a fence, its rows or its owner's settings say what became of it."""
    served: set[int] = set()
    busy: set[int] = set()
    while (at := now()) < until:
        mailbox = _mailboxes_with_due(at=at).exclude(pk__in=served | busy).order_by("pk").first()
        if mailbox is None:
            if not served:
                return has_due(at=now())
            served.clear()
            continue
        (served if _write_one(mailbox, at=at) else busy).add(mailbox.pk)
    return has_due(at=now())


def _mailboxes_with_due(*, at: datetime) -> MailboxQuerySet:
    fenced = [
        key.removeprefix(GRAPH_KEY)
        for key in Fence.objects.filter(until__gt=at, key__startswith=GRAPH_KEY).values_list("key", flat=True)
    ]
    return Mailbox.objects.filter(
        Exists(_due(at=at).filter(mailbox=OuterRef("pk"))), status=Mailbox.Status.ACTIVE, owner__is_active=True
    ).exclude(home_account_id__in=fenced)


def _due(*, at: datetime) -> TaggingQuerySet:
    """Nothing gets the category where its owner has switched that off meanwhile; nothing is written without the consent."""
    is_wished = Q(is_wanted=False) | Q(mailbox__category__is_shown=True)
    return Tagging.objects.filter(
        is_wished, status=Status.QUEUED, lane__in=LANES, not_before__lte=at, mailbox__category__refused_at=None
    )


def _write_one(mailbox: Mailbox, *, at: datetime) -> bool:
    """One batch of this mailbox. False where Graph cannot be asked for it now."""
    key = graph_key(mailbox)
    try:
        with passage(key) as way, slot(key, BULK_SLOTS):
            batch = _claim(mailbox, at=at)
            if batch is None:
                return True
            try:
                with graph_client(mailbox, scopes=WRITE_SCOPES) as graph:
                    _carry(batch, graph)
                way.answered()
            except GraphForbidden as error:
                stop_refused(mailbox, at=now())
                _give_back(batch, batch.message_ids(), cause=error.code, not_before=at)
                return False
            except GraphError as error:
                _record(batch, dict.fromkeys(batch.message_ids(), error))
                return False
            except Exception:
                # A fault of ours: the batch waits, and the others are not held up.
                log.exception("categories not written", extra={"claim": str(batch.claim), "mailbox_id": mailbox.pk})
                _put_off(batch, batch.message_ids(), cause="crashed", failures=1)
                return False
    except (FenceStands, LimitReached):
        return False
    return True


def _claim(mailbox: Mailbox, *, at: datetime) -> Batch | None:
    """What just happened goes before what is older."""
    for lane in LANES:
        due = _due(at=at).filter(mailbox=mailbox, lane=lane).order_by("not_before", "pk")
        chosen = list(due.values_list("pk", flat=True)[:BATCH_LIMIT])
        if not chosen:
            continue
        waiting = Tagging.objects.filter(pk__in=chosen, status=Status.QUEUED)
        claim, pks = waiting.claim(size=BATCH_LIMIT, lease_until=at + lease())
        if taggings := list(
            Tagging.objects.filter(pk__in=pks, claim=claim)
            .select_related("message")
            .defer("message__preview", "message__search_text")
        ):
            return Batch(mailbox, claim, taggings)
    return None


Outcome = GraphCategories | GraphError


def _carry(batch: Batch, graph: GraphClient) -> None:
    found = graph.categories([tagging.message.graph_id for tagging in batch.taggings])
    outcomes: dict[int, Outcome] = {}
    wanted: dict[int, GraphCategories] = {}
    for tagging, known in zip(batch.taggings, found, strict=True):
        outcomes[tagging.message_id] = known
        if isinstance(known, GraphError):
            continue
        names = with_category(known.names) if tagging.is_wanted else without_category(known.names)
        if names != known.names:
            wanted[tagging.message_id] = replace(known, names=names)
    if wanted:
        if not batch.renew():
            log.warning("lease lost", extra={"claim": str(batch.claim), "mailbox_id": batch.mailbox.pk})
            return
        written = graph.set_categories(list(wanted.values()))
        if all(isinstance(outcome, GraphForbidden) for outcome in written):
            _check_right(batch.mailbox)
        outcomes |= dict(zip(wanted, written, strict=True))
    _record(batch, outcomes)


def _check_right(mailbox: Mailbox) -> None:
    """Raises GraphForbidden where the right to write is gone, told by a fresh token; else it is the messages that are odd."""
    tokens = MailboxTokens(mailbox.pk, scopes=WRITE_SCOPES)
    tokens.access_token(rejected=tokens.access_token())


def _record(batch: Batch, outcomes: dict[int, Outcome]) -> None:
    """Write down how it went, in one transaction; only what is still ours comes to an end by it."""
    at = now()
    errors = {pk: outcome for pk, outcome in outcomes.items() if isinstance(outcome, GraphError)}
    known = {pk: outcome for pk, outcome in outcomes.items() if isinstance(outcome, GraphCategories)}
    with holding(batch.message_ids()):
        messages = list(Message.objects.filter(pk__in=list(known)).only("pk"))
        for message in messages:
            # True whoever holds the row by now: so it is in Outlook.
            message.has_category = is_among(known[message.pk].names)
            message.category_known_at = known[message.pk].modified_at
        Message.objects.bulk_update(messages, ["has_category", "category_known_at"])
        ended = [pk for pk in outcomes if pk in known or isinstance(errors[pk], ItemGone)]
        _end(batch, ended, Status.DONE, at=at)
        for error in {type(error): error for error in errors.values()}.values():
            same = [pk for pk, other in errors.items() if type(other) is type(error) and pk not in ended]
            if same:
                _settle_trouble(batch, same, error, at=at)


def _settle_trouble(batch: Batch, message_ids: list[int], error: GraphError, *, at: datetime) -> None:
    log.warning(
        "categories not written",
        extra={
            "mailbox_id": batch.mailbox.pk,
            "count": len(message_ids),
            "error": error.code,
            "graph_request_id": error.request_id,
        },
    )
    if error.is_retryable:
        # The fence waits for all of them, and it counts against none.
        again_at = raise_graph_fence(batch.mailbox, error)
        is_awaited = isinstance(error, GraphTokenAwaited)
        _give_back(batch, message_ids, cause=error.code, not_before=again_at if is_awaited else at)
    elif isinstance(error, MailboxDisconnected):
        _give_back(batch, message_ids, cause=error.code, not_before=at)
    elif isinstance(error, GraphConflict | GraphForbidden):
        _put_off(batch, message_ids, cause=error.code, failures=1)
    else:
        _end(batch, message_ids, Status.FAILED, at=at, cause=error.code, detail=str(error)[:300])


def _put_off(batch: Batch, message_ids: list[int], *, cause: str, failures: int) -> None:
    at = now()
    ours = batch.held().filter(message__in=message_ids)
    tried_often = list(ours.filter(failures__gte=MOST_FAILURES).values_list("message", flat=True))
    _end(batch, tried_often, Status.FAILED, at=at, cause="tried_often")
    most = max((tagging.failures for tagging in batch.taggings), default=0) + failures
    ours.update(failures=F("failures") + failures)
    _give_back(batch, message_ids, cause=cause, not_before=next_attempt_at(failures=most, at=at))


def _give_back(batch: Batch, message_ids: list[int], *, cause: str, not_before: datetime) -> None:
    batch.held().filter(message__in=message_ids).update(
        status=Status.QUEUED, claim=None, lease_until=None, not_before=not_before, cause=cause
    )


def _end(
    batch: Batch, message_ids: list[int], status: Status, *, at: datetime, cause: str = "", detail: str = ""
) -> None:
    batch.held().filter(message__in=message_ids).update(
        status=status, claim=None, lease_until=None, finished_at=at, cause=cause, detail=detail
    )
