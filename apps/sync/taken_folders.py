"""Which folders the automat takes. What somebody said of a folder holds for it; of one that nobody spoke of, the nearest
folder above decides that was spoken of: its subfolders, new ones too, are as it is, unless it stands alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from apps.accounts.models import User
from apps.mailboxes.models import MailFolder
from apps.sync.models import SyncRules

_Place = tuple[int, str]  # mailbox and Graph's id: the parent is named by that


def has_words(rules: SyncRules) -> bool:
    """Whether anything was said of any folder that keeps mail out."""
    return bool(rules.left_out_folders or rules.lone_folders)


def taken_folders(user: User, rules: SyncRules) -> frozenset[int]:
    """The ids of the followed folders whose mail is taken. One query, whatever the tree."""
    followable = MailFolder.objects.visible_to(user).followable()
    if not has_words(rules):
        return frozenset(followable.filter(is_followed=True).values_list("pk", flat=True))
    columns = ("pk", "mailbox_id", "graph_id", "parent_graph_id", "is_followed")
    folders = list(followable.only(*columns))
    by_place = {(folder.mailbox_id, folder.graph_id): folder for folder in folders}
    return frozenset(folder.pk for folder in folders if folder.is_followed and is_taken(folder, by_place, rules))


def is_taken(folder: MailFolder, by_place: Mapping[_Place, MailFolder], rules: SyncRules) -> bool:
    """Whether the rules take the mail of this folder. `by_place` has the folders above it."""
    above: MailFolder | None = folder
    passed: set[int] = set()
    while above is not None and above.pk not in passed:
        word = _word_about(above.pk, rules.left_out_folders, rules.taken_folders)
        if word is not None:
            return word if above.pk == folder.pk or above.pk not in rules.lone_folders else not word
        passed.add(above.pk)
        above = by_place.get((above.mailbox_id, above.parent_graph_id))
    return True


def _word_about(pk: int, left_out: Collection[int], taken: Collection[int]) -> bool | None:
    if pk in left_out:
        return False
    return True if pk in taken else None
