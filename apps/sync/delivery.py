"""Delivering transfers: from claimed rows to verified records in CORIPO.

The order is the safety: the record's own id is committed before the first write, what exists is looked up before anything is
created, results are written only while the batch is ours. A kill between any two lines is repaired by the next carrier from
rows alone. Each step is logged by its name with the claim, so that a reader (and the kill bench) can follow a batch.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings

from apps.accounts.actions import crm_login
from apps.core.clock import now
from apps.crm.errors import CrmError, CrmThrottled, CrmUnauthorized, CrmUnreachable
from apps.crm.face import CrmClient
from apps.mailboxes.connection import graph_key
from apps.mailboxes.models import Mailbox
from apps.sync import recording
from apps.sync.claiming import Batch, claim_batch, crm_key, deliverable, next_mailbox
from apps.sync.deciding import counted_addresses, people_of, targets_for
from apps.sync.fetching import fetch_letters
from apps.sync.files import attach_files
from apps.sync.intents import adopt_what_exists, intend
from apps.sync.linking import link_parcels
from apps.sync.parcels import Fetched
from apps.sync.people import remember
from apps.sync.rules import rules_of
from apps.sync.storing import create_missing
from apps.work.heartbeat import heartbeat
from apps.work.limits import LimitReached, lower_fence, raise_fence, slot
from apps.work.models import Lane

log = logging.getLogger(__name__)

# Of Graph's four requests in flight of a mailbox the first is the page's, the second the interactive lane's.
SLOTS = {Lane.INTERACTIVE: (1, 2, 3), Lane.AUTOMATIC: (2, 3), Lane.BACKFILL: (2, 3)}
BUSY = timedelta(seconds=1)


def deliver_due(lane: str, *, until: datetime) -> bool:
    """Deliver due transfers of a lane, mailbox by mailbox in turn, until none is due or the time is up.

    Returns whether more is due. Never raises for trouble of one batch: that is logged, and its rows wait for another try.
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
        is_free = _carry_one(mailbox, lane=Lane(lane), at=at, until=until)
        (served if is_free else busy).add(mailbox.pk)
    return deliverable(lane=lane, at=now()).exists()


def _carry_one(mailbox: Mailbox, *, lane: Lane, at: datetime, until: datetime) -> bool:
    """Carry one batch of this mailbox. False where as many requests as Graph allows are under way in it already."""
    batch = claim_batch(mailbox, lane=lane, at=at)
    if batch is None:
        return True
    _step(batch, "claimed")
    try:
        with heartbeat(lambda: batch.renew(at=now()), every_seconds=settings.LEASE_SECONDS / 3):
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
    with slot(graph_key(batch.mailbox), SLOTS[lane]) as held:
        fetched = fetch_letters(batch, held)
    _step(batch, "fetched")
    if not fetched:
        return
    try:
        with crm_login(batch.account) as crm:
            _hand_over(batch, fetched, crm, until=until)
        lower_fence(crm_key(batch.account.server))
    except CrmUnauthorized as error:
        batch.account.record_refusal(generation=batch.account.generation, at=now())
        recording.give_back(batch, error=error, at=now())
    except (CrmUnreachable, CrmThrottled) as error:
        raise_fence(crm_key(batch.account.server), reason=error.code, seconds=error.retry_after_seconds, at=now())
        recording.give_back(batch, error=error, at=now())
    except CrmError as error:
        recording.give_back(batch, error=error, at=now())


def _hand_over(batch: Batch, fetched: list[Fetched], crm: CrmClient, *, until: datetime) -> None:
    rules = rules_of(batch.mailbox.owner)
    addresses = {
        item.transfer.pk: counted_addresses(people_of(item.letter), mailbox=batch.mailbox, rules=rules)
        for item in fetched
    }
    contacts = crm.find_contacts(sorted({address for each in addresses.values() for address in each}))
    remember(contacts, user=batch.mailbox.owner, at=now())
    existing = crm.find_emails(sorted({item.transfer.message.email_key for item in fetched}))
    _step(batch, "resolved")

    for item in fetched:
        item.targets = targets_for(addresses[item.transfer.pk], contacts, link_companies=rules.link_companies)
    _renewed(batch)
    parcels = intend(batch, fetched, existing=existing, rules=rules, at=now())
    _step(batch, "intended")

    adopt_what_exists(batch, parcels, existing=existing, crm=crm, at=now())
    _step(batch, "looked_up")

    _renewed(batch)
    create_missing(batch, parcels, crm=crm, at=now())
    _step(batch, "created")

    _renewed(batch)
    link_parcels(batch, parcels, crm=crm, at=now())
    _step(batch, "related")

    attach_files(batch, parcels, crm=crm, rules=rules, until=until)
    _step(batch, "attached")

    recording.finish(batch, parcels, at=now())
    _step(batch, "recorded")


def _renewed(batch: Batch) -> None:
    """Everything after this may write under our claim; without the lease somebody else is at it already."""
    if not batch.renew(at=now()):
        raise recording.LeaseLost(str(batch.claim))


def _step(batch: Batch, name: str) -> None:
    log.info("delivery", extra={"step": name, "claim": str(batch.claim), "mailbox_id": batch.mailbox.pk})
