"""The next page of a listing, on its way while the last one is being stored: still one request of a mailbox at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from apps.graph.client import GraphClient
from apps.graph.errors import GraphError
from apps.graph.parsing import MessagePage


class PagesAhead:
    """Asks for a page in a thread of its own, with a token from the thread that wants it: only that one has a database."""

    def __init__(self, client: GraphClient, thread: ThreadPoolExecutor) -> None:
        self._client = client
        self._thread = thread
        self._asked: tuple[str, Future[MessagePage]] | None = None

    def ask(self, link: str, *, page_size: int) -> None:
        """Ask for the page behind a next link. Raises GraphError where there is no token to ask with."""
        client = self._client.with_tokens(_OneToken(self._client.tokens.access_token()))
        self._asked = link, self._thread.submit(client.continue_messages, link, page_size=page_size)

    def take(self, link: str) -> MessagePage | None:
        """The page behind this link if it was asked for, once it is here. Raises what `continue_messages` raises."""
        asked, self._asked = self._asked, None
        if asked is None or asked[0] != link:
            return None
        try:
            return asked[1].result()
        except _TokenRejectedError:
            return None


@contextmanager
def pages_ahead(client: GraphClient) -> Iterator[PagesAhead]:
    """Waits at its end for an answer under way, so that whoever holds the slot has no request left."""
    with ThreadPoolExecutor(1, thread_name_prefix="pages-ahead") as thread:
        yield PagesAhead(client, thread)


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
