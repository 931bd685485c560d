"""The writes of a batch, each side in as few requests as there can be, over what was read."""

from __future__ import annotations

from collections.abc import Sequence

from apps.contacts.agreeing import record_refusal
from apps.contacts.claiming import Batch
from apps.contacts.models import (
    Side,
)
from apps.contacts.pairing import Pair
from apps.crm.contact_face import ContactUpdate, Written
from apps.crm.errors import CrmForbidden
from apps.crm.face import CrmClient
from apps.graph.cards import ContactChange as CardChange
from apps.graph.cards import GraphContact
from apps.graph.contacts import ContactsClient
from apps.graph.errors import GraphConflict, GraphForbidden, GraphRejected
from apps.graph.sending import BATCH_LIMIT


def write_crm(batch: Batch, pairs: Sequence[Pair], crm: CrmClient) -> None:
    """Write what CORIPO is to have, over what was read; three requests for fifty."""
    changing = [pair for pair in pairs if pair.merged.to_crm]
    if not changing:
        return
    changes = [ContactUpdate(pair.stored, pair.cards_after[1]) for pair in changing]
    for pair, outcome in zip(changing, crm.update_contacts(changes), strict=True):
        if isinstance(outcome, Written):
            pair.stored = outcome.contact
            pair.written.add(Side.CRM)
        else:
            pair.failure = outcome
            if isinstance(outcome, CrmForbidden):
                record_refusal(pair.link, Side.CRM)


def write_outlook(batch: Batch, pairs: Sequence[Pair], graph: ContactsClient) -> None:
    """Write what Outlook is to have, the CRM ID among it; a request for each twenty."""
    changing = [
        pair for pair in pairs if pair.merged.to_outlook or (pair.item.outlook.crm_id or "") != pair.link.crm_id
    ]
    for start in range(0, len(changing), BATCH_LIMIT):
        part = changing[start : start + BATCH_LIMIT]
        wishes = [
            CardChange(
                pair.item.outlook,
                pair.cards_after[0],
                crm_id=pair.link.crm_id,
            )
            for pair in part
        ]
        for pair, outcome in zip(part, graph.write(wishes), strict=True):
            if isinstance(outcome, GraphContact):
                pair.outlook = outcome
                pair.written.add(Side.OUTLOOK)
            else:
                pair.failure = pair.failure or outcome
                if isinstance(outcome, GraphForbidden | GraphConflict | GraphRejected):
                    record_refusal(pair.link, Side.OUTLOOK)
