"""Writing down how it went. Every write names the claim: whoever lost the lease changes nothing any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from apps.crm.errors import CrmError, CrmOutcomeUnknown, CrmUnauthorized
from apps.graph.errors import GraphError, GraphServerTrouble
from apps.sync.chosen import chosen_targets
from apps.sync.claiming import Batch, save_alike, update_records
from apps.sync.models import STAMP_FIELDS, CrmEmail, CrmSight, Mark, Transfer, TransferQuerySet
from apps.sync.parcels import Ending, Fetched, Parcel
from apps.sync.states import Identity, writing_facts
from apps.work.models import POISON_CRASHES, Lane, Status
from apps.work.retry import LONGEST_WAIT_SECONDS, next_attempt_at

# The cause of a transfer that found its record in CORIPO.
EXISTED = "existed"
# How soon the second of two people looks whether the first has created the record.
CREATOR_WAIT = timedelta(seconds=2)
# After this many tries, some three hours, trouble is the mail's own and a person should know of it.
MOST_FAILURES = 20
# An answer that was lost so few times is chance: what became of it is looked up within a lease.
LOST_ANSWERS = 4
# What a batch learns of its records, beside their ids.
_LEARNED_FIELDS = ("status", "created_by_id", "creator_name", "existed_at", "unknown_since", *STAMP_FIELDS)
# Trouble that may come from the one mail: the service answers others and breaks off at this one.
_MAYBE_ITS_OWN = (CrmOutcomeUnknown, GraphServerTrouble)


class LeaseLost(Exception):
    """The batch belongs to another carrier now; this one stops where it is."""


def finish(batch: Batch, parcels: list[Parcel], *, at: datetime) -> None:
    """The end of a batch: results, marks and states in one transaction, only for transfers that are still ours."""
    with writing_facts(_identities(item.transfer for parcel in parcels for item in parcel.items)):
        chosen = chosen_targets(batch.mailbox, [parcel.identity for parcel in parcels])
        arrived: list[Parcel] = []
        for parcel in parcels:
            transfers = [item.transfer for item in parcel.items]
            if parcel.ending is Ending.ARRIVES and not parcel.has_targets(chosen.get(parcel.identity, ())):
                # Somebody chose a record while the mail was on its way: it goes once more, for that link.
                _requeue(_ours(batch, transfers), not_before=at, cause="")
            elif parcel.ending is Ending.ARRIVES:
                arrived.append(parcel)
            elif parcel.ending is Ending.WAITS:
                _requeue(_ours(batch, transfers), not_before=at + CREATOR_WAIT, cause="")
            elif parcel.ending is Ending.RETRIES:
                _try_again(batch, transfers, parcel.error, at=at)
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
        _arrived(batch, arrived, at=at)
        let_go_of_creating(batch)


def _arrived(batch: Batch, parcels: list[Parcel], *, at: datetime) -> None:
    """Settle them, and mark those of which a transfer is still ours; a few statements for all."""
    if not parcels:
        return
    held = _ours(batch, [item.transfer for parcel in parcels for item in parcel.items]).order_by("pk")
    ours = set(held.select_for_update(no_key=True).values_list("pk", flat=True))
    alike: dict[tuple[str, int], list[Transfer]] = defaultdict(list)
    marks = []
    for parcel in parcels:
        mine = [item.transfer for item in parcel.items if item.transfer.pk in ours]
        if not mine:
            continue
        alike[(EXISTED if _was_there(parcel) else "", parcel.links_added)] += mine
        marks.append(
            Mark(
                home_account_id=batch.mailbox.home_account_id,
                email_key=parcel.crm_email.email_key,
                variant=parcel.crm_email.variant,
                value=Mark.Value.SYNCED,
                source=Mark.Source.TRANSFER,
                set_by=parcel.items[0].transfer.requested_by,
                set_at=at,
            )
        )
    for (cause, links_added), transfers in alike.items():
        result = Transfer.Result.STORED
        _settle(batch, transfers, Status.DONE, at=at, result=result, cause=cause, links_added=links_added)
    Mark.objects.bulk_create(
        sorted(marks, key=lambda mark: (mark.email_key, mark.variant)),
        update_conflicts=True,
        unique_fields=["home_account_id", "email_key", "variant"],
        update_fields=["value", "source", "set_by", "set_at"],
    )


def _was_there(parcel: Parcel) -> bool:
    """Whether the record was there before anybody asked for this transfer. What an earlier try of it created was not."""
    mail = parcel.crm_email
    asked_at = min(item.transfer.queued_at for item in parcel.items)
    return not parcel.is_fresh and (mail.is_adopted or (mail.existed_at is not None and mail.existed_at < asked_at))


def note_records(batch: Batch, parcels: list[Parcel], *, at: datetime) -> None:
    """Save what is known of the records now, and whether this login sees them; inside `writing_facts` of the mails."""
    for parcel in parcels:
        if parcel.exists:
            mail = parcel.crm_email
            mail.status = CrmEmail.Status.EXISTS
            mail.existed_at = mail.existed_at or at
            mail.unknown_since = None
    CrmSight.objects.bulk_create(
        [
            CrmSight(crm_email=parcel.crm_email, user=batch.mailbox.owner, is_visible=parcel.exists, looked_at=at)
            for parcel in sorted(parcels, key=lambda parcel: parcel.crm_email.pk)
            if parcel.exists or parcel.ending is Ending.HIDDEN
        ],
        update_conflicts=True,
        unique_fields=["crm_email", "user"],
        update_fields=["is_visible", "looked_at"],
    )
    # Who creates is settled elsewhere: what this carrier read of it may be old by now. An id of our own never changes here.
    save_alike((parcel.crm_email for parcel in parcels), _LEARNED_FIELDS)
    adopted = [parcel.crm_email for parcel in parcels if parcel.crm_email.is_adopted]
    save_alike(adopted, ["record_id", "is_adopted"])


def no_match(batch: Batch, items: list[Fetched], *, at: datetime) -> None:
    """These match nobody; the cause says why no lead was made of a sender, where the rules wanted one."""
    transfers = [item.transfer for item in items]
    with writing_facts(_identities(transfers)):
        # Somebody may have chosen a record meanwhile: then the mail goes once more.
        chosen = chosen_targets(batch.mailbox, _identities(transfers))
        _requeue(_ours(batch, [it for it in transfers if it.identity in chosen]), not_before=at, cause="")
        unmatched: dict[str, list[Transfer]] = defaultdict(list)
        for item in items:
            if item.transfer.identity not in chosen:
                unmatched[item.no_lead or "no_contact"].append(item.transfer)
        for cause, each in unmatched.items():
            _settle(batch, each, Status.DONE, at=at, result=Transfer.Result.NO_MATCH, cause=cause)


def skip(batch: Batch, transfers: list[Transfer], *, cause: str, at: datetime) -> None:
    _settle_and_show(batch, transfers, Status.DONE, at=at, result=Transfer.Result.SKIPPED, cause=cause)


def skip_by_rule(batch: Batch, transfer: Transfer, *, cause: str, at: datetime) -> None:
    """A rule of automatic runs leaves the mail out, unless a person has asked for it meanwhile: then it goes in their lane."""
    with writing_facts(_identities([transfer])):
        mine = _ours(batch, [transfer])
        if mine.filter(lane=Lane.INTERACTIVE).exists():
            _requeue(mine, not_before=at, cause="")
        else:
            _settle(batch, [transfer], Status.DONE, at=at, result=Transfer.Result.SKIPPED, cause=cause)


def fail(batch: Batch, transfers: list[Transfer], *, cause: str, at: datetime) -> None:
    _settle_and_show(batch, transfers, Status.FAILED, at=at, cause=cause)


def give_back_unfetched(batch: Batch, fetched: list[Fetched], *, cause: str, not_before: datetime) -> None:
    """Transfers of the batch whose letters were not read go with another batch; a fence says when, if one stands."""
    kept = {item.transfer.pk for item in fetched}
    rest = [transfer for transfer in batch.transfers if transfer.pk not in kept]
    if rest:
        with writing_facts(_identities(rest)):
            _requeue(_ours(batch, rest), not_before=not_before, cause=cause)


def put_off(batch: Batch, transfer: Transfer, *, error: GraphError, at: datetime) -> None:
    """The letter at which Graph broke off comes again at a time of its own, so that it does not stand before the others."""
    with writing_facts(_identities([transfer])):
        _try_again(batch, [transfer], error, at=at)


def give_back(batch: Batch, *, error: CrmError, at: datetime) -> None:
    """Trouble of the whole batch: everything still held waits for its next try."""
    with writing_facts(_identities(batch.transfers)):
        if isinstance(error, CrmUnauthorized):
            # Parked by the login's status, not by time: a person mends it, and they go at once.
            _requeue(batch.held(), not_before=at, cause=error.code)
        else:
            _retry(batch, batch.transfers, error, at=at)
        let_go_of_creating(batch)


def wait_outside(batch: Batch, *, cause: str, at: datetime) -> None:
    """A fence stands before CORIPO: everything still held waits for it, and it counts against no mail."""
    with writing_facts(_identities(batch.transfers)):
        _requeue(batch.held(), not_before=at, cause=cause)
        let_go_of_creating(batch)


def blame(batch: Batch, transfers: list[Transfer], *, error: CrmError, at: datetime) -> None:
    """CORIPO answers others and breaks off at these: they come again, until they have come often enough to be set aside."""
    with writing_facts(_identities(transfers)):
        _try_again(batch, transfers, error, at=at, is_its_own=True)
        let_go_of_creating(batch)


def give_back_crashed(batch: Batch, *, at: datetime) -> None:
    """A fault of ours: its transfers travel one by one from now on, and the third time sets the culprit aside."""
    with writing_facts(_identities(batch.transfers)):
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
        let_go_of_creating(batch)


def let_go_of_creating(batch: Batch) -> None:
    """The next carrier of these mails may create them at once, under the same ids."""
    mine = CrmEmail.objects.filter(creator_claim=batch.claim)
    update_records(mine, creator_claim=None, creator_lease_until=None)


def _try_again(
    batch: Batch,
    transfers: list[Transfer],
    error: CrmError | GraphError | None,
    *,
    at: datetime,
    is_its_own: bool = False,
) -> None:
    """Trouble at one mail: it comes again, until it has come often enough to be set aside."""
    failures = max(transfer.failures for transfer in transfers) + 1
    if (is_its_own or isinstance(error, _MAYBE_ITS_OWN)) and failures >= MOST_FAILURES:
        _settle(batch, transfers, Status.FAILED, at=at, cause="tried_often", detail=str(error)[:300])
    else:
        _retry(batch, transfers, error, at=at)


def _retry(batch: Batch, transfers: list[Transfer], error: CrmError | GraphError | None, *, at: datetime) -> None:
    if error is not None and not error.is_retryable:
        _settle(batch, transfers, Status.FAILED, at=at, cause=error.code, detail=str(error)[:300])
        return
    failures = max((transfer.failures for transfer in transfers), default=0) + 1
    is_lost_answer = isinstance(error, CrmOutcomeUnknown) and failures <= LOST_ANSWERS
    not_before = next_attempt_at(
        failures=failures,
        at=at,
        asked_for_seconds=error.retry_after_seconds if error else None,
        longest_seconds=settings.LEASE_SECONDS if is_lost_answer else LONGEST_WAIT_SECONDS,
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
    with writing_facts(_identities(transfers)):
        _settle(batch, transfers, status, at=at, result=result, cause=cause)


def _ours(batch: Batch, transfers: Iterable[Transfer]) -> TransferQuerySet:
    return batch.held().filter(pk__in=[transfer.pk for transfer in transfers])


def _identities(transfers: Iterable[Transfer]) -> set[Identity]:
    return {transfer.identity for transfer in transfers}
