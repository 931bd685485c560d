"""How a page keeps in step: what it shows that may still change, and what has changed when it asks again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.http import QueryDict

from apps.accounts.models import User
from apps.contacts.correspondents import Refusals
from apps.inbox.filters import filter_of, query_of
from apps.inbox.rows import ShownRow, shown_row
from apps.mailboxes.models import Message
from apps.sync.listing import COUNT_LIMIT, Cursor, MessageFilter, count_messages, has_newer
from apps.sync.queries import MOVING, Progress, messages_by_id, progress_of

# A page that was left open stops asking; whatever moves by then waits for something that takes long.
POLLING_ENDS_AFTER = timedelta(minutes=10)
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Moving:
    """The rows and states that a page shows, and whether and with which query it asks again.

    `shown` reads "12.queued,13.synced". `loaded` is the number of messages so far while a mailbox is loaded for the
    first time.
    """

    shown: str
    query: str
    goes_on: bool
    is_importing: bool
    is_looking: bool
    has_news: bool
    loaded: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What a page has to change: these rows, the panel's message, and how it goes on asking.

    `starts_over` says that the page showed nothing and there is something now.
    """

    rows: tuple[ShownRow, ...]
    panel: Message | None
    moving: Moving
    starts_over: bool

    @property
    def is_idle(self) -> bool:
        """Nothing to change, and the asking goes on as it was."""
        moving = self.moving
        return moving.goes_on and not (self.rows or self.panel or moving.has_news or moving.is_importing)


def first_moving(
    user: User, rows: Iterable[ShownRow], wanted: MessageFilter, progress: Progress, *, at: datetime, top: str
) -> Moving:
    """For a page that is shown now. `top` is the cursor of its first row, where news may appear above it."""
    return _moving(user, rows, wanted, progress, since=at, at=at, top=top, has_news=False)


def next_step(query: QueryDict, *, user: User, at: datetime) -> Step:
    """Compare what a page shows with what is true now. `query` is what `Moving` and the page's own fields say."""
    wanted = filter_of(query)
    believed, believed_panel = shown_states(query.get("shown", "")), shown_states(query.get("panel", ""))
    found = messages_by_id(user, {*believed, *believed_panel})
    refusals = Refusals.of(user)
    rows = {row.message.pk: shown_row(row, refusals, query_of(wanted)) for row in found}
    listed = [rows[pk] for pk in believed if pk in rows]
    in_panel = [rows[pk] for pk in believed_panel if pk in rows]
    top = query.get("top", "")
    has_news = bool(top or not believed) and has_newer(user, wanted, Cursor.parse(top))
    return Step(
        rows=tuple(row for row in listed if row.message.state != believed[row.message.pk]),
        panel=next((r.message for r in in_panel if r.message.state != believed_panel[r.message.pk]), None),
        moving=_moving(
            user,
            listed,
            wanted,
            progress_of(user, at=at),
            since=_moment(query.get("since", "")) or at,
            at=at,
            top=top,
            has_news=has_news,
            also=in_panel,
        ),
        starts_over=not believed and has_news,
    )


def shown_states(text: str) -> dict[int, str]:
    """Ids and states as a page wrote them into its form; what is no such pair is left out."""
    pairs = (part.split(".", 1) for part in text.split(",")[:MOST_SHOWN] if "." in part)
    return {int(pk): state for pk, state in pairs if pk.isascii() and pk.isdecimal() and len(pk) <= 18}


def capped(number: int) -> str:
    """A count as people read it: "999+" where counting stopped."""
    return f"{COUNT_LIMIT - 1}+" if number >= COUNT_LIMIT else str(number)


def _moving(
    user: User,
    rows: Iterable[ShownRow],
    wanted: MessageFilter,
    progress: Progress,
    *,
    since: datetime,
    at: datetime,
    top: str,
    has_news: bool,
    also: Iterable[ShownRow] = (),
) -> Moving:
    states = {row.message.pk: row.message.state for row in rows}
    changes = progress.is_importing or progress.is_looking
    changes = changes or any(state in MOVING for state in (*states.values(), *(row.message.state for row in also)))
    goes_on = changes and at - since <= POLLING_ENDS_AFTER
    return Moving(
        shown=",".join(f"{pk}.{state}" for pk, state in states.items()),
        # Where the asking has ended, the next reason to ask begins its time anew.
        query=query_of(wanted, since=str(int(since.timestamp())) if goes_on else "", top=top),
        goes_on=goes_on,
        is_importing=progress.is_importing,
        is_looking=progress.is_looking,
        has_news=has_news,
        loaded=capped(_loaded(user, wanted)) if progress.is_importing else "",
    )


def _loaded(user: User, wanted: MessageFilter) -> int:
    return count_messages(user, MessageFilter(mailbox=wanted.mailbox, folder=wanted.folder))


def _moment(seconds: str) -> datetime | None:
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= 11):
        return None
    return datetime.fromtimestamp(int(seconds), tz=UTC)
