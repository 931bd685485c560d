"""Mail folders: list, show, create, rename, delete."""

import re
from typing import Any

from django.db import IntegrityError
from django.db.models import Count, Q, QuerySet, Sum

from apps.sandbox.graph import errors, mailroom, shapes
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.finding import folder_named
from apps.sandbox.graph.models import Folder, Message
from apps.sandbox.graph.queries import PAGE_SIZE, selected
from apps.sandbox.graph.shapes import FolderCounts
from apps.sandbox.graph.views.paging import next_link

MAX_NAME = 255
LIST_OPTIONS = {"$select", "$top", "$skip", "$count", "$expand"}
CHILDREN = "childFolders"
EXPANDED = re.compile(rf"{CHILDREN}(?:\(\$select=([A-Za-z, ]+)\))?", re.IGNORECASE)
# The options of a list are not those of what it expands.
EVERYTHING = shapes.FOLDER_PROPERTIES


def listed(call: Call, folder: str | None = None) -> Reply:
    """The children of one folder, of the root where none is named: never the whole tree."""
    for option in call.options.given:
        if option not in LIST_OPTIONS:
            raise errors.not_served(option)
    parent = folder_named(call.mailbox, folder or mailroom.ROOT)
    rows = _children(call, parent)
    start, size = call.options.skip, call.options.top or call.prefers.page_size or PAGE_SIZE
    found = list(rows[start : start + size + 1])
    content: dict[str, Any] = {"@odata.context": call.context("mailFolders")}
    if call.options.counts:
        content["@odata.count"] = rows.count()
    content["value"] = _with_children(call, found[:size])
    if len(found) > size:
        content["@odata.nextLink"] = next_link(call, skip=start + size)
    return Reply(content)


def show(call: Call, folder: str) -> Reply:
    row = folder_named(call.mailbox, folder)
    return Reply({"@odata.context": call.context("mailFolders/$entity"), **_with_children(call, [row])[0]})


def create(call: Call, folder: str | None = None) -> Reply:
    parent = folder_named(call.mailbox, folder or mailroom.ROOT)
    try:
        created = mailroom.create_folder(parent, display_name=name_in(call))
    except IntegrityError:
        raise errors.folder_exists() from None
    return _one(call, created, status=201)


def rename(call: Call, folder: str) -> Reply:
    try:
        renamed = mailroom.rename_folder(folder_named(call.mailbox, folder), display_name=name_in(call))
    except IntegrityError:
        raise errors.folder_exists() from None
    return _one(call, renamed)


def move(call: Call, folder: str) -> Reply:
    """Into another folder; the id stays, and so do the ids of all that is inside."""
    found = folder_named(call.mailbox, folder)
    destination = call.content().get("destinationId")
    if not isinstance(destination, str) or not destination:
        raise errors.bad_request("The value of destinationId must be the id of a folder.")
    if found.well_known_name:
        raise errors.distinguished_folder()
    try:
        moved = mailroom.move_folder(found, parent=folder_named(call.mailbox, destination))
    except mailroom.FolderInsideItself:
        raise errors.folder_inside_itself() from None
    except IntegrityError:
        raise errors.folder_exists() from None
    return _one(call, moved, status=201)


def delete(call: Call, folder: str) -> Reply:
    found = folder_named(call.mailbox, folder)
    if found.well_known_name:
        raise errors.distinguished_folder()
    mailroom.delete_folder(found)
    return Reply(None, status=204)


def shown(call: Call, rows: list[Folder], *, select: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
    """Folders as JSON, counted together."""
    properties = selected(select or call.options.select, shapes.FOLDER_PROPERTIES, "mailFolder")
    counts = _counts(rows)
    return [shapes.folder(row, call.mailbox.guid, counts[row.pk], properties) for row in rows]


def _children(call: Call, parent: Folder) -> QuerySet[Folder]:
    rows = Folder.objects.filter(parent=parent).order_by("display_name", "pk")
    asked_for_hidden = call.wire.query.get("includeHiddenFolders", "").lower() == "true"
    return rows if asked_for_hidden else rows.filter(is_hidden=False)


def _with_children(call: Call, rows: list[Folder]) -> list[dict[str, Any]]:
    """Folders as JSON, with the folders right below each where `$expand` asks for them: one level, never the tree."""
    contents = shown(call, rows)
    expand = call.options.expand
    if expand is None:
        return contents
    found = EXPANDED.fullmatch(expand)
    if found is None:
        raise errors.not_served(f"$expand={expand}")
    select = tuple(name.strip() for name in found[1].split(",")) if found[1] else None
    for row, content in zip(rows, contents, strict=True):
        content[CHILDREN] = shown(call, list(_children(call, row)), select=select or EVERYTHING)
    return contents


def _one(call: Call, row: Folder, *, status: int = 200) -> Reply:
    return Reply({"@odata.context": call.context("mailFolders/$entity"), **shown(call, [row])[0]}, status=status)


def _counts(rows: list[Folder]) -> dict[int, FolderCounts]:
    mails = Message.objects.filter(folder__in=rows).values("folder").order_by("folder")
    inside = {
        row["folder"]: row
        for row in mails.annotate(total=Count("pk"), unread=Count("pk", filter=Q(is_read=False)), bytes=Sum("size"))
    }
    children = dict(
        Folder.objects.filter(parent__in=rows, is_hidden=False)
        .values_list("parent")
        .order_by("parent")
        .annotate(Count("pk"))
    )
    counts = {}
    for row in rows:
        mail = inside.get(row.pk, {"total": 0, "unread": 0, "bytes": 0})
        counts[row.pk] = FolderCounts(children.get(row.pk, 0), mail["unread"], mail["total"], mail["bytes"])
    return counts


def name_in(call: Call) -> str:
    """The `displayName` in the body. Raises GraphError."""
    name = call.content().get("displayName")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= MAX_NAME:
        raise errors.bad_request("The value of displayName must be a text of 1 to 255 characters.")
    return name.strip()
