"""Writing down what became of an undo. Every write names the claim: whoever lost the lease changes nothing any more."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F

from apps.crm.errors import CrmError, CrmForbidden
from apps.crm.face import Stamp
from apps.mailboxes.models import Message
from apps.sync.marks import mark_key
from apps.sync.models import STAMP_FIELDS, CrmEmail, CrmLink, Mark, Transfer, Undoing
from apps.sync.recording import MOST_FAILURES, LeaseLost
from apps.sync.states import writing_facts
from apps.sync.storing import SPOILT_AFTER
from apps.sync.undo_claiming import UndoBatch
from apps.sync.undo_judging import Verdict, What
from apps.work.models import Status
from apps.work.retry import next_attempt_at

__all__ = ["LeaseLost", "Pending", "finish", "give_back", "keep"]


@dataclass(slots=True)
class Pending:
    """An item on its way: `is_deleted` where the record is confirmed to be, `is_sent` False where nothing was."""

    item: Undoing
    record: CrmEmail
    verdict: Verdict
    note_ids: frozenset[str]
    is_deleted: bool = False
    is_sent: bool = True
    unlinked: list[CrmLink] = field(default_factory=list)
    stamp: Stamp | None = None
    error: CrmError | None = None


def keep(batch: UndoBatch, item: Undoing, record: CrmEmail, cause: str, *, at: datetime) -> None:
    """The record stays as it is; inside `writing_facts` of the mail, with the record locked."""
    if _settle(batch, item, Undoing.Result.KEPT, cause=cause, at=at) and record.status == CrmEmail.Status.UNDOING:
        _believe_in(record)


def finish(batch: UndoBatch, pending: list[Pending], *, at: datetime) -> None:
    """The end of a batch: results, records, marks and states in one transaction."""
    with writing_facts((one.record.email_key, one.record.variant) for one in pending):
        records = CrmEmail.objects.filter(pk__in=[one.record.pk for one in pending]).order_by("pk")
        list(records.select_for_update(no_key=True).values_list("pk"))
        held = set(batch.held().values_list("pk", flat=True))
        ours = set(records.filter(creator_claim=batch.claim).values_list("pk", flat=True))
        for one in pending:
            if one.item.pk in held and one.record.pk in ours:
                _record(batch, one, at=at)
        # Whose lease had run out was relieved: the item looks at what there is by now.
        batch.held().update(status=Status.QUEUED, claim=None, lease_until=None, not_before=at)


def give_back(
    batch: UndoBatch, *, cause: str, at: datetime, not_before: datetime | None = None, has_failed: bool = False
) -> None:
    """Everything still held comes again: when a fence is over, or with a longer wait after every failure of its own.

    The records stay what they are: those that were to be deleted are looked up first.
    """
    failures = max((item.failures for item in batch.items), default=0) + 1
    with writing_facts(batch.identities):
        held = batch.held()
        if has_failed:
            held.filter(failures__gte=MOST_FAILURES - 1).update(
                status=Status.FAILED, cause="tried_often", claim=None, lease_until=None, finished_at=at
            )
            held.update(failures=F("failures") + 1)
        held.update(
            status=Status.QUEUED,
            claim=None,
            lease_until=None,
            not_before=not_before or next_attempt_at(failures=failures, at=at),
            cause=cause,
        )


def _record(batch: UndoBatch, one: Pending, *, at: datetime) -> None:
    record = one.record
    if one.unlinked:
        CrmLink.objects.filter(pk__in=[link.pk for link in one.unlinked]).delete()
        if one.stamp is not None:
            record.note_stamp(one.stamp)
            record.save(update_fields=STAMP_FIELDS)
    if one.error is not None and one.error.is_retryable:
        _try_again(batch, one, one.error, at=at)
    elif one.verdict.what is What.DELETE and one.is_deleted:
        record.status, record.undone_by, record.undone_at = CrmEmail.Status.DELETED, batch.account.user, at
        record.creator_claim = record.creator_lease_until = None
        record.save(update_fields=["status", "undone_by", "undone_at", "creator_claim", "creator_lease_until"])
        _mark(batch, record, at=at)
        _settle(batch, one.item, Undoing.Result.DELETED, at=at)
    elif one.error is not None:
        _believe_in(record)
        cause = "undo_forbidden" if isinstance(one.error, CrmForbidden) else one.error.code
        _settle(batch, one.item, Undoing.Result.KEPT, cause=cause, at=at)
    else:
        _believe_in(record)
        _mark(batch, record, at=at)
        _settle(batch, one.item, Undoing.Result.UNLINKED, cause="undo_unlinked", at=at)


def _try_again(batch: UndoBatch, one: Pending, error: CrmError, *, at: datetime) -> None:
    """What may still be carried out keeps its record from every transfer for a while; what was not sent holds up nobody."""
    record, item = one.record, one.item
    if one.is_sent:
        record.creator_lease_until = at + SPOILT_AFTER
        record.save(update_fields=["creator_lease_until"])
    else:
        _believe_in(record)
    ours = batch.held().filter(pk=item.pk)
    if item.failures + 1 >= MOST_FAILURES:
        ours.update(status=Status.FAILED, cause="tried_often", claim=None, lease_until=None, finished_at=at)
        return
    not_before = next_attempt_at(failures=item.failures + 1, at=at, asked_for_seconds=error.retry_after_seconds)
    ours.update(
        status=Status.QUEUED,
        claim=None,
        lease_until=None,
        not_before=not_before,
        failures=F("failures") + 1,
        cause=error.code,
    )


def _believe_in(record: CrmEmail) -> None:
    record.status = CrmEmail.Status.EXISTS
    record.creator_claim = record.creator_lease_until = None
    record.save(update_fields=["status", "creator_claim", "creator_lease_until"])


def _mark(batch: UndoBatch, record: CrmEmail, *, at: datetime) -> None:
    """The person's copies stay marked, so that no run takes them at once; what failed at them is settled by this."""
    user = batch.account.user
    copies = Message.objects.visible_to(user).filter(email_key=record.email_key, variant=record.variant)
    for home_account_id, email_key, variant in sorted({mark_key(copy) for copy in copies.select_related("mailbox")}):
        Mark.objects.update_or_create(
            home_account_id=home_account_id,
            email_key=email_key,
            variant=variant,
            defaults={"value": Mark.Value.SYNCED, "source": Mark.Source.UNDO, "set_by": user, "set_at": at},
        )
    Transfer.objects.filter(message__in=copies, status=Status.FAILED).update(
        status=Status.DONE, result="", finished_at=at
    )


def _settle(batch: UndoBatch, item: Undoing, result: Undoing.Result, *, at: datetime, cause: str = "") -> int:
    return (
        batch.held()
        .filter(pk=item.pk)
        .update(status=Status.DONE, result=result, cause=cause, claim=None, lease_until=None, finished_at=at)
    )
