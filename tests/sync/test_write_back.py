"""The category CORIPO in Outlook: written where its owner wants it, recognised when it comes back, taken for a wish."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import transaction

from apps.core.clock import now
from apps.mailboxes.connection import graph_client
from apps.mailboxes.models import Mailbox, Message, OutlookCategory
from apps.mailboxes.rows import store_messages
from apps.mailboxes.writing import begin_writing, show_category, stop_showing, take_category
from apps.sync.actions import mark_not_synced
from apps.sync.models import Tagging, Transfer
from apps.sync.outlook_wishes import take_wishes
from apps.sync.reasons import why
from apps.sync.tag_delivery import has_due, write_due
from apps.sync.tagging import give_back_silent, tend_portions
from apps.work.models import Fence, Lane, Status
from tests.desk import Desk
from tests.visitor import consent

from .carrier import carrier

pytestmark = pytest.mark.django_db(transaction=True)

WRITE = """
import os
from datetime import timedelta
from apps.core.clock import now
from apps.sync import tag_delivery
tag_delivery._record = lambda *_: os._exit(137)
tag_delivery.write_due(until=now() + timedelta(seconds=30))
"""


def show(desk: Desk) -> None:
    flow = begin_writing(desk.mailbox, redirect_uri="http://127.0.0.1:9/mailboxes/callback/")
    show_category(flow, consent(desk.person, flow["auth_uri"]), mailbox=desk.mailbox, at=now())


def drain() -> None:
    """One turn of the task, with what waits for its next try due at once."""
    Fence.objects.all().delete()
    Tagging.objects.filter(status=Status.QUEUED).update(not_before=now())
    until = now() + timedelta(seconds=20)
    take_wishes(until=until)
    tend_portions(until=until)
    write_due(until=until)


def synced(desk: Desk, count: int = 1) -> list[Message]:
    desk.coripo.contact(desk.customer)
    messages = [desk.receives() for _number in range(count)]
    desk.sync(*messages)
    desk.deliver()
    return messages


def in_outlook(desk: Desk, message: Message) -> list[str]:
    return desk.sandbox.control("GET", f"messages/{message.graph_id}/categories")["categories"]


def in_outlook_set(desk: Desk, message: Message, *names: str) -> None:
    desk.sandbox.control("PUT", f"messages/{message.graph_id}/categories", json={"categories": list(names)})


def patches(desk: Desk) -> int:
    by_part = desk.sandbox.requests()["by_part"]
    return sum(count for part, count in by_part.items() if "PATCH" in part)


def a_second_later() -> None:
    """Graph's times are whole seconds: what the portal wrote in the same one is taken for its own."""
    time.sleep(1.05)


def test_what_was_and_what_is_synced_gets_it_beside_the_others_and_loses_it_with_the_mark(desk: Desk) -> None:
    (before,) = synced(desk)
    in_outlook_set(desk, before, "Modrá kategorie")
    show(desk)
    drain()
    (after,) = synced(desk)
    drain()
    assert in_outlook(desk, before) == ["Modrá kategorie", "CORIPO"]
    assert in_outlook(desk, after) == ["CORIPO"]

    mark_not_synced([before.pk], user=desk.user, at=now())
    drain()
    assert in_outlook(desk, before) == ["Modrá kategorie"]

    desk.sync(before)
    desk.deliver()
    drain()
    assert in_outlook(desk, before) == ["Modrá kategorie", "CORIPO"]


def test_the_echo_makes_no_work_even_where_the_category_is_a_wish(desk: Desk) -> None:
    show(desk)
    take_category(desk.mailbox, is_taken=True, at=now())
    (message,) = synced(desk)
    drain()
    folder = message.folder
    with graph_client(desk.mailbox) as graph:
        page = graph.continue_messages(folder.cursor, page_size=10)
    assert [listed.categories for listed in page.messages] == [("CORIPO",)]
    mark_not_synced([message.pk], user=desk.user, at=now())
    drain()
    # Read before it was taken away, kept after it.
    with transaction.atomic():
        store_messages(folder, page.messages, at=now())
    transfers = Transfer.objects.count()
    desk.sandbox.forget_requests()

    desk.look()
    drain()

    message.refresh_from_db()
    assert (message.state, message.has_category, message.category_asked_at) == ("resync", False, None)
    assert (Transfer.objects.count(), patches(desk)) == (transfers, 0)


def test_without_the_switch_nothing_is_ever_written(desk: Desk) -> None:
    desk.sandbox.forget_requests()
    (message,) = synced(desk)
    in_outlook_set(desk, message, "CORIPO")
    desk.look()
    drain()

    assert patches(desk) == 0
    assert not Tagging.objects.exists()
    assert "Mail.ReadWrite" not in Mailbox.objects.get().granted_scopes


