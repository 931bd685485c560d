"""Ways of Graph that a test turns while it runs: what is allowed there and rare. They live in memory."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any


class UnknownKnob(ValueError):
    """No such knob, or a value of the wrong kind; the text says which."""


@dataclass(frozen=True)
class Knobs:
    """Delta: each page of a later round tells `replay` items once more that did not change; `empty_pages` puts an empty
    page before every other one; `shuffle` tells a page in any order; `early_removals` tells in the first round what
    left before it; links for the next page or round die after `next_link_seconds` and `delta_link_seconds` (0: never);
    `lost_cursor` is the status and code with which a lost one is refused.

    Lists: the next `damaged` items come as an error object inside a good page.

    Writing: the next `conflicts` writes to messages and contacts collide with somebody else's, refused with `conflict_status`.

    Throttling: `window_requests` in `window_seconds` and `at_a_time` requests for each mailbox; without `retry_after`
    the refusals leave that header out.
    """

    replay: int = 0
    empty_pages: bool = False
    shuffle: bool = False
    early_removals: bool = False
    next_link_seconds: int = 0
    delta_link_seconds: int = 0
    lost_cursor: list[Any] = field(default_factory=lambda: [410, "SyncStateNotFound"])
    damaged: int = 0
    conflicts: int = 0
    conflict_status: int = 412
    window_requests: int = 10_000  # Graph: Outlook service limits, per app and mailbox
    window_seconds: int = 600
    at_a_time: int = 4
    retry_after: bool = True


LOST_CURSOR_STATUSES = {400, 404, 410}

_lock = threading.Lock()
_knobs = Knobs()


def current() -> Knobs:
    return _knobs


def turn(values: Mapping[str, Any]) -> dict[str, Any]:
    """Set the named knobs, all or none, and return all of them. Raises UnknownKnob."""
    global _knobs  # noqa: PLW0603  the one place that turns them
    known = {knob.name: type(getattr(Knobs(), knob.name)) for knob in fields(Knobs)}
    for name, value in values.items():
        if name not in known:
            raise UnknownKnob(f"No knob is called {name!r}. There are: {', '.join(known)}.")
        if type(value) is not known[name] or (type(value) is int and value < 0):
            raise UnknownKnob(f"The knob {name} takes {known[name].__name__} and nothing negative, not {value!r}.")
    lost = values.get("lost_cursor", Knobs().lost_cursor)
    if len(lost) != 2 or lost[0] not in LOST_CURSOR_STATUSES or not isinstance(lost[1], str):
        raise UnknownKnob("The knob lost_cursor takes [400, 404 or 410, code].")
    with _lock:
        _knobs = replace(_knobs, **values)
        return asdict(_knobs)


def takes(name: str) -> bool:
    """Whether one of the times that a counting knob has left is due now; it is used up."""
    global _knobs  # noqa: PLW0603
    if not getattr(_knobs, name):
        return False
    with _lock:
        left = getattr(_knobs, name)
        if left:
            _knobs = replace(_knobs, **{name: left - 1})
        return bool(left)


def reset() -> None:
    turn(asdict(Knobs()))
