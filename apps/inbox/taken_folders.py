"""The followed folders of somebody as a tree in which they say what the automat takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from apps.accounts.models import User
from apps.inbox.folder_tree import FolderNode, choices, followed
from apps.mailboxes.models import Mailbox
from apps.sync.forms import AutomaticForm


@dataclass(frozen=True, slots=True)
class TakenNode:
    """A folder with what lies below it. One that is not followed is there for its subfolders alone.

    `asks_below`: there are followed folders right below it, so there may be new ones. `speaks_below`: those will be as it is.
    """

    pk: int
    name: str
    is_offered: bool
    is_taken: bool
    asks_below: bool
    speaks_below: bool
    children: tuple[TakenNode, ...]


def taken_trees(user: User, form: AutomaticForm) -> list[tuple[Mailbox, tuple[TakenNode, ...]]]:
    """The tree of each mailbox, as the form has it: after a mistake with what was ticked. Two queries."""
    taken, speaking = _ids(form, "followed_folders"), _ids(form, "with_new_subfolders")
    mailboxes = Mailbox.objects.visible_to(user).order_by("pk").prefetch_related("folders")
    trees = [(mailbox, _nodes(followed(choices(mailbox.folders.all())), taken, speaking)) for mailbox in mailboxes]
    return [(mailbox, nodes) for mailbox, nodes in trees if nodes]


def _nodes(nodes: Iterable[FolderNode], taken: Collection[str], speaking: Collection[str]) -> tuple[TakenNode, ...]:
    return tuple(
        TakenNode(
            pk=node.pk,
            name=node.name,
            is_offered=node.is_followed,
            is_taken=str(node.pk) in taken,
            asks_below=any(child.is_followed for child in node.children),
            speaks_below=str(node.pk) in speaking,
            children=_nodes(node.children, taken, speaking),
        )
        for node in nodes
    )


def _ids(form: AutomaticForm, name: str) -> frozenset[str]:
    return frozenset(map(str, form[name].value() or ()))
