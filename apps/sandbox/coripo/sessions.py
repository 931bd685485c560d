"""Logins. One session is one file with a lock on the real server: calls that share it run one after another.

A session ends by itself after some time without a call, and when a call comes from another network than its login did
(`verify_client_ip`, on as installed). Source: measured on SuiteCRM 7.14.6, "Sessions and speed".
"""

import hashlib
import ipaddress
import secrets
import string
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from django.utils import timezone

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.faults import Fault, SilentNull
from apps.sandbox.coripo.models import Session, User

ALPHABET = string.ascii_lowercase + string.digits

# Of a call that is noted down as the last one, so that not each call is a write.
NOTED_EVERY_SECONDS = 60

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
# Who is calling is no argument of a method: PHP has it as a global, too.
_network: ContextVar[str] = ContextVar("network", default="")


@contextmanager
def calls_from(address: str) -> Iterator[None]:
    """For as long as it lasts, calls come from that address."""
    token = _network.set(network_of(address))
    try:
        yield
    finally:
        _network.reset(token)


def network_of(address: str) -> str:
    """The network that a session is bound to: class C, and as much of IPv6 as one site has.

    >>> network_of("192.0.2.77"), network_of("2001:db8:1:2::3"), network_of("")
    ('192.0.2.0/24', '2001:db8:1::/48', '')
    """
    try:
        bits = 24 if ipaddress.ip_address(address).version == 4 else 48
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


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
    session.network, session.used_at = _network.get(), timezone.now()
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
        session = _live_session(key)
        user = User.objects.filter(pk=session.user_id, deleted=False).first() if session else None
        if user is None:
            raise Fault(fault)
        yield user


def _live_session(session_id: str) -> Session | None:
    """The session, unless its time is over or somebody else calls; then it is gone."""
    session = Session.objects.filter(pk=session_id).first()
    if session is None:
        return None
    now = timezone.now()
    rest = now - session.used_at
    longest = timedelta(seconds=knobs.session_seconds())
    if rest > longest or session.network != _network.get():
        session.delete()
        return None
    if rest > min(longest / 10, timedelta(seconds=NOTED_EVERY_SECONDS)):
        session.used_at = now
        session.save(update_fields=["used_at"])
    return session


def close_session(session_id: str) -> None:
    Session.objects.filter(pk=session_id).delete()


def expire_sessions(*, user_name: str = "") -> int:
    """End all sessions, or one user's; answers how many."""
    sessions = Session.objects.all()
    if user_name:
        sessions = sessions.filter(user_id__in=User.objects.filter(user_name=user_name).values("pk"))
    return sessions.delete()[0]
