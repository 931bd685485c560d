"""Carriers of contacts: read both sides, judge, write what follows, and read back. Everything may be repeated: ids of what is
made are kept before the first write, and what is about to be written stands in the link until it is seen to have arrived."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apps.accounts.actions import crm_login
from apps.contacts.asking import ask_or_go_on, leave_out
from apps.contacts.changing import change_in_outlook
from apps.contacts.claiming import Batch, claim_batch, mailboxes_with_due, next_mailbox
from apps.contacts.consent import stop_refused
from apps.contacts.creating import make_in_outlook
from apps.contacts.finding import Item, find_people
from apps.contacts.fresh import read_fresh
from apps.contacts.making import create_missing
from apps.contacts.models import ContactTransfer
from apps.contacts.pairing import judged
from apps.contacts.recording import record
from apps.contacts.rules import rules_of
from apps.contacts.undoing import take_back
from apps.contacts.writing import write_crm, write_outlook
from apps.core.clock import now
from apps.crm.errors import CrmError, CrmThrottled, CrmUnauthorized
from apps.crm.face import CrmClient
from apps.graph.contacts import ContactsClient
from apps.graph.errors import GraphError, GraphForbidden, GraphTokenAwaited, MailboxDisconnected
from apps.mailboxes.connection import contacts_client, graph_key, raise_graph_fence
from apps.mailboxes.models import Mailbox
from apps.sync.crm_sessions import crm_session, watched
from apps.sync.fetching import SLOTS
from apps.sync.isolating import Outage, keep_away, reach
from apps.work.fences import FenceStands, passage
from apps.work.heartbeat import heartbeat
from apps.work.limits import LimitReached, slot
from apps.work.models import Lane

log = logging.getLogger(__name__)

Purpose = ContactTransfer.Purpose
BUSY = timedelta(seconds=1)


class LeaseLost(Exception):
    """The batch belongs to another carrier now; this one stops where it is."""


def carry_due(lane: str, *, until: datetime, call_another: Callable[[], None]) -> bool:
    """Carry what is due in this lane, mailboxes in turn, until nothing is left or the time is up. Returns whether more is
    due. Never raises for trouble of one batch: that is logged, and its rows wait for another try."""
    served: set[int] = set()
    busy: set[int] = set()
    while (at := now()) < until:
        mailbox = next_mailbox(lane=lane, at=at, served=served | busy)
        if mailbox is None:
            if not served:
                return False
            served.clear()
            continue
        (served if _carry_one(mailbox, lane=Lane(lane), at=at, call_another=call_another) else busy).add(mailbox.pk)
    return mailboxes_with_due(lane=lane, at=now()).exists()


def _carry_one(mailbox: Mailbox, *, lane: Lane, at: datetime, call_another: Callable[[], None]) -> bool:
    """Carry one batch of this mailbox. False where as many are under way already as Graph or CORIPO bears."""
    key = graph_key(mailbox)
    try:
        with crm_session(mailbox.owner.crm_account, lane=lane), slot(key, SLOTS[lane]), passage(key) as way:
            batch = claim_batch(mailbox, lane=lane, at=at)
            if batch is None:
                return True
            if mailboxes_with_due(lane=lane, at=at).exclude(pk=mailbox.pk).exists():
                call_another()
            _step(batch, "claimed")
            with heartbeat(lambda: batch.renew(at=now())), contacts_client(mailbox) as graph:
                _carry_safely(batch, graph, answered=way.answered)
    except (LimitReached, FenceStands):
        return False
    return True


def _carry_safely(batch: Batch, graph: ContactsClient, *, answered: Callable[[], None]) -> None:
    """Whatever goes wrong, each transfer of the batch ends or waits; what was written before stays written down."""
    try:
        with crm_login(batch.account) as crm, watched(batch.account, crm):
            reach(batch.account, crm)
            carry(batch, graph, crm, answered=answered)
    except (FenceStands, Outage) as outside:
        batch.give_back(batch.transfers, not_before=now(), cause=outside.reason)
    except CrmUnauthorized as error:
        # Parked by the login's status, not by time: a person mends it, and they go at once.
        batch.give_back(batch.transfers, not_before=now(), cause=error.code)
    except CrmThrottled as error:
        keep_away(batch.account, error)
        batch.give_back(batch.transfers, not_before=now(), cause=error.code)
    except CrmError as error:
        batch.try_again(batch.transfers, error, at=now())
    except GraphTokenAwaited as awaited:
        batch.give_back(batch.transfers, not_before=now() + timedelta(seconds=awaited.again_after_seconds))
    except GraphForbidden as error:
        stop_refused(batch.mailbox.pk, at=now())
        batch.give_back(batch.transfers, not_before=now(), cause=error.code)
    except MailboxDisconnected as error:
        batch.give_back(batch.transfers, not_before=now(), cause=error.code)
    except GraphError as error:
        if error.is_retryable:
            raise_graph_fence(batch.mailbox, error)
        batch.try_again(batch.transfers, error, at=now())
    except LeaseLost:
        log.warning("lease lost", extra={"claim": str(batch.claim), "mailbox_id": batch.mailbox.pk})
    except Exception:
        # A fault of ours, seen in the logs: the batch comes back one by one, and its third time sets the culprit aside.
        log.exception("contacts not carried", extra={"claim": str(batch.claim), "mailbox_id": batch.mailbox.pk})
        batch.give_back_crashed(at=now())


def carry(batch: Batch, graph: ContactsClient, crm: CrmClient, *, answered: Callable[[], None]) -> None:
    """Take one claimed batch as far as it goes. Raises what concerns all of it; what is still held then waits."""
    made = [transfer for transfer in batch.transfers if transfer.purpose == Purpose.CREATE]
    for transfer in made:
        make_in_outlook(batch, transfer, graph)
        answered()
        _renewed(batch)
    items = read_fresh(batch, [transfer for transfer in batch.transfers if transfer not in made], graph)
    answered()
    _step(batch, "read")
    _renewed(batch)
    changed = [item for item in items if item.transfer.purpose == Purpose.CHANGE]
    if changed:
        change_in_outlook(batch, changed, graph)
        _renewed(batch)
    undone = [item for item in items if item.transfer.purpose == Purpose.UNDO]
    if undone:
        take_back(batch, undone, graph, crm)
        _renewed(batch)
    synced = [item for item in items if item.transfer.purpose == Purpose.SYNC]
    if synced:
        _sync(batch, synced, graph, crm)


def _sync(batch: Batch, items: list[Item], graph: ContactsClient, crm: CrmClient) -> None:
    rules = rules_of(batch.mailbox.owner)
    going = leave_out(batch, items, rules=rules)
    find_people(going, crm)
    _step(batch, "found")
    _renewed(batch)
    going = ask_or_go_on(batch, going)
    create_missing(batch, [item for item in going if item.is_new], crm, rules=rules)
    _step(batch, "created")
    _renewed(batch)
    pairs = judged(batch, going, crm, rules=rules)
    _step(batch, "judged")
    _renewed(batch)
    write_crm(batch, pairs, crm)
    _step(batch, "crm_written")
    _renewed(batch)
    write_outlook(batch, pairs, graph)
    _step(batch, "outlook_written")
    _renewed(batch)
    record(batch, pairs)
    _step(batch, "recorded")


def _renewed(batch: Batch) -> None:
    """Everything after this may write under our claim; without the lease somebody else is at it already."""
    if not batch.renew(at=now()):
        raise LeaseLost(str(batch.claim))


def _step(batch: Batch, name: str) -> None:
    log.info("contacts", extra={"step": name, "claim": str(batch.claim), "mailbox_id": batch.mailbox.pk})
