"""Files of any size that nobody has to send or keep: an empty part with `X-Sandbox-Filler: 157286400` stands for so many
bytes of filling, which are made only while they are read.
"""

import re
from collections.abc import Iterator

HEADER = "X-Sandbox-Filler"
# Lines that any transfer encoding of text leaves alone.
_BLOCK = b"Filling, as much of it as the header says.\r\n" * 1_500
# The header among the others of its part, up to where the content of the part begins.
_PART = re.compile(
    rb"^" + HEADER.encode() + rb":[ \t]*(\d{1,10})[ \t]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n", re.IGNORECASE | re.MULTILINE
)


def filling(size: int) -> Iterator[bytes]:
    """So many bytes, piece by piece."""
    while size > 0:
        yield _BLOCK[:size]
        size -= len(_BLOCK)


def filled(source: bytes) -> bytes | Iterator[bytes]:
    """The source of a mail with its files filled: as it is where none is to be."""
    return _pieces(source) if _PART.search(source) else source


def filled_size(source: bytes) -> int:
    return len(source) + sum(int(part[1]) for part in _PART.finditer(source))


def _pieces(source: bytes) -> Iterator[bytes]:
    position = 0
    for part in _PART.finditer(source):
        yield source[position : part.end()]
        yield from filling(int(part[1]))
        position = part.end()
    yield source[position:]
