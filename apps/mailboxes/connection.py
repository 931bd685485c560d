"""Graph clients for mailboxes: with the mailbox's tokens, and for pages with the limits that all processes share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

from django.conf import settings

from apps.core.clock import now
from apps.graph.client import GraphClient
from apps.graph.contacts import ContactsClient
from apps.graph.errors import GraphError, GraphThrottled, GraphTokenAwaited, GraphUnreachable
from apps.mailboxes.models import Mailbox
from apps.mailboxes.tokens import CONTACT_SCOPES, SCOPES, MailboxTokens
from apps.work.fences import FenceStands, Passage, passage, raise_fence
from apps.work.limits import LimitReached, slot

# Graph allows four requests in flight for a mailbox: 0 is the page's, 1 the interactive lane's, everybody may use the others.
PAGE_SLOT = (0,)
BULK_SLOTS = (2, 3)
GRAPH_KEY = "graph:"
# Body and attachments of a page ask at the same moment and share the slot.
LONGEST_WAIT_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.05


def graph_key(mailbox: Mailbox) -> str:
    """Under this key live the mailbox's fence and its four slots."""
    return f"{GRAPH_KEY}{mailbox.home_account_id}"


@contextmanager
def graph_client(mailbox: Mailbox, *, scopes: tuple[str, ...] = SCOPES) -> Iterator[GraphClient]:
    """A client for the mailbox. The caller holds a slot and respects the fence."""
    yield GraphClient(base_url=settings.GRAPH_BASE_URL, tokens=MailboxTokens(mailbox.pk, scopes=scopes))


@contextmanager
def contacts_client(mailbox: Mailbox) -> Iterator[ContactsClient]:
    """A client for the mailbox's contacts. The caller holds a slot and respects the fence."""
    tokens = MailboxTokens(mailbox.pk, scopes=CONTACT_SCOPES)
    yield ContactsClient(base_url=settings.GRAPH_BASE_URL, tokens=tokens)


@contextmanager
def page_client(mailbox: Mailbox) -> Iterator[GraphClient]:
    """A client for somebody who waits at a page: in the page's own slot, behind the fence if one stands.

    Raises GraphThrottled while a fence stands or the slot stays taken; puts the fence up where Graph asks for quiet, and takes
    it away where it was over and Graph answers again.
    """
    with _at_a_page(mailbox), graph_client(mailbox) as client:
        yield client


@contextmanager
def page_contacts_client(mailbox: Mailbox) -> Iterator[ContactsClient]:
    """The same for the mailbox's contacts."""
    with _at_a_page(mailbox), contacts_client(mailbox) as client:
        yield client


@contextmanager
def _at_a_page(mailbox: Mailbox) -> Iterator[None]:
    with ExitStack() as held:
        way = _page_way(mailbox, held)
        try:
            yield
        except GraphError as error:
            if error.is_retryable and not isinstance(error, GraphUnreachable):
                raise_graph_fence(mailbox, error)
            raise
        way.answered()


def raise_graph_fence(mailbox: Mailbox, error: GraphError) -> datetime:
    """Keep everybody from the mailbox for as long as Graph asks, else for a little longer each time; returns until when.

    Where only a token is awaited, nobody is kept away: Graph was not asked.
    """
    if isinstance(error, GraphTokenAwaited):
        return now() + timedelta(seconds=error.again_after_seconds)
    return raise_fence(graph_key(mailbox), reason=error.code, seconds=error.retry_after_seconds).until


def _page_way(mailbox: Mailbox, held: ExitStack) -> Passage:
    """The page's slot and the way past the fence, both given back with `held`. Waits a little for another page."""
    give_up_at = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        try:
            with ExitStack() as taken:
                taken.enter_context(slot(graph_key(mailbox), PAGE_SLOT))
                way = taken.enter_context(passage(graph_key(mailbox)))
                held.push(taken.pop_all())
                return way
        except FenceStands as standing:
            if not standing.is_being_tried or time.monotonic() > give_up_at:
                seconds = max(int((standing.again_at - now()).total_seconds()), 1)
                raise GraphThrottled("the fence stands", retry_after_seconds=seconds) from standing
        except LimitReached as error:
            if time.monotonic() > give_up_at:
                raise GraphThrottled("another page reads this mailbox", retry_after_seconds=1) from error
        time.sleep(LOOK_AGAIN_SECONDS)
