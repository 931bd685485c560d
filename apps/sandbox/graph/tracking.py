"""What a delta tells: first what is there, then what changed, then what left."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from apps.sandbox.graph.cursors import Cursor
from apps.sandbox.graph.models import Contact, ContactFolder, Folder, Mailbox, Message, Removal

MAX_EARLIER_REMOVALS = 5
CONTACTS = "contacts"  # as `Cursor.of`
MAX_FILTERED = 5000  # Graph: a delta with a filter tells no more than this, and says nothing of the rest


Item = Message | Folder | Contact | ContactFolder


@dataclass(frozen=True)
class Page:
    """One page in the order in which it is told. `is_last` says that `next` belongs in a deltaLink."""

    items: "list[Item | Removal]"
    next: Cursor
    is_last: bool


def item_page(cursor: Cursor, *, size: int, immutable_ids: bool) -> Page:
    """The next page of a folder's messages or contacts."""
    if cursor.is_first_round:
        return _walk(cursor, size=size)
    return _changes(cursor, size=size, immutable_ids=immutable_ids)


def with_replays(page: Page, cursor: Cursor, *, count: int) -> Page:
    """The page with some items that did not change told once more, which Graph reserves itself the right to do."""
    if cursor.is_first_round or not count:
        return page
    told = [item.pk for item in page.items if not isinstance(item, Removal)]
    rows = _in_window(cursor).filter(changed__lte=cursor.base).exclude(pk__in=told).order_by("-pk")
    return replace(page, items=[*page.items, *rows[:count]])


def with_earlier_removals(page: Page, cursor: Cursor) -> Page:
    """The very first page of a folder with what had left it before: seen, and of no use to whoever starts."""
    if not cursor.is_first_round or cursor.walked:
        return page
    gone = _left(cursor).exclude(item__in=_rows(cursor).values("pk"))
    return replace(page, items=[*gone.order_by("number")[:MAX_EARLIER_REMOVALS], *page.items])


def folder_page(cursor: Cursor, mailbox: Mailbox, *, size: int) -> Page:
    """The next page of the tree of folders: of mail without hidden ones, of contacts without the default one."""
    rows: QuerySet[Any] = (
        mailbox.contact_folders.exclude(parent=None)
        if cursor.of == CONTACTS
        else mailbox.folders.filter(is_hidden=False)
    )
    rows = rows.filter(changed__gt=cursor.told).order_by("changed")[: size + 1]
    left = Removal.objects.filter(mailbox=mailbox, folder=None, contact_folder=None)
    gone = left.filter(is_of_contacts=cursor.of == CONTACTS, number__gt=cursor.told)
    if not cursor.base:
        # Whoever starts has no folder that could have left.
        gone = gone.none()
    return _merged(
        cursor, list(rows), list(gone.order_by("number")[: size + 1]), size=size, newest=mailbox.change_number
    )


def _walk(cursor: Cursor, *, size: int) -> Page:
    """A page of the first round: by time of receipt if that was asked for, else in the order in which rows came."""
    rows = _in_window(cursor)
    if cursor.newest_first:
        rows = rows.order_by("-received_at", "-pk")
        if cursor.walked:
            at, pk = datetime.fromisoformat(cursor.walked[0]), cursor.walked[1]
            rows = rows.filter(Q(received_at__lt=at) | Q(received_at=at, pk__lt=pk))
    else:
        rows = rows.order_by("pk")
        if cursor.walked:
            rows = rows.filter(pk__gt=cursor.walked[1])
    room = MAX_FILTERED - cursor.count if cursor.since else size
    found = list(rows[: min(size, room) + 1])
    page = found[: min(size, room)]
    count = cursor.count + len(page)
    is_last = len(found) <= len(page) or (bool(cursor.since) and count >= MAX_FILTERED)
    if is_last:
        return Page([*page], cursor.next_round(cursor.walk_from), is_last=True)
    walked = (page[-1].received_at.isoformat() if cursor.newest_first else "", page[-1].pk)
    return Page([*page], replace(cursor, walked=walked, count=count), is_last=False)


def _changes(cursor: Cursor, *, size: int, immutable_ids: bool) -> Page:
    newest = Mailbox.objects.get(guid=cursor.mailbox).change_number
    rows = _in_window(cursor).filter(changed__gt=cursor.told)
    if cursor.change_type == "created":
        rows = rows.filter(arrived__gt=cursor.base)
    elif cursor.change_type == "updated":
        rows = rows.filter(arrived__lte=cursor.base)
    elif cursor.change_type == "deleted":
        rows = rows.none()
    left = _left(cursor)
    gone = left.filter(number__gt=cursor.told) if cursor.change_type in {"", "deleted"} else left.none()
    changed = list(rows.order_by("changed")[: size + 1])
    page = _merged(cursor, changed, list(gone.order_by("number")[: size + 1]), size=size, newest=newest)
    if not immutable_ids:
        return page
    # Moved away and back within one round, a message is told as removed and no more (seen on live mailboxes): only a
    # GET by its immutable id finds out.
    here = [item.pk for item in page.items if not isinstance(item, Removal)]
    back = set(left.filter(number__gt=cursor.base, item__in=here).values_list("item", flat=True))
    items = [item for item in page.items if isinstance(item, Removal) or item.pk not in back]
    return replace(page, items=items)


def _merged(cursor: Cursor, rows: "list[Item]", gone: list[Removal], *, size: int, newest: int) -> Page:
    """The first `size` of rows and removals by their change numbers, which no two of them share."""
    numbered: list[tuple[int, Item | Removal]] = [(row.changed, row) for row in rows]
    numbered += [(removal.number, removal) for removal in gone]
    numbered.sort(key=lambda pair: pair[0])
    page = numbered[:size]
    if len(numbered) <= size:
        return Page([item for _number, item in page], cursor.next_round(max(newest, cursor.told)), is_last=True)
    return Page([item for _number, item in page], replace(cursor, told=page[-1][0]), is_last=False)


def _rows(cursor: Cursor) -> QuerySet[Any]:
    if cursor.of == CONTACTS:
        return Contact.objects.filter(folder=cursor.folder)
    return Message.objects.filter(folder=cursor.folder)


def _left(cursor: Cursor) -> QuerySet[Removal]:
    return Removal.objects.filter(**{"contact_folder" if cursor.of == CONTACTS else "folder": cursor.folder})


def _in_window(cursor: Cursor) -> QuerySet[Any]:
    rows = _rows(cursor)
    if not cursor.since:
        return rows
    since = datetime.fromisoformat(cursor.since)
    return rows.filter(received_at__gt=since) if cursor.is_after else rows.filter(received_at__gte=since)
