"""The consent to write into a mailbox, apart from the one to read it, and what its owner wants of the category."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.mailboxes.consents import begin_consent, finish_consent, keep_consent
from apps.mailboxes.models import Mailbox, OutlookCategory
from apps.mailboxes.tokens import WRITE_SCOPES
from apps.work.wakeups import wake

log = logging.getLogger(__name__)


def begin_writing(mailbox: Mailbox, *, redirect_uri: str) -> dict[str, Any]:
    """Start the consent to write into this mailbox; keep the answer server-side, send the browser to its `auth_uri`."""
    return begin_consent(mailbox, scopes=WRITE_SCOPES, redirect_uri=redirect_uri)


def show_category(flow: Mapping[str, Any], params: Mapping[str, str], *, mailbox: Mailbox, at: datetime) -> None:
    """Finish the consent, and show in Outlook from now on what is synced; what was synced before follows.

    Nothing is changed unless Microsoft has granted all of it for this very mailbox. Raises OtherAccount, and what
    `signin.finish` raises.
    """
    signed_in = finish_consent(flow, params, mailbox=mailbox, scopes=WRITE_SCOPES)
    with transaction.atomic():
        keep_consent(mailbox, signed_in, at=at)
        OutlookCategory.objects.update_or_create(
            mailbox=mailbox,
            defaults={"is_shown": True, "refused_at": None, "is_expanding": True, "place": 0, "is_removing": False},
        )
        wake("apps.sync.tasks.write_back", queue="background")
    log.info("category shown", extra={"mailbox_id": mailbox.pk})


def stop_showing(mailbox: Mailbox, *, removing: bool) -> None:
    """Give nothing the category any more. What has it keeps it, unless it is to be taken from everything: `removing`."""
    with transaction.atomic():
        OutlookCategory.objects.filter(mailbox=mailbox).update(
            is_shown=False, refused_at=None, is_expanding=False, is_removing=removing
        )
        wake("apps.sync.tasks.write_back", queue="background")
    log.info("category no longer shown", extra={"mailbox_id": mailbox.pk, "is_removing": removing})


def take_category(mailbox: Mailbox, *, is_taken: bool, at: datetime) -> None:
    """Whether the category that the owner sets in Outlook means: sync this. Only what is set from now on counts."""
    category, _is_new = OutlookCategory.objects.get_or_create(mailbox=mailbox)
    if is_taken != (category.taken_since is not None):
        # Graph's times are whole seconds.
        category.taken_since = at.replace(microsecond=0) if is_taken else None
        category.save(update_fields=["taken_since"])


def stop_refused(mailbox: Mailbox, *, at: datetime) -> None:
    """Microsoft no longer lets the portal write: it goes off by itself, and the owner is told."""
    OutlookCategory.objects.filter(mailbox=mailbox, refused_at=None).update(
        is_shown=False, is_expanding=False, refused_at=at
    )
    log.warning("category refused", extra={"mailbox_id": mailbox.pk})
