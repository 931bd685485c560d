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
from apps.graph.errors import GraphError, GraphTokenAwaited, GraphTooLarge, ItemGone, MailboxDisconnected
from apps.mailboxes.letters import Attachment, Letter
from apps.sync.claiming import Batch
from apps.sync.fetching import fetch_file
from apps.sync.identity import note_record_id
from apps.sync.models import CrmFile, Outcome, SyncRules
from apps.sync.parcels import Ending, Parcel, under_way
from apps.sync.selecting import LISTED_SIZE_MARGIN, largest_bytes, why_left_out
from apps.work.limits import LimitReached
from apps.work.models import Lane

# From so many on a request for the notes of all saves one.
FEWEST_TOGETHER = 2
# So much may be sent once in vain.
SMALL_BYTES = 500_000


@dataclass(frozen=True, slots=True)
class Planned:
    ordinal: int
    attachment: Attachment
    left_out: str  # why it does not travel, or ""

    def note_id(self, record_id: str, content: bytes) -> str:
        """The Note of the file. One whose bytes are not fetched has a row and no Note: its size stands in for them."""
        has_bytes = bool(content) or not self.attachment.graph_id
        digest = hashlib.sha256(content).hexdigest() if has_bytes else f"unread {self.attachment.listed_size}"
        return note_record_id(record_id, content_sha256=digest, name=self.attachment.name, ordinal=self.ordinal)


def plan_files(letter: Letter, rules: SyncRules) -> list[Planned]:
    """Every attachment of the letter, and what the rules say about it."""
    return [
        Planned(ordinal, attachment, why_left_out(attachment, rules))
        for ordinal, attachment in enumerate(letter.attachments)
    ]


def attach_files(
    batch: Batch, parcels: list[Parcel], *, crm: CrmClient, rules: SyncRules, lane: Lane, until: datetime
) -> None:
    """Upload what is missing. An adopted record keeps the files that its own program gave it.

    Uploads may take minutes, so after `until` the rest comes again with another batch: whoever waits behind this one goes
    first. At least one is made in any case. Of a large letter one file at a time is in memory. Raises CrmUnauthorized.
    """
    arriving = [
        parcel
        for parcel in under_way(parcels)
        if parcel.exists and not parcel.crm_email.is_adopted and parcel.letter.attachments
    ]
    known = _known_notes(arriving, crm)
    prepared = _prepare_notes(arriving, crm, rules=rules)
    has_uploaded = False
    for parcel in arriving:
        notes = known.get(parcel.crm_email.record_id, frozenset())
        for planned in plan_files(parcel.letter, rules):
            if planned.left_out:
                _note(parcel, planned, Outcome.LEFT_OUT, planned.left_out)
                continue
            if has_uploaded and now() > until and not _is_known(parcel, planned, notes):
                parcel.end(Ending.WAITS)
                break
            content = _content(batch, parcel, planned, lane=lane, rules=rules)
            if content is None:
                if parcel.ending is Ending.ARRIVES:
                    continue
                break
            if planned.note_id(parcel.crm_email.record_id, content) in notes:
                _note(parcel, planned, Outcome.MADE, content=content)
            elif _upload(batch, parcel, planned, content, crm, prepared=prepared):
                has_uploaded = True
            else:
                break


def _is_known(parcel: Parcel, planned: Planned, notes: frozenset[str]) -> bool:
    """Whether the file is there already, as far as that can be told without fetching it."""
    return planned.note_id(parcel.crm_email.record_id, planned.attachment.content) in notes


def _content(batch: Batch, parcel: Parcel, planned: Planned, *, lane: Lane, rules: SyncRules) -> bytes | None:
    """The bytes of the file. None where they cannot be had: that is written down, or the parcel comes again."""
    attachment = planned.attachment
    if not attachment.graph_id:
        return attachment.content
    if not batch.renew(at=now()):
        parcel.end(Ending.RETRIES)
        return None
    try:
        content = fetch_file(
            batch,
            parcel.items[0].transfer,
            attachment,
            lane=lane,
            most_bytes=largest_bytes(rules) + LISTED_SIZE_MARGIN,
        )
    except (LimitReached, MailboxDisconnected, GraphTokenAwaited):
        parcel.end(Ending.WAITS)
        return None
    except GraphTooLarge:
        _note(parcel, planned, Outcome.LEFT_OUT, "too_large")
        return None
    except ItemGone:
        _note(parcel, planned, Outcome.LEFT_OUT, "left_mailbox")
        return None
    except GraphError as error:
        if error.is_retryable:
            parcel.end(Ending.RETRIES, error)
        elif attachment.is_message:
            _note(parcel, planned, Outcome.LEFT_OUT, "unreadable_item")
        else:
            _note(parcel, planned, Outcome.FAILED, error.code)
        return None
    if not content:
        _note(parcel, planned, Outcome.LEFT_OUT, "empty")
        return None
    return content


