"""Delta: what changed in a folder of mail, or in the tree of those folders, since a link was handed out."""

import random
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from apps.sandbox.control import weather
from apps.sandbox.graph import errors, knobs, shapes, tracking
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.cursors import Cursor, cursor
from apps.sandbox.graph.finding import folder_named
from apps.sandbox.graph.models import Folder, Message
from apps.sandbox.graph.queries import PAGE_SIZE, selected
from apps.sandbox.graph.views import folders, messages

MESSAGE_OPTIONS = {"$select", "$top", "$expand", "$filter", "$orderby"}
FOLDER_OPTIONS = {"$select"}
CHANGE_TYPES = {"", "created", "updated", "deleted"}
TOKENS = ("$skiptoken", "$deltatoken")
SINCE = re.compile(r"receivedDateTime\s+(ge|gt)\s+(\S+)", re.IGNORECASE)
TRACKED = {"Preference-Applied": "odata.track-changes"}


def of_mailbox(call: Call) -> Reply:
    """The SDK offers it and Graph refuses it: messages are tracked folder by folder."""
    raise errors.untracked_resource()


def of_messages(call: Call, folder: str) -> Reply:
    row = folder_named(call.mailbox, folder)
    url = f"{call.owner_url}/mailfolders('{shapes.folder_id(call.mailbox.guid, row.pk)}')/messages/delta"
    aims = (row.display_name, row.well_known_name)
    here = continued(call, url, folder=row.pk, aims=aims) or _message_cursor(call, row)
    view = messages.view_of(call, select=here.select)
    page = item_page(call, here)
    rows = [item for item in page.items if isinstance(item, Message)]
    told = dict(zip([row.pk for row in rows], messages.shown(call, rows, view), strict=True))
    value = []
    for item in page.items:
        if isinstance(item, Message):
            value.append({"@odata.type": "#microsoft.graph.message", **told[item.pk]})
        elif isinstance(item, tracking.Removal):
            gone = shapes.message_id(call.mailbox.guid, item.item, item.location, immutable=view.immutable_ids)
            value.append({"@odata.type": "#microsoft.graph.message", "id": gone, "@removed": {"reason": "deleted"}})
    return reply(call, "message", value, page, url)


def of_folders(call: Call) -> Reply:
    """The whole tree, though the list shows but one level."""
    url = f"{call.owner_url}/mailFolders/delta"
    here = continued(call, url, folder=0, aims=()) or _folder_cursor(call)
    size = call.prefers.page_size or PAGE_SIZE
    page = tracking.folder_page(here, call.mailbox, size=size)
    rows = [item for item in page.items if isinstance(item, Folder)]
    told = dict(zip([row.pk for row in rows], folders.shown(call, rows, select=here.select), strict=True))
    value = []
    for item in page.items:
        if isinstance(item, Folder):
            value.append({"@odata.type": "#microsoft.graph.mailFolder"} | told[item.pk])
        elif isinstance(item, tracking.Removal):
            gone = shapes.folder_id(call.mailbox.guid, item.item)
            value.append({"@odata.type": "#microsoft.graph.mailFolder", "id": gone, "@removed": {"reason": "deleted"}})
    return reply(call, "mailFolder", value, page, url)


# ── Shared with contacts ──────────────────────────────────────────────────


def item_page(call: Call, here: Cursor) -> tracking.Page:
    """The next page of a folder's items, with what the knobs make of it."""
    size, knob = call.prefers.page_size or PAGE_SIZE, knobs.current()
    if knob.empty_pages and not here.has_rested:
        return tracking.Page([], replace(here, has_rested=True), is_last=False)
    here = replace(here, has_rested=False)
    page = tracking.item_page(here, size=size, immutable_ids=call.prefers.immutable_ids)
    if knob.early_removals:
        page = tracking.with_earlier_removals(page, here)
    page = tracking.with_replays(page, here, count=knob.replay)
    if knob.shuffle:
        random.shuffle(page.items)
    return page


def continued(call: Call, url: str, *, folder: int, aims: tuple[str, ...], of: str = "mail") -> Cursor | None:
    """The cursor that the call brings, or None where it starts. Raises GraphError (410) for one that is lost."""
    name, token = next(((name, str(call.wire.query[name])) for name in TOKENS if call.wire.query.get(name)), ("", ""))
    if not token:
        return None
    found, knob = cursor(token), knobs.current()
    life = knob.next_link_seconds if name == "$skiptoken" else knob.delta_link_seconds
    is_lost = found.mailbox != str(call.mailbox.guid) or (life and time.time() > found.issued_at + life)
    if is_lost or weather.strikes("expired-cursor", (call.mailbox.person.mail, f"GET {call.wire.path}", *aims)):
        raise errors.sync_state_lost(f"{url}?$deltatoken=")
    if (found.of, found.folder) != (of, folder):
        raise errors.bad_request("Badly formed token.")
    return found


def _message_cursor(call: Call, folder: Folder) -> Cursor:
    """Where a first round starts, by the options of the call. They count only here; the token carries them on."""
    options = call.options
    unknown = [name for name in options.given if name not in {*MESSAGE_OPTIONS, *TOKENS}]
    if unknown:
        raise errors.untracked_options("Messages", ", ".join(unknown))
    if options.expand:
        # Seen on live mailboxes, whatever is expanded.
        raise errors.expand_in_delta()
    change_type = call.wire.query.get("changeType", "").lower()
    if change_type not in CHANGE_TYPES:
        raise errors.invalid_query(f"The change type '{change_type}' is invalid.")
    here = Cursor(
        mailbox=str(call.mailbox.guid),
        folder=folder.pk,
        select=selected(options.select, shapes.MESSAGE_PROPERTIES, "message"),
        newest_first=bool(options.order),
        change_type=change_type,
        walk_from=call.mailbox.change_number,
    )
    orders = [(item.name.lower(), item.descending) for item in options.order]
    if orders and orders != [("receiveddatetime", True)]:
        raise errors.untracked_options("Messages", "$orderby")
    return _since(here, options.filter) if options.filter else here


def _since(here: Cursor, filter_text: str) -> Cursor:
    found = SINCE.fullmatch(filter_text.strip())
    if found is None:
        raise errors.invalid_query("The $filter of a delta may only be receivedDateTime ge or gt a time.")
    try:
        since = datetime.fromisoformat(found.group(2))
    except ValueError:
        raise errors.invalid_query(f"'{found.group(2)}' is no time.") from None
    aware = since if since.tzinfo else since.replace(tzinfo=UTC)
    return replace(here, since=aware.isoformat(), is_after=found.group(1).lower() == "gt")


def _folder_cursor(call: Call) -> Cursor:
    if any(name not in {*FOLDER_OPTIONS, *TOKENS} for name in call.options.given):
        raise errors.untracked_options("Folders", "$orderby, $filter, $search, $top")
    select = selected(call.options.select, shapes.FOLDER_PROPERTIES, "mailFolder")
    return Cursor(mailbox=str(call.mailbox.guid), select=select)


def reply(call: Call, resource: str, value: list[dict[str, Any]], page: tracking.Page, url: str) -> Reply:
    link, name = ("@odata.deltaLink", "$deltatoken") if page.is_last else ("@odata.nextLink", "$skiptoken")
    token = replace(page.next, issued_at=time.time()).token()
    context = f"{call.wire.base_url}/$metadata#Collection({resource})"
    content = {"@odata.context": context, "value": value, link: f"{url}?{name}={token}"}
    return Reply(content, headers=TRACKED)
