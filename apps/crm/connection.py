"""From a stored login to a client. The only module of this wire that knows Django's settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from django.conf import settings

from apps.crm import probing
from apps.crm.calling import Caller, Login
from apps.crm.errors import CrmContractBroken, CrmRejected, CrmUnauthorized, CrmUnreachable, LoginFailed
from apps.crm.face import CrmClient, Probe
from apps.crm.rest_v4_1 import RestV41
from apps.crm.sessions import SessionPool, resting_sessions
from apps.crm.transport import Patience, Transport

# Without an upload every call answered within 1.7 s; a CORIPO ten times as slow is still heard out.
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0

Method = Literal["password", "ldap"]


@contextmanager
def crm_client(
    *,
    api_url: str,
    user_name: str,
    password: str,
    method: Method,
    account_key: str,
    read_seconds: float | None = None,
) -> Iterator[CrmClient]:
    """A client for one login, with a session of its own while the block runs. Nothing is sent before the first call.

    `account_key` names the stored login and its generation; a session is used again under the same key only.
    `read_seconds` is how long an answer may take where somebody waits for it. The client is for one thread. Raises
    `CrmRejected` for an address that cannot be used.
    """
    login = Login(user_name=user_name, password=password, method=method)
    caller = Caller(Transport(api_url, _patience(read_seconds)), login, pool=resting_sessions, account_key=account_key)
    try:
        yield RestV41(caller)
    finally:
        caller.close()


def check_login(*, api_url: str, user_name: str, password: str, method: Method) -> Probe:
    """Try a login as *Test and save* does, and say what it may do.

    The password is sent once, after something has answered there as a CORIPO. Raises `LoginFailed` with the step that
    failed; any other `CrmError` means that CORIPO is in trouble at the moment and nothing can be said of the login.
    """
    try:
        transport = Transport(api_url, _patience())
        probing.server_version(transport)
    except CrmUnreachable as error:
        raise LoginFailed("tls" if error.is_tls else "address") from error
    except (CrmRejected, CrmContractBroken) as error:
        raise LoginFailed("address") from error
    login = Login(user_name=user_name, password=password, method=method)
    try:
        caller = Caller(transport, login, pool=SessionPool(), account_key="")
    except CrmRejected as error:
        raise LoginFailed("tls") from error
    try:
        found = probing.probe(caller)
    except CrmUnauthorized as error:
        raise LoginFailed("login") from error
    except CrmRejected as error:
        raise LoginFailed("rights") from error
    if not (found.may_create_emails and found.may_read_contacts):
        raise LoginFailed("rights")
    return found


def _patience(read_seconds: float | None = None) -> Patience:
    longest = getattr(settings, "CRM_READ_SECONDS", READ_SECONDS)
    return Patience(
        connect_seconds=getattr(settings, "CRM_CONNECT_SECONDS", CONNECT_SECONDS),
        read_seconds=longest if read_seconds is None else min(read_seconds, longest),
    )
