"""Contacts: list, count, show, create, change, delete, and what changed in a folder of them."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.sandbox.graph import (
    addressbook,
    contact_filters,
    contact_shapes,
    errors,
    expanding,
    knobs,
    properties,
    shapes,
    tracking,
)
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.cursors import Cursor
from apps.sandbox.graph.expanding import Expansion
from apps.sandbox.graph.finding import contact_folder_named, contact_named, folder_named
from apps.sandbox.graph.models import Contact
from apps.sandbox.graph.queries import PAGE_SIZE, ordering, selected
from apps.sandbox.graph.views import changes
from apps.sandbox.graph.views.etags import check_etag
from apps.sandbox.graph.views.paging import next_link

DEFAULT_FOLDER = "contacts"
ORDER = {
    **{name: f"facts__{name}" for name in ("displayName", "givenName", "surname", "companyName", "fileAs")},
    "createdDateTime": "created_at",
    "lastModifiedDateTime": "modified_at",
}
DELTA_OPTIONS = {"$select", *changes.TOKENS}
# As it is worded, though `$select` does work.
UNTRACKED = "$orderby, $filter, $select, $expand, $search, $top"
TYPE = {"@odata.type": "#microsoft.graph.contact"}


def listed(call: Call, folder: str = DEFAULT_FOLDER) -> Reply:
    """The contacts of one folder; of the default one where none is named, and never of all of them."""
    if call.options.search:
        raise errors.not_served("$search")
    expanded, rows = _expanded(call), _found(call, folder)
    start, size = call.options.skip, call.options.top or call.prefers.page_size or PAGE_SIZE
    page = list(rows.order_by(*ordering(call.options.order, ORDER, unasked=()))[start : start + size + 1])
    content: dict[str, Any] = {"@odata.context": call.context("contacts")}
    if call.options.counts:
        content["@odata.count"] = rows.count()
    content["value"] = shown(call, page[:size], expanded)
    if len(page) > size:
        content["@odata.nextLink"] = next_link(call, skip=start + size)
    return Reply(content)


def count(call: Call, folder: str = DEFAULT_FOLDER) -> Reply:
    return Reply(str(_found(call, folder).count()).encode(), content_type="text/plain")


def show(call: Call, contact: str, folder: str | None = None) -> Reply:
    return _one(call, contact_named(call.mailbox, contact, folder=folder), _expanded(call))


def create(call: Call, folder: str = DEFAULT_FOLDER) -> Reply:
    """The answer tells the whole contact but for extended properties, as that to a change does."""
    content = call.content()
    facts = contact_shapes.written(content, is_new=True)
    tags = properties.in_content(content)
    row = addressbook.create(contact_folder_named(call.mailbox, folder), facts, properties=tags)
    return _one(call, row, status=201)


@transaction.atomic
def update(call: Call, contact: str, folder: str | None = None) -> Reply:
    """Read and written in one transaction, so that of two writes over one version one is refused."""
    row = contact_named(call.mailbox, contact, folder=folder)
    check_etag(call, contact_shapes.version(row, call.mailbox.guid))
    content = call.content()
    facts = contact_shapes.written(content, is_new=False)
    tags = properties.in_content(content)
    if knobs.takes("conflicts"):
        # Something on the server (another client) touches the item at the same moment.
        raise errors.conflict(knobs.current().conflict_status)
    return _one(call, addressbook.change(row, facts, properties=tags))


def delete(call: Call, contact: str, folder: str | None = None) -> Reply:
    """Into the deleted items, and from there for good."""
    row = contact_named(call.mailbox, contact, folder=folder)
    if row.folder_id is None:
        addressbook.delete(row)
    else:
        addressbook.move(row, None)
    return Reply(None, status=204)


def delete_for_good(call: Call, contact: str, folder: str | None = None) -> Reply:
    addressbook.delete(contact_named(call.mailbox, contact, folder=folder))
    return Reply(None, status=204)


def changed(call: Call, folder: str = DEFAULT_FOLDER) -> Reply:
    """A page of delta."""
    row = contact_folder_named(call.mailbox, folder)
    own_id = contact_shapes.folder_id(call.mailbox.guid, row.pk)
    url = f"{call.owner_url}/contactfolders('{own_id}')/contacts/delta"
    here = changes.continued(call, url, folder=row.pk, aims=(row.display_name, "contacts"), of=tracking.CONTACTS)
    here = here or _cursor(call, row.pk)
    page = changes.item_page(call, here)
    rows = [item for item in page.items if isinstance(item, Contact)]
    told = dict(zip([row.pk for row in rows], shown(call, rows, select=here.select), strict=True))
    value = []
    for item in page.items:
        if isinstance(item, Contact):
            value.append({**TYPE, **told[item.pk]})
        elif isinstance(item, tracking.Removal):
            gone = contact_shapes.contact_id(
                call.mailbox.guid, item.item, item.location, immutable=call.prefers.immutable_ids
            )
            value.append({**TYPE, "id": gone, "@removed": {"reason": "deleted"}})
    return changes.reply(call, "contact", value, page, url)


def shown(
    call: Call, rows: list[Contact], expanded: Expansion = expanding.NOTHING, *, select: tuple[str, ...] | None = None
) -> list[dict[str, Any]]:
    """Contacts as JSON, with the extended properties that were asked for, read at once."""
    names = selected(select or call.options.select, contact_shapes.PROPERTIES, "contact")
    bin_id = shapes.folder_id(call.mailbox.guid, folder_named(call.mailbox, "deleteditems").pk)
    one = properties.shown(rows, expanded.tags) if expanded.tags else {}
    many = properties.shown_many(rows, expanded.tags_of_many) if expanded.tags_of_many else {}
    contents = []
    for row in rows:
        content = contact_shapes.contact(
            row, call.mailbox.guid, immutable=call.prefers.immutable_ids, deleted_items=bin_id, selected=names
        )
        if row.pk in one:
            content[properties.NAME] = one[row.pk]
        if row.pk in many:
            content[properties.MANY] = many[row.pk]
        contents.append(content)
    return contents


# ── Parts of the above ────────────────────────────────────────────────────


def _found(call: Call, folder: str) -> QuerySet[Contact]:
    rows = Contact.objects.filter(folder=contact_folder_named(call.mailbox, folder))
    return rows.filter(contact_filters.condition(call.options.filter)) if call.options.filter else rows


def _expanded(call: Call) -> Expansion:
    expanded = expanding.expansion(call.options.expand)
    if expanded.attachments:
        raise errors.unknown_property("attachments", "contact")
    return expanded


def _one(call: Call, row: Contact, expanded: Expansion = expanding.NOTHING, *, status: int = 200) -> Reply:
    content = shown(call, [row], expanded)[0]
    return Reply({"@odata.context": call.context("contacts/$entity"), **content}, status=status)


def _cursor(call: Call, folder: int) -> Cursor:
    if any(name not in DELTA_OPTIONS for name in call.options.given):
        raise errors.untracked_options("Contacts", UNTRACKED)
    return Cursor(
        mailbox=str(call.mailbox.guid),
        folder=folder,
        of=tracking.CONTACTS,
        select=selected(call.options.select, contact_shapes.PROPERTIES, "contact"),
        walk_from=call.mailbox.change_number,
    )
