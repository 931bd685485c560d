"""How it went, written down: what was agreed on, what differs, what was overwritten, and how the transfer ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.contacts.agreeing import record_agreement
from apps.contacts.cards import columns_of
from apps.contacts.claiming import Batch
from apps.contacts.models import (
    ContactLink,
    ContactTransfer,
)
from apps.contacts.pairing import Pair
from apps.contacts.rows import store_contacts
from apps.contacts.states import writing_facts
from apps.core.clock import now
from apps.crm.errors import CrmError, CrmForbidden, CrmRejected
from apps.graph.errors import GraphError, GraphForbidden, GraphRejected
from apps.work.models import Status

Result = ContactTransfer.Result


def record(batch: Batch, pairs: Sequence[Pair]) -> None:
    """The end of each pair, in a transaction of its own: what was agreed on, what differs, what was overwritten, the state."""
    for pair in pairs:
        at, contact = now(), pair.item.contact
        with writing_facts([contact.pk]):
            if pair.outlook:
                store_contacts(contact.folder, [pair.outlook], at=at)
            result = record_agreement(
                pair.link,
                pair.merged,
                outlook=pair.outlook_card,
                crm=pair.stored,
                written=frozenset(pair.written),
                at=at,
                actor=pair.item.actor,
                transfer=pair.item.transfer,
                columns=columns_of(pair.outlook_card) if pair.outlook else None,
            )
            if pair.failure is None:
                _end_well(batch, pair, result, at=at)
        if pair.failure is not None:
            _end_badly(batch, pair, pair.failure)


def _end_well(batch: Batch, pair: Pair, result: ContactTransfer.Result, *, at: datetime) -> None:
    cause = pair.company.asks or pair.item.remark
    if pair.company.asks:
        result = Result.ASKING
    elif result != Result.CONFLICT and pair.item.origin == ContactLink.Origin.CREATED:
        result = Result.CREATED
    elif result == Result.IN_STEP and pair.is_new_link:
        result = Result.LINKED
    batch.end(pair.item.transfer, Status.DONE, at=at, result=result, cause=cause)


def _end_badly(batch: Batch, pair: Pair, error: CrmError | GraphError) -> None:
    if isinstance(error, CrmForbidden):
        batch.end_alone(pair.item.transfer, Status.FAILED, cause="no_right_to_edit", detail=str(error))
    elif isinstance(error, CrmRejected | GraphRejected | GraphForbidden):
        # Asked once more it would say the same.
        batch.end_alone(pair.item.transfer, Status.FAILED, cause=error.code, detail=str(error))
    else:
        # Somebody was quicker, or nobody knows what was done: both sides are read again.
        batch.try_again([pair.item.transfer], error, at=now())
