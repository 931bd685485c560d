"""What a person changed of a contact in Outlook, written over the version that this person saw."""

from __future__ import annotations

from collections.abc import Sequence

from apps.contacts.cards import from_json
from apps.contacts.claiming import Batch
from apps.contacts.fields import outlook_values
from apps.contacts.finding import Item
from apps.contacts.models import (
    ContactChange,
    ContactTransfer,
    Field,
    Side,
)
from apps.contacts.rows import store_contacts
from apps.contacts.states import writing_facts
from apps.core.clock import now
from apps.graph.cards import ContactChange as CardChange
from apps.graph.cards import GraphContact
from apps.graph.contacts import ContactsClient
from apps.graph.errors import GraphConflict, GraphError
from apps.graph.sending import BATCH_LIMIT
from apps.work.models import Status

Result = ContactTransfer.Result


def change_in_outlook(batch: Batch, items: Sequence[Item], graph: ContactsClient) -> None:
    """Write what a person changed, over the version that this person saw."""
    for start in range(0, len(items), BATCH_LIMIT):
        part = items[start : start + BATCH_LIMIT]
        wishes = [CardChange(item.outlook, from_json(item.transfer.card)) for item in part if _is_as_seen(item)]
        answers = iter(graph.write(wishes) if wishes else ())
        for item in part:
            if not _is_as_seen(item):
                batch.end_alone(item.transfer, Status.FAILED, cause="graph_conflict")
                continue
            _record_change(batch, item, next(answers))


def _is_as_seen(item: Item) -> bool:
    seen = item.transfer.wish.get("version", "")
    # What our own try that told nothing has written is no change of anybody's.
    return not seen or seen == item.outlook.version or from_json(item.transfer.card) == item.card


def _record_change(batch: Batch, item: Item, outcome: GraphContact | GraphError) -> None:
    if isinstance(outcome, GraphError):
        if outcome.is_retryable or isinstance(outcome, GraphConflict):
            batch.try_again([item.transfer], outcome, at=now())
        else:
            batch.end_alone(item.transfer, Status.FAILED, cause=outcome.code, detail=str(outcome))
        return
    at = now()
    before, after = outlook_values(item.card), outlook_values(outcome.card)
    with writing_facts([item.contact.pk]):
        store_contacts(item.contact.folder, [outcome], at=at)
        ContactChange.objects.bulk_create(
            ContactChange(
                contact=item.contact,
                kind=ContactChange.Kind.WRITTEN,
                side=Side.OUTLOOK,
                field=name,
                before=before[name],
                after=after[name],
                at=at,
                actor=item.transfer.requested_by,
                cause="by_hand",
                transfer=item.transfer,
            )
            for name in Field.values
            if before[name] != after[name]
        )
        if batch.end(item.transfer, Status.DONE, at=at, result=Result.WRITTEN) and item.transfer.syncs_then:
            ContactTransfer.objects.create(
                mailbox_id=item.contact.mailbox_id,
                contact=item.contact,
                requested_by=item.transfer.requested_by,
                purpose=ContactTransfer.Purpose.SYNC,
                lane=item.transfer.lane,
                queued_at=at,
                not_before=at,
            )
