"""Slowness, breakage and the ways of other servers on request, in memory: the sandbox is one process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields

from apps.sandbox.coripo.faults import Fault


class UnknownKnob(ValueError):
    """There is no such knob, or its value is no number of at least 0."""


@dataclass
class Knobs:
    """What can be turned; switches are 1 for on and 0 for off.

    Slowness: `latency_ms` goes into every call, while it holds its session; `attachment_seconds_per_mb` into every
    upload (the real server took 1.2 to 1.9). A record takes at least `write_ms_per_record` to be written, whatever the
    size of its batch, and two are written at once: the real server took 9 and had two cores.

    Breakage, used up by the calls that it hits: `break_batch_after` lets the next set_entries die after that many
    entries; `crash_while_creating` lets so many creations of e-mails die when only the texts are written.

    Another server: sessions end after `session_seconds` without a call (PHP: 24 minutes); a `login_fault` such as 1008
    refuses every login; `emails_unavailable` takes the module Emails away; with `old_date_field` e-mails have
    `date_sent` instead of `date_sent_received`, as before 7.10; with `contacts_read_only` nobody but administrators may
    create or change contacts, by a role of that kind; with `assistant_unkept` a rule of the site puts the assistant of a
    contact back to what it was.
    """

    latency_ms: float = 0
    write_ms_per_record: float = 0
    attachment_seconds_per_mb: float = 0
    break_batch_after: float = 0
    crash_while_creating: float = 0
    session_seconds: float = 24 * 60
    login_fault: float = 0
    emails_unavailable: float = 0
    old_date_field: float = 0
    contacts_read_only: float = 0
    assistant_unkept: float = 0


_lock = threading.Lock()
_knobs = Knobs()
_cores = threading.BoundedSemaphore(2)


def turn(values: dict[str, object]) -> dict[str, float]:
    """Set the named knobs and answer all of them; raises UnknownKnob and then sets none."""
    names = {knob.name for knob in fields(Knobs)}
    for name, value in values.items():
        if name not in names:
            raise UnknownKnob(f"No knob is called {name!r}. There are: {', '.join(sorted(names))}.")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise UnknownKnob(f"{name} must be a number of at least 0.")
    if (fault := values.get("login_fault")) and fault not in Fault.TEXTS:
        raise UnknownKnob(f"There is no fault {fault}. There are: {', '.join(map(str, Fault.TEXTS))}.")
    with _lock:
        for name, value in values.items():
            setattr(_knobs, name, value)
        return asdict(_knobs)


def reset() -> None:
    turn(asdict(Knobs()))


def delay_call() -> None:
    if _knobs.latency_ms:
        time.sleep(_knobs.latency_ms / 1000)


@contextmanager
def writing_record() -> Iterator[None]:
    """The block writes one record, and takes its time."""
    if not _knobs.write_ms_per_record:
        yield
        return
    with _cores:
        began = time.monotonic()
        yield
        time.sleep(max(0.0, began + _knobs.write_ms_per_record / 1000 - time.monotonic()))


def delay_upload(size: int) -> None:
    """As the filter that the whole request goes through: `size` in bytes."""
    if _knobs.attachment_seconds_per_mb:
        time.sleep(_knobs.attachment_seconds_per_mb * size / 1_000_000)


def session_seconds() -> float:
    return _knobs.session_seconds


def login_fault() -> int:
    """The number of the fault that every login gets, 0 for none."""
    return int(_knobs.login_fault)


def has_emails() -> bool:
    return not _knobs.emails_unavailable


def has_old_date_field() -> bool:
    return bool(_knobs.old_date_field)


def are_contacts_read_only() -> bool:
    return bool(_knobs.contacts_read_only)


def unkept_field() -> str:
    """A column of contacts that keeps its value, whatever is saved; "" for none."""
    return "assistant" if _knobs.assistant_unkept else ""


def take_crash() -> bool:
    """Whether this creation dies. Asking uses up one of the crashes."""
    with _lock:
        if _knobs.crash_while_creating < 1:
            return False
        _knobs.crash_while_creating -= 1
        return True


def take_batch_break() -> int:
    """After how many entries this batch dies, 0 for never. Asking uses it up."""
    with _lock:
        after, _knobs.break_batch_after = int(_knobs.break_batch_after), 0
        return after
