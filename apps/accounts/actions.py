"""What a person may ask about their own login at CORIPO."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction

from apps.accounts.models import CrmAccount, CrmServer, LoginTry, User
from apps.core.clock import now
from apps.crm.connection import Method, check_login, crm_client
from apps.crm.errors import CrmUnauthorized, LoginFailed
from apps.crm.face import CrmClient

# CORIPO may lock an account after three refused logins, and each refused transfer counts as well: we stop at two.
MOST_REFUSED_IN_A_ROW = 2
MOST_TRIES = 5
WINDOW = timedelta(minutes=10)


class TooManyTries(Exception):
    """Nothing was sent to CORIPO. The next try is possible at `until`."""

    def __init__(self, *, until: datetime) -> None:
        super().__init__(f"next try at {until:%H:%M:%S}")
        self.until = until


def test_and_save_crm_account(
    *, user: User, user_name: str, password: str, method: CrmAccount.Method, at: datetime
) -> CrmAccount:
    """Try the login at CORIPO and keep it if it may do what the portal needs. Nothing is kept of a login that fails.

    An empty password means the stored one. Raises TooManyTries without asking CORIPO, or LoginFailed with the step that
    failed: address, tls, login or rights.
    """
    server = CrmServer.objects.current()
    password = password or CrmAccount.objects.values_list("password", flat=True).get(user=user)
    attempt = _record_try(user, at=at)
    try:
        probe = check_login(api_url=server.api_url, user_name=user_name, password=password, method=_wire_method(method))
    except LoginFailed as failure:
        if failure.step == "login":
            LoginTry.objects.filter(pk=attempt.pk).update(was_refused=True)
        raise
    account = _save(
        user=user,
        server=server,
        user_name=user_name,
        password=password,
        method=method,
        crm_user_id=probe.user_id,
        at=at,
    )
    LoginTry.objects.filter(user=user).delete()
    return account


def _record_try(user: User, *, at: datetime) -> LoginTry:
    """Write the try down before it is made: a second tab or a crash cannot get around the count."""
    with transaction.atomic():
        _lock(user)
        LoginTry.objects.filter(user=user, at__lte=at - WINDOW).delete()
        tries = list(LoginTry.objects.filter(user=user).order_by("-at", "-pk"))
        if until := _closed_until(tries):
            raise TooManyTries(until=until)
        return LoginTry.objects.create(user=user, at=at)


def _closed_until(tries: list[LoginTry]) -> datetime | None:
    """When the next try is possible, None for now. `tries` are those of the last ten minutes, the newest first."""
    latest = tries[:MOST_REFUSED_IN_A_ROW]
    if len(latest) == MOST_REFUSED_IN_A_ROW and all(attempt.was_refused for attempt in latest):
        return latest[0].at + WINDOW
    if len(tries) >= MOST_TRIES:
        return tries[MOST_TRIES - 1].at + WINDOW
    return None


def _save(
    *,
    user: User,
    server: CrmServer,
    user_name: str,
    password: str,
    method: CrmAccount.Method,
    crm_user_id: str,
    at: datetime,
) -> CrmAccount:
    with transaction.atomic():
        _lock(user)
        account = CrmAccount.objects.filter(user=user).first() or CrmAccount(user=user, generation=0)
        account.server = server
        account.user_name = user_name
        account.password = password
        account.method = method
        account.crm_user_id = crm_user_id
        account.status = CrmAccount.Status.ACTIVE
        account.status_since = at
        account.generation += 1
        account.save()
    return account


def _lock(user: User) -> None:
    """Hold the user's row where the database can; SQLite's transactions are alone anyway."""
    if connection.features.has_select_for_update:
        User.objects.select_for_update().get(pk=user.pk)


def _wire_method(method: str) -> Method:
    return "ldap" if method == CrmAccount.Method.LDAP else "password"


def choose_language(user: User, language: str) -> None:
    user.language = language
    user.save(update_fields=["language"])


@contextmanager
def crm_login(account: CrmAccount, *, read_seconds: float | None = None) -> Iterator[CrmClient]:
    """A client of CORIPO that acts as the owner of the account. Raises CrmError.

    A login that CORIPO refuses in the block is parked before the block's CrmUnauthorized goes on: three tries may lock the
    account there, and each one more that anybody makes counts. `read_seconds` is how long an answer may take where a page
    waits for it.
    """
    try:
        with crm_client(
            api_url=account.server.api_url,
            user_name=account.user_name,
            password=account.password,
            method=_wire_method(account.method),
            account_key=f"{account.pk}:{account.generation}",
            read_seconds=read_seconds,
        ) as client:
            yield client
    except CrmUnauthorized:
        account.record_refusal(at=now())
        raise
