"""Folders of contacts: list, show, create, rename, delete, and what changed among them."""

from typing import Any

from django.db import IntegrityError

from apps.sandbox.graph import addressbook, contact_shapes, errors, mailroom, shapes, tracking
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.cursors import Cursor
from apps.sandbox.graph.finding import contact_folder_named, folder_named
from apps.sandbox.graph.models import ContactFolder
from apps.sandbox.graph.queries import PAGE_SIZE, selected
from apps.sandbox.graph.views import changes
from apps.sandbox.graph.views.folders import name_in
from apps.sandbox.graph.views.paging import next_link

LIST_OPTIONS = {"$select", "$top", "$skip", "$count"}
TYPE = {"@odata.type": "#microsoft.graph.contactFolder"}


def listed(call: Call, folder: str = "contacts") -> Reply:
    """The folders right below one; below the default one, which itself is in no list, where none is named."""
    for option in call.options.given:
        if option not in LIST_OPTIONS:
            raise errors.not_served(option)
    rows = contact_folder_named(call.mailbox, folder).children.order_by("display_name", "pk")
    start, size = call.options.skip, call.options.top or call.prefers.page_size or PAGE_SIZE
    found = list(rows[start : start + size + 1])
    content: dict[str, Any] = {"@odata.context": call.context("contactFolders")}
    if call.options.counts:
        content["@odata.count"] = rows.count()
    content["value"] = _shown(call, found[:size])
    if len(found) > size:
        content["@odata.nextLink"] = next_link(call, skip=start + size)
    return Reply(content)


def show(call: Call, folder: str) -> Reply:
    return _one(call, contact_folder_named(call.mailbox, folder))


def create(call: Call, folder: str = "contacts") -> Reply:
    parent = contact_folder_named(call.mailbox, folder)
    try:
        created = addressbook.create_folder(parent, display_name=name_in(call))
    except IntegrityError:
        raise errors.folder_exists() from None
    return _one(call, created, status=201)


def rename(call: Call, folder: str) -> Reply:
    try:
        renamed = addressbook.rename_folder(contact_folder_named(call.mailbox, folder), display_name=name_in(call))
    except IntegrityError:
        raise errors.folder_exists() from None
    return _one(call, renamed)


def delete(call: Call, folder: str) -> Reply:
    found = contact_folder_named(call.mailbox, folder)
    if found.parent_id is None:
        raise errors.distinguished_folder()
    addressbook.delete_folder(found)
    return Reply(None, status=204)


def changed(call: Call) -> Reply:
    """A page of delta: the whole tree, though the list shows but one level."""
    url = f"{call.owner_url}/contactFolders/delta"
    here = changes.continued(call, url, folder=0, aims=(), of=tracking.CONTACTS) or _cursor(call)
    page = tracking.folder_page(here, call.mailbox, size=call.prefers.page_size or PAGE_SIZE)
    rows = [item for item in page.items if isinstance(item, ContactFolder)]
    told = dict(zip([row.pk for row in rows], _shown(call, rows, select=here.select), strict=True))
    value = []
    for item in page.items:
        if isinstance(item, ContactFolder):
            value.append({**TYPE, **told[item.pk]})
        elif isinstance(item, tracking.Removal):
            gone = contact_shapes.folder_id(call.mailbox.guid, item.item)
            value.append({**TYPE, "id": gone, "@removed": {"reason": "deleted"}})
    return changes.reply(call, "contactFolder", value, page, url)


def _cursor(call: Call) -> Cursor:
    if any(name not in {*changes.FOLDER_OPTIONS, *changes.TOKENS} for name in call.options.given):
        raise errors.untracked_options("Folders", "$orderby, $filter, $search, $top")
    select = selected(call.options.select, contact_shapes.FOLDER_PROPERTIES, "contactFolder")
    return Cursor(mailbox=str(call.mailbox.guid), of=tracking.CONTACTS, select=select)


def _shown(call: Call, rows: list[ContactFolder], *, select: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
    names = selected(select or call.options.select, contact_shapes.FOLDER_PROPERTIES, "contactFolder")
    root = shapes.folder_id(call.mailbox.guid, folder_named(call.mailbox, mailroom.ROOT).pk)
    return [contact_shapes.folder(row, call.mailbox.guid, root, names) for row in rows]


def _one(call: Call, row: ContactFolder, *, status: int = 200) -> Reply:
    return Reply({"@odata.context": call.context("contactFolders/$entity"), **_shown(call, [row])[0]}, status=status)
