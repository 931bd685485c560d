"""Two linked contacts looked at together, and what came of it written down: snapshot, differences, history and state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.accounts.models import User
from apps.contacts.companies import company_key
from apps.contacts.fields import Value, Values, crm_values, outlook_values, with_crm_values, with_outlook_values
from apps.contacts.merging import merge
from apps.contacts.models import (
    ContactChange,
    ContactLink,
    ContactRules,
    ContactTransfer,
    Difference,
    Field,
    OutlookContact,
    Side,
)
from apps.contacts.snapshots import altered, intent_after, picks_that_hold, snapshot_after
from apps.contacts.states import writing_facts
from apps.contacts.verdicts import Merged, MergeRules, Step
from apps.crm.contact_face import CrmCard, StoredContact
from apps.graph.cards import Card

Kind = ContactChange.Kind
Result = ContactTransfer.Result


def judge(
    link: ContactLink,
    card: Card,
    stored: StoredContact,
    rules: ContactRules,
    *,
    wished: Mapping[str, Mapping[str, Any]] | None = None,
) -> Merged:
    """What follows from both sides as they were just read. `wished` are a person's choices (apps/contacts/settling.py);
    those whose values have changed since are left out, and asked for again.
    """
    outlook, crm = values_of(link, card, stored)
    return merge(
        link.snapshot,
        outlook,
        crm,
        rules=MergeRules.of(rules),
        outlook_at=link.contact.modified_at,
        crm_at=stored.modified_at,
        picks=picks_that_hold(wished or {}, outlook, crm),
        intent=link.writing,
    )


def values_of(link: ContactLink, card: Card, stored: StoredContact) -> tuple[Values, Values]:
    """What both sides say, Outlook's first. Of several companies in CORIPO, Outlook's is the one that counts."""
    outlook = outlook_values(card, agreed=_of_outlook(link.snapshot))
    return outlook, crm_values(stored.card) | _company(stored, str(outlook[Field.COMPANY]))


def cards_after(
    link: ContactLink, card: Card, stored: StoredContact, merged: Merged, *, company_id: str = ""
) -> tuple[Card, CrmCard]:
    """Both cards as they are to be written. `company_id` is that of a company in `merged.to_crm`."""
    return (
        with_outlook_values(card, merged.to_outlook, agreed=_of_outlook(merged.base)),
        with_crm_values(stored.card, merged.to_crm, company_id=company_id),
    )


def record_intent(
    link: ContactLink,
    merged: Merged,
    *,
    at: datetime,
    actor: User | None = None,
    transfer: ContactTransfer | None = None,
) -> None:
    """Keep what is about to be written, before the first write: whoever comes after a crash then knows our own hand. Without a
    step there is nothing to keep.
    """
    if not merged.steps:
        return
    with writing_facts([link.contact_id]):
        _tell(link, [_step(step) for step in merged.done_before], at=at, actor=actor, transfer=transfer)
        link.snapshot, link.writing = merged.base, merged.intent
        link.save(update_fields=["snapshot", "writing"])


def record_refusal(link: ContactLink, side: Side) -> None:
    """A write on this side was refused, and it is certain that nothing of it was done."""
    link.writing = {name: fields for name, fields in link.writing.items() if name != side}
    link.save(update_fields=["writing"])


def record_agreement(
    link: ContactLink,
    merged: Merged,
    *,
    outlook: Card,
    crm: StoredContact,
    written: frozenset[Side],
    at: datetime,
    actor: User | None = None,
    transfer: ContactTransfer | None = None,
    columns: Mapping[str, Any] | None = None,
) -> ContactTransfer.Result:
    """Write down how it went, in one transaction, and say it in a word.

    `outlook` and `crm` are what is known last: of a side in `written`, as read back after the write. A side whose write
    was refused or is unknown is not in `written`; its fields stay as they were agreed on, and are tried again. `columns`
    are those of OutlookContact that follow from `outlook`. The transfer's own end is the caller's, within `writing_facts`.
    """
    # Phones of Outlook have their places by what is agreed on.
    read_back = {
        Side.OUTLOOK: outlook_values(outlook, agreed=_of_outlook(merged.agreed)),
        Side.CRM: crm_values(crm.card) | _company(crm, str(merged.to_crm.get(Field.COMPANY, ""))),
    }
    done = {side: values for side, values in read_back.items() if side in written or not _has(merged, side)}
    with writing_facts([link.contact_id]):
        # With steps, `record_intent` has told it.
        told = [] if merged.steps else [_step(step) for step in merged.done_before]
        told += [_step(step) for step in merged.steps if step.side in done]
        told += [
            {"kind": Kind.GONE, "side": left.side, "field": left.field, "before": left.before, "after": left.after}
            | {"cause": left.cause}
            for left in (*merged.left, *altered(merged, done))
        ]
        told += _differences(link, merged, crm, done=frozenset(done), at=at)
        _tell(link, told, at=at, actor=actor, transfer=transfer)
        link.snapshot = snapshot_after(merged, done)
        # What a refusal took out of the intent stays out.
        link.writing = {side: kept for side, kept in intent_after(merged, done).items() if side in link.writing}
        link.crm_values = crm_values(crm.card)
        link.crm_companies = [[company.id, company.name] for company in crm.companies]
        link.crm_modified_at, link.crm_modifier_id = crm.modified_at, crm.modifier_id
        link.crm_modifier_name, link.crm_seen_at, link.problem = crm.modifier_name[:200], at, ""
        if len(done) == len(Side) and not merged.differences:
            link.agreed_at = at
        link.save()
        if columns:
            OutlookContact.objects.filter(pk=link.contact_id).update(**columns)
    if merged.differences:
        return Result.CONFLICT
    return Result.WRITTEN if merged.steps else Result.IN_STEP


def record_problem(link: ContactLink, problem: str, *, at: datetime, transfer: ContactTransfer | None = None) -> None:
    """One of the two is no longer there, or not to be seen: told once, and nothing is deleted on the other side."""
    with writing_facts([link.contact_id]):
        if link.problem != problem:
            side = Side.OUTLOOK if problem == ContactLink.Problem.OUTLOOK_GONE else Side.CRM
            _tell(link, [{"kind": Kind.GONE, "side": side, "cause": problem}], at=at, actor=None, transfer=transfer)
        link.problem, link.crm_seen_at = problem, at
        link.save(update_fields=["problem", "crm_seen_at"])


def _differences(
    link: ContactLink, merged: Merged, crm: StoredContact, *, done: frozenset[Side], at: datetime
) -> list[dict[str, Any]]:
    """Bring the rows in step with the merge, and tell which differences are new and which are settled."""
    known = {row.field: row for row in link.differences.all()}
    unwritten = {step.field for step in merged.steps if step.side not in done}
    told: list[dict[str, Any]] = []
    for clash in merged.differences:
        row = known.pop(clash.field, None)
        if row is None:
            told.append(
                {"kind": Kind.CONFLICT, "field": clash.field, "before": clash.outlook, "after": clash.crm}
                | {"cause": "differs"}
            )
        if row is None or (row.outlook_value, row.crm_value) != (clash.outlook, clash.crm):
            Difference.objects.update_or_create(
                link=link,
                field=clash.field,
                defaults={
                    "base": clash.base,
                    "outlook_value": clash.outlook,
                    "crm_value": clash.crm,
                    "outlook_at": link.contact.modified_at,
                    "crm_at": crm.modified_at,
                    "crm_by": crm.modifier_name[:200],
                    "found_at": row.found_at if row else at,
                },
            )
    causes = {step.field: step.cause for step in merged.steps}
    settled = [row for name, row in known.items() if name not in unwritten]
    told += [
        {"kind": Kind.SETTLED, "field": row.field, "before": row.outlook_value, "after": row.crm_value}
        | {"cause": causes.get(row.field, "in_step")}
        for row in settled
    ]
    Difference.objects.filter(pk__in=[row.pk for row in settled]).delete()
    return told


def _tell(
    link: ContactLink,
    told: list[dict[str, Any]],
    *,
    at: datetime,
    actor: User | None,
    transfer: ContactTransfer | None,
) -> None:
    ContactChange.objects.bulk_create(
        [
            ContactChange(contact_id=link.contact_id, crm_id=link.crm_id, at=at, actor=actor, transfer=transfer, **one)
            for one in told
        ]
    )


def _step(step: Step) -> dict[str, Any]:
    return {
        "kind": Kind.WRITTEN,
        "side": step.side,
        "field": step.field,
        "before": step.before,
        "after": step.after,
        "cause": step.cause,
    }


def _has(merged: Merged, side: Side) -> bool:
    return any(step.side == side for step in merged.steps)


def _of_outlook(snapshot: Mapping[str, list[Value]]) -> Values:
    return {name: entry[0] for name, entry in snapshot.items()}


def _company(stored: StoredContact, wanted: str) -> Values:
    """The company that another side names, if the contact has it among others."""
    same = (company.name for company in stored.companies if wanted and company_key(company.name) == company_key(wanted))
    name = next(same, "")
    return {Field.COMPANY.value: name} if name else {}
