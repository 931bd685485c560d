"""Who stays behind: private contacts, and those about whom a person has to decide."""

from __future__ import annotations

from collections.abc import Sequence

from apps.contacts.agreeing import record_problem
from apps.contacts.claiming import Batch
from apps.contacts.finding import Item
from apps.contacts.models import (
    ContactLink,
    ContactRules,
    ContactTransfer,
)
from apps.contacts.states import writing_facts
from apps.contacts.suggesting import keep_pairs
from apps.core.clock import now
from apps.work.models import Status

Result = ContactTransfer.Result
PROBLEMS = frozenset({ContactLink.Problem.CRM_GONE.value, ContactLink.Problem.CRM_HIDDEN.value})


def leave_out(batch: Batch, items: Sequence[Item], *, rules: ContactRules) -> list[Item]:
    """Those that go; private ones end here, unless their owner takes them."""
    going = []
    for item in items:
        if not item.outlook.is_private or rules.takes_private or item.wish.takes_private:
            going.append(item)
        elif item.is_by_hand:
            batch.end_alone(item.transfer, Status.DONE, result=Result.ASKING, cause="private")
        else:
            batch.end_alone(item.transfer, Status.DONE, result=Result.SKIPPED, cause="private")
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
            keep_pairs([(item.contact, found) for found in item.candidates], at=at)
            result = Result.ASKING if item.is_by_hand or item.asks not in PROBLEMS else Result.SKIPPED
            batch.end(item.transfer, Status.DONE, at=at, result=result, cause=item.asks)
    return going
