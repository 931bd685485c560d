"""Who may call what, and how much of it at once."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from apps.sandbox.control.models import Person
from apps.sandbox.entra.tokens import Bearer, InvalidToken, identify
from apps.sandbox.graph import errors
from apps.sandbox.graph.models import Mailbox

MAILBOX_CONCURRENCY = 4  # Graph: Outlook service limits, per app and mailbox
# From the least scope to the greatest: each includes those before it.
MAIL_SCOPES = ("Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite")

_lock = threading.Lock()
_running: Counter[int] = Counter()


def bearer_of(authorization: str) -> Bearer:
    """Who calls. Raises GraphError (401)."""
    try:
        return identify(authorization)
    except InvalidToken as error:
        raise errors.unauthorized(str(error)) from error


def require(scope: str, bearer: Bearer) -> None:
    """Refuse a bearer whose token has neither the scope nor a greater one. Raises GraphError (403)."""
    if not grants(scope, bearer):
        raise errors.access_denied()


def grants(scope: str, bearer: Bearer) -> bool:
    enough = MAIL_SCOPES[MAIL_SCOPES.index(scope) :] if scope in MAIL_SCOPES else (scope,)
    return not bearer.scopes.isdisjoint(enough)


def person_named(name: str | None, bearer: Bearer) -> Person:
    """The person of `/me` (no name) or of `/users/{address or object id}`. Raises GraphError.

    Nobody has shared a mailbox here, so another person's is refused as Exchange refuses it.
    """
    own = Person.objects.get(oid=bearer.oid)
    if name is None or name.lower() in {own.mail.lower(), str(own.oid)}:
        return own
    others = {text.lower() for pair in Person.objects.values_list("mail", "oid") for text in map(str, pair)}
    raise errors.access_denied() if name.lower() in others else errors.unknown_user(name)


def mailbox_of(person: Person) -> Mailbox:
    """Raises GraphError (404) where the person has none."""
    mailbox = Mailbox.objects.select_related("person").filter(person=person).first()
    if mailbox is None:
        raise errors.no_mailbox()
    return mailbox


@contextmanager
def slot(mailbox: Mailbox) -> Iterator[None]:
    """One of the requests that a mailbox carries at a time. Raises GraphError (429) where all are taken."""
    with _lock:
        if _running[mailbox.pk] >= MAILBOX_CONCURRENCY:
            raise errors.too_many_at_once()
        _running[mailbox.pk] += 1
    try:
        yield
    finally:
        with _lock:
            _running[mailbox.pk] -= 1
