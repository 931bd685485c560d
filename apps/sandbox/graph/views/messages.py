"""Messages: list, count, show, change, move, delete, and their MIME source."""

import re
from typing import Any

from django.db.models import QuerySet

from apps.sandbox.graph import access, errors, filters, mailroom, shapes
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.finding import folder_named, message_named
from apps.sandbox.graph.models import Message, Source
from apps.sandbox.graph.queries import PAGE_SIZE, ordering, selected
from apps.sandbox.graph.shapes import View
from apps.sandbox.graph.views.attachments import ExpandedAttachments, expanded_attachments
from apps.sandbox.graph.views.paging import next_link

ETAG = re.compile(r'(?:W/)?"?([A-Za-z0-9+/=]+)"?')
FLAG_STATES = {"notFlagged", "flagged", "complete"}
# What a PATCH changes on a received mail. Other properties are ignored in silence, as Graph ignores them.
WRITABLE = {"isread": "is_read", "categories": "categories", "flag": "flag", "importance": "importance"}


def listed(call: Call, folder: str | None = None) -> Reply:
    """The messages of a folder, or of all folders with the deleted ones among them; newest first unless asked."""
    view, attachments = view_of(call), _expanded(call)
    rows = _found(call, folder)
    start, size = call.options.skip, call.options.top or call.prefers.page_size or PAGE_SIZE
    page = list(rows.order_by(*ordering(call.options.order))[start : start + size + 1])
    content: dict[str, Any] = {"@odata.context": call.context("messages")}
    if call.options.counts:
        content["@odata.count"] = rows.count()
    content["value"] = shown(call, page[:size], view, attachments)
    if len(page) > size:
        content["@odata.nextLink"] = next_link(call, skip=start + size)
    return Reply(content)


def count(call: Call, folder: str | None = None) -> Reply:
    return Reply(str(_found(call, folder).count()).encode(), content_type="text/plain")


def show(call: Call, message: str, folder: str | None = None) -> Reply:
    row = message_named(call.mailbox, message, folder=folder)
    content = shown(call, [row], view_of(call), _expanded(call))[0]
    return Reply({"@odata.context": call.context("messages/$entity"), **content})


def source(call: Call, message: str, folder: str | None = None) -> Reply:
    """The mail exactly as it was delivered."""
    row = message_named(call.mailbox, message, folder=folder)
    return Reply(bytes(row.source.mime), content_type="text/plain")


def update(call: Call, message: str, folder: str | None = None) -> Reply:
    row = message_named(call.mailbox, message, folder=folder)
    _check_etag(call, row)
    values = _values(call.content())
    return _one(call, mailroom.change(row, **values))


def move(call: Call, message: str, folder: str | None = None) -> Reply:
    row = message_named(call.mailbox, message, folder=folder)
    destination = call.content().get("destinationId")
    if not isinstance(destination, str) or not destination:
        raise errors.bad_request("The value of destinationId must be the id of a folder.")
    return _one(call, mailroom.move_to(row, folder_named(call.mailbox, destination)), status=201)


def delete(call: Call, message: str, folder: str | None = None) -> Reply:
    """Into the deleted items, and from there for good."""
    row = message_named(call.mailbox, message, folder=folder)
    deleted_items = folder_named(call.mailbox, "deleteditems")
    if row.folder_id == deleted_items.pk:
        mailroom.delete(row)
    else:
        mailroom.move_to(row, deleted_items)
    return Reply(None, status=204)


def delete_for_good(call: Call, message: str, folder: str | None = None) -> Reply:
    mailroom.delete(message_named(call.mailbox, message, folder=folder))
    return Reply(None, status=204)


# ── Shared with delta ─────────────────────────────────────────────────────


def view_of(call: Call, *, select: tuple[str, ...] | None = None) -> View:
    """How the caller wants messages. Raises GraphError for properties that the token does not open."""
    names = selected(select or call.options.select, shapes.MESSAGE_PROPERTIES, "message")
    is_basic = not access.grants("Mail.Read", call.bearer)
    if is_basic and names and not set(names).isdisjoint(shapes.MESSAGE_CONTENT):
        raise errors.access_denied()
    return View(
        immutable_ids=call.prefers.immutable_ids,
        selected=names,
        body_type=call.prefers.body_type or "html",
        keeps_active_content=call.prefers.unsafe_html,
        without=shapes.MESSAGE_CONTENT if is_basic else (),
    )


def shown(
    call: Call, rows: list[Message], view: View, attachments: ExpandedAttachments | None = None
) -> list[dict[str, Any]]:
    """Messages as JSON; their sources are read, at once, only where the view needs them."""
    sources = Source.objects.in_bulk([row.pk for row in rows]) if view.needs_source() else {}
    contents = []
    for row in rows:
        content = shapes.message(row, call.mailbox.guid, view, sources.get(row.pk))
        if attachments:
            content["attachments"] = attachments.of(call, row)
        contents.append(content)
    return contents


# ── Parts of the above ────────────────────────────────────────────────────


def _found(call: Call, folder: str | None) -> QuerySet[Message]:
    options = call.options
    if options.search:
        if options.order:
            raise errors.search_with_order()
        raise errors.search_with_filter() if options.filter else errors.not_served("$search")
    rows = Message.objects.filter(mailbox=call.mailbox)
    if folder is not None:
        rows = Message.objects.filter(folder=folder_named(call.mailbox, folder))
    if options.filter:
        found = filters.condition(options.filter)
        filters.check_order(found, options.order)
        rows = rows.filter(found.q)
    return rows


def _expanded(call: Call) -> ExpandedAttachments | None:
    if not call.options.expand:
        return None
    access.require("Mail.Read", call.bearer)
    return expanded_attachments(call.options.expand)


def _one(call: Call, row: Message, *, status: int = 200) -> Reply:
    content = shown(call, [row], view_of(call))[0]
    return Reply({"@odata.context": call.context("messages/$entity"), **content}, status=status)


def _check_etag(call: Call, row: Message) -> None:
    given = call.wire.headers.get("if-match", "*").strip()
    if given == "*":
        return
    found = ETAG.fullmatch(given)
    if found is None:
        raise errors.invalid_change_key()
    if found.group(1) != shapes.change_key(call.mailbox.guid, row.changed):
        raise errors.conflict()


def _values(content: dict[str, Any]) -> dict[str, Any]:
    """The fields to set. Raises GraphError for a value of the wrong kind or a property that there is not."""
    known = {name.lower() for name in shapes.MESSAGE_PROPERTIES}
    values: dict[str, Any] = {}
    for name, value in content.items():
        if name.startswith("@"):
            continue
        if name.lower() not in known:
            raise errors.bad_request(f"The property '{name}' does not exist on type 'microsoft.graph.message'.")
        field = WRITABLE.get(name.lower())
        if field:
            if not _is_valid(field, value):
                raise errors.bad_request(f"Cannot convert the literal of '{name}' to the expected type.")
            values[field] = value
    return values


def _is_valid(field: str, value: object) -> bool:
    if field == "is_read":
        return isinstance(value, bool)
    if field == "importance":
        return value in Message.Importance.values
    if field == "flag":
        return isinstance(value, dict) and value.get("flagStatus") in FLAG_STATES
    return isinstance(value, list) and all(isinstance(name, str) and name and "\n" not in name for name in value)
