"""A second machine with workers alone, as docs/administrator.md describes it: same variables, other node names."""

from __future__ import annotations

import sys

from apps.core.management.commands.up import worker
from apps.core.supervisor import Child, Supervisor


def named(command: list[str]) -> list[str]:
    """The same worker under a node name of its own, for a broker tells workers apart by their names."""
    return [word.replace("@%h", "-2@%h") for word in command]


if __name__ == "__main__":
    workers = [
        Child("interactive-2", named(worker("interactive", threads=4))),
        Child("background-2", named(worker("background", threads=3))),
    ]
    sys.exit(Supervisor(workers).run())
