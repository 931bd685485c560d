"""Letters that lie close together in a folder, read by the page: one list request instead of one request for each.

A page tells less than the mail itself. What has files or pictures, what says nothing of its headers, and what is not in its
folder any more is left to the caller, who reads it by its id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from apps.graph.client import GraphClient, Span
from apps.graph.errors import GraphContractBroken, GraphRejected, GraphServerTrouble, ItemGone
from apps.graph.parsing import GraphBody
from apps.mailboxes.kinds import own_type_of
from apps.mailboxes.large_letters import Parts
from apps.mailboxes.models import Message

# Graph: a page with bodies should hold 25 to 100 messages, a large one ends in a time-out.
PAGE = 50
# A stretch is dense where at least every second message of it is wanted.
SPARSEST = 2
# For fewer a page saves next to nothing.
FEWEST = 4
# Graph's times are in seconds, and the end of a span lies outside.
A_SECOND = timedelta(seconds=1)
# In other forms something may travel that is neither text nor listed as a file: a signature, a picture.
_ALL_TEXT = frozenset({"text/plain", "text/html", "multipart/alternative"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a folder where these messages lie, not wider than a page."""

    span: Span
    graph_ids: frozenset[str]


class LetterPages:
    """The letters of these messages as far as pages tell them. A page is read when its first letter is taken."""

    def __init__(self, graph: GraphClient, messages: Collection[Message]) -> None:
        self._graph = graph
        self._unread = list(_dense_stretches(messages))
        self._found: dict[str, GraphBody] = {}

    def take(self, message: Message) -> Parts | None:
        """The letter, once; None for one that is to be read by its id.

        At most one request. Raises GraphError where the next request would fare no better.
        """
        stretch = next((each for each in self._unread if message.graph_id in each.graph_ids), None)
        if stretch is not None:
            self._unread.remove(stretch)
            self._found |= self._read(stretch)
        return self.take_read(message)

    def take_read(self, message: Message) -> Parts | None:
        """The letter, once, if it came with a page that has been read; without a request."""
        found = self._found.pop(message.graph_id, None)
        return Parts(found, files=(), is_body_left=False) if found and _is_all_there(found) else None

    def _read(self, stretch: Stretch) -> dict[str, GraphBody]:
        try:
            page = self._graph.bodies_in(stretch.span, most=PAGE)
        except (GraphRejected, GraphServerTrouble, GraphContractBroken, ItemGone):
            # Too much in one answer, or one letter that Graph cannot tell: one by one, the others come.
            return {}
        return {found.message.id: found for found in page if found.message.id in stretch.graph_ids}


def _dense_stretches(messages: Collection[Message]) -> Iterator[Stretch]:
    """Neighbours by time in their folder, at most a page of them."""
    plain = [each for each in messages if not each.has_attachments and each.kind != Message.Kind.MEETING]
    ordered = sorted(plain, key=lambda each: (each.folder_id, each.received_at))
    for _folder, in_folder in groupby(ordered, key=lambda each: each.folder_id):
        neighbours = list(in_folder)
        for start in range(0, len(neighbours), PAGE):
            yield from _dense_parts(neighbours[start : start + PAGE])


def _dense_parts(share: list[Message]) -> Iterator[Stretch]:
    """The share as one stretch, or what is dense of its halves: one that lies far off spoils only what is next to it."""
    if len(share) < FEWEST:
        return
    if _is_dense(share):
        span = Span(share[0].folder.graph_id, share[0].received_at, share[-1].received_at + A_SECOND)
        yield Stretch(span, frozenset(message.graph_id for message in share))
        return
    half = len(share) // 2
    yield from _dense_parts(share[:half])
    yield from _dense_parts(share[half:])


def _is_dense(share: list[Message]) -> bool:
    between = Message.objects.filter(
        folder=share[0].folder_id,
        # So that the index leads from the folder to the time.
        direction__in=Message.Direction.values,
        received_at__range=(share[0].received_at, share[-1].received_at),
    )
    # Whether there is one more than fits, which reads no more rows than a page has.
    most = min(len(share) * SPARSEST, PAGE)
    return not between[most : most + 1].exists()


def _is_all_there(found: GraphBody) -> bool:
    """Whether the page told all of the letter. Without headers nothing is known of its kind and its privacy."""
    return (
        own_type_of(found.headers) in _ALL_TEXT
        and not found.message.has_attachments
        and not found.message.is_meeting
        and "cid:" not in found.body.lower()
    )
