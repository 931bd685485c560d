"""Messages: list, count, show, change, move, delete, and their MIME source."""

from typing import Any

from django.db.models import QuerySet

from apps.sandbox.graph import (
    access,
    errors,
    expanding,
    fillers,
    filters,
    knobs,
    mailroom,
    properties,
    searching,
    shapes,
    words,
)
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.expanding import Expansion
from apps.sandbox.graph.finding import folder_named, message_named
from apps.sandbox.graph.models import Message, Source
from apps.sandbox.graph.queries import PAGE_SIZE, ordering, selected
from apps.sandbox.graph.shapes import View
from apps.sandbox.graph.views import attachments
from apps.sandbox.graph.views.etags import check_etag
from apps.sandbox.graph.views.paging import hits_to_skip, next_hits_link, next_link

FLAG_STATES = {"notFlagged", "flagged", "complete"}
# What a PATCH changes. Other properties are ignored in silence, as Graph ignores them.
WRITABLE = {"isread": "is_read", "categories": "categories", "flag": "flag", "importance": "importance"}
WRITABLE_IN_DRAFTS = {"subject": "subject", "internetmessageid": "internet_message_id", "body": "body"}
CLAIMS = {"isDeliveryReceiptRequested", "isReadReceiptRequested"}
AUTHORS = {"from", "sender"}
RECIPIENTS = {"toRecipients", "ccRecipients", "bccRecipients", "replyTo"}
CLASSIFICATIONS = {"focused", "other"}
DAMAGED = {"error": {"code": "ErrorCorruptData", "message": "The data is corrupt."}}


def listed(call: Call, folder: str | None = None) -> Reply:
    """The messages of a folder, or of all folders with the deleted ones among them; newest first unless asked."""
    if call.options.search:
        return _hits(call, folder)
    view, expanded = view_of(call), _expanded(call)
    rows = _found(call, folder)
    start, size = call.options.skip, call.options.top or call.prefers.page_size or PAGE_SIZE
    page = list(rows.order_by(*ordering(call.options.order))[start : start + size + 1])
    content: dict[str, Any] = {"@odata.context": call.context("messages")}
    if call.options.counts:
        content["@odata.count"] = rows.count()
    content["value"] = _with_damage(shown(call, page[:size], view, expanded))
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
    return Reply(fillers.filled(bytes(row.source.mime)), content_type="text/plain")


def update(call: Call, message: str, folder: str | None = None) -> Reply:
    """The answer tells the whole message but for extended properties."""
    row = message_named(call.mailbox, message, folder=folder)
    check_etag(call, shapes.change_key(call.mailbox.guid, row.changed))
    content = call.content()
    values = _values(content, row)
    tags = properties.in_content(content)
    if knobs.takes("conflicts"):
        # Something on the server (a rule, another client) touches the item at the same moment.
        raise errors.conflict(knobs.current().conflict_status)
    body = values.pop("body", None)
    return _one(call, mailroom.change(row, properties=tags, body=body, **values))


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
    is_basic = not access.grants("Mail.Read", call.bearer, call.mailbox.person)
    if is_basic and names and not set(names).isdisjoint(shapes.MESSAGE_CONTENT):
        raise errors.access_denied()
    return View(
        immutable_ids=call.prefers.immutable_ids,
        selected=names,
        body_type=call.prefers.body_type or "html",
        keeps_active_content=call.prefers.unsafe_html,
        without=shapes.MESSAGE_CONTENT if is_basic else (),
    )


def shown(call: Call, rows: list[Message], view: View, expanded: Expansion = expanding.NOTHING) -> list[dict[str, Any]]:
    """Messages as JSON; their sources are read, at once, only where the view needs them."""
    sources = Source.objects.in_bulk([row.pk for row in rows]) if view.needs_source() else {}
    extended = properties.shown(rows, expanded.tags) if expanded.tags else {}
    extended_many = properties.shown_many(rows, expanded.tags_of_many) if expanded.tags_of_many else {}
    contents = []
    for row in rows:
        content = shapes.message(row, call.mailbox.guid, view, sources.get(row.pk))
        if row.pk in extended:
            content[properties.NAME] = extended[row.pk]
        if row.pk in extended_many:
            content[properties.MANY] = extended_many[row.pk]
        if expanded.attachments:
            content["attachments"] = attachments.of_message(call, row, expanded.attachment_properties)
        contents.append(content)
    return contents


# ── Parts of the above ────────────────────────────────────────────────────


