"""Slowness and breakage on request, in memory: the sandbox is one process."""

import threading
import time
from dataclasses import asdict, dataclass, fields


class UnknownKnob(ValueError):
    """There is no such knob, or its value is no number of at least 0."""


@dataclass
class Knobs:
    """`latency_ms` goes into every call, while it holds its session; `attachment_seconds_per_mb` into every upload (the
    real server took 1.2 to 1.9). `break_batch_after` lets the next set_entries die after that many entries, once; 0 is
    never.
    """

    latency_ms: float = 0
    attachment_seconds_per_mb: float = 0
    break_batch_after: float = 0


_lock = threading.Lock()
_knobs = Knobs()


def turn(values: dict[str, object]) -> dict[str, float]:
    """Set the named knobs and answer all of them; raises UnknownKnob and then sets none."""
    names = {knob.name for knob in fields(Knobs)}
    for name, value in values.items():
        if name not in names:
            raise UnknownKnob(f"No knob is called {name!r}. There are: {', '.join(sorted(names))}.")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise UnknownKnob(f"{name} must be a number of at least 0.")
    with _lock:
        for name, value in values.items():
            setattr(_knobs, name, value)
        return asdict(_knobs)


def reset() -> None:
    turn(asdict(Knobs()))


def delay_call() -> None:
    if _knobs.latency_ms:
        time.sleep(_knobs.latency_ms / 1000)


def delay_upload(size: int) -> None:
    """As the filter that the whole request goes through: `size` in bytes."""
    if _knobs.attachment_seconds_per_mb:
        time.sleep(_knobs.attachment_seconds_per_mb * size / 1_000_000)


def take_batch_break() -> int:
    """After how many entries this batch dies, 0 for never. Asking uses it up."""
    with _lock:
        after, _knobs.break_batch_after = int(_knobs.break_batch_after), 0
        return after
