"""Taking back what transfers made: judged by what CORIPO shows, intended, deleted, read back.

The order is the safety, as in the delivery: that a record is to be deleted is committed before CORIPO is asked, under a lease
for which every transfer of the mail waits; what became of it is looked up before it is asked for again. A kill between any
two lines is repaired by the next carrier from rows alone.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount
from apps.core.clock import now
from apps.crm.errors import CrmError, CrmThrottled, CrmUnauthorized, CrmUnreachable
from apps.crm.face import CrmClient, Deleted, Link, Unlinked
from apps.sync import undo_recording as recording
from apps.sync.crm_sessions import crm_session, watched
from apps.sync.isolating import Outage, keep_away, reach
from apps.sync.models import CrmEmail, Undoing
from apps.sync.states import writing_facts
from apps.sync.undo_claiming import UndoBatch, claim_undo_batch, due_items, next_account
from apps.sync.undo_judging import Sight, What, cases_of, judge, look
from apps.sync.undo_recording import Pending
from apps.work.fences import FenceStands
from apps.work.heartbeat import heartbeat
from apps.work.limits import LimitReached
from apps.work.models import Lane

log = logging.getLogger(__name__)


def undo_due(lane: str, *, until: datetime) -> bool:
    """Take back due items of a lane, person by person in turn, until none is due or the time is up.

    Returns whether more is due. Never raises for trouble of one batch: that is logged, and its rows wait for another try.
    """
    served: set[int] = set()
    busy: set[int] = set()
    while (at := now()) < until:
        account = next_account(lane=lane, at=at, served=served | busy)
        if account is None:
            if not served:
                break
            served.clear()
            continue
        is_free = _carry_one(account, lane=Lane(lane), at=at)
        (served if is_free else busy).add(account.pk)
    return due_items(lane=lane, at=now()).exists()


def give_back_silent(*, at: datetime) -> int:
    """Items whose carrier fell silent go on with the next one."""
    return Undoing.objects.give_back_expired(at=at)


def _carry_one(account: CrmAccount, *, lane: Lane, at: datetime) -> bool:
    """Carry one batch of this person. False where as many are under way already as CORIPO bears."""
    try:
        with crm_session(account, lane=lane):
            batch = claim_undo_batch(account, lane=lane, at=at)
            if batch is None:
                return True
            try:
                with heartbeat(lambda: batch.renew(at=now())):
                    _carry(batch)
            except recording.LeaseLost:
                log.warning("undo taken over", extra={"claim": str(batch.claim), "run_id": batch.run.pk})
            except Exception:
                # A fault of ours, seen in the logs: the items come again at a later time, and alone in the end.
                log.exception("undo broke off", extra={"claim": str(batch.claim), "run_id": batch.run.pk})
                recording.give_back(batch, cause="crashed", at=now(), has_failed=True)
            return True
    except LimitReached:
        return False


def _carry(batch: UndoBatch) -> None:
    try:
        with crm_login(batch.account) as crm, watched(batch.account, crm):
            reach(batch.account, crm)
            _take_back(batch, crm)
    except (FenceStands, Outage) as outside:
        recording.give_back(batch, cause=outside.reason, at=now(), not_before=outside.again_at)
    except CrmUnauthorized as error:
        # Parked by the login's status, not by time: a person mends it, and they go at once.
        recording.give_back(batch, cause=error.code, at=now(), not_before=now())
    except CrmError as error:
        recording.give_back(batch, cause=error.code, at=now(), has_failed=True)


def _take_back(batch: UndoBatch, crm: CrmClient) -> None:
    try:
        sight = look([item.crm_email for item in batch.items], crm)
    except (CrmUnreachable, CrmThrottled) as error:
        if isinstance(error, CrmThrottled) or not crm.is_answering():
            raise keep_away(batch.account, error) from error
        raise
    _step(batch, "looked_up")
    pending = _intend(batch, sight, at=now())
    _step(batch, "intended")
    if not pending:
        return
    _renewed(batch)
    _delete_records(pending, sight, crm)
    _step(batch, "deleted")
    _renewed(batch)
    _delete_notes(pending, crm)
    _unlink(pending, crm)
    _step(batch, "cleared")
    recording.finish(batch, pending, at=now())
    _step(batch, "recorded")
    for one in pending:
        if isinstance(one.error, CrmUnauthorized):
            raise one.error
        if isinstance(one.error, CrmThrottled | CrmUnreachable) and not crm.is_answering():
            raise keep_away(batch.account, one.error) from one.error


def _intend(batch: UndoBatch, sight: Sight, *, at: datetime) -> list[Pending]:
    """Settle what stays, and commit for all others that they are to go."""
    lease_until = at + timedelta(seconds=settings.LEASE_SECONDS)
    pending: list[Pending] = []
    with writing_facts(batch.identities):
        records = CrmEmail.objects.filter(pk__in=[item.crm_email_id for item in batch.items]).order_by("pk")
        by_pk = {record.pk: record for record in records.select_for_update(no_key=True)}
        cases = cases_of(list(by_pk.values()), batch.run)
        for item in batch.items:
            record = by_pk.get(item.crm_email_id)
            if record is None:
                continue
            verdict = judge(cases[record.pk], sight)
            if verdict.what is What.KEEP:
                recording.keep(batch, item, record, verdict.cause, at=at)
                continue
            pending.append(Pending(item, record, verdict, frozenset(cases[record.pk].note_ids)))
            record.status, record.creator_claim = CrmEmail.Status.UNDOING, batch.claim
            record.creator_lease_until = lease_until
            record.save(update_fields=["status", "creator_claim", "creator_lease_until"])
        batch.held().filter(pk__in=[one.item.pk for one in pending], intended_at=None).update(intended_at=at)
    return pending


def _delete_records(pending: list[Pending], sight: Sight, crm: CrmClient) -> None:
    """The e-mails first: a file without its e-mail harms nobody, an e-mail without its files is half a thing."""
    going = []
    for one in pending:
        if one.verdict.what is What.DELETE:
            found = sight.emails.get(one.record.record_id)
            one.is_deleted = found is not None and found.is_deleted
            if not one.is_deleted:
                going.append(one)
    if not going:
        return
    try:
        outcomes = crm.delete("Emails", [one.record.record_id for one in going])
    except CrmError as error:
        for one in going:
            one.error, one.is_sent = error, False
        return
    for one, outcome in zip(going, outcomes, strict=True):
        if isinstance(outcome, Deleted):
            one.is_deleted = True
        else:
            one.error = outcome


def _delete_notes(pending: list[Pending], crm: CrmClient) -> None:
    owners = {note_id: one for one in pending if one.is_deleted for note_id in one.note_ids}
    if not owners:
        return
    try:
        outcomes = crm.delete("Notes", list(owners))
    except CrmError as error:
        for one in owners.values():
            one.error = error
        return
    for one, outcome in zip(owners.values(), outcomes, strict=True):
        if isinstance(outcome, CrmError) and outcome.is_retryable:
            one.error = outcome


def _unlink(pending: list[Pending], crm: CrmClient) -> None:
    """Where the record was there before: only the links that were added to it."""
    wanted = {
        Link(one.record.record_id, link.module, link.record_id): (one, link)
        for one in pending
        if one.verdict.what is What.UNLINK
        for link in one.verdict.links
    }
    if not wanted:
        return
    try:
        outcomes = crm.unlink(list(wanted))
    except CrmError as error:
        for one, _link in wanted.values():
            one.error, one.is_sent = error, False
        return
    for (one, link), outcome in zip(wanted.values(), outcomes, strict=True):
        if isinstance(outcome, Unlinked):
            one.unlinked.append(link)
            one.stamp = outcome.stamp or one.stamp
        else:
            one.error = outcome


def _renewed(batch: UndoBatch) -> None:
    if not batch.renew(at=now()):
        raise recording.LeaseLost(str(batch.claim))


def _step(batch: UndoBatch, name: str) -> None:
    log.info("undo", extra={"step": name, "claim": str(batch.claim), "run_id": batch.run.pk})
