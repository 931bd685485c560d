"""Long lists in portions that one request can carry."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def portions(
    items: Iterable[T], *, most: int, size_of: Callable[[T], int] = lambda _item: 0, largest: int = 0
) -> Iterator[list[T]]:
    """The items in order, at most `most` together and, where sizes are given, not above `largest` in sum.

    One item alone may be larger than that: it goes by itself.
    """
    portion: list[T] = []
    size = 0
    for item in items:
        weight = size_of(item)
        if portion and (len(portion) == most or size + weight > largest > 0):
            yield portion
            portion, size = [], 0
        portion.append(item)
        size += weight
    if portion:
        yield portion
