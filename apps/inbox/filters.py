"""The list's address: what a person filtered, as a query string and back. Nonsense in an address is ignored."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.http import QueryDict

from apps.mailboxes.models import Message, MessageState
from apps.sync.listing import Cursor, MessageFilter
from apps.sync.queries import UNDECIDED

LONGEST_TEXT = 200
CAUSE = r"[a-z0-9_]{1,40}"


def filter_of(query: QueryDict) -> MessageFilter:
    """The filter that an address asks for."""
    state, direction, cause = query.get("state", ""), query.get("direction", ""), query.get("cause", "")
    return MessageFilter(
        mailbox=_id(query.get("mailbox", "")),
        state=state if state in MessageState.values else "",
        cause=cause if state in UNDECIDED and re.fullmatch(CAUSE, cause) else "",
        folder=_id(query.get("folder", "")),
        direction=direction if direction in Message.Direction.values else "",
        text=query.get("q", "")[:LONGEST_TEXT].replace("\x00", "").strip(),
    )


def _id(text: str) -> int | None:
    # More digits than a database's id has would be refused there.
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def query_of(wanted: MessageFilter, **more: str) -> str:
    """The query string of a filter, with its question mark; "" where it asks for everything."""
    parts = {
        "mailbox": str(wanted.mailbox) if wanted.mailbox is not None else "",
        "folder": str(wanted.folder) if wanted.folder is not None else "",
        "state": wanted.state,
        "cause": wanted.cause,
        "direction": wanted.direction,
        "q": wanted.text,
        **more,
    }
    chosen = {name: value for name, value in parts.items() if value}
    return f"?{urlencode(chosen)}" if chosen else ""


def page_query(text: str) -> str:
    """The query string that a page of ours wrote into its form, made anew from what of it means something."""
    query = QueryDict(text.removeprefix("?")[:1000])
    place = {name: query[name] for name in ("before", "after") if query.get(name) and Cursor.parse(query[name])}
    return query_of(filter_of(query), **place)
