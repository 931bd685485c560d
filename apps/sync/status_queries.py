"""How transfers stand, for status page and banners. Counts go up to COUNT_LIMIT, so that none grows with what waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import IntegerField, OuterRef, Subquery

from apps.accounts.models import User
from apps.mailboxes.models import Mailbox, MessageState
from apps.sync.attention_queries import count_in_state
from apps.sync.listing import COUNT_LIMIT
from apps.sync.models import Transfer
from apps.work.models import Lane, Status


@dataclass(frozen=True, slots=True)
class Glance:
    """How many of a user's transfers wait, move and failed, each up to COUNT_LIMIT, and when the last one was finished."""

    waiting: int
    running: int
    failed: int
    newest: datetime | None


class _Counted(Subquery):
    """How many rows a query with a limit gives."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def glance_at(user: User) -> Glance:
    done = Transfer.objects.filter(mailbox=OuterRef("pk"), status=Status.DONE).order_by("-finished_at")
    mailboxes = Mailbox.objects.visible_to(user).annotate(newest=Subquery(done.values("finished_at")[:1]))
    newest = dict(mailboxes.values_list("pk", "newest"))
    return Glance(
        waiting=min(sum(waiting_by_mailbox(newest).values()), COUNT_LIMIT),
        running=Transfer.objects.visible_to(user).filter(status=Status.CLAIMED)[:COUNT_LIMIT].count(),
        failed=count_in_state(user, MessageState.FAILED),
        newest=max((at for at in newest.values() if at is not None), default=None),
    )


def waiting_by_mailbox(mailbox_ids: Iterable[int]) -> dict[int, int]:
    """How many transfers wait in each of these mailboxes; one query."""
    # With the lanes named, an index leads to those of the mailbox, however many wait in others.
    waiting = Transfer.objects.filter(mailbox=OuterRef("pk"), status=Status.QUEUED, lane__in=Lane.values)
    mailboxes = Mailbox.objects.filter(pk__in=list(mailbox_ids))
    return dict(mailboxes.annotate(waiting=_Counted(waiting.values("pk")[:COUNT_LIMIT])).values_list("pk", "waiting"))
