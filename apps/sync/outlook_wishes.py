"""The category as a command: its owner gave a message the category CORIPO in Outlook, and wants it synced.

The import writes that down with the row (mailboxes/rows.py); here it becomes a transfer. It goes in the automatic lane: nobody
waits at a page for it, a thousand may get the category at once, and the click of somebody who waits must not stand behind
them. No rule of that lane leaves it out, for a person has decided.
"""

from __future__ import annotations

from datetime import datetime

from apps.core.clock import now
from apps.mailboxes.models import Message, MessageQuerySet, MessageState
from apps.sync.models import Tagging, Transfer
from apps.sync.states import writing_facts
from apps.sync.waking import wake_carrier
from apps.work.models import Lane

PORTION = 200
# In CORIPO already: the category says what is so.
STORED = (MessageState.SYNCED, MessageState.PARTIAL, MessageState.HIDDEN)


def has_wishes() -> bool:
    return _waiting().exists()


def take_wishes(*, until: datetime) -> bool:
    """Make transfers of the wishes that wait, until none is left or the time is up. Returns whether more wait."""
    while now() < until:
        chosen = list(
            _waiting().order_by("category_asked_at", "pk").values_list("pk", "email_key", "variant")[:PORTION]
        )
        if not chosen:
            return False
        with writing_facts((key, variant) for _pk, key, variant in chosen):
            _take(list(_waiting().filter(pk__in=[pk for pk, _key, _variant in chosen])), at=now())
    return has_wishes()


def _waiting() -> MessageQuerySet:
    waiting = Message.objects.filter(category_asked_at__isnull=False)
    return waiting.select_related("mailbox").defer("preview", "search_text")


def _take(messages: list[Message], *, at: datetime) -> None:
    pks = [message.pk for message in messages]
    # What the portal is about to write, or was writing when it was killed, is its own echo.
    ours = set(Tagging.objects.active().filter(message__in=pks).values_list("message", flat=True))
    wanted = [message for message in messages if message.pk not in ours and message.state not in STORED]
    active = Transfer.objects.active().filter(message__in=[message.pk for message in wanted])
    waiting = set(active.values_list("message", flat=True))
    active.update(origin=Transfer.Origin.CATEGORY, is_repair=True)
    Transfer.objects.bulk_create(
        [
            Transfer(
                message=message,
                mailbox_id=message.mailbox_id,
                requested_by_id=message.mailbox.owner_id,
                lane=Lane.AUTOMATIC,
                origin=Transfer.Origin.CATEGORY,
                is_repair=True,
                queued_at=at,
                not_before=at,
            )
            for message in wanted
            if message.pk not in waiting
        ],
        batch_size=100,
    )
    Message.objects.filter(pk__in=pks).update(category_asked_at=None)
    if wanted:
        wake_carrier(Lane.AUTOMATIC)
