"""Opening an e-mail's record in CORIPO: by the record, never by the mark, and never a dead link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount, User
from apps.core.clock import now
from apps.crm.errors import CrmError, CrmUnauthorized
from apps.mailboxes.models import Message
from apps.sync.actions import sync_messages
from apps.sync.models import CrmEmail, CrmSight, Transfer
from apps.sync.states import writing_facts
from apps.work.models import ACTIVE, Status


class Kind(StrEnum):
    OPEN = "open"
    WAITING = "waiting"
    NO_MATCH = "no_match"
    FAILED = "failed"
    SKIPPED = "skipped"
    GONE = "gone"
    HIDDEN = "hidden"
    NOT_CONNECTED = "not_connected"
    CRM_SILENT = "crm_silent"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Opening:
    """Where the record is, or why nobody can be sent there. `url` is set for OPEN only, and was looked at just now."""

    kind: Kind
    url: str = ""


def open_record(message: Message, *, user: User, at: datetime, may_sync: bool) -> Opening:
    """Find the record of this user's message; with `may_sync`, ask for the transfer first where there is none.

    Calls CORIPO once, to be sure that the record is there and that this login sees it.
    """
    account = CrmAccount.objects.working_for(user).first()
    if account is None:
        return Opening(Kind.NOT_CONNECTED)
    record = CrmEmail.objects.of(message).exclude(status=CrmEmail.Status.INTENDED).first()
    newest = Transfer.objects.filter(message=message).order_by("-pk").first()
    if record is None or record.status == CrmEmail.Status.DELETED:
        if newest is not None and newest.status in ACTIVE:
            return Opening(Kind.WAITING)
        if record is not None:
            return Opening(Kind.GONE)
        if may_sync:
            sync_messages([message.pk], user=user, at=at, leave_out_marked=False)
            return Opening(Kind.WAITING)
        return Opening(_ended(newest))
    return _look(record, account)


def _ended(newest: Transfer | None) -> Kind:
    if newest is None:
        return Kind.NOT_ASKED
    if newest.status == Status.FAILED:
        return Kind.FAILED
    results = {Transfer.Result.NO_MATCH.value: Kind.NO_MATCH, Transfer.Result.SKIPPED.value: Kind.SKIPPED}
    return results.get(newest.result, Kind.NOT_ASKED)


def _look(record: CrmEmail, account: CrmAccount) -> Opening:
    try:
        with crm_login(account) as crm:
            sight = crm.read_record("Emails", record.record_id)
    except CrmUnauthorized:
        return Opening(Kind.NOT_CONNECTED)
    except CrmError:
        return Opening(Kind.CRM_SILENT)
    with writing_facts([record.identity]):
        if sight.is_deleted:
            CrmEmail.objects.filter(pk=record.pk, record_id=record.record_id).update(status=CrmEmail.Status.DELETED)
        else:
            CrmSight.objects.update_or_create(
                crm_email=record, user=account.user, defaults={"is_visible": sight.is_visible, "looked_at": now()}
            )
    if sight.is_deleted:
        return Opening(Kind.GONE)
    if not sight.is_visible:
        return Opening(Kind.HIDDEN)
    return Opening(Kind.OPEN, account.server.record_url("Emails", record.record_id))
