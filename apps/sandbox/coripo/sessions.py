"""Logins. One session is one file with a lock on the real server: calls that share it run one after another."""

import hashlib
import secrets
import string
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.faults import Fault, SilentNull
from apps.sandbox.coripo.models import Session, User

ALPHABET = string.ascii_lowercase + string.digits

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def authenticate(*, user_name: str, password: str, encryption: str) -> User:
    """The user, by the md5 of the password or, with encryption PLAIN, the password itself. Raises fault 10.

    Users whose password lives in LDAP have no md5 here, so only PLAIN lets them in.
    """
    user = User.objects.filter(user_name=user_name, deleted=False, status="Active").first()
    if user is None:
        raise Fault(10)
    if encryption == "PLAIN":
        expected = user.password
    elif user.is_ldap:
        raise Fault(10)
    else:
        expected = hashlib.md5(user.password.encode(), usedforsecurity=False).hexdigest()
    if not secrets.compare_digest(expected.encode(), password.encode()):
        raise Fault(10)
    return user


def open_session(user: User, *, cookie: str) -> Session:
    """A new session, or the one of the cookie: whoever sends it back gets the same id again."""
    knobs.delay_call()
    session = Session.objects.filter(pk=cookie).first() if cookie else None
    if session is None:
        session = Session(pk="".join(secrets.choice(ALPHABET) for _ in range(26)))
    session.user_id = user.pk
    session.save()
    return session


@contextmanager
def session_of(session_id: object, *, fault: int = 11) -> Iterator[User]:
    """The session's user, for as long as the call lasts; other calls of the session wait.

    Raises SilentNull for an empty session and the fault for one that is unknown or over.
    """
    if not session_id:
        raise SilentNull
    key = str(session_id)
    with _locks[key]:
        knobs.delay_call()
        session = Session.objects.filter(pk=key).first()
        user = User.objects.filter(pk=session.user_id, deleted=False).first() if session else None
        if user is None:
            raise Fault(fault)
        yield user


def close_session(session_id: str) -> None:
    Session.objects.filter(pk=session_id).delete()


def expire_sessions(*, user_name: str = "") -> int:
    """End all sessions, or one user's; answers how many."""
    sessions = Session.objects.all()
    if user_name:
        sessions = sessions.filter(user_id__in=User.objects.filter(user_name=user_name).values("pk"))
    return sessions.delete()[0]
