"""Writing down how it went. Every write names the claim: whoever lost the lease changes nothing any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from apps.crm.errors import CrmError, CrmUnauthorized
from apps.sync.claiming import Batch
from apps.sync.models import CrmEmail, CrmSight, Mark, Transfer, TransferQuerySet
from apps.sync.parcels import Ending, Fetched, Parcel
from apps.sync.states import refresh_states
from apps.work.models import POISON_CRASHES, Status
from apps.work.retry import next_attempt_at

# How soon the second of two people looks whether the first has created the record.
CREATOR_WAIT = timedelta(seconds=2)


class LeaseLost(Exception):
    """The batch belongs to another carrier now; this one stops where it is."""


def finish(batch: Batch, parcels: list[Parcel], *, at: datetime) -> None:
    """The end of a batch: results, marks and states in one transaction, only for transfers that are still ours."""
    with transaction.atomic():
        for parcel in parcels:
            transfers = [item.transfer for item in parcel.items]
            if parcel.ending is Ending.ARRIVES:
                _arrived(batch, parcel, transfers, at=at)
            elif parcel.ending is Ending.WAITS:
                _requeue(_ours(batch, transfers), not_before=at + CREATOR_WAIT, cause="")
            elif parcel.ending is Ending.RETRIES:
                _retry(batch, transfers, parcel.error, at=at)
            elif parcel.ending is Ending.FAILS:
                _settle(
                    batch,
                    transfers,
                    Status.FAILED,
                    at=at,
                    cause=parcel.error.code if parcel.error else "failed",
                    detail=str(parcel.error or "")[:300],
                )
            else:
                _settle(batch, transfers, Status.DONE, at=at, result=Transfer.Result.STORED, cause=parcel.ending.value)
        _release_creator(batch)
        refresh_states(_identities(item.transfer for parcel in parcels for item in parcel.items))


def _arrived(batch: Batch, parcel: Parcel, transfers: list[Transfer], *, at: datetime) -> None:
    settled = _settle(
        batch, transfers, Status.DONE, at=at, result=Transfer.Result.STORED, links_added=parcel.links_added
    )
    if not settled:
        return
    Mark.objects.update_or_create(
        home_account_id=batch.mailbox.home_account_id,
        email_key=parcel.crm_email.email_key,
        variant=parcel.crm_email.variant,
        defaults={
            "value": Mark.Value.SYNCED,
            "source": Mark.Source.TRANSFER,
            "set_by": transfers[0].requested_by,
            "set_at": at,
        },
    )


def note_record(batch: Batch, parcel: Parcel, *, at: datetime) -> None:
    """Save what is known of the record now, and whether this login sees it; and the states of all copies."""
    mail = parcel.crm_email
    if parcel.exists:
        mail.status = CrmEmail.Status.EXISTS
        mail.existed_at = mail.existed_at or at
        mail.unknown_since = None
    if parcel.exists or parcel.ending is Ending.HIDDEN:
        CrmSight.objects.update_or_create(
            crm_email=mail, user=batch.mailbox.owner, defaults={"is_visible": parcel.exists, "looked_at": at}
        )
    mail.save()
    refresh_states([(mail.email_key, mail.variant)])


def no_match(batch: Batch, transfers: list[Transfer], *, at: datetime) -> None:
    _settle_and_show(batch, transfers, Status.DONE, at=at, result=Transfer.Result.NO_MATCH, cause="no_contact")


def skip(batch: Batch, transfers: list[Transfer], *, cause: str, at: datetime) -> None:
    _settle_and_show(batch, transfers, Status.DONE, at=at, result=Transfer.Result.SKIPPED, cause=cause)


def fail(batch: Batch, transfers: list[Transfer], *, cause: str, at: datetime) -> None:
    _settle_and_show(batch, transfers, Status.FAILED, at=at, cause=cause)


def give_back_unfetched(batch: Batch, fetched: list[Fetched], *, cause: str, at: datetime) -> None:
    """Transfers of the batch whose letters were not read go with another batch; a fence says when, if one stands."""
    kept = {item.transfer.pk for item in fetched}
    rest = [transfer for transfer in batch.transfers if transfer.pk not in kept]
    with transaction.atomic():
        if _requeue(_ours(batch, rest), not_before=at, cause=cause):
            refresh_states(_identities(rest))


def give_back(batch: Batch, *, error: CrmError, at: datetime) -> None:
    """Trouble of the whole batch: everything still held waits for its next try."""
    with transaction.atomic():
        if isinstance(error, CrmUnauthorized):
            # Parked by the login's status, not by time: a person mends it, and they go at once.
            _requeue(batch.held(), not_before=at, cause=error.code)
        else:
            _retry(batch, batch.transfers, error, at=at)
        _release_creator(batch)
        refresh_states(_identities(batch.transfers))


def give_back_crashed(batch: Batch, *, at: datetime) -> None:
    """A fault of ours: its transfers travel one by one from now on, and the third time sets the culprit aside."""
    with transaction.atomic():
        held = batch.held()
        held.filter(crashes__gte=POISON_CRASHES - 1).update(
            status=Status.FAILED, cause="poison", crashes=F("crashes") + 1, claim=None, lease_until=None, finished_at=at
        )
        held.update(
            status=Status.QUEUED,
            crashes=F("crashes") + 1,
            claim=None,
            lease_until=None,
            not_before=next_attempt_at(failures=1, at=at),
            cause="crashed",
        )
        _release_creator(batch)
        refresh_states(_identities(batch.transfers))


def _retry(batch: Batch, transfers: list[Transfer], error: CrmError | None, *, at: datetime) -> None:
    if error is not None and not error.is_retryable:
        _settle(batch, transfers, Status.FAILED, at=at, cause=error.code, detail=str(error)[:300])
        return
    failures = max((transfer.failures for transfer in transfers), default=0) + 1
    not_before = next_attempt_at(
        failures=failures, at=at, asked_for_seconds=error.retry_after_seconds if error else None
    )
    mine = _ours(batch, transfers)
    mine.update(failures=F("failures") + 1)
    _requeue(mine, not_before=not_before, cause=error.code if error else "")


def _requeue(transfers: TransferQuerySet, *, not_before: datetime, cause: str) -> int:
    return transfers.update(status=Status.QUEUED, claim=None, lease_until=None, not_before=not_before, cause=cause)


def _settle(
    batch: Batch,
    transfers: list[Transfer],
    status: Status,
    *,
    at: datetime,
    result: str = "",
    cause: str = "",
    detail: str = "",
    links_added: int = 0,
) -> int:
    return _ours(batch, transfers).update(
        status=status,
        claim=None,
        lease_until=None,
        finished_at=at,
        result=result,
        cause=cause,
        detail=detail,
        links_added=links_added,
    )


def _settle_and_show(
    batch: Batch, transfers: list[Transfer], status: Status, *, at: datetime, cause: str, result: str = ""
) -> None:
    with transaction.atomic():
        _settle(batch, transfers, status, at=at, result=result, cause=cause)
        refresh_states(_identities(transfers))


def _ours(batch: Batch, transfers: Iterable[Transfer]) -> TransferQuerySet:
    return batch.held().filter(pk__in=[transfer.pk for transfer in transfers])


def _release_creator(batch: Batch) -> None:
    CrmEmail.objects.filter(creator_claim=batch.claim).update(creator_claim=None, creator_lease_until=None)


def _identities(transfers: Iterable[Transfer]) -> set[tuple[str, str]]:
    return {(transfer.message.email_key, transfer.message.variant) for transfer in transfers}
