"""Attachments: each its own step under its own id, last of all, so that a kill there repeats one upload and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.core.clock import now
from apps.crm.errors import CrmError, CrmUnauthorized
from apps.crm.face import CrmClient, OutgoingFile
from apps.mailboxes.letters import Attachment, Letter
from apps.sync.claiming import Batch
from apps.sync.identity import note_record_id
from apps.sync.models import CrmFile, Outcome, SyncRules
from apps.sync.parcels import Ending, Parcel, under_way

MEGABYTE = 1024 * 1024
# Pictures inside a text below this size are logos and lines of a signature, not content.
SMALL_INLINE_BYTES = 20 * 1024


@dataclass(frozen=True, slots=True)
class Planned:
    note_id: str
    attachment: Attachment
    left_out: str  # why it does not travel, or ""


def plan_files(letter: Letter, record_id: str, rules: SyncRules) -> list[Planned]:
    """Every attachment of the letter with its Note id, and what the rules say about it."""
    return [
        Planned(
            note_record_id(
                record_id,
                content_sha256=hashlib.sha256(attachment.content).hexdigest(),
                name=attachment.name,
                ordinal=ordinal,
            ),
            attachment,
            _why_left_out(attachment, rules),
        )
        for ordinal, attachment in enumerate(letter.attachments)
    ]


def _why_left_out(attachment: Attachment, rules: SyncRules) -> str:
    size = len(attachment.content)
    if not rules.store_attachments:
        return "attachments_off"
    if size > rules.largest_attachment_mb * MEGABYTE:
        return "too_large"
    if attachment.is_inline and attachment.content_type.startswith("image/") and size < SMALL_INLINE_BYTES:
        return "small_inline"
    return "empty" if not size else ""


def attach_files(batch: Batch, parcels: list[Parcel], *, crm: CrmClient, rules: SyncRules, until: datetime) -> None:
    """Upload what is missing. An adopted record keeps the files that its own program gave it.

    Uploads may take minutes, so after `until` the rest comes again with another batch: whoever waits behind this one goes
    first. At least one is made in any case. Raises CrmUnauthorized.
    """
    arriving = [
        parcel
        for parcel in under_way(parcels)
        if parcel.exists and not parcel.crm_email.is_adopted and parcel.letter.attachments
    ]
    known = _known_notes(arriving, crm)
    has_uploaded = False
    for parcel in arriving:
        for planned in plan_files(parcel.letter, parcel.crm_email.record_id, rules):
            if planned.left_out:
                _note(parcel, planned, Outcome.LEFT_OUT, planned.left_out)
            elif planned.note_id in known.get(parcel.crm_email.record_id, frozenset()):
                _note(parcel, planned, Outcome.MADE)
            elif has_uploaded and now() > until:
                parcel.end(Ending.WAITS)
                break
            elif _upload(batch, parcel, planned, crm):
                has_uploaded = True
            else:
                break


def _known_notes(parcels: Iterable[Parcel], crm: CrmClient) -> dict[str, frozenset[str]]:
    """Notes that an earlier try has made; a record of this batch cannot have any."""
    older = [parcel.crm_email.record_id for parcel in parcels if not parcel.is_fresh]
    return dict(crm.find_files(older)) if older else {}


def _upload(batch: Batch, parcel: Parcel, planned: Planned, crm: CrmClient) -> bool:
    """One upload; False when the parcel has to come again for the rest."""
    if not batch.renew(at=now()):
        parcel.end(Ending.RETRIES)
        return False
    try:
        crm.attach(
            OutgoingFile(
                note_id=planned.note_id,
                email_id=parcel.crm_email.record_id,
                name=planned.attachment.name,
                content_type=planned.attachment.content_type,
                content=planned.attachment.content,
            )
        )
    except CrmUnauthorized:
        raise
    except CrmError as error:
        if error.is_retryable:
            parcel.end(Ending.RETRIES, error)
            return False
        _note(parcel, planned, Outcome.FAILED, error.code)
        return True
    _note(parcel, planned, Outcome.MADE)
    return True


def _note(parcel: Parcel, planned: Planned, outcome: Outcome, cause: str = "") -> None:
    with transaction.atomic():
        CrmFile.objects.update_or_create(
            crm_email=parcel.crm_email,
            note_id=planned.note_id,
            defaults={
                "name": planned.attachment.name[:300],
                "size": len(planned.attachment.content),
                "outcome": outcome,
                "cause": cause,
            },
        )
