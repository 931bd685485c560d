"""The one function that writes `Message.state`, in the transaction of the facts behind it, for every copy of a mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from apps.accounts.models import CrmServer
from apps.mailboxes.models import Message, MessageState
from apps.sync.models import CrmEmail, CrmFile, CrmLink, CrmSight, Mark, Outcome, Transfer
from apps.sync.tagging import follow_states
from apps.work.models import Status

Identity = tuple[str, str]
"""email_key and variant: which mail it is, in whatever mailbox."""

# Ids in one statement: far below SQLite's limit of parameters, and short enough for its single writer.
CHUNK = 400


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a state follows from. `record` is "", "exists" or "deleted"."""

    mark: str = ""
    record: str = ""
    is_visible: bool = True
    has_failures: bool = False
    transfer: str = ""
    result: str = ""


def state_of(facts: Facts) -> MessageState:
    """The table of states in docs/user.md, read from its strongest row down."""
    if facts.transfer == Status.QUEUED:
        return MessageState.QUEUED
    if facts.transfer == Status.CLAIMED:
        return MessageState.RUNNING
    if facts.transfer == Status.FAILED:
        return MessageState.FAILED
    if facts.record == CrmEmail.Status.DELETED:
        return MessageState.GONE
    if facts.record == CrmEmail.Status.EXISTS:
        if not facts.is_visible:
            return MessageState.HIDDEN
        if facts.has_failures:
            return MessageState.PARTIAL
        return MessageState.RESYNC if facts.mark == Mark.Value.CLEARED else MessageState.SYNCED
    if facts.mark == Mark.Value.SYNCED:
        return MessageState.MARKED
    if facts.result == Transfer.Result.NO_MATCH:
        return MessageState.NO_MATCH
    if facts.result == Transfer.Result.SKIPPED:
        return MessageState.SKIPPED
    return MessageState.NOT_SYNCED


def decide_new_messages(message_ids: Iterable[int]) -> None:
    """Give new rows their state: a colleague may have stored the mail, or a mark may have outlived a connection."""
    refresh_states(Message.objects.filter(pk__in=list(message_ids)).values_list("email_key", "variant"))


@contextmanager
def writing_facts(identities: Iterable[Identity]) -> Iterator[None]:
    """A transaction that writes facts of these mails: their copies are held first, and get their states last."""
    wanted = set(identities)
    with transaction.atomic():
        hold(wanted)
        yield
        refresh_states(wanted)


def hold(identities: Iterable[Identity]) -> None:
    """Lock every copy of these mails until the commit.

    Who holds the copies is alone with the facts of the mail. They are locked before any other row and in one order, so
    that nobody waits in a circle. SQLite's IMMEDIATE transactions are alone anyway.
    """
    if connection.features.has_select_for_update:
        copies = Message.objects.filter(email_key__in={key for key, _variant in identities})
        list(copies.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def refresh_states(identities: Iterable[Identity]) -> None:
    """Recompute the state of every copy of these mails. Call it inside the transaction that wrote the facts."""
    wanted = sorted(set(identities))
    # The facts are read after this, so those of whoever held the copies before are among them.
    hold(wanted)
    for start in range(0, len(wanted), CHUNK):
        _refresh(wanted[start : start + CHUNK])


def with_wrong_state(messages: list[Message]) -> list[Message]:
    """Those whose stored state is not the one that their facts give. Reads only; believe it under `hold`."""
    facts = _facts_of(messages, {message.email_key for message in messages})
    return [message for message in messages if state_of(facts[message.pk]) != message.state]


def _refresh(identities: list[Identity]) -> None:
    keys = {key for key, _variant in identities}
    copies = (
        Message.objects.filter(email_key__in=keys).select_related("mailbox__category").defer("preview", "search_text")
    )
    chosen = set(identities)
    messages = [message for message in copies if (message.email_key, message.variant) in chosen]
    if not messages:
        return
    facts = _facts_of(messages, keys)
    changed: dict[MessageState, list[Message]] = defaultdict(list)
    for message in messages:
        state = state_of(facts[message.pk])
        if state != message.state:
            changed[state].append(message)
    for state, rows in changed.items():
        Message.objects.filter(pk__in=[row.pk for row in rows]).update(state=state)
    follow_states(changed)


def _facts_of(messages: list[Message], keys: set[str]) -> dict[int, Facts]:
    marks = {
        (mark.home_account_id, mark.email_key, mark.variant): mark.value
        for mark in Mark.objects.filter(email_key__in=keys)
    }
    server = CrmServer.objects.current()
    records = {
        (record.email_key, record.variant): record
        for record in CrmEmail.objects.filter(server=server, email_key__in=keys).exclude(
            status=CrmEmail.Status.INTENDED
        )
    }
    record_pks = [record.pk for record in records.values()]
    sights = {
        (crm_email_id, user_id): is_visible
        for crm_email_id, user_id, is_visible in CrmSight.objects.filter(crm_email__in=record_pks).values_list(
            "crm_email_id", "user_id", "is_visible"
        )
    }
    failed_parts = set(
        CrmLink.objects.filter(crm_email__in=record_pks, outcome=Outcome.FAILED).values_list("crm_email_id", flat=True)
    ) | set(
        CrmFile.objects.filter(crm_email__in=record_pks, outcome=Outcome.FAILED).values_list("crm_email_id", flat=True)
    )
    newest = {
        message_id: (status, result)
        for message_id, status, result in Transfer.objects.filter(message__in=[m.pk for m in messages])
        .order_by("pk")
        .values_list("message_id", "status", "result")
    }
    found = {}
    for message in messages:
        record = records.get((message.email_key, message.variant))
        status, result = newest.get(message.pk, ("", ""))
        found[message.pk] = Facts(
            mark=marks.get((message.mailbox.home_account_id, message.email_key, message.variant), ""),
            record=record.status if record else "",
            is_visible=sights.get((record.pk, message.mailbox.owner_id), True) if record else True,
            has_failures=record.pk in failed_parts if record else False,
            transfer=status,
            result=result,
        )
    return found
