"""What happened while a person was away: since the last visit, during an outage, and to one e-mail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import CrmServer, User, Visit
from apps.core.clock import now
from apps.mailboxes.models import Message, MessageState
from apps.sync.actions import mark_synced
from apps.sync.claiming import crm_key
from apps.sync.models import Rule, StateChange, Transfer
from apps.sync.states import refresh_states
from apps.work.fences import passage, raise_fence
from apps.work.models import Outage, Status
from tests.factories import CrmAccountFactory, MessageFactory, TransferFactory
from tests.sync.runs import inbox_of

from .conftest import make_message

pytestmark = pytest.mark.django_db


def away(user: User, hours: float) -> None:
    """The user was here so long ago, and not since."""
    then = now() - timedelta(hours=hours)
    Visit.objects.update_or_create(user=user, defaults={"began_at": then, "seen_at": then})


def became(user: User, after: str, rule: Rule, *, message: Message | None = None, minutes: int = 30) -> Message:
    """A mail that arrived long ago became this, so many minutes ago."""
    message = message or make_message(user, state=after)
    at = now() - timedelta(minutes=minutes)
    StateChange.objects.create(
        message=message, mailbox=message.mailbox, at=at, before="running", after=after, rule=rule
    )
    return message


def test_what_happened_since_the_last_visit_is_counted_once_and_goes_when_read(people: dict[str, Client], owner: User):
    away(owner, 9)
    for _ in range(2):
        became(owner, "synced", Rule.BY_ITSELF)
    became(owner, "synced", Rule.COLLEAGUE)
    became(owner, "no_match", Rule.NO_MATCH)
    became(owner, "synced", Rule.BY_ITSELF, minutes=600)
    mended = became(owner, "failed", Rule.FAILED, minutes=60)
    became(owner, "synced", Rule.STORED, message=mended)
    make_message(owner, received_at=now() - timedelta(hours=1))

    inbox = people["owner"].get("/inbox/").content.decode()
    page = people["owner"].get("/attention/").content.decode()

    for words in ("2 synced by themselves", "1 stored by a colleague", "1 without a match", "1 synced as you asked"):
        assert words in inbox
        assert words in page
    assert "1 e-mail arrived" in page
    assert "ended with an error" not in page, "it was stored since"
    assert 'href="/inbox/?state=no_match"' in page
    assert 'id="digest"' not in people["owner"].get("/inbox/").content.decode(), "it was read"
    assert 'id="digest"' in people["owner"].get("/attention/").content.decode(), "for the rest of the visit"
    assert 'id="digest"' not in people["teammate"].get("/attention/").content.decode()


@pytest.mark.parametrize(
    ("hours", "happened", "in_inbox", "on_page"),
    [(0.2, True, False, False), (9, False, False, False), (9, True, True, True)],
)
def test_a_digest_is_for_those_who_were_away_and_only_of_what_happened(
    people: dict[str, Client], owner: User, hours, happened, in_inbox, on_page
):
    away(owner, hours)
    make_message(owner)
    if happened:
        became(owner, "failed", Rule.FAILED, minutes=5)

    assert ('id="digest"' in people["owner"].get("/inbox/").content.decode()) is in_inbox
    assert ('id="digest"' in people["owner"].get("/attention/").content.decode()) is on_page


def test_after_an_outage_people_read_how_much_waited_and_has_gone(people: dict[str, Client], owner: User):
    CrmAccountFactory(user=owner)
    CrmAccountFactory(user=User.objects.get(username="teammate"))
    key, began = crm_key(CrmServer.objects.current()), now() - timedelta(minutes=10)
    raise_fence(key, reason="crm_unreachable", at=began)
    asked = {"queued_at": began + timedelta(minutes=1)}
    went = {"status": Status.DONE, "result": Transfer.Result.STORED, "finished_at": now() + timedelta(minutes=1)}
    folder = inbox_of(owner)
    for words in (asked | went, asked | went, asked, asked | {"status": Status.FAILED, "finished_at": now()}):
        TransferFactory(message=MessageFactory(folder=folder), **words)
    # These had gone before it ended, or were asked for afterwards.
    TransferFactory(message=MessageFactory(folder=folder), **asked | went | {"finished_at": began})
    TransferFactory(message=MessageFactory(folder=folder), **went | {"queued_at": now() + timedelta(minutes=1)})

    with passage(key) as way:
        way.answered()
    Outage.objects.update(until=Outage.objects.get().until - timedelta(seconds=5))

    for path in ("/attention/", "/status/"):
        page = people["owner"].get(path).content.decode()
        assert "CORIPO did not answer from " in page
        assert "4 e-mails waited; all but 2 have gone since, the last at " in page
        assert "CORIPO did not answer from " not in people["teammate"].get(path).content.decode(), "nothing waited"


def test_the_panel_tells_the_history_and_who_made_it(people: dict[str, Client], owner: User):
    message = make_message(owner)
    mark_synced([message.pk], user=owner, at=now())

    page = people["owner"].get(f"/inbox/{message.pk}/").content.decode()

    assert "<summary>History</summary>" in page
    assert "Somebody marked it as synced." in page
    assert page.count(owner.shown_name) >= 2


@pytest.mark.parametrize(
    ("cause", "place"),
    [
        ("excluded", "/settings/automatic/#id_left_out_addresses"),
        ("private", "/settings/automatic/#id_takes_private"),
        ("kind_bulk", "/settings/automatic/#id_left_out_kinds_0"),
        ("folder_left", "/settings/mailboxes/"),
    ],
)
def test_the_rule_that_left_it_out_leads_to_its_setting(people: dict[str, Client], owner: User, cause: str, place: str):
    message = make_message(owner)
    TransferFactory(message=message, status=Status.DONE, result=Transfer.Result.SKIPPED, cause=cause, finished_at=now())
    refresh_states([(message.email_key, message.variant)])
    assert Message.objects.get(pk=message.pk).state == MessageState.SKIPPED

    assert f'<a href="{place}">Change the setting</a>' in people["owner"].get(f"/inbox/{message.pk}/").content.decode()
    path, _hash, anchor = place.partition("#")
    assert f'id="{anchor}"' in people["owner"].get(path).content.decode() or not anchor
