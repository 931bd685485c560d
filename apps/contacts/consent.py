"""The consent to read and write the contacts of a mailbox: asked for when a function of contacts is first used."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.contacts.models import AddressBook
from apps.mailboxes.consents import begin_consent, finish_consent, keep_consent
from apps.mailboxes.models import Mailbox
from apps.mailboxes.tokens import CONTACT_SCOPES
from apps.work.wakeups import wake

log = logging.getLogger(__name__)


def begin(mailbox: Mailbox, *, redirect_uri: str) -> dict[str, Any]:
    """Start the consent; keep the answer server-side, send the browser to its `auth_uri`."""
    return begin_consent(mailbox, scopes=CONTACT_SCOPES, redirect_uri=redirect_uri)


def finish(flow: Mapping[str, Any], params: Mapping[str, str], *, mailbox: Mailbox, at: datetime) -> AddressBook:
    """Finish the consent, and read the address book from now on. What is known of it from before stays.

    Nothing is changed unless Microsoft has granted all of it for this very mailbox. Raises OtherAccount, and what
    `signin.finish` raises.
    """
    signed_in = finish_consent(flow, params, mailbox=mailbox, scopes=CONTACT_SCOPES)
    with transaction.atomic():
        keep_consent(mailbox, signed_in, at=at)
        book, _is_new = AddressBook.objects.update_or_create(
            mailbox=mailbox,
            defaults={"consented_at": at, "refused_at": None, "next_look_at": at, "folders_read_at": None},
        )
        wake("apps.contacts.tasks.read_address_books", queue="background")
    log.info("contacts allowed", extra={"mailbox_id": mailbox.pk})
    return book


def stop_refused(mailbox_id: int, *, at: datetime) -> None:
    """Microsoft no longer lets the portal see the contacts: they are left as they were, and the owner is told."""
    if AddressBook.objects.filter(mailbox=mailbox_id, refused_at=None).update(refused_at=at):
        log.warning("contacts refused", extra={"mailbox_id": mailbox_id})


def has_consent(mailbox: Mailbox) -> bool:
    """Whether functions of contacts can be used with this mailbox. Costs a query unless `address_book` was selected."""
    book = getattr(mailbox, "address_book", None)
    return book is not None and book.refused_at is None
