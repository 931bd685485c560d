"""Delivering transfers: from claimed rows to verified records in CORIPO.

The order is the safety: the record's own id is committed before the first write, what exists is looked up before anything is
created, results are written only while the batch is ours. A kill between any two lines is repaired by the next carrier from
rows alone. Each step is logged by its name with the claim, so that a reader (and the kill bench) can follow a batch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apps.accounts.actions import crm_login
from apps.core.clock import now
from apps.crm.errors import CrmError
from apps.crm.face import CrmClient
from apps.mailboxes.connection import graph_key
from apps.mailboxes.models import Mailbox
from apps.sync import recording
from apps.sync.claiming import Batch, claim_batch, mailboxes_with_due, next_mailbox
from apps.sync.crm_sessions import crm_session, watched
from apps.sync.fetching import SLOTS, fetch_letters
from apps.sync.files import attach_files
from apps.sync.intents import adopt_what_exists, in_coripo, intend
from apps.sync.isolating import Culprits, Outage, reach
from apps.sync.linking import link_parcels
from apps.sync.models import NoMatch, SyncRules
from apps.sync.parcels import Fetched
from apps.sync.resolving import find_leads, find_targets
from apps.sync.rules import rules_of
from apps.sync.storing import create_missing
from apps.work.fences import FenceStands
from apps.work.heartbeat import heartbeat
from apps.work.limits import LimitReached, slot
from apps.work.models import Lane

log = logging.getLogger(__name__)

BUSY = timedelta(seconds=1)


def nobody() -> None:
    """There is no other carrier to call."""


def deliver_due(lane: str, *, until: datetime, call_another: Callable[[], None] = nobody) -> bool:
    """Deliver due transfers of a lane, mailbox by mailbox in turn, until none is due or the time is up.

    `call_another` is called where others wait behind the mailbox whose batch is carried: its services may be slow, and the
    wake-up that brought us may have been theirs. Returns whether more is due. Never raises for trouble of one batch: that is
    logged, and its rows wait for another try.
    """
    served: set[int] = set()
    busy: set[int] = set()
    while (at := now()) < until:
        mailbox = next_mailbox(lane=lane, at=at, served=served | busy)
        if mailbox is None:
            if not served:
                return False
            served.clear()
            continue
        is_free = _carry_one(mailbox, lane=Lane(lane), at=at, until=until, call_another=call_another)
        (served if is_free else busy).add(mailbox.pk)
    return mailboxes_with_due(lane=lane, at=now()).exists()


def _carry_one(
    mailbox: Mailbox, *, lane: Lane, at: datetime, until: datetime, call_another: Callable[[], None]
) -> bool:
    """Carry one batch of this mailbox. False where as many are under way already as Graph or CORIPO bears."""
    try:
        with crm_session(mailbox.owner.crm_account, lane=lane):
            batch = claim_batch(mailbox, lane=lane, at=at)
            if batch is None:
                return True
            if mailboxes_with_due(lane=lane, at=at).exclude(pk=mailbox.pk).exists():
                call_another()
            return _carry_safely(batch, lane=lane, until=until)
    except LimitReached:
        return False


def _carry_safely(batch: Batch, *, lane: Lane, until: datetime) -> bool:
    mailbox = batch.mailbox
    _step(batch, "claimed")
    try:
        with heartbeat(lambda: batch.renew(at=now())):
            carry(batch, lane=lane, until=until)
    except LimitReached:
        recording.give_back_unfetched(batch, [], cause="", not_before=now() + BUSY)
        return False
    except recording.LeaseLost:
        recording.let_go_of_creating(batch)
        log.warning("lease lost", extra={"claim": str(batch.claim), "mailbox_id": mailbox.pk})
    except Exception:
        # A fault of ours: the batch comes back one by one, and its third time sets the culprit aside.
        log.exception("batch failed", extra={"claim": str(batch.claim), "mailbox_id": mailbox.pk})
        recording.give_back_crashed(batch, at=now())
    return True


def carry(batch: Batch, *, lane: Lane, until: datetime) -> None:
    """Take one claimed batch as far as it goes; every transfer of it ends with an outcome or waits for its next try.

    Raises LimitReached before anything was done, where the lane's slots of the mailbox are taken.
    """
    rules = rules_of(batch.mailbox.owner)
    try:
        with crm_login(batch.account) as crm, watched(batch.account, crm):
            reach(batch.account, crm)
            fetched = _fetched(batch, lane=lane, rules=rules)
            _step(batch, "fetched")
            if fetched:
                _hand_over(batch, fetched, crm, Culprits(batch, crm), lane=lane, rules=rules, until=until)
    except (FenceStands, Outage) as outside:
        recording.wait_outside(batch, cause=outside.reason, at=now())
    except CrmError as error:
        recording.give_back(batch, error=error, at=now())


def _fetched(batch: Batch, *, lane: Lane, rules: SyncRules) -> list[Fetched]:
    """The letters, read in a slot of the mailbox."""
    with slot(graph_key(batch.mailbox), SLOTS[lane]):
        return fetch_letters(batch, lane=lane, rules=rules)


def _hand_over(
    batch: Batch,
    fetched: list[Fetched],
    crm: CrmClient,
    culprits: Culprits,
    *,
    lane: Lane,
    rules: SyncRules,
    until: datetime,
) -> None:
    """Store these mails, in halves where CORIPO breaks off at them. Everything may be repeated: what exists is found."""
    waiting = [fetched]
    while waiting:
        together = waiting.pop(0)
        try:
            _store(batch, together, crm, lane=lane, rules=rules, until=until)
        except CrmError as error:
            waiting = [*culprits.halves(together, error), *waiting]


def _store(
    batch: Batch, fetched: list[Fetched], crm: CrmClient, *, lane: Lane, rules: SyncRules, until: datetime
) -> None:
    matches = find_targets(batch, fetched, crm, rules=rules)
    looked_at = now()
    existing = crm.find_emails(sorted({item.transfer.message.email_key for item in fetched}))
    _step(batch, "resolved")

    _still_ours(batch)
    known = in_coripo(batch, fetched, existing=existing)
    if rules.no_match == NoMatch.LEAD:
        find_leads(batch, fetched, matches, crm, known=known, rules=rules)
        _still_ours(batch)
    parcels = intend(batch, fetched, known=known, rules=rules, at=now(), looked_at=looked_at)
    _step(batch, "intended")

    adopt_what_exists(batch, parcels, existing=existing, crm=crm, at=now())
    _step(batch, "looked_up")

    _still_ours(batch)
    create_missing(batch, parcels, crm=crm, rules=rules, at=now())
    _step(batch, "created")

    _still_ours(batch)
    if refused := link_parcels(batch, parcels, crm=crm, at=now()):
        # A colleague merged or deleted a record since it was found: who has these addresses now?
        find_targets(batch, [item for parcel in refused for item in parcel.items], crm, rules=rules)
        _still_ours(batch)
        link_parcels(batch, refused, crm=crm, at=now())
    _step(batch, "related")

    attach_files(batch, parcels, crm=crm, rules=rules, lane=lane, until=until)
    _step(batch, "attached")

    recording.finish(batch, parcels, at=now())
    _step(batch, "recorded")


def _still_ours(batch: Batch) -> None:
    """Everything after this may write under our claim; without the lease somebody else is at it already."""
    if not batch.is_ours(at=now()):
        raise recording.LeaseLost(str(batch.claim))


def _step(batch: Batch, name: str) -> None:
    log.info("delivery", extra={"step": name, "claim": str(batch.claim), "mailbox_id": batch.mailbox.pk})
