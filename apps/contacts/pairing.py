"""Linked contacts on their way into step: both sides compared, and what is about to be written kept before it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from apps.contacts.agreeing import cards_after, judge, record_intent
from apps.contacts.cards import from_json
from apps.contacts.claiming import Batch
from apps.contacts.companies_of import Meant, companies_meant
from apps.contacts.fields import crm_values, is_same_across, outlook_values
from apps.contacts.finding import Item
from apps.contacts.models import (
    ContactChange,
    ContactLink,
    ContactRules,
    Field,
    Side,
    Suggestion,
)
from apps.contacts.states import writing_facts
from apps.contacts.verdicts import Merged, MergeRules, Snapshot
from apps.core.clock import now
from apps.crm.contact_face import CrmCard, StoredContact
from apps.crm.errors import CrmError
from apps.crm.face import CrmClient
from apps.graph.cards import Card, GraphContact
from apps.graph.errors import GraphError


@dataclass(slots=True)
class Pair:
    """Two linked contacts on their way into step. `failure` is trouble on a side; `written` the sides that were read back."""

    item: Item
    link: ContactLink
    stored: StoredContact
    merged: Merged
    company: Meant = field(default_factory=Meant)
    is_new_link: bool = False
    written: set[Side] = field(default_factory=set)
    failure: CrmError | GraphError | None = None
    outlook: GraphContact | None = None

    @property
    def cards_after(self) -> tuple[Card, CrmCard]:
        """Both cards as they are to be."""
        company_id = self.company.company_id
        return cards_after(self.link, self.item.card, self.stored, self.merged, company_id=company_id)

    @property
    def outlook_card(self) -> Card:
        return self.outlook.card if self.outlook else self.item.card


def judged(batch: Batch, items: Sequence[Item], crm: CrmClient, *, rules: ContactRules) -> list[Pair]:
    """Both sides of each compared, the links made that are new, and what is about to be written kept in them."""
    pairs = []
    for item in items:
        if item.stored is None:
            continue
        link, is_new = _linked(item, item.stored, snapshot=_made_of(item, item.stored, rules))
        merged = judge(link, item.card, item.stored, rules, wished=item.wish.picks)
        pairs.append(Pair(item, link, item.stored, merged, is_new_link=is_new))
    named = [
        (pair.item, str(pair.merged.to_crm[Field.COMPANY])) for pair in pairs if pair.merged.to_crm.get(Field.COMPANY)
    ]
    companies = companies_meant(batch, named, crm, rules=rules)
    at = now()
    for pair in pairs:
        pair.company = companies.get(pair.item.transfer.pk, Meant())
        if not pair.company.company_id:
            pair.merged = pair.merged.without(Field.COMPANY, Side.CRM, cause=pair.company.leaves)
        record_intent(pair.link, pair.merged, at=at, actor=pair.item.actor, transfer=pair.item.transfer)
    return pairs


def _made_of(item: Item, stored: StoredContact, rules: ContactRules) -> Snapshot:
    """What both sides had when this transfer made the contact of CORIPO: the card that it was made of, and whatever CORIPO made
    of its texts. Where somebody has changed it since, only what still says the same; of the rest nobody knows whose it is. By its
    stamp, which is to the second, nobody has; but what was not written at all is somebody's."""
    if item.origin != ContactLink.Origin.CREATED or not item.transfer.card:
        return {}
    made, card = crm_values(stored.card), outlook_values(from_json(item.transfer.card))
    is_untouched = stored.modified_at == stored.entered_at
    told = {
        name
        for name in Field.values
        if goes_to_crm(name, rules) and (is_same_across(name, card[name], made[name]) or (is_untouched and card[name]))
    }
    if card[Field.COMPANY] and not made[Field.COMPANY]:
        # Somebody must say which company that is.
        told.discard(Field.COMPANY)
    return {name: [card[name], made[name]] for name in told}


def _linked(item: Item, stored: StoredContact, *, snapshot: Snapshot) -> tuple[ContactLink, bool]:
    """The link of these two; an earlier one of either, which somebody has given up by this wish, stands in the history."""
    if item.link and item.link.crm_id == stored.id:
        return item.link, False
    at = now()
    of_either = Q(crm_id=stored.id) | Q(contact=item.contact)
    earlier = list(ContactLink.objects.filter(of_either, mailbox=item.contact.mailbox_id))
    with writing_facts([item.contact.pk, *(link.contact_id for link in earlier)]):
        for link in earlier:
            _tell(link.contact_id, ContactChange.Kind.UNLINKED, link.crm_id, item, cause="relinked", at=at)
            link.delete()
        link = ContactLink.objects.create(
            mailbox=item.contact.mailbox,
            contact=item.contact,
            crm_id=stored.id,
            origin=item.origin,
            linked_by=item.actor,
            linked_at=at,
            snapshot=snapshot,
        )
        _tell(item.contact.pk, ContactChange.Kind.LINKED, stored.id, item, cause=item.remark or item.origin, at=at)
        Suggestion.objects.open().filter(contact=item.contact).delete()
    return link, True


def _tell(contact_id: int, kind: ContactChange.Kind, crm_id: str, item: Item, *, cause: str, at: datetime) -> None:
    ContactChange.objects.create(
        contact_id=contact_id,
        kind=kind,
        crm_id=crm_id,
        at=at,
        actor=item.actor,
        cause=cause,
        transfer=item.transfer,
    )


def goes_to_crm(name: str, rules: ContactRules) -> bool:
    """Whether the field may travel from Outlook to CORIPO."""
    return MergeRules.of(rules).lets(name, Side.OUTLOOK)
