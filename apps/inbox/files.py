"""The files of a message as the panel shows them: where each can be had, and what became of it in CORIPO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.graph.parsing import GraphAttachment
from apps.sync.causes import sentence_for
from apps.sync.models import CrmFile, Outcome


@dataclass(frozen=True, slots=True)
class ShownFile:
    """`file` is None for what stands in the text and is no file to its reader. `fate` is empty before any transfer."""

    name: str
    size: int
    file: GraphAttachment | None
    fate: str = ""
    is_too_large: bool = False


def shown_files(listed: Sequence[GraphAttachment], transferred: Sequence[CrmFile]) -> list[ShownFile]:
    """The files in the mailbox, each with its fate, and after them what the transfer found in the text besides."""
    waiting = list(transferred)
    rows = {}
    for file in listed:
        # The names of attached items got an ending on their way.
        row = next((row for row in waiting if row.name == file.name or row.name.startswith(f"{file.name}.")), None)
        if row is not None:
            waiting.remove(row)
            rows[file.id] = row
    nameless = [file for file in listed if file.id not in rows]
    if len(nameless) == len(waiting):
        # A file without a name was given one by Outlook and another one on its way; their order is the same.
        in_order = sorted(waiting, key=lambda row: row.pk)
        rows |= {file.id: row for file, row in zip(nameless, in_order, strict=True)}
        waiting = []
    shown = [_shown(file.name, file.size, file, rows.get(file.id)) for file in listed]
    return shown + [_shown(row.name, row.size, None, row) for row in waiting]


def _shown(name: str, size: int, file: GraphAttachment | None, row: CrmFile | None) -> ShownFile:
    if row is None:
        return ShownFile(name, size, file)
    fate = _("In CORIPO") if row.outcome == Outcome.MADE else sentence_for(row.cause)
    return ShownFile(name, size, file, fate, is_too_large=row.cause == "too_large")
