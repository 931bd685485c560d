"""The folders of a mailbox as a tree, in the order of Outlook: Inbox, Sent, then the others by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from apps.mailboxes.models import MailFolder

ICONS = {MailFolder.Kind.INBOX: "inbox", MailFolder.Kind.SENT: "sent"}
FIRST = [MailFolder.Kind.INBOX, MailFolder.Kind.SENT]


@dataclass(frozen=True, slots=True)
class FolderNode:
    """A folder with what lies below it. `item_count` is Microsoft's, which counts reports and receipts as well."""

    pk: int
    name: str
    icon: str
    is_followed: bool
    with_subfolders: bool
    item_count: int
    children: tuple[FolderNode, ...]


def choices(folders: Iterable[MailFolder]) -> tuple[FolderNode, ...]:
    """What a person can choose to follow; not drafts, junk and deleted mail, nor what lies below them."""
    below: dict[str, list[MailFolder]] = defaultdict(list)
    present = [folder for folder in folders if not folder.is_gone]
    ids = {folder.graph_id for folder in present}
    for folder in sorted(present, key=_place):
        # The root of the mailbox is no row.
        below[folder.parent_graph_id if folder.parent_graph_id in ids else ""].append(folder)
    return _nodes("", below)


def followed(nodes: Iterable[FolderNode]) -> tuple[FolderNode, ...]:
    """The tree without what is not followed, but with the folders above what is."""
    kept = (replace(node, children=followed(node.children)) for node in nodes)
    return tuple(node for node in kept if node.is_followed or node.children)


def _nodes(parent: str, below: dict[str, list[MailFolder]]) -> tuple[FolderNode, ...]:
    return tuple(
        FolderNode(
            pk=folder.pk,
            name=folder.name,
            icon=ICONS.get(MailFolder.Kind(folder.kind), "folder"),
            is_followed=folder.is_followed,
            with_subfolders=folder.with_subfolders,
            item_count=folder.item_count,
            children=_nodes(folder.graph_id, below),
        )
        for folder in below.get(parent, [])
        if folder.kind not in MailFolder.NEVER
    )


def _place(folder: MailFolder) -> tuple[int, str, int]:
    kind = MailFolder.Kind(folder.kind)
    return (FIRST.index(kind) if kind in FIRST else len(FIRST), folder.name.casefold(), folder.pk)
