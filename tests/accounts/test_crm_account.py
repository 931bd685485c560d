"""*Test and save*: what is kept, what is not, and how often it may be tried."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.db import connection

from apps.accounts import actions
from apps.accounts.actions import TooManyTries, crm_login
from apps.accounts.models import CrmAccount, LoginTry, User
from apps.crm.errors import CrmUnauthorized, LoginFailed
from tests.factories import NOON, CrmAccountFactory, UserFactory
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
PASSWORD = CrmAccount.Method.PASSWORD


def save(user: User, person: dict[str, str], *, at=NOON, **words: str) -> CrmAccount:
    """Press *Test and save* with this person's login, or with what `words` puts in its place."""
    given = {"user_name": person["coripo_user"], "password": person["coripo_password"], "method": PASSWORD, **words}
    return actions.test_and_save_crm_account(user=user, at=at, **given)


def test_a_login_that_works_is_kept_encrypted(sandbox: Sandbox) -> None:
    person, user = sandbox.person(), UserFactory()

    account = save(user, person)

    stored = CrmAccount.objects.get(user=user)
    with connection.cursor() as cursor:
        cursor.execute("select password from accounts_crmaccount")
        (raw,) = cursor.fetchone()
    assert (stored.user_name, stored.status, stored.generation) == (person["coripo_user"], "active", 1)
    assert stored.password == person["coripo_password"]
    assert stored.crm_user_id
    assert person["coripo_password"] not in raw
    assert person["coripo_password"] not in f"{account!r} {account} {vars(LoginTry())}"


def test_the_stored_login_opens_coripo(sandbox: Sandbox) -> None:
    person = sandbox.person()
    account = save(UserFactory(), person)

    with crm_login(account) as client:
        assert client.probe().user_name == person["coripo_user"]


def test_a_refused_password_is_not_kept(sandbox: Sandbox) -> None:
    person, user = sandbox.person(), UserFactory()

    with pytest.raises(LoginFailed) as failure:
        save(user, person, password="wrong")

    assert failure.value.step == "login"
    assert not CrmAccount.objects.exists()


def test_a_refused_change_leaves_what_worked(sandbox: Sandbox) -> None:
    person, user = sandbox.person(), UserFactory()
    save(user, person)

    with pytest.raises(LoginFailed):
        save(user, person, password="wrong", at=NOON + MINUTE)

    account = CrmAccount.objects.get(user=user)
    assert (account.password, account.generation) == (person["coripo_password"], 1)


def test_an_empty_password_means_the_stored_one(sandbox: Sandbox) -> None:
    person, user = sandbox.person(), UserFactory()
    save(user, person)

    account = save(user, person, password="", at=NOON + MINUTE)

    assert (account.password, account.generation) == (person["coripo_password"], 2)


def test_saving_ends_a_refusal(sandbox: Sandbox) -> None:
    person = sandbox.person()
    account = CrmAccountFactory(status=CrmAccount.Status.REFUSED)

    save(account.user, person, at=NOON + MINUTE)

    account.refresh_from_db()
    assert (account.status, account.status_since) == ("active", NOON + MINUTE)


def test_nobody_at_the_address_is_said_and_no_password_leaves(settings, sandbox: Sandbox) -> None:
    settings.CORIPO_BASE_URL = "http://127.0.0.1:9"

    with pytest.raises(LoginFailed) as failure:
        save(UserFactory(), sandbox.person())

    assert failure.value.step == "address"
    assert not LoginTry.objects.filter(was_refused=True).exists()


def test_a_server_without_encryption_where_it_should_be_is_said(settings, sandbox: Sandbox) -> None:
    settings.CORIPO_BASE_URL = sandbox.url.replace("http://", "https://")

    with pytest.raises(LoginFailed) as failure:
        save(UserFactory(), sandbox.person())

    assert failure.value.step == "tls"


def test_two_refused_tries_end_before_coripo_locks_the_account(sandbox: Sandbox) -> None:
    person, user = sandbox.person(), UserFactory()
    for minutes in (0, 1):
        with pytest.raises(LoginFailed):
            save(user, person, password="wrong", at=NOON + minutes * MINUTE)
    sandbox.forget_requests()

    with pytest.raises(TooManyTries) as refusal:
        save(user, person, at=NOON + 2 * MINUTE)

    assert refusal.value.until == NOON + 11 * MINUTE
    assert sandbox.requests()["total"].get("coripo", 0) == 0
    assert save(user, person, at=NOON + 11 * MINUTE).status == "active"


def test_five_tries_in_ten_minutes_are_enough_whatever_becomes_of_them(settings, sandbox: Sandbox) -> None:
    person, user = sandbox.person(), UserFactory()
    address, settings.CORIPO_BASE_URL = settings.CORIPO_BASE_URL, "http://127.0.0.1:9"
    for minutes in range(5):
        with pytest.raises(LoginFailed):
            save(user, person, at=NOON + minutes * MINUTE)
    settings.CORIPO_BASE_URL = address

    with pytest.raises(TooManyTries) as refusal:
        save(user, person, at=NOON + 5 * MINUTE)

    assert refusal.value.until == NOON + 10 * MINUTE


def test_the_tries_of_one_user_do_not_stop_another(sandbox: Sandbox) -> None:
    person, user = sandbox.person(), UserFactory()
    for minutes in (0, 1):
        with pytest.raises(LoginFailed):
            save(user, person, password="wrong", at=NOON + minutes * MINUTE)

    assert save(UserFactory(), person, at=NOON + 2 * MINUTE).status == "active"


def test_a_success_ends_the_count(sandbox: Sandbox) -> None:
    person, user = sandbox.person(), UserFactory()
    with pytest.raises(LoginFailed):
        save(user, person, password="wrong")
    save(user, person, at=NOON + MINUTE)

    with pytest.raises(LoginFailed):
        save(user, person, password="wrong", at=NOON + 2 * MINUTE)
    assert save(user, person, at=NOON + 3 * MINUTE).generation == 2


def test_no_password_is_logged(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    person, user = sandbox.person(), UserFactory()

    with caplog.at_level(logging.DEBUG), pytest.raises(LoginFailed):
        save(user, person, password="an-odd-word-5917")
    with caplog.at_level(logging.DEBUG):
        save(user, person, at=NOON + MINUTE)

    assert "an-odd-word-5917" not in caplog.text
    assert person["coripo_password"] not in caplog.text


def test_a_login_that_is_refused_where_it_is_used_is_parked(sandbox: Sandbox) -> None:
    account = save(UserFactory(), sandbox.person())
    CrmAccount.objects.filter(pk=account.pk).update(password="changed in CORIPO")
    account.refresh_from_db()

    with pytest.raises(CrmUnauthorized), crm_login(account) as client:
        client.probe()

    account.refresh_from_db()
    assert account.status == CrmAccount.Status.REFUSED


def test_a_login_that_was_mended_meanwhile_is_not_parked(sandbox: Sandbox) -> None:
    person, user = sandbox.person(), UserFactory()
    stale = save(user, person)
    stale.password = "changed in CORIPO"
    save(user, person, at=NOON + MINUTE)

    with pytest.raises(CrmUnauthorized), crm_login(stale) as client:
        client.probe()

    assert CrmAccount.objects.get(user=user).status == CrmAccount.Status.ACTIVE
