"""One line a figure: `name value unit <= aim`, with the N that it was measured at."""

from __future__ import annotations

import sys


class Results:
    """Prints figures as they come and remembers whether each met its aim."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def add(self, name: str, value: float, unit: str, *, at_most: float, n: str) -> None:
        verdict = "" if value <= at_most else "   MISSED"
        sys.stdout.write(f"{name} {value:.3g} {unit} <= {at_most:g}   ({n}){verdict}\n")
        sys.stdout.flush()
        if value > at_most:
            self.missed.append(name)


def note(text: str) -> None:
    sys.stdout.write(f"# {text}\n")
    sys.stdout.flush()