def _known_notes(parcels: Iterable[Parcel], crm: CrmClient) -> dict[str, frozenset[str]]:
    """Notes that an earlier try has made; a record of this batch cannot have any."""
    older = [parcel.crm_email.record_id for parcel in parcels if not parcel.is_fresh]
    return dict(crm.find_files(older)) if older else {}


def _prepare_notes(parcels: Iterable[Parcel], crm: CrmClient, *, rules: SyncRules) -> frozenset[str]:
    """Make the notes of the files at hand in one request, for records of this batch, which have none; the notes' ids."""
    files = [
        _outgoing(parcel, planned, planned.attachment.content)
        for parcel in parcels
        if parcel.is_fresh
        for planned in plan_files(parcel.letter, rules)
        if not planned.left_out and not planned.attachment.graph_id
    ]
    if len(files) < FEWEST_TOGETHER:
        return frozenset()
    crm.make_notes(files)
    return frozenset(file.note_id for file in files)


def _upload(
    batch: Batch, parcel: Parcel, planned: Planned, content: bytes, crm: CrmClient, *, prepared: frozenset[str]
) -> bool:
    """One upload; False when the parcel has to come again for the rest."""
    if not batch.renew(at=now()):
        parcel.end(Ending.RETRIES)
        return False
    try:
        file = _outgoing(parcel, planned, content)
        # A carrier that died here has left the notes of its batch: a small upload finds out sooner than a second note.
        may_have_note = not parcel.is_fresh and len(content) <= SMALL_BYTES
        crm.attach(file, has_note=file.note_id in prepared or may_have_note)
    except CrmUnauthorized:
        raise
    except CrmError as error:
        if error.is_retryable:
            parcel.end(Ending.RETRIES, error)
            return False
        _note(parcel, planned, Outcome.FAILED, error.code, content=content)
        return True
    _note(parcel, planned, Outcome.MADE, content=content)
    return True


def _outgoing(parcel: Parcel, planned: Planned, content: bytes) -> OutgoingFile:
    return OutgoingFile(
        note_id=planned.note_id(parcel.crm_email.record_id, content),
        email_id=parcel.crm_email.record_id,
        name=_file_name(planned.attachment, content),
        content_type=planned.attachment.content_type,
        content=content,
    )


def _file_name(attachment: Attachment, content: bytes) -> str:
    """With the ending that its content asks for: an item of Outlook has a title and no file name."""
    if not (attachment.is_message and attachment.graph_id):
        return attachment.name
    kind = content[:20].lstrip().upper()
    ending = "ics" if kind.startswith(b"BEGIN:VCALENDAR") else "vcf" if kind.startswith(b"BEGIN:VCARD") else "eml"
    return attachment.name if attachment.name.lower().endswith(f".{ending}") else f"{attachment.name}.{ending}"


def _note(parcel: Parcel, planned: Planned, outcome: Outcome, cause: str = "", *, content: bytes = b"") -> None:
    record = parcel.crm_email
    attachment = planned.attachment
    content = content or attachment.content
    with transaction.atomic():
        if content and attachment.graph_id:
            # Now that it was fetched it has a Note of its own; the row that said why it was not has done its duty.
            CrmFile.objects.filter(crm_email=record, note_id=planned.note_id(record.record_id, b"")).delete()
        CrmFile.objects.update_or_create(
            crm_email=record,
            note_id=planned.note_id(record.record_id, content),
            defaults={
                "name": attachment.name[:300],
                "size": len(content) or attachment.size,
                "outcome": outcome,
                "cause": cause,
            },
        )
