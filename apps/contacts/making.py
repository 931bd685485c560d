"""Contacts that CORIPO lacks are made there, under ids that are kept before the first write."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from apps.contacts.cards import to_json
from apps.contacts.claiming import Batch
from apps.contacts.companies_of import Meant, companies_meant
from apps.contacts.fields import outlook_values, with_crm_values
from apps.contacts.finding import Item
from apps.contacts.models import ContactLink, ContactRules, Field
from apps.contacts.pairing import goes_to_crm
from apps.core.clock import now
from apps.crm.contact_face import CrmCard, OutgoingContact, Written
from apps.crm.errors import CrmError, CrmForbidden
from apps.crm.face import CrmClient
from apps.graph.cards import Card
from apps.work.models import Status

Origin = ContactLink.Origin


def create_missing(batch: Batch, items: Sequence[Item], crm: CrmClient, *, rules: ContactRules) -> None:
    """Make those in CORIPO that it does not have; whoever cannot be made ends here. Company and all in a few requests."""
    named = [(item, item.card.company) for item in items if item.card.company and goes_to_crm(Field.COMPANY, rules)]
    companies = companies_meant(batch, named, crm, rules=rules)
    for item in items:
        if item.transfer.own_crm_id is None:
            item.transfer.own_crm_id = uuid4()
        item.transfer.card = to_json(item.card)
        # Kept before the first write: whoever comes after a crash finds it by this id, and knows what it was made of.
        batch.ours([item.transfer]).update(own_crm_id=item.transfer.own_crm_id, card=item.transfer.card)
    wanted = [
        OutgoingContact(
            str(item.transfer.own_crm_id),
            _new_card(item.card, rules, companies.get(item.transfer.pk, Meant()).company_id),
            assigned_user_id=batch.account.crm_user_id,
        )
        for item in items
    ]
    if not wanted:
        return
    for item, outcome in zip(items, crm.create_contacts(wanted), strict=True):
        if isinstance(outcome, Written):
            item.stored, item.origin = outcome.contact, Origin.CREATED
        else:
            _not_made(batch, item, outcome)


def _not_made(batch: Batch, item: Item, error: CrmError) -> None:
    if isinstance(error, CrmForbidden):
        batch.end_alone(item.transfer, Status.FAILED, cause="no_right_to_create", detail=str(error))
    elif error.is_retryable:
        batch.try_again([item.transfer], error, at=now())
    else:
        batch.end_alone(item.transfer, Status.FAILED, cause=error.code, detail=str(error))


def _new_card(card: Card, rules: ContactRules, company_id: str) -> CrmCard:
    values = {name: value for name, value in outlook_values(card).items() if goes_to_crm(name, rules)}
    if not values.get(Field.LAST_NAME):
        # CORIPO takes nobody without a last name.
        values[Field.LAST_NAME] = str(values.pop(Field.FIRST_NAME, "")) or card.company or card.display_name
    return with_crm_values(CrmCard(), values, company_id=company_id)