def _found(call: Call, folder: str | None) -> QuerySet[Message]:
    options = call.options
    rows = _of_folder(call, folder)
    if options.filter:
        found = filters.condition(options.filter)
        if any(name == properties.NAME.lower() for name, _use in found.uses):
            access.require("Mail.Read", call.bearer, call.mailbox.person)
        filters.check_order(found, options.order)
        rows = rows.filter(found.q)
    return rows


def _of_folder(call: Call, folder: str | None) -> QuerySet[Message]:
    if folder is None:
        return Message.objects.filter(mailbox=call.mailbox)
    return Message.objects.filter(folder=folder_named(call.mailbox, folder))


def _hits(call: Call, folder: str | None) -> Reply:
    """A page of a search: at most a thousand hits in all, those that were sent last first."""
    options = call.options
    if options.order:
        raise errors.search_with_order()
    if options.filter:
        raise errors.search_with_filter()
    for option in ("$skip", "$count"):
        if option in options.given:
            raise errors.search_with(option)
    view, expanded = view_of(call), _expanded(call)
    access.require("Mail.Read", call.bearer, call.mailbox.person)
    found = searching.condition(options.search or "")
    words.index(call.mailbox)
    hits = _of_folder(call, folder).filter(found).order_by("-sent_at", "-pk")[: searching.MAX_HITS]
    start, size = hits_to_skip(call), options.top or call.prefers.page_size or PAGE_SIZE
    page = list(hits[start : start + size + 1])
    content: dict[str, Any] = {"@odata.context": call.context("messages")}
    content["value"] = _with_damage(shown(call, page[:size], view, expanded))
    if len(page) > size:
        content["@odata.nextLink"] = next_hits_link(call, skip=start + size)
    return Reply(content)


def _with_damage(contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One damaged item is an error object inside a good page."""
    return [DAMAGED if knobs.takes("damaged") else content for content in contents]


def _expanded(call: Call) -> Expansion:
    expanded = expanding.expansion(call.options.expand)
    if expanded != expanding.NOTHING:
        access.require("Mail.Read", call.bearer, call.mailbox.person)
    return expanded


def _one(call: Call, row: Message, *, status: int = 200) -> Reply:
    content = shown(call, [row], view_of(call))[0]
    return Reply({"@odata.context": call.context("messages/$entity"), **content}, status=status)


def _values(content: dict[str, Any], row: Message) -> dict[str, Any]:
    """The fields to set. Raises GraphError for a value of the wrong kind or a property that there is not."""
    known = {name.lower(): name for name in shapes.MESSAGE_PROPERTIES}
    writable = WRITABLE | WRITABLE_IN_DRAFTS if row.is_draft else WRITABLE
    values: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    for name, value in content.items():
        if name.startswith("@") or properties.is_extended(name):
            continue
        if name.lower() not in known:
            raise errors.bad_request(f"The property '{name}' does not exist on type 'microsoft.graph.message'.")
        field, fact = writable.get(name.lower()), known[name.lower()]
        is_valid = _is_valid(field, value) if field else _is_valid_fact(fact, value, is_draft=row.is_draft)
        if is_valid is None:
            continue
        if not is_valid:
            raise errors.bad_request(f"Cannot convert the literal of '{name}' to the expected type.")
        if field:
            values[field] = value
        else:
            facts[fact] = value
    return values | ({"facts": row.facts | facts} if facts else {})


def _is_valid(field: str, value: object) -> bool:
    if field == "is_read":
        return isinstance(value, bool)
    if field == "importance":
        return value in Message.Importance.values
    if field == "flag":
        return isinstance(value, dict) and value.get("flagStatus") in FLAG_STATES
    if field == "body":
        kind = str(value.get("contentType", "")).lower() if isinstance(value, dict) else ""
        return isinstance(value, dict) and kind in {"text", "html"} and isinstance(value.get("content"), str)
    if field in WRITABLE_IN_DRAFTS.values():
        return isinstance(value, str)
    return isinstance(value, list) and all(isinstance(name, str) and name and "\n" not in name for name in value)


def _is_valid_fact(name: str, value: object, *, is_draft: bool) -> bool | None:
    """The same for what is stored as JSON; None for what cannot be written."""
    if name in CLAIMS:
        return isinstance(value, bool)
    if name == "inferenceClassification":
        return value in CLASSIFICATIONS
    if name in AUTHORS:
        return _is_recipient(value)
    if name in RECIPIENTS and is_draft:
        return isinstance(value, list) and all(_is_recipient(one) for one in value)
    return None


def _is_recipient(value: object) -> bool:
    address = value.get("emailAddress") if isinstance(value, dict) else None
    return isinstance(address, dict) and isinstance(address.get("address"), str)
