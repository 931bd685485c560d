"""The next page of a listing, on its way while the last one is being stored."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from apps.graph.client import GraphClient
from apps.graph.errors import GraphError
from apps.graph.parsing import MessagePage


class PagesAhead:
    """Asks for a page in a thread of its own, with a token from the thread that wants it: only that one has a database.

    One page of each listing, so that as many requests are under way as listings are read side by side.
    """

    def __init__(self, client: GraphClient, threads: ThreadPoolExecutor) -> None:
        self._client = client
        self._threads = threads
        self._asked: dict[str, Future[MessagePage]] = {}

    def ask(self, link: str, *, page_size: int) -> None:
        """Ask for the page behind a next link. Raises GraphError where there is no token to ask with."""
        client = self._client.with_tokens(_OneToken(self._client.tokens.access_token()))
        self._asked[link] = self._threads.submit(client.continue_messages, link, page_size=page_size)

    def has(self, link: str) -> bool:
        """Whether this page was asked for and waits to be taken."""
        return link in self._asked

    def settle(self) -> None:
        """Wait until no request is under way."""
        wait(self._asked.values())

    def take(self, link: str) -> MessagePage | None:
        """The page behind this link if it was asked for, once it is here. Raises what `continue_messages` raises."""
        asked = self._asked.pop(link, None)
        if asked is None:
            return None
        try:
            return asked.result()
        except _TokenRejectedError:
            return None


@contextmanager
def pages_ahead(client: GraphClient, *, listings: int = 1) -> Iterator[PagesAhead]:
    """For so many listings side by side. Waits at its end for the answers under way, so that whoever holds a slot has no
    request left."""
    with ThreadPoolExecutor(listings, thread_name_prefix="pages-ahead") as threads:
        yield PagesAhead(client, threads)


class _TokenRejectedError(GraphError):
    """The token has ended meanwhile. Its own thread gets another one, and asks again."""


class _OneToken:
    def __init__(self, token: str) -> None:
        self._token = token

    def access_token(self, *, rejected: str | None = None) -> str:
        if rejected is not None:
            raise _TokenRejectedError("the token has ended")
        return self._token

    def refused(self) -> GraphError:
        return _TokenRejectedError("the token was refused")