@pytest.mark.parametrize("weather", ["somebody_else_writes", "throttled", "consent_withdrawn", "fewer_rights"])
def test_bad_weather(desk: Desk, weather: str) -> None:
    if weather in ("consent_withdrawn", "fewer_rights"):
        # A token that was granted before would open the mailbox for an hour.
        desk.sandbox.control("POST", "knobs", json={"at_life": 60})
    show(desk)
    messages = synced(desk, 3)
    if weather == "somebody_else_writes":
        desk.sandbox.control("POST", "graph/knobs", json={"conflicts": 2})
    elif weather == "throttled":
        desk.sandbox.fault("throttle", "PATCH", times=2, seconds=30)
    elif weather == "fewer_rights":
        desk.sandbox.control("POST", "knobs", json={"withheld_scopes": ["Mail.ReadWrite"]})
    else:
        desk.sandbox.control("PUT", f"people/{desk.person['mail']}/consent", json={"scopes": ["Mail.Read"]})
    drain()

    if weather in ("consent_withdrawn", "fewer_rights"):
        category = OutlookCategory.objects.get()
        assert not category.is_shown
        assert category.refused_at is not None
        desk.mailbox.refresh_from_db()
        assert desk.mailbox.status == Mailbox.Status.ACTIVE
        desk.sandbox.calm()
        show(desk)
    else:
        assert Tagging.objects.filter(status=Status.QUEUED).count() == 2
        assert Fence.objects.filter(key__startswith="graph:").exists() == (weather == "throttled")
        assert has_due(at=now()) is False
    drain()
    assert [in_outlook(desk, message) for message in messages] == [["CORIPO"]] * 3


def test_killed_between_the_write_and_its_record_it_is_done_once_more(desk: Desk) -> None:
    show(desk)
    take_category(desk.mailbox, is_taken=True, at=now())
    (message,) = synced(desk)
    with carrier(WRITE) as process:
        process.wait(60)
    assert in_outlook(desk, message) == ["CORIPO"]
    desk.sandbox.forget_requests()
    # Its echo is here before anybody knows that it was written.
    desk.look()

    assert give_back_silent(at=now() + timedelta(minutes=5)) == 1
    drain()

    assert (patches(desk), Transfer.objects.count()) == (0, 1)
    assert Tagging.objects.get().status == Status.DONE


def test_a_category_set_in_outlook_syncs_the_mail_whatever_the_rules_of_runs_say(desk: Desk) -> None:
    desk.coripo.contact(desk.customer)
    desk.rule(left_out_addresses=[desk.customer])
    old, message = desk.receives(), desk.receives()
    in_outlook_set(desk, old, "coripo")
    desk.look()
    drain()
    assert not Transfer.objects.exists()
    a_second_later()
    take_category(desk.mailbox, is_taken=True, at=now())

    in_outlook_set(desk, message, "Modrá kategorie", "Coripo")
    desk.look()
    drain()
    desk.deliver(Lane.AUTOMATIC)

    transfer = Transfer.objects.get()
    message.refresh_from_db()
    assert (transfer.message, transfer.origin, message.state) == (message, "category", "synced")
    assert "You gave it the category CORIPO in Outlook." in why(message, user=desk.user).sentence
    # Taken away there, it means nothing here, and nobody sets it again.
    show(desk)
    drain()
    a_second_later()
    in_outlook_set(desk, message)
    desk.look()
    drain()
    message.refresh_from_db()
    assert (in_outlook(desk, message), message.state) == ([], "synced")


def test_switched_off_it_stays_and_is_removed_everywhere_on_wish(desk: Desk) -> None:
    show(desk)
    messages = synced(desk, 2)
    drain()
    in_outlook_set(desk, messages[0], "CORIPO", "Modrá kategorie")
    stop_showing(desk.mailbox, removing=False)
    messages += synced(desk)
    drain()
    assert [in_outlook(desk, message) for message in messages] == [["CORIPO", "Modrá kategorie"], ["CORIPO"], []]

    # What was unmarked meanwhile loses it as soon as it is shown again.
    mark_not_synced([messages[1].pk], user=desk.user, at=now())
    show(desk)
    drain()
    assert [in_outlook(desk, message) for message in messages] == [["CORIPO", "Modrá kategorie"], [], ["CORIPO"]]

    stop_showing(desk.mailbox, removing=True)
    drain()

    assert [in_outlook(desk, message) for message in messages] == [["Modrá kategorie"], [], []]
    assert not Tagging.objects.filter(is_wanted=True).exists()
