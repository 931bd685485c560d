"""A server that says exactly what a test tells it to, and the tokens to ask it with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from apps.graph.errors import GraphError, GraphForbidden


@dataclass
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False


@dataclass
class Server:
    """Gives its answers in order, the last one again and again, and remembers what it was asked."""

    url: str
    answers: list[Answer]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class Tokens:
    """Counts what it is asked for; every refresh gives another token."""

    def __init__(self) -> None:
        self.rejected: list[str | None] = []

    def access_token(self, *, rejected: str | None = None) -> str:
        self.rejected.append(rejected)
        return f"token-{len([word for word in self.rejected if word])}"

    def refused(self) -> GraphError:
        return GraphForbidden("refused")
