"""E-mails about what automatic sync did: once a day, in the reader's language, with nothing of any mail in them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail

from apps.accounts.models import User
from apps.mailboxes.models import MessageState
from apps.sync.models import Notice, SyncRules, Transfer
from apps.sync.notifying import notify_due
from apps.work.models import Status
from tests.factories import NOON, MessageFactory, TransferFactory

pytestmark = pytest.mark.django_db


def finished(user: User, at: datetime, **words: object) -> None:
    message = MessageFactory(
        folder__mailbox__owner=user, subject="Tajné", state=words.pop("state", MessageState.NOT_SYNCED)
    )
    fields = {"status": Status.DONE, "result": "stored", "origin": Transfer.Origin.AUTOMAT, "finished_at": at}
    TransferFactory(message=message, requested_by=user, mailbox=message.mailbox, **{**fields, **words})


def reader(notify: str, **words: str) -> User:
    user = User.objects.create(username=f"ctenar-{notify}", email="ctenar@firma.example", **words)
    SyncRules.objects.create(user=user, is_automatic=True, notify=notify)
    Notice.objects.create(user=user, told_until=NOON - timedelta(days=1))
    return user


def test_a_digest_comes_once_a_day_in_the_readers_language() -> None:
    user = reader("daily", language="cs")
    for _ in range(2):
        finished(user, NOON)
    finished(user, NOON, result="no_match", cause="no_contact")
    finished(user, NOON, origin=Transfer.Origin.PERSON)

    early = NOON.replace(hour=3)
    assert [notify_due(at=at) for at in (early, NOON, NOON + timedelta(hours=5), NOON + timedelta(days=1))] == [
        0,
        1,
        0,
        0,
    ]

    (letter,) = mail.outbox
    assert letter.to == ["ctenar@firma.example"]
    assert "2  " in letter.body
    assert "1  bez shody" in letter.body
    assert "/attention/" in letter.body
    assert "Tajné" not in letter.body + letter.subject


def test_a_failure_is_told_soon_and_a_day_is_told_at_most_once_whatever_the_mail_server_does(
    monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    user = reader("failures")
    finished(user, NOON)
    assert notify_due(at=NOON) == 0
    finished(user, NOON, status=Status.FAILED, result="", cause="crm_rejected", state=MessageState.FAILED)
    settings.EMAIL_BACKEND = "django.core.mail.backends.nowhere.EmailBackend"  # type: ignore[attr-defined]
    assert notify_due(at=NOON) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # type: ignore[attr-defined]

    assert notify_due(at=NOON + timedelta(minutes=5)) == 0
    finished(
        user, NOON + timedelta(hours=1), status=Status.FAILED, result="", cause="poison", state=MessageState.FAILED
    )
    assert notify_due(at=NOON + timedelta(days=1)) == 1


@pytest.mark.parametrize("notify", ["never", "daily"])
def test_who_wants_none_or_whose_portal_sends_none_gets_none(notify: str, settings: object) -> None:
    finished(reader(notify), NOON)
    if notify != "never":
        settings.EMAIL_URL = ""  # type: ignore[attr-defined]

    assert notify_due(at=NOON) == 0
    assert mail.outbox == []
