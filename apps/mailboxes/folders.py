"""The folder tree of a mailbox: which folder is which in any language, and which are followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from django.db import transaction

from apps.graph.client import GraphClient
from apps.graph.parsing import GraphFolder
from apps.mailboxes.models import Mailbox, MailFolder
from apps.mailboxes.texts import storable

# Graph does not say which folder is which; these names hold in every language.
WELL_KNOWN = [kind.value for kind in MailFolder.Kind if kind != MailFolder.Kind.ORDINARY]
FOLLOWED_AT_FIRST = (MailFolder.Kind.INBOX, MailFolder.Kind.SENT)
CHANGING_FIELDS = ["kind", "name", "parent_graph_id", "item_count", "is_gone", "is_followed", "with_subfolders"]


def refresh_folders(mailbox: Mailbox, client: GraphClient, *, at: datetime) -> None:
    """Bring the folder rows up to date: new, renamed, moved, gone. One request, and one for the well-known names where
    a folder is new and not all of them are known.

    A folder that has come to lie below one that is followed with its subfolders is followed, and one below Deleted
    Items is followed no longer. Raises GraphError, MailboxUnavailable among them; nothing is changed then.
    """
    listed = client.folders()
    known = dict(mailbox.folders.values_list("graph_id", "kind"))
    kinds: Mapping[str, str] = {}
    unnamed = set(WELL_KNOWN) - set(known.values())
    if unnamed and any(found.id not in known for found in listed):
        names = [name for name in WELL_KNOWN if name in unnamed]
        kinds = {graph_id: name for name, graph_id in client.well_known_folders(names).items()}
    with transaction.atomic():
        # Read again and held: their owner may be choosing at this moment.
        _write(mailbox, listed, kinds)
        Mailbox.objects.filter(pk=mailbox.pk).update(folders_read_at=at)
    mailbox.folders_read_at = at


def subtree(roots: Iterable[MailFolder], folders: Iterable[MailFolder]) -> set[int]:
    """The ids of these folders and of all that lies below them."""
    by_graph_id = {folder.graph_id: folder for folder in folders}
    wanted = {root.pk for root in roots}
    return {
        folder.pk
        for folder in by_graph_id.values()
        if folder.pk in wanted or any(above.pk in wanted for above in ancestors(folder, by_graph_id))
    }


def ancestors(folder: MailFolder, by_graph_id: Mapping[str, MailFolder]) -> Iterator[MailFolder]:
    """The folders above this one, the nearest first. Ends at the root, which is no row, and at a circle."""
    seen = {folder.graph_id}
    while (above := by_graph_id.get(folder.parent_graph_id)) is not None and above.graph_id not in seen:
        seen.add(above.graph_id)
        yield above
        folder = above


def _write(mailbox: Mailbox, listed: list[GraphFolder], kinds: Mapping[str, str]) -> None:
    known = {folder.graph_id: folder for folder in mailbox.folders.select_for_update(no_key=True).order_by("pk")}
    rows, arrived, seen = dict(known), [], set()
    for found in listed:
        row = rows.get(found.id)
        if found.is_hidden and found.id not in kinds and (row is None or row.kind == MailFolder.Kind.ORDINARY):
            continue
        seen.add(found.id)
        if row is None:
            row = MailFolder(mailbox=mailbox, graph_id=found.id, kind=kinds.get(found.id, MailFolder.Kind.ORDINARY))
            row.is_followed = row.kind in FOLLOWED_AT_FIRST
            rows[found.id] = row
        if row.pk is None or row.is_gone or row.parent_graph_id != found.parent_id:
            arrived.append(row)
        row.kind = kinds.get(found.id, row.kind)
        row.name, row.parent_graph_id = storable(found.name)[:255], found.parent_id
        row.item_count, row.is_gone = found.item_count, False
    # Only a complete listing comes this far, so what it lacks is gone.
    for graph_id in known.keys() - seen:
        rows[graph_id].is_gone = True
    _follow_by_place(arrived, rows)
    MailFolder.objects.bulk_create([row for row in rows.values() if row.pk is None], batch_size=100)
    MailFolder.objects.bulk_update(known.values(), CHANGING_FIELDS, batch_size=100)


def _follow_by_place(arrived: list[MailFolder], rows: Mapping[str, MailFolder]) -> None:
    """What a place decides: below a folder that is followed with its subfolders, and below Deleted Items and the like.

    Only what came there is followed by its new place; whoever left a folder out of it meant that folder.
    """
    for row in arrived:
        if any(above.is_followed and above.with_subfolders for above in ancestors(row, rows)):
            row.is_followed = row.kind not in MailFolder.NEVER
    for row in rows.values():
        if any(above.kind in MailFolder.NEVER for above in ancestors(row, rows)):
            row.is_followed = row.with_subfolders = False
