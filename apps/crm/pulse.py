"""How CORIPO bears what it is asked."""

from dataclasses import dataclass


@dataclass
class Pulse:
    """How CORIPO did in the calls of one client: its quickest answer, and how many calls met trouble of its own."""

    quickest_seconds: float | None = None
    troubles: int = 0

    def note(self, status: int, *, seconds: float) -> None:
        if status == 429 or status >= 500:
            self.troubles += 1
        else:
            self.quickest_seconds = min(self.quickest_seconds or seconds, seconds)
