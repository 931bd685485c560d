"""The steps of a carrier: who stays behind, what is made, what is written on either side, and how it is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from django.db.models import Q

from apps.accounts.models import User
from apps.contacts.agreeing import cards_after, judge, record_agreement, record_intent, record_problem, record_refusal
from apps.contacts.cards import columns_of, from_json
from apps.contacts.claiming import Batch
from apps.contacts.companies_of import Meant, companies_meant
from apps.contacts.fields import crm_values, outlook_values, with_crm_values
from apps.contacts.finding import Item
from apps.contacts.models import (
    ContactChange,
    ContactLink,
    ContactRules,
    ContactTransfer,
    Field,
    Side,
    Suggestion,
)
from apps.contacts.rows import store_contacts
from apps.contacts.states import writing_facts
from apps.contacts.verdicts import Merged, MergeRules
from apps.core.clock import now
from apps.crm.contact_face import ContactUpdate, CrmCard, OutgoingContact, StoredContact, Written
from apps.crm.errors import CrmError, CrmForbidden, CrmRejected
from apps.crm.face import CrmClient
from apps.graph.cards import Card, GraphContact
from apps.graph.cards import ContactChange as CardChange
from apps.graph.contacts import ContactsClient
from apps.graph.errors import GraphConflict, GraphError, GraphForbidden
from apps.graph.sending import BATCH_LIMIT
from apps.work.models import Status

Result = ContactTransfer.Result
Origin = ContactLink.Origin
PROBLEMS = frozenset({ContactLink.Problem.CRM_GONE.value, ContactLink.Problem.CRM_HIDDEN.value})


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


# ── Who stays behind ──────────────────────────────────────────────────────


def leave_out(batch: Batch, items: Sequence[Item], *, rules: ContactRules) -> list[Item]:
    """Those that go; private ones end here, unless their owner takes them."""
    going = []
    for item in items:
        if not item.outlook.is_private or rules.takes_private or item.wish.takes_private:
            going.append(item)
        elif item.is_by_hand:
            _end(batch, item, Status.DONE, result=Result.ASKING, cause="private")
        else:
            _end(batch, item, Status.DONE, result=Result.SKIPPED, cause="private")
    return going


def ask_or_go_on(batch: Batch, items: Sequence[Item]) -> list[Item]:
    """Those about whom there is nothing to ask; the others end here, with what was found for the one who decides."""
    going = []
    for item in items:
        if not item.asks:
            going.append(item)
            continue
        at = now()
        with writing_facts([item.contact.pk]):
            if item.asks in PROBLEMS and item.link:
                record_problem(item.link, item.asks, at=at, transfer=item.transfer)
            _suggest(item, at=at)
            result = Result.ASKING if item.is_by_hand or item.asks not in PROBLEMS else Result.SKIPPED
            batch.end(item.transfer, Status.DONE, at=at, result=result, cause=item.asks)
    return going


def _suggest(item: Item, *, at: datetime) -> None:
    """Whom the address belongs to in CORIPO, so that the page can offer them."""
    Suggestion.objects.bulk_create(
        [
            Suggestion(
                contact=item.contact,
                crm_id=found.id,
                name=f"{found.card.first_name} {found.card.last_name}".strip()[:300],
                company=found.companies[0].name[:300] if found.companies else "",
                address=found.card.addresses[0][:254] if found.card.addresses else "",
                phone=(found.card.phone_mobile or found.card.phone_work)[:60],
                evidence=["same_address"],
                certainty=90 // len(item.candidates),
                found_at=at,
            )
            for found in item.candidates
        ],
        ignore_conflicts=True,
    )


# ── CORIPO ────────────────────────────────────────────────────────────────


def create_missing(batch: Batch, items: Sequence[Item], crm: CrmClient, *, rules: ContactRules) -> None:
    """Make those in CORIPO that it does not have; whoever cannot be made ends here. Company and all in a few requests."""
    named = [(item, item.card.company) for item in items if item.card.company and _travels(Field.COMPANY, rules)]
    companies = companies_meant(batch, named, crm, rules=rules)
    for item in items:
        if item.transfer.own_crm_id is None:
            item.transfer.own_crm_id = _id_for(item)
            # Kept before the first write: whoever comes after a crash finds it by this id.
            batch.ours([item.transfer]).update(own_crm_id=item.transfer.own_crm_id)
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
            item.asks_for_company = bool(companies.get(item.transfer.pk, Meant()).asks)
        else:
            _not_made(batch, item, outcome)


def _not_made(batch: Batch, item: Item, error: CrmError) -> None:
    if isinstance(error, CrmForbidden):
        _end(batch, item, Status.FAILED, cause="no_right_to_create", detail=str(error))
    elif error.is_retryable:
        batch.try_again([item.transfer], error, at=now())
    else:
        _end(batch, item, Status.FAILED, cause=error.code, detail=str(error))


def _id_for(item: Item) -> str:
    """The id that the contact bears in Outlook since it was made by us, or a new one."""
    crm_id = item.outlook.crm_id or ""
    is_free = len(crm_id) == 36 and item.link is None and not item.wish.is_new
    return crm_id if is_free else str(uuid4())


def _new_card(card: Card, rules: ContactRules, company_id: str) -> CrmCard:
    values = {name: value for name, value in outlook_values(card).items() if _travels(name, rules)}
    if not values.get(Field.LAST_NAME):
        # CORIPO takes nobody without a last name.
        values[Field.LAST_NAME] = str(values.pop(Field.FIRST_NAME, "")) or card.company or card.display_name
    return with_crm_values(CrmCard(), values, company_id=company_id)


def judged(batch: Batch, items: Sequence[Item], crm: CrmClient, *, rules: ContactRules) -> list[Pair]:
    """Both sides of each compared, the links made that are new, and what is about to be written kept in them."""
    pairs = []
    for item in items:
        if item.stored is None:
            continue
        link, is_new = _linked(batch, item, item.stored)
        if item.is_new:
            # It was just made of this card: whatever CORIPO made of a text is what it had when they agreed.
            made, card = crm_values(item.stored.card), outlook_values(item.card)
            told = {name for name in Field.values if _travels(name, rules)}
            if item.asks_for_company:
                told.discard(Field.COMPANY)
            link.snapshot = {name: [card[name], made[name]] for name in told}
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
        record_intent(pair.link, pair.merged, at=at, actor=_actor(pair), transfer=pair.item.transfer)
    return pairs


def _linked(batch: Batch, item: Item, stored: StoredContact) -> tuple[ContactLink, bool]:
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
            linked_by=item.transfer.requested_by if item.is_by_hand else None,
            linked_at=at,
        )
        _tell(item.contact.pk, ContactChange.Kind.LINKED, stored.id, item, cause=item.remark or item.origin, at=at)
        Suggestion.objects.open().filter(contact=item.contact).delete()
    return link, True


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


# ── Outlook ───────────────────────────────────────────────────────────────


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
                if isinstance(outcome, GraphForbidden | GraphConflict):
                    record_refusal(pair.link, Side.OUTLOOK)


def change_in_outlook(batch: Batch, items: Sequence[Item], graph: ContactsClient) -> None:
    """Write what a person changed, over the version that this person saw."""
    for start in range(0, len(items), BATCH_LIMIT):
        part = items[start : start + BATCH_LIMIT]
        wishes = [CardChange(item.outlook, from_json(item.transfer.card)) for item in part if _is_as_seen(item)]
        answers = iter(graph.write(wishes) if wishes else ())
        for item in part:
            if not _is_as_seen(item):
                _end(batch, item, Status.FAILED, cause="graph_conflict")
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
            _end(batch, item, Status.FAILED, cause=outcome.code, detail=str(outcome))
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


# ── How it went ───────────────────────────────────────────────────────────


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
                actor=_actor(pair),
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
    elif result != Result.CONFLICT and pair.item.is_new:
        result = Result.CREATED
    elif result == Result.IN_STEP and pair.is_new_link:
        result = Result.LINKED
    batch.end(pair.item.transfer, Status.DONE, at=at, result=result, cause=cause)


def _end_badly(batch: Batch, pair: Pair, error: CrmError | GraphError) -> None:
    if isinstance(error, CrmForbidden):
        _end(batch, pair.item, Status.FAILED, cause="no_right_to_edit", detail=str(error))
    elif isinstance(error, CrmRejected):
        _end(batch, pair.item, Status.FAILED, cause=error.code, detail=str(error))
    else:
        # Somebody was quicker, or nobody knows what was done: both sides are read again.
        batch.try_again([pair.item.transfer], error, at=now())


def _end(batch: Batch, item: Item, status: Status, *, result: str = "", cause: str = "", detail: str = "") -> None:
    with writing_facts([item.contact.pk]):
        batch.end(item.transfer, status, at=now(), result=result, cause=cause, detail=detail)


def _tell(contact_id: int, kind: ContactChange.Kind, crm_id: str, item: Item, *, cause: str, at: datetime) -> None:
    ContactChange.objects.create(
        contact_id=contact_id,
        kind=kind,
        crm_id=crm_id,
        at=at,
        actor=item.transfer.requested_by if item.is_by_hand else None,
        cause=cause,
        transfer=item.transfer,
    )


def _actor(pair: Pair) -> User | None:
    return pair.item.transfer.requested_by if pair.item.is_by_hand else None


def _travels(name: str, rules: ContactRules) -> bool:
    return MergeRules.of(rules).lets(name, Side.OUTLOOK)
