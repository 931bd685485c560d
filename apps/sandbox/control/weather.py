"""Bad weather on request: which faults are switched on, whom they hit, and what a hit request gets.

Faults live in memory: the sandbox is one process, and a restart clears the sky.
"""

import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.sandbox.control import request_log
from apps.sandbox.control.asks import SERVICES, Ask, ask_of
from apps.sandbox.control.refusals import throttled, unavailable

NAMES = ("throttle", "5xx", "slow", "dropped", "expired-cursor", "revoked-token")
# What people call them, once lower-cased and with hyphens for spaces and underscores.
ALIASES = {
    "throttled": "throttle",
    "throttling": "throttle",
    "429": "throttle",
    "unavailable": "5xx",
    "server-error": "5xx",
    "500": "5xx",
    "503": "5xx",
    "slow-answer": "slow",
    "drop": "dropped",
    "dropped-after-success": "dropped",
    "drop-after-success": "dropped",
    "expire-cursor": "expired-cursor",
    "cursor-expired": "expired-cursor",
    "revoke-token": "revoked-token",
    "token-revoked": "revoked-token",
}
SERVICE_ALIASES = {"entra-id": "entra", "crm": "coripo"}
DEFAULT_SECONDS = {"slow": 3.0, "throttle": 2.0}


class UnknownFault(ValueError):
    """The fault cannot be switched on; the text says why, for the person who asked."""


@dataclass
class Fault:
    """One kind of trouble: whom it is aimed at (a service, a part of it, or both empty for all) and how often it hits.

    `left` counts the hits still to come, None until cleared; `share` is the chance of each hit; `seconds` is the delay
    of `slow` and the Retry-After of `throttle`.
    """

    name: str
    service: str
    part: str
    left: int | None
    share: float
    seconds: float
    hits: int = 0


_lock = threading.Lock()
_faults: list[Fault] = []


def add(
    *, name: str, target: str = "", times: int = 1, seconds: float | None = None, share: float = 1.0
) -> dict[str, Any]:
    """Switch a fault on and return it as listed; raises UnknownFault. `times` of 0 or less lasts until cleared."""
    kind = re.sub(r"[\s_]+", "-", name.strip().lower())
    kind = ALIASES.get(kind, kind)
    if kind not in NAMES:
        raise UnknownFault(f"No fault is called {name!r}. There are: {', '.join(NAMES)}.")
    if not 0 < share <= 1:
        raise UnknownFault("The share must be above 0 and at most 1.")
    if seconds is not None and seconds < 0:
        raise UnknownFault("The seconds must not be negative.")
    service, part = _aim(target)
    fault = Fault(
        name=kind,
        service=service,
        part=part,
        left=times if times > 0 else None,
        share=share,
        seconds=DEFAULT_SECONDS.get(kind, 0.0) if seconds is None else seconds,
    )
    with _lock:
        _faults.append(fault)
        return asdict(fault)


def listed() -> list[dict[str, Any]]:
    """The faults switched on, oldest first, spent ones (`left` 0) with their number of hits."""
    with _lock:
        return [asdict(fault) for fault in _faults]


def clear() -> None:
    with _lock:
        _faults.clear()


def strike(name: str, ask: Ask) -> Fault | None:
    """The fault of that name that hits the ask, which uses up one of its times; None in fair weather."""

    def is_hit(fault: Fault) -> bool:
        return fault.service in {"", ask.service} and (not fault.part or ask.is_aimed_at(fault.part))

    return _spend(name, is_hit)


def strikes(name: str, parts: Iterable[str]) -> bool:
    """Whether a fault that belongs to one service hits it now: `expired-cursor` in Graph, `revoked-token` in Entra ID.

    `parts` describe the request: the mailbox's address, the path. The service in the fault's target plays no role.
    """
    texts = [part.lower() for part in parts]

    def is_hit(fault: Fault) -> bool:
        return not fault.part or any(fault.part in text for text in texts)

    return _spend(name, is_hit) is not None


def weather(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: counts the request, then lets the faults at it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        ask = ask_of(request)
        if ask is None:
            return get_response(request)
        request_log.count(ask)
        if slow := strike("slow", ask):
            time.sleep(slow.seconds)
        if throttle := strike("throttle", ask):
            return throttled(ask.service, retry_after_seconds=throttle.seconds)
        if strike("5xx", ask):
            return unavailable(ask.service)
        drop = strike("dropped", ask)
        response = get_response(request)
        if drop:
            _hang_up(request)
        return response

    return middleware


def _aim(target: str) -> tuple[str, str]:
    """Service and part of "graph", "coripo:set_entries", "coripo:set_entry/jana@firm.example", "jana@firm.example", "*" or ""."""
    text = target.strip().lower()
    service, colon, part = (word.strip() for word in text.partition(":"))
    service = SERVICE_ALIASES.get(re.sub(r"[\s_]+", "-", service), service)
    if text in {"", "*"}:
        return "", ""
    if service in SERVICES:
        return service, "" if part == "*" else part
    if colon and service not in {"", "*"}:
        raise UnknownFault(f"No service is called {service!r}. There are: {', '.join(SERVICES)}.")
    return "", part if colon else text


def _spend(name: str, is_hit: Callable[[Fault], bool]) -> Fault | None:
    with _lock:
        for fault in _faults:
            if fault.name != name or fault.left == 0 or not is_hit(fault) or random.random() >= fault.share:  # noqa: S311
                continue
            fault.hits += 1
            if fault.left is not None:
                fault.left -= 1
            return fault
    return None


def _hang_up(request: HttpRequest) -> None:
    """Close the connection under the finished answer, so that the caller cannot know that all was done."""
    connection: socket.socket | None = request.META.get("gunicorn.socket")
    if connection is None:
        raise ConnectionAbortedError("The answer was dropped. Only under gunicorn is there a connection to close.")
    connection.shutdown(socket.SHUT_RDWR)
