"""After an outage: what had to wait for it, and how much of that has gone since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from apps.accounts.models import CrmAccount, User
from apps.mailboxes.connection import graph_key
from apps.mailboxes.models import Mailbox
from apps.sync.claiming import crm_key
from apps.sync.models import Transfer
from apps.work.fences import past_outages
from apps.work.models import Outage, Status

# A day later nobody asks any more.
TOLD_FOR = timedelta(days=1)
MOST_TOLD = 3
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class CatchUp:
    """An outage that is over. `mailbox` is the address of the mailbox that it held up, "" where it was CORIPO.

    Of the `waited` e-mails all but `left` have gone, the last at `last_at`; `left` wait still or ended with an error.
    """

    since: datetime
    until: datetime
    reason: str
    mailbox: str
    waited: int
    left: int
    last_at: datetime | None


def catch_ups(user: User, *, at: datetime) -> list[CatchUp]:
    """The newest outages of the last day for which mail of this user had to wait; as many queries for one e-mail as for
    thousands."""
    mailboxes = {graph_key(mailbox): mailbox for mailbox in Mailbox.objects.visible_to(user)}
    account = CrmAccount.objects.select_related("server").filter(user=user).first()
    keys = [*mailboxes, *([crm_key(account.server)] if account else [])]
    found = (_told(it, mailboxes) for it in past_outages(keys, since=at - TOLD_FOR, most=MOST_TOLD))
    return [told for told in found if told.waited]


def _told(outage: Outage, mailboxes: dict[str, Mailbox]) -> CatchUp:
    mailbox = mailboxes.get(outage.key)
    held_up = [mailbox] if mailbox else list(mailboxes.values())
    waiting = Transfer.objects.filter(mailbox__in=held_up, queued_at__lt=outage.until)
    ended = (
        waiting.filter(finished_at__gte=outage.until)
        .order_by("finished_at")[:MOST_COUNTED]
        .aggregate(
            gone=Count("pk", filter=Q(status=Status.DONE)),
            failed=Count("pk", filter=Q(status=Status.FAILED)),
            last_at=Max("finished_at", filter=Q(status=Status.DONE)),
        )
    )
    left = ended["failed"] + waiting.active()[:MOST_COUNTED].count()
    return CatchUp(
        since=outage.since,
        until=outage.until,
        reason=outage.reason,
        mailbox=mailbox.address if mailbox else "",
        waited=ended["gone"] + left,
        left=left,
        last_at=ended["last_at"],
    )
