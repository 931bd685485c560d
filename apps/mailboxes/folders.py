"""The folder tree of a mailbox: which folder is which in any language, and which are followed."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from apps.graph.client import GraphClient
from apps.graph.parsing import GraphFolder
from apps.mailboxes.models import Mailbox, MailFolder
from apps.mailboxes.texts import storable

# Graph does not say which folder is which; these names hold in every language.
WELL_KNOWN = [kind.value for kind in MailFolder.Kind if kind != MailFolder.Kind.ORDINARY]
FOLLOWED_AT_FIRST = (MailFolder.Kind.INBOX, MailFolder.Kind.SENT)


def refresh_folders(mailbox: Mailbox, client: GraphClient) -> None:
    """Bring the folder rows up to date: new, renamed, moved, gone. One request, and seven units the first time.

    Raises GraphError, MailboxUnavailable among them; nothing is changed then.
    """
    kinds: Mapping[str, str] = {}
    if not mailbox.folders.filter(kind=MailFolder.Kind.INBOX).exists():
        kinds = {graph_id: name for name, graph_id in client.well_known_folders(WELL_KNOWN).items()}
    listed = [folder for folder in client.folders() if not folder.is_hidden or folder.id in kinds]
    with transaction.atomic():
        _write(mailbox, listed, kinds)
        _let_deleted_go(mailbox)


def _write(mailbox: Mailbox, listed: list[GraphFolder], kinds: Mapping[str, str]) -> None:
    known = {folder.graph_id: folder for folder in mailbox.folders.all()}
    fresh, changed = [], []
    for found in listed:
        name, parent = storable(found.name)[:255], found.parent_id
        row = known.get(found.id)
        if row is None:
            kind = kinds.get(found.id, MailFolder.Kind.ORDINARY)
            fresh.append(
                MailFolder(
                    mailbox=mailbox,
                    graph_id=found.id,
                    parent_graph_id=parent,
                    name=name,
                    kind=kind,
                    is_followed=kind in FOLLOWED_AT_FIRST,
                )
            )
        elif (row.name, row.parent_graph_id, row.is_gone) != (name, parent, False):
            row.name, row.parent_graph_id, row.is_gone = name, parent, False
            changed.append(row)
    # Only a complete listing comes this far, so what it lacks is gone.
    gone = known.keys() - {found.id for found in listed}
    MailFolder.objects.bulk_create(fresh, batch_size=100)
    MailFolder.objects.bulk_update(changed, ["name", "parent_graph_id", "is_gone"], batch_size=100)
    mailbox.folders.filter(pk__in=[known[graph_id].pk for graph_id in gone]).update(is_gone=True)


def _let_deleted_go(mailbox: Mailbox) -> None:
    """A folder that somebody deleted in Outlook lies below Deleted Items, and is followed no longer."""
    rows = list(mailbox.folders.filter(is_gone=False))
    by_graph_id = {row.graph_id: row for row in rows}
    for row in rows:
        if row.is_followed and _is_below(row, MailFolder.NEVER, by_graph_id):
            MailFolder.objects.filter(pk=row.pk).update(is_followed=False)


def _is_below(row: MailFolder, kinds: tuple[MailFolder.Kind, ...], by_graph_id: Mapping[str, MailFolder]) -> bool:
    seen = set()
    while (parent := by_graph_id.get(row.parent_graph_id)) is not None and parent.pk not in seen:
        if parent.kind in kinds:
            return True
        seen.add(parent.pk)
        row = parent
    return False
