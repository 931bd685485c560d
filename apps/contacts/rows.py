"""Graph's contacts as rows. Everything here is safe to repeat: Graph replays items, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.contacts.cards import canonical_addresses, columns_of, from_json, stored
from apps.contacts.models import ContactAddress, ContactFolder, OutlookContact
from apps.graph.cards import GraphContact

CHANGING_FIELDS = [
    "folder",
    "version",
    "card",
    "display_name",
    "company",
    "sort_name",
    "search_text",
    "created_at",
    "modified_at",
    "crm_id",
    "is_private",
    "seen_round",
    "missing_since",
    "gone_at",
]


@dataclass(frozen=True, slots=True)
class Stored:
    """What a page left in the rows: how many it wrote, and the ids of those to be told to whoever decides on them.

    Told is a row once its extended properties are known: a new one, a changed one, one that came back.
    """

    written: int
    told: list[int]


def store_contacts(folder: ContactFolder, contacts: Iterable[GraphContact], *, at: datetime) -> Stored:
    """Write what Graph showed of this folder, inside the caller's transaction; the cost is a few queries.

    A row is known by its immutable id, so a moved contact keeps row, link and history. What comes in the row's own version
    is nothing new, be it a repeated page or the echo of a write of ours; what is older than the row is left alone. Where
    the answer could not tell the extended properties of a new version, the row says that they are to be read. Whoever
    writes to Graph keeps its answer in this way as well, so that neither hears of the other's row too late.
    """
    seen = {contact.id: contact for contact in contacts}
    rows = OutlookContact.objects.filter(mailbox=folder.mailbox_id, graph_id__in=list(seen))
    known = {row.graph_id: row for row in rows.order_by("pk").select_for_update(no_key=True)}
    changed, readdressed, told = [], [], []
    for graph_id, row in known.items():
        contact = seen[graph_id]
        if not _is_news(row, contact, folder):
            continue
        changed.append(row)
        was_known = _is_whole(row) and row.gone_at is None
        has_new_card, has_new_properties = _bring_up_to_date(row, contact, folder)
        if has_new_card:
            readdressed.append(row)
        if _is_whole(row) and (has_new_card or has_new_properties or not was_known):
            told.append(row)
    OutlookContact.objects.bulk_update(changed, CHANGING_FIELDS, batch_size=100)
    made = OutlookContact.objects.bulk_create(
        [_row(folder, contact) for graph_id, contact in seen.items() if graph_id not in known], batch_size=100
    )
    # Of a row in its own version, a complete round has nothing to say but that it is there.
    rows.exclude(seen_round=folder.round).filter(folder=folder).update(seen_round=folder.round)
    _store_addresses(readdressed, made)
    told += [row for row in made if _is_whole(row)]
    return Stored(written=len(changed) + len(made), told=[row.pk for row in told])


def mark_missing(folder: ContactFolder, graph_ids: Sequence[str], *, at: datetime) -> int:
    """These left the folder. Moved or gone, a look-up by id decides; until then they stay. Returns how many were there."""
    if not graph_ids:
        return 0
    here = OutlookContact.objects.there().filter(folder=folder, graph_id__in=graph_ids, missing_since=None)
    return here.update(missing_since=at)


def mark_unseen(folder: ContactFolder, *, at: datetime) -> int:
    """After a complete round: rows that it did not show are to be looked up. Returns how many."""
    here = OutlookContact.objects.there().filter(folder=folder, missing_since=None)
    return here.filter(seen_round__lt=folder.round).update(missing_since=at)


def _is_whole(row: OutlookContact) -> bool:
    return row.crm_id is not None


def _is_news(row: OutlookContact, contact: GraphContact, folder: ContactFolder) -> bool:
    if row.modified_at and contact.modified_at and contact.modified_at < row.modified_at:
        # Asked for before somebody, perhaps we, wrote the version that the row knows.
        return False
    is_same = row.version == contact.version[:200] and bool(row.version) and row.folder_id == folder.pk
    is_here = row.missing_since is None and row.gone_at is None
    return not (is_same and is_here and (_is_whole(row) or contact.crm_id is None))


def _bring_up_to_date(row: OutlookContact, contact: GraphContact, folder: ContactFolder) -> tuple[bool, bool]:
    """Returns whether the card differs from what the row had, and whether the extended properties do."""
    properties = (row.crm_id, row.is_private)
    if contact.crm_id is not None:
        row.crm_id, row.is_private = contact.crm_id[:36], contact.is_private
    elif row.version != contact.version[:200] or not row.version:
        row.crm_id = row.is_private = None
    has_new_card = stored(contact.card) != from_json(row.card)
    if has_new_card:
        for name, value in columns_of(contact.card).items():
            setattr(row, name, value)
    row.folder, row.seen_round = folder, folder.round
    row.created_at, row.modified_at = contact.created_at, contact.modified_at
    row.version = contact.version[:200]
    row.missing_since = row.gone_at = None
    return has_new_card, properties != (row.crm_id, row.is_private)


def _row(folder: ContactFolder, contact: GraphContact) -> OutlookContact:
    return OutlookContact(
        mailbox_id=folder.mailbox_id,
        folder=folder,
        graph_id=contact.id,
        version=contact.version[:200],
        created_at=contact.created_at,
        modified_at=contact.modified_at,
        crm_id=None if contact.crm_id is None else contact.crm_id[:36],
        is_private=contact.is_private,
        seen_round=folder.round,
        **columns_of(contact.card),
    )


def _store_addresses(changed: Sequence[OutlookContact], made: Sequence[OutlookContact]) -> None:
    if changed:
        ContactAddress.objects.filter(contact__in=[row.pk for row in changed]).delete()
    ContactAddress.objects.bulk_create(
        [
            ContactAddress(contact=row, mailbox_id=row.mailbox_id, address=address)
            for row in (*changed, *made)
            for address in canonical_addresses(from_json(row.card))
        ],
        batch_size=200,
    )
