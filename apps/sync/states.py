"""The one function that writes `Message.state`, in the transaction of the facts behind it, for every copy of a mail.

Each change leaves a row that says why (StateChange): what the caller knows of it, else what the facts tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain

from django.db import connection, transaction

from apps.accounts.models import CrmServer
from apps.core.clock import now
from apps.mailboxes.models import Message, MessageState
from apps.sync.facts import Because, Facts, because_of, state_of
from apps.sync.models import CrmEmail, CrmFile, CrmLink, CrmSight, Mark, Outcome, StateChange, Transfer
from apps.sync.tagging import follow_states

Identity = tuple[str, str]
"""email_key and variant: which mail it is, in whatever mailbox."""

# Ids in one statement: far below SQLite's limit of parameters, and short enough for its single writer.
CHUNK = 400
# Of a copy and its mailbox, what states and the category of Outlook follow from. Every step of a delivery reads them.
_READ_FIELDS = (
    *("email_key", "variant", "state", "mailbox", "has_category", "gone_at"),
    *("mailbox__home_account_id", "mailbox__owner", "mailbox__category__is_shown"),
)


def decide_new_messages(message_ids: Iterable[int]) -> None:
    """Give new rows their state: a colleague may have stored the mail, or a mark may have outlived a connection.

    Nothing else can be known of a new row, so that mails without record and mark stay what they are.
    """
    identities = set(Message.objects.filter(pk__in=list(message_ids)).values_list("email_key", "variant"))
    # Whoever writes facts of these mails holds their copies, so what is read now is all there is until the commit.
    hold(identities)
    keys = {key for key, _variant in identities}
    told = (facts.objects.filter(email_key__in=keys).values_list("email_key", "variant") for facts in (Mark, CrmEmail))
    refresh_states(identities.intersection(chain.from_iterable(told)))


@contextmanager
def writing_facts(identities: Iterable[Identity], *, because: Because | None = None) -> Iterator[None]:
    """A transaction that writes facts of these mails: their copies are held first, and get their states last.

    `because` is for what the facts do not tell afterwards: that somebody took a wish back, say.
    """
    wanted = set(identities)
    with transaction.atomic():
        hold(wanted)
        yield
        refresh_states(wanted, because=because)


def hold(identities: Iterable[Identity]) -> None:
    """Lock every copy of these mails until the commit.

    Who holds the copies is alone with the facts of the mail. They are locked before any other row and in one order, so
    that nobody waits in a circle. SQLite's IMMEDIATE transactions are alone anyway.
    """
    if connection.features.has_select_for_update:
        copies = Message.objects.filter(email_key__in={key for key, _variant in identities})
        list(copies.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def refresh_states(identities: Iterable[Identity], *, because: Because | None = None) -> None:
    """Recompute the state of every copy of these mails. Call it inside the transaction that wrote the facts."""
    wanted = sorted(set(identities))
    # The facts are read after this, so those of whoever held the copies before are among them.
    hold(wanted)
    for start in range(0, len(wanted), CHUNK):
        _refresh(wanted[start : start + CHUNK], because)


def with_wrong_state(messages: list[Message]) -> list[Message]:
    """Those whose stored state is not the one that their facts give. Reads only; believe it under `hold`."""
    facts = _facts_of(messages, {message.email_key for message in messages})
    return [message for message in messages if state_of(facts[message.pk]) != message.state]


def _refresh(identities: list[Identity], because: Because | None) -> None:
    keys = {key for key, _variant in identities}
    copies = Message.objects.filter(email_key__in=keys).select_related("mailbox__category").only(*_READ_FIELDS)
    chosen = set(identities)
    messages = [message for message in copies if (message.email_key, message.variant) in chosen]
    if not messages:
        return
    facts = _facts_of(messages, keys)
    changed: dict[MessageState, list[Message]] = defaultdict(list)
    changes = []
    at = now()
    for message in messages:
        state = state_of(facts[message.pk])
        if state != message.state:
            changed[state].append(message)
            reason = because or because_of(facts[message.pk], before=message.state, after=state)
            changes.append(_change(message, state, reason, at=at))
    for state, rows in changed.items():
        Message.objects.filter(pk__in=[row.pk for row in rows]).update(state=state)
    StateChange.objects.bulk_create(changes)
    follow_states(changed)


def _change(message: Message, state: MessageState, reason: Because, *, at: datetime) -> StateChange:
    return StateChange(
        message=message,
        mailbox_id=message.mailbox_id,
        at=at,
        before=message.state,
        after=state,
        rule=reason.rule,
        actor_id=reason.actor,
        cause=reason.cause,
        run_id=reason.run,
    )


def _facts_of(messages: list[Message], keys: set[str]) -> dict[int, Facts]:
    marks = {
        (mark.home_account_id, mark.email_key, mark.variant): mark
        for mark in Mark.objects.filter(email_key__in=keys).only(
            "home_account_id", "email_key", "variant", "value", "set_by"
        )
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
        transfer.message_id: transfer
        for transfer in Transfer.objects.filter(message__in=[m.pk for m in messages])
        .only("message_id", "status", "result", "origin", "cause", "requested_by_id", "run_id")
        .order_by("pk")
    }
    found = {}
    for message in messages:
        record = records.get((message.email_key, message.variant))
        mark = marks.get((message.mailbox.home_account_id, message.email_key, message.variant))
        transfer = newest.get(message.pk)
        found[message.pk] = Facts(
            mark=mark.value if mark else "",
            record=_believed(record.status) if record else "",
            undone_by=record.undone_by_id if record else None,
            is_visible=sights.get((record.pk, message.mailbox.owner_id), True) if record else True,
            has_failures=record.pk in failed_parts if record else False,
            transfer=transfer.status if transfer else "",
            result=transfer.result if transfer else "",
            owner=message.mailbox.owner_id,
            marked_by=mark.set_by_id if mark else None,
            is_adopted=record.is_adopted if record else False,
            created_by=record.created_by_id if record else None,
            transfer_origin=transfer.origin if transfer else "",
            transfer_by=transfer.requested_by_id if transfer else None,
            transfer_cause=transfer.cause if transfer else "",
            transfer_run=transfer.run_id if transfer else None,
        )
    return found


def _believed(status: str) -> str:
    """What is being taken back is there until CORIPO has confirmed that it is not."""
    return CrmEmail.Status.EXISTS if status == CrmEmail.Status.UNDOING else status
