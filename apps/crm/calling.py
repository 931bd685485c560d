"""Calls in the name of one login: session first, the call, and the login once more where the session has gone."""

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from apps.crm import shapes
from apps.crm.errors import (
    CrmContractBroken,
    CrmError,
    CrmForbidden,
    CrmRejected,
    CrmThrottled,
    CrmUnauthorized,
    CrmUnreachable,
)
from apps.crm.sessions import SessionKey, SessionPool
from apps.crm.transport import Transport

APPLICATION = "CORIPO Mail Portal"
# Some methods report a session that has gone as a wrong login; after any call but `login` both mean that.
SESSION_FAULTS = frozenset({shapes.INVALID_SESSION, shapes.INVALID_LOGIN})


@dataclass(frozen=True, slots=True)
class Login:
    """With `ldap` the password is sent as it is, since CORIPO hands it on; otherwise its MD5, as the protocol says."""

    user_name: str
    password: str = field(repr=False)
    method: Literal["password", "ldap"] = "password"


@dataclass(frozen=True, slots=True)
class SignedOn:
    session_id: str = field(repr=False)
    user_id: str
    user_name: str
    is_admin: bool


class Caller:
    """One login in use. Not for several threads at once: a session runs one call at a time."""

    def __init__(self, transport: Transport, login: Login, *, pool: SessionPool, account_key: str) -> None:
        if login.method == "ldap" and not _is_private(transport.url):
            raise CrmRejected(field="address", reason="an LDAP password is sent over https only")
        self.transport = transport
        self._login = login
        self._pool = pool
        self._key = SessionKey(url=transport.url, user_name=login.user_name, account_key=account_key)
        self._session_id: str | None = None
        self._refusal: CrmUnauthorized | None = None

    def read(self, method: str, **arguments: Any) -> Any:
        """A call that changes nothing in CORIPO. The session is put before the arguments, which keep their order.

        Where the connection was closed without an answer it is made once more, at once.
        """
        try:
            return self._call(method, arguments, is_write=False)
        except CrmUnreachable as error:
            # Perhaps a call that never answered still holds this session: the next one takes another.
            self._session_id = None
            if not error.is_broken_connection:
                raise
        return self._call(method, arguments, is_write=False)

    def write(self, method: str, **arguments: Any) -> Any:
        """A call that changes something.

        The session is kept after an answer that never came: the reading that follows in it waits, by CORIPO's own
        lock, until the lost call has ended, and so tells the truth.
        """
        return self._call(method, arguments, is_write=True)

    def sign_on(self) -> SignedOn:
        """Log in now, in a session of its own. A refused login is not sent again by this caller."""
        if self._refusal is not None:
            raise self._refusal
        try:
            signed_on = _log_in(self.transport, self._login)
        except CrmUnauthorized as refusal:
            self._refusal = refusal
            raise
        self._session_id = signed_on.session_id
        return signed_on

    def close(self) -> None:
        """Leave the session to the next user of this login."""
        if self._session_id is not None:
            self._pool.give_back(self._key, self._session_id)
            self._session_id = None

    def _call(self, method: str, arguments: Mapping[str, Any], *, is_write: bool) -> Any:
        answer, fault = self._call_once(method, arguments, is_write=is_write)
        if fault is not None and fault.number in SESSION_FAULTS:
            # Nothing was carried out. The other sessions that rest are as old as this one.
            self._pool.forget(self._key)
            self.sign_on()
            answer, fault = self._call_once(method, arguments, is_write=is_write)
        if fault is not None:
            raise _translated(method, fault)
        return answer

    def _call_once(
        self, method: str, arguments: Mapping[str, Any], *, is_write: bool
    ) -> tuple[Any, shapes.Fault | None]:
        if self._session_id is None:
            self._session_id = self._pool.take(self._key) or self.sign_on().session_id
        answer = self.transport.call(method, {"session": self._session_id, **arguments}, is_write=is_write)
        fault = shapes.fault_in(answer)
        if fault is not None and fault.number in SESSION_FAULTS:
            self._session_id = None
        return answer, fault


def _log_in(transport: Transport, login: Login) -> SignedOn:
    if login.method == "ldap":
        user_auth = {"user_name": login.user_name, "password": login.password, "encryption": "PLAIN"}
    else:
        digest = hashlib.md5(login.password.encode(), usedforsecurity=False).hexdigest()
        user_auth = {"user_name": login.user_name, "password": digest}
    answer = transport.call(
        "login",
        {
            "user_auth": user_auth,
            "application": APPLICATION,
            "name_value_list": [{"name": "notifyonsave", "value": "false"}],
        },
        is_write=False,
    )
    fault = shapes.fault_in(answer)
    if fault is not None and fault.number in shapes.LOGIN_FAULTS:
        raise CrmUnauthorized(f"login: refused with number {fault.number}")
    if fault is not None:
        raise _translated("login", fault)
    session_id = shapes.id_in(answer)
    if not session_id:
        raise CrmContractBroken("login: no session")
    fields = shapes.fields_in(answer.get("name_value_list"))
    return SignedOn(
        session_id=session_id,
        user_id=fields.get("user_id", ""),
        user_name=fields.get("user_name", login.user_name),
        is_admin=fields.get("user_is_admin", "") in {"1", "on", "true"},
    )


def _translated(method: str, fault: shapes.Fault) -> CrmError:
    if fault.number in SESSION_FAULTS:
        return CrmUnreachable(f"{method}: CORIPO keeps no session")
    if fault.number == shapes.TOO_MANY_SESSIONS:
        return CrmThrottled(f"{method}: too many sessions")
    if fault.number in (shapes.ACCESS_DENIED, 70):
        return CrmForbidden(f"{method}: {fault.name}")
    if fault.number == shapes.NO_MODULE:
        return CrmRejected(field="module", reason=f"{method}: {fault.name}")
    return CrmContractBroken(f"{method}: fault {fault.number}")


def _is_private(url: str) -> bool:
    """Nobody between us and that address can read along."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
