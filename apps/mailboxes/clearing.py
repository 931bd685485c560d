"""Clearing away what is left of mailboxes that were disconnected, in portions: nobody waits for it, and a kill costs one."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connection, models, transaction

from apps.core.clock import now
from apps.mailboxes.models import Mailbox, MailboxQuerySet, Message
from apps.work.limits import LimitReached, slot

log = logging.getLogger(__name__)

# Messages in one transaction, with all that hangs on them: some 50 ms of SQLite's single writer.
PORTION = 500
# Rows of apps above that are many as well: they name themselves here, and go before their mailbox does.
_OTHERS: list[type[models.Model]] = []


def also_clear(model: type[models.Model]) -> None:
    """Let rows of `model`, which has a `mailbox`, be cleared away in portions, with all that hangs on them."""
    if model not in _OTHERS:
        _OTHERS.append(model)


def left_mailboxes() -> MailboxQuerySet:
    return Mailbox.objects.filter(status=Mailbox.Status.LEAVING)


def clear_away(*, until: datetime) -> bool:
    """Delete messages, folders and at last the mailboxes themselves until the time is up. Returns whether more is left."""
    try:
        with slot("clearing", (0,)):
            for mailbox in left_mailboxes().order_by("status_since", "pk"):
                while now() < until and _clear_portion(mailbox):
                    continue
    except LimitReached:
        # Somebody else is at it; two would only wait for each other's rows.
        return False
    return left_mailboxes().exists()


def _clear_portion(mailbox: Mailbox) -> bool:
    """Delete a portion of the messages, or of the others; after the last one, the mailbox. Returns whether there is more."""
    pk = mailbox.pk
    with transaction.atomic():
        # As an index has them, so that none but these is read.
        newest = Message.objects.filter(mailbox=mailbox).order_by("direction", "-received_at", "-pk")
        chosen = Message.objects.filter(pk__in=list(newest.values_list("pk", flat=True)[:PORTION]))
        if connection.features.has_select_for_update:
            # Messages before their transfers, in the order in which everybody locks them.
            list(chosen.order_by("pk").select_for_update().values_list("pk"))
        if chosen.delete()[0] or any(_clear_others(model, mailbox) for model in _OTHERS):
            return True
        mailbox.delete()
    log.info("mailbox cleared away", extra={"mailbox_id": pk})
    return False


def _clear_others(model: type[models.Model], mailbox: Mailbox) -> bool:
    rows = model._default_manager
    portion = list(rows.filter(mailbox=mailbox).order_by("pk").values_list("pk", flat=True)[:PORTION])
    return bool(portion and rows.filter(pk__in=portion).delete()[0])
