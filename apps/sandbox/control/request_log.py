"""How many requests each service has had, counted in memory: the sandbox is one process."""

import threading
from collections import Counter

from apps.sandbox.control.asks import SERVICES, Ask

_lock = threading.Lock()
_counts: Counter[tuple[str, str]] = Counter()


def count(ask: Ask) -> None:
    """Count one request. Graph counts each part of a `$batch` by calling this itself."""
    with _lock:
        _counts[ask.service, ask.part] += 1


def counted() -> dict[str, dict[str, int]]:
    """Totals by service, and counts by "service:part"."""
    with _lock:
        counts = dict(_counts)
    return {
        "total": {
            name: sum(number for (service, _part), number in counts.items() if service == name) for name in SERVICES
        },
        "by_part": {f"{service}:{part}": number for (service, part), number in sorted(counts.items())},
    }


def clear() -> None:
    with _lock:
        _counts.clear()
