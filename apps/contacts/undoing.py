"""Taking a transfer back: what it wrote gets its former value, what it linked is parted, what it made in CORIPO goes. What
somebody has changed since stays, and is named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.contacts.agreeing import record_intent, values_of
from apps.contacts.claiming import Batch
from apps.contacts.fields import Value, crm_values, empty, is_same
from apps.contacts.finding import Item
from apps.contacts.models import ContactChange, ContactLink, ContactTransfer, Field, Side, Suggestion
from apps.contacts.pairing import Pair
from apps.contacts.recording import record
from apps.contacts.states import writing_facts
from apps.contacts.verdicts import Left, Merged, Step
from apps.contacts.writing import write_crm, write_outlook
from apps.core.clock import now
from apps.crm.contact_face import StoredContact
from apps.crm.errors import CrmError
from apps.crm.face import CrmClient
from apps.graph.contacts import ContactsClient
from apps.work.models import Status

Kind, Result = ContactChange.Kind, ContactTransfer.Result


@dataclass(frozen=True, slots=True)
class Undone:
    """What is taken back: the transfer with what the history says of it."""

    transfer: ContactTransfer
    changes: tuple[ContactChange, ...]

    @property
    def has_linked(self) -> bool:
        return any(change.kind == Kind.LINKED for change in self.changes)


def take_back(batch: Batch, items: Sequence[Item], graph: ContactsClient, crm: CrmClient) -> None:
    """Take back what `wish["of"]` of each did; a few requests for all of them. May be repeated."""
    undone = _undone(items)
    stored = crm.read_contacts(sorted({item.link.crm_id for item in items if item.link}))
    pairs: list[Pair] = []
    deleted: list[tuple[Item, ContactLink]] = []
    for item in items:
        of, link = undone.get(item.transfer.pk), item.link
        found = stored.get(link.crm_id) if link else None
        if of is None or link is None or found is None or found.is_deleted:
            batch.end_alone(item.transfer, Status.DONE, result=Result.SKIPPED, cause="nothing_to_undo")
        elif _is_ours_alone(of, link, found):
            deleted.append((item, link))
        else:
            pairs.append(_reversed(item, of, link, found))
    at = now()
    for pair in pairs:
        record_intent(pair.link, pair.merged, at=at, actor=pair.item.actor, transfer=pair.item.transfer)
    write_crm(batch, pairs, crm)
    write_outlook(batch, pairs, graph)
    record(batch, pairs)
    for pair in pairs:
        if pair.failure is None and undone[pair.item.transfer.pk].has_linked:
            _part(pair.item, pair.link)
    if deleted:
        _delete(batch, deleted, crm)


def _undone(items: Iterable[Item]) -> dict[int, Undone]:
    wanted = {item.transfer.pk: int(item.transfer.wish.get("of", 0)) for item in items}
    transfers = ContactTransfer.objects.in_bulk(list(wanted.values()))
    changes: dict[int, list[ContactChange]] = {}
    for change in ContactChange.objects.filter(transfer__in=transfers).order_by("pk"):
        changes.setdefault(change.transfer_id or 0, []).append(change)
    return {pk: Undone(transfers[of], tuple(changes.get(of, ()))) for pk, of in wanted.items() if of in transfers}


def _is_ours_alone(of: Undone, link: ContactLink, stored: StoredContact) -> bool:
    """Made by this very transfer, unchanged since by anybody, and nobody else's."""
    # CORIPO's clock tells seconds: within one, the values tell.
    is_as_read = (link.crm_modified_at, link.crm_modifier_id) == (stored.modified_at, stored.modifier_id)
    is_untouched = is_as_read and link.crm_values == crm_values(stored.card)
    is_shared = ContactLink.objects.filter(crm_id=link.crm_id).exclude(pk=link.pk).exists()
    return of.transfer.result == Result.CREATED and is_untouched and not is_shared


def _reversed(item: Item, of: Undone, link: ContactLink, stored: StoredContact) -> Pair:
    """The steps back, over what both sides say now; what they say then is agreed on, so that it does not travel again."""
    outlook, crm = values_of(link, item.card, stored)
    is_now = {Side.OUTLOOK: outlook, Side.CRM: crm}
    steps: list[Step] = []
    left: list[Left] = []
    for change in of.changes:
        if change.kind != Kind.WRITTEN:
            continue
        side, value = Side(change.side), is_now[Side(change.side)].get(change.field, empty(change.field))
        before: Value = change.before or empty(change.field)
        after: Value = change.after or empty(change.field)
        if is_same(change.field, value, after):
            steps.append(Step(change.field, side, value, before, "undone"))
        elif not is_same(change.field, value, before):
            left.append(Left(change.field, side, after, value, "changed_since"))
    agreed = dict(link.snapshot)
    for step in steps:
        pair: list[Value] = [outlook.get(step.field, empty(step.field)), crm.get(step.field, empty(step.field))]
        pair[0 if step.side == Side.OUTLOOK else 1] = step.after
        agreed[step.field] = pair
    merged = Merged(steps=tuple(steps), base=dict(link.snapshot), agreed=agreed, left=tuple(left))
    # A company's name alone says not which one it was, so the links of companies stay.
    return Pair(item, link, stored, merged.without(Field.COMPANY, Side.CRM, cause="changed_since"))


def _delete(batch: Batch, deleted: Sequence[tuple[Item, ContactLink]], crm: CrmClient) -> None:
    outcomes = crm.delete("Contacts", [link.crm_id for _item, link in deleted])
    for (item, link), outcome in zip(deleted, outcomes, strict=True):
        if isinstance(outcome, CrmError):
            if outcome.is_retryable:
                batch.try_again([item.transfer], outcome, at=now())
            else:
                batch.end_alone(item.transfer, Status.FAILED, cause=outcome.code, detail=str(outcome))
            continue
        with writing_facts([item.contact.pk]):
            ContactChange.objects.create(
                contact=item.contact,
                kind=Kind.UNDONE,
                side=Side.CRM,
                crm_id=link.crm_id,
                at=now(),
                actor=item.actor,
                cause="undone",
                transfer=item.transfer,
            )
            _part(item, link)
            batch.end(item.transfer, Status.DONE, at=now(), result=Result.WRITTEN)


def _part(item: Item, link: ContactLink) -> None:
    """These two are strangers again, and the automat leaves it so."""
    at = now()
    with writing_facts([item.contact.pk]):
        ContactChange.objects.create(
            contact=item.contact,
            kind=Kind.UNLINKED,
            crm_id=link.crm_id,
            at=at,
            actor=item.actor,
            cause="undone",
            transfer=item.transfer,
        )
        Suggestion.objects.update_or_create(
            contact=item.contact, crm_id=link.crm_id, defaults={"dismissed_at": at, "certainty": 0, "found_at": at}
        )
        link.delete()
