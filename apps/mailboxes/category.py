"""The category by which Outlook shows what is synced. Outlook compares names without their case."""

from __future__ import annotations

from collections.abc import Iterable

CATEGORY = "CORIPO"


def is_among(names: Iterable[str]) -> bool:
    return any(_is_ours(name) for name in names)


def with_category(names: tuple[str, ...]) -> tuple[str, ...]:
    """These and ours; the same ones where ours is among them, however it is spelt."""
    return names if is_among(names) else (*names, CATEGORY)


def without_category(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if not _is_ours(name))


def _is_ours(name: str) -> bool:
    return name.strip().casefold() == CATEGORY.casefold()
