"""Second stage of the proof, without a call outside: what the portal says of its messages is what its facts say."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from apps.accounts.models import CrmServer
from apps.core.clock import now
from apps.mailboxes.models import Message
from apps.sync.models import CrmEmail, Finding, Mark, Reconciliation, Transfer
from apps.sync.reconciling_findings import ask_for_repair, keep_progress, name_finding
from apps.sync.states import CHUNK, hold, refresh_states, with_wrong_state, writing_facts
from apps.work.models import Status


def check_rows(check: Reconciliation, *, until: datetime) -> bool:
    """Go on with the rows of the mailbox. Returns whether all are checked."""
    if not check.position:
        _free_stranded(check, at=now())
    while (at := now()) < until:
        rows = Message.objects.filter(mailbox=check.mailbox, pk__gt=check.position).select_related("mailbox")
        portion = list(rows.defer("preview", "search_text").order_by("pk")[:CHUNK])
        if not portion:
            return True
        _mend_states(check, portion, at=at)
        _find_forgotten(check, portion, at=at)
        keep_progress(check, position=portion[-1].pk)
    return False


def _free_stranded(check: Reconciliation, *, at: datetime) -> None:
    """Transfers that are claimed and leased to nobody: no sweep would ever return them."""
    stranded = Transfer.objects.filter(
        Q(claim=None) | Q(lease_until=None), mailbox=check.mailbox, status=Status.CLAIMED
    )
    for transfer in stranded.select_related("message").order_by("pk"):
        message = transfer.message
        with writing_facts([message.identity]):
            freed = stranded.filter(pk=transfer.pk).update(
                status=Status.QUEUED, claim=None, lease_until=None, not_before=at
            )
            if freed:
                name_finding(
                    check,
                    Finding.Kind.TRANSFER_STRANDED,
                    str(transfer.pk),
                    outcome=Finding.Outcome.REPAIRED,
                    at=at,
                    message=message,
                )


def _mend_states(check: Reconciliation, portion: list[Message], *, at: datetime) -> None:
    suspects = with_wrong_state(portion)
    if not suspects:
        return
    identities = [message.identity for message in suspects]
    with transaction.atomic():
        hold(identities)
        # Read once more: whoever was writing the facts has written the state as well by now.
        held = Message.objects.filter(pk__in=[message.pk for message in suspects]).select_related("mailbox")
        for message in with_wrong_state(list(held)):
            name_finding(
                check,
                Finding.Kind.STATE_WRONG,
                str(message.pk),
                outcome=Finding.Outcome.REPAIRED,
                at=at,
                message=message,
            )
        refresh_states(identities)


def _find_forgotten(check: Reconciliation, portion: list[Message], *, at: datetime) -> None:
    """Mails that a transfer marked as stored and whose record is in no row: the next transfer finds it in CORIPO."""
    known = CrmEmail.objects.filter(
        server=CrmServer.objects.current(), email_key=OuterRef("email_key"), variant=OuterRef("variant")
    )
    stored = Mark.objects.filter(
        ~Exists(known),
        home_account_id=check.mailbox.home_account_id,
        source=Mark.Source.TRANSFER,
        value=Mark.Value.SYNCED,
        email_key__in={message.email_key for message in portion},
    )
    forgotten = set(stored.values_list("email_key", "variant"))
    asked: set[tuple[str, str]] = set()
    for message in portion:
        identity = message.identity
        if identity not in forgotten or identity in asked or message.gone_at is not None:
            continue
        asked.add(identity)
        with writing_facts([identity]):
            name_finding(
                check,
                Finding.Kind.RECORD_FORGOTTEN,
                message.email_key,
                outcome=Finding.Outcome.UNDER_WAY,
                at=at,
                message=message,
                transfer=ask_for_repair(message, at=at),
            )
