"""Scenario 15, CORIPO is away or breaks off at one mail: everybody waits outside, few requests are wasted, nothing fails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from apps.core.clock import now
from apps.sync.claiming import crm_key
from apps.sync.delivery import deliver_due
from apps.sync.models import Transfer
from apps.sync.recording import MOST_FAILURES
from apps.work.fences import outage
from apps.work.models import Fence, Lane, Status

pytestmark = pytest.mark.django_db(transaction=True)

# As they would fall in an hour: seven on the way up to two minutes, then one every two minutes.
TRIES_IN_AN_HOUR = 33


def fence_falls() -> None:
    """The time that everybody keeps away is over."""
    Fence.objects.update(until=now() - timedelta(seconds=1))


def drain() -> None:
    deliver_due(Lane.INTERACTIVE, until=now() + timedelta(seconds=20))


def test_scenario_15_an_hour_without_coripo_wastes_one_request_for_each_try_and_fails_nothing(desk):
    desk.coripo.contact(desk.customer)
    messages = [desk.receives() for _ in range(6)]
    desk.sync(*messages)
    desk.sandbox.fault("5xx", "coripo", times=0)
    drain()
    desk.sandbox.forget_requests()

    for _ in range(TRIES_IN_AN_HOUR):
        fence_falls()
        drain()

    asked = desk.sandbox.requests()
    assert asked["total"]["coripo"] == TRIES_IN_AN_HOUR, "one at a time, and nothing but whether it answers"
    assert asked["total"]["graph"] == 0, "no letter is read for a CORIPO that is not there"
    waiting = Transfer.objects.all()
    assert {(transfer.status, transfer.failures) for transfer in waiting} == {(Status.QUEUED, 0)}
    standing = outage(crm_key(desk.account.server), at=now())
    assert standing.until - now() <= timedelta(seconds=150), "a CORIPO that is back is noticed soon"

    desk.sandbox.calm()
    fence_falls()
    drain()

    assert not Fence.objects.exists()
    assert {type(message).objects.get(pk=message.pk).state for message in messages} == {"synced"}


def test_scenario_15_people_read_since_when_and_how_much_is_waiting(desk):
    desk.coripo.contact(desk.customer)
    messages = [desk.receives() for _ in range(3)]
    desk.sync(*messages)
    desk.sandbox.fault("5xx", "coripo", times=0)
    drain()
    fence_falls()
    drain()
    began = now() - timedelta(minutes=40)
    Fence.objects.update(since=began)
    client = Client()
    client.force_login(desk.user, backend="django.contrib.auth.backends.ModelBackend")

    page = client.get("/inbox/").content.decode()

    assert "CORIPO has not answered since" in page
    assert "3 e-mails are waiting" in page
    assert "CORIPO does not answer" in client.get("/status/").content.decode()

    desk.sandbox.calm()
    fence_falls()
    drain()

    assert "CORIPO has not answered since" not in client.get("/inbox/").content.decode()


def test_scenario_15_a_coripo_ten_times_as_slow_is_heard_out(desk):
    desk.coripo.contact(desk.customer)
    messages = [desk.receives() for _ in range(4)]
    desk.sandbox.fault("slow", "coripo", times=0, seconds=0.5)
    desk.sync(*messages)

    drain()

    assert not Fence.objects.exists()
    assert {type(message).objects.get(pk=message.pk).state for message in messages} == {"synced"}


@pytest.mark.parametrize("what", ["address", "message_id"])
def test_one_mail_at_which_coripo_breaks_off_stops_nobody_else(desk, what):
    desk.coripo.contact(desk.customer)
    others = [desk.receives() for _ in range(7)]
    culprit = desk.receives(cc="Bohumil <bohumil@rozbity.example>", message_id=f"<rozbity-{desk.customer}>")
    words = "bohumil@rozbity" if what == "address" else culprit.email_key
    desk.sandbox.fault("5xx", f"coripo:get_entry_list/{words}", times=0)
    desk.sync(*others[:3], culprit, *others[3:])
    desk.sandbox.forget_requests()

    drain()

    assert {type(message).objects.get(pk=message.pk).state for message in others} == {"synced"}
    blamed = Transfer.objects.get(message=culprit)
    assert (blamed.status, blamed.cause, blamed.failures) == (Status.QUEUED, "crm_unreachable", 1)
    assert not Fence.objects.exists()
    assert desk.sandbox.requests()["total"]["coripo"] < 60

    Transfer.objects.filter(pk=blamed.pk).update(failures=MOST_FAILURES - 1)
    desk.deliver()

    culprit.refresh_from_db()
    assert (culprit.state, Transfer.objects.get(pk=blamed.pk).cause) == ("failed", "tried_often")

    desk.sandbox.calm()
    desk.sync(culprit)
    desk.deliver()
    culprit.refresh_from_db()
    assert culprit.state == "synced"


def test_a_coripo_that_breaks_off_at_every_question_about_mails_is_an_outage_and_no_mails_fault(desk):
    desk.coripo.contact(desk.customer)
    messages = [desk.receives() for _ in range(12)]
    desk.sandbox.fault("5xx", "coripo:get_entry_list/emails.message_id", times=0)
    desk.sync(*messages)
    desk.sandbox.forget_requests()

    drain()

    assert Fence.objects.filter(key=crm_key(desk.account.server)).exists()
    assert Transfer.objects.filter(status=Status.QUEUED).count() == len(messages)
    assert desk.sandbox.requests()["total"]["coripo"] < 80
