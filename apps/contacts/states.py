"""The one function that writes `OutlookContact.state`, in the transaction of the facts behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from apps.contacts.models import ContactLink, ContactTransfer, Difference, OutlookContact, Suggestion
from apps.work.models import ACTIVE, Status

State = OutlookContact.State
# Ids in one statement: far below SQLite's limit of parameters, and short enough for its single writer.
CHUNK = 400


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stored about a contact. The transfer is the newest one, "" for none."""

    is_linked: bool = False
    problem: str = ""
    has_differences: bool = False
    has_suggestions: bool = False
    transfer: str = ""
    result: str = ""
    cause: str = ""


def state_of(facts: Facts) -> tuple[State, str]:
    """The state, and the code of why where a person needs to know."""
    if facts.transfer in ACTIVE:
        return State.QUEUED, facts.cause
    if facts.transfer == Status.FAILED:
        return State.FAILED, facts.cause
    if facts.is_linked and facts.problem:
        return State.ASKING, facts.problem
    if facts.transfer == Status.DONE and facts.result == ContactTransfer.Result.ASKING:
        return State.ASKING, facts.cause
    if facts.is_linked:
        return (State.CONFLICT, "differs") if facts.has_differences else (State.LINKED, "")
    cause = facts.cause if facts.result == ContactTransfer.Result.SKIPPED else ""
    return (State.SUGGESTED if facts.has_suggestions else State.ALONE), cause


@contextmanager
def writing_facts(contact_pks: Iterable[int]) -> Iterator[None]:
    """A transaction that writes facts of these contacts: their rows are held first, and get their states last."""
    wanted = sorted(set(contact_pks))
    with transaction.atomic():
        hold(wanted)
        yield
        refresh_states(wanted)


def hold(contact_pks: Iterable[int]) -> None:
    """Lock these contacts until the commit, before any other row and in one order. SQLite's writers are alone anyway."""
    if connection.features.has_select_for_update:
        held = OutlookContact.objects.filter(pk__in=list(contact_pks)).order_by("pk")
        list(held.select_for_update(no_key=True).values_list("pk"))


def refresh_states(contact_pks: Iterable[int]) -> None:
    """Recompute the states of these contacts. Call it inside the transaction that wrote the facts, with the rows held."""
    wanted = sorted(set(contact_pks))
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        changed: dict[tuple[State, str], list[int]] = defaultdict(list)
        for pk, (is_now, should_be) in _judged(chunk).items():
            if is_now != should_be:
                changed[should_be].append(pk)
        for (state, cause), pks in changed.items():
            OutlookContact.objects.filter(pk__in=pks).update(state=state, cause=cause)


def with_wrong_state(contact_pks: list[int]) -> list[int]:
    """Those whose stored state is not the one that their facts give. Reads only; believe it under `hold`."""
    return [pk for pk, (is_now, should_be) in _judged(contact_pks).items() if is_now != should_be]


def _judged(pks: list[int]) -> dict[int, tuple[tuple[str, str], tuple[State, str]]]:
    stored = OutlookContact.objects.filter(pk__in=pks).values_list("pk", "state", "cause")
    problems = dict(ContactLink.objects.filter(contact__in=pks).values_list("contact_id", "problem"))
    differing = set(Difference.objects.filter(link__contact__in=pks).values_list("link__contact_id", flat=True))
    suggested = set(Suggestion.objects.open().filter(contact__in=pks).values_list("contact_id", flat=True))
    newest = {
        contact_id: told
        for contact_id, *told in ContactTransfer.objects.filter(contact__in=pks)
        .order_by("pk")
        .values_list("contact_id", "status", "result", "cause")
    }
    found = {}
    for pk, state, cause in stored:
        status, result, why = newest.get(pk, ("", "", ""))
        facts = Facts(
            is_linked=pk in problems,
            problem=problems.get(pk, ""),
            has_differences=pk in differing,
            has_suggestions=pk in suggested,
            transfer=status,
            result=result,
            cause=why,
        )
        found[pk] = ((state, cause), state_of(facts))
    return found
