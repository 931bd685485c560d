"""Clearing away what is left of mailboxes that were disconnected, in portions: nobody waits for it, and a kill costs one."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connection, transaction

from apps.core.clock import now
from apps.mailboxes.models import Mailbox, MailboxQuerySet, Message
from apps.work.limits import LimitReached, slot

log = logging.getLogger(__name__)

# Messages in one transaction, with all that hangs on them: some 50 ms of SQLite's single writer.
PORTION = 500


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
    """Delete a portion of the messages; after the last one, the mailbox. Returns whether there is more."""
    pk = mailbox.pk
    with transaction.atomic():
        # As an index has them, so that none but these is read.
        newest = Message.objects.filter(mailbox=mailbox).order_by("direction", "-received_at", "-pk")
        chosen = Message.objects.filter(pk__in=list(newest.values_list("pk", flat=True)[:PORTION]))
        if connection.features.has_select_for_update:
            # Messages before their transfers, in the order in which everybody locks them.
            list(chosen.order_by("pk").select_for_update().values_list("pk"))
        if chosen.delete()[0]:
            return True
        mailbox.delete()
    log.info("mailbox cleared away", extra={"mailbox_id": pk})
    return False
