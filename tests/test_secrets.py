"""No token, password or content in a log, a page or a `repr`."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from apps.core.clock import now
from apps.core.fields import EncryptedText
from apps.mailboxes.models import MailboxToken

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def walked(desk, caplog):
    """A mail with a tell-tale content on its way, in good and in bad weather, everything logged."""
    caplog.set_level(logging.DEBUG)
    desk.coripo.contact(desk.customer)
    message = desk.receives(subject="PREDMET-KANAREK", text="TEXT-KANAREK")
    desk.sandbox.fault("dropped", "coripo:set_entries", times=1)
    desk.sync(message)
    desk.deliver()
    desk.sandbox.fault("5xx", "graph", times=2)
    desk.look()
    desk.deliver()
    desk.deliver()
    return desk, message


def test_logs_hold_ids_and_no_secrets(walked, caplog):
    desk, _message = walked
    cache = MailboxToken.objects.get(mailbox=desk.mailbox).cache
    ours = [record for record in caplog.get_records("setup") if record.name.startswith("apps")]
    written = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in ours)

    assert "mailbox_id" in written
    for secret in (desk.account.password, "PREDMET-KANAREK", "TEXT-KANAREK", desk.customer, *_tokens(cache)):
        assert secret not in written


def test_pages_and_reprs_hold_no_secrets(walked):
    desk, message = walked
    token = MailboxToken.objects.get(mailbox=desk.mailbox)
    client = Client()
    client.force_login(desk.user, backend="django.contrib.auth.backends.ModelBackend")
    pages = [
        client.get(path).content.decode()
        for path in (f"/inbox/{message.pk}/", "/settings/", "/settings/mailboxes/", "/start/crm/", "/status/")
    ]

    for shown in [*pages, repr(desk.account), str(desk.account), repr(token), str(token), repr(desk.mailbox)]:
        for secret in (desk.account.password, *_tokens(token.cache)):
            assert secret not in shown


def test_the_database_holds_secrets_encrypted(desk):
    with connection.cursor() as cursor:
        cursor.execute("select password from accounts_crmaccount")
        (password,) = cursor.fetchone()
        cursor.execute("select cache from mailboxes_mailboxtoken")
        (cache,) = cursor.fetchone()

    assert desk.account.password not in password
    assert "secret" not in cache
    with pytest.raises(TypeError):
        type(desk.account).objects.filter(password="x").exists()
    assert isinstance(type(desk.account)._meta.get_field("password"), EncryptedText)
    assert now() - timedelta(minutes=5) < desk.mailbox.connected_at


def _tokens(cache: str) -> list[str]:
    stored = json.loads(cache)
    return [entry["secret"] for kind in ("AccessToken", "RefreshToken", "IdToken") for entry in stored[kind].values()]
