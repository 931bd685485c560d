"""The scenarios of the reliability checklist that need processes, threads or a broker of their own; by number."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery import current_app

from apps.core.clock import now
from apps.sync.claiming import give_back_expired
from apps.sync.models import CrmEmail, Transfer
from apps.sync.tasks import carry_transfers, sweep
from apps.work.models import Status
from tests.sync.carrier import DELIVER, DIE_OF_POISON, LEASE_SECONDS, carrier
from tests.sync.threads import together
from tests.visitor import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

LEASES_OVER = timedelta(seconds=LEASE_SECONDS + 1)


def test_scenario_1_a_carrier_killed_between_create_and_commit_leaves_one_record(desk):
    contact = desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sync(message)
    # After the write the record is read back: there the carrier stands still, and nothing of it is committed.
    desk.sandbox.fault("slow", "coripo:get_entries", seconds=10)

    with carrier() as process:
        wait_until(lambda: desk.coripo.emails(message.email_key), seconds=30, what="created in CORIPO")
        process.kill()
    record = CrmEmail.objects.get(email_key=message.email_key)
    assert (record.status, record.unknown_since is not None) == (CrmEmail.Status.INTENDED, True)

    take_over(desk)

    message.refresh_from_db()
    assert message.state == "synced"
    assert [found["id"] for found in desk.coripo.emails(message.email_key)] == [record.record_id]
    assert [found["id"] for found in desk.coripo.linked(record.record_id, "contacts")] == [contact]


def test_scenario_2_what_a_killed_carrier_had_claimed_is_delivered_by_the_next_one(desk):
    desk.coripo.contact(desk.customer)
    messages = [desk.receives() for _ in range(3)]
    desk.sync(*messages)
    desk.sandbox.fault("slow", f"graph:{messages[0].graph_id}", seconds=10)

    with carrier() as process:
        claimed = Transfer.objects.filter(status=Status.CLAIMED)
        wait_until(lambda: claimed.count() == 3, seconds=30, what="claimed")
        process.kill()

    take_over(desk)

    assert list(Transfer.objects.values_list("status", "attempts")) == [(Status.DONE, 2)] * 3
    assert [len(desk.coripo.emails(message.email_key)) for message in messages] == [1, 1, 1]


def test_scenario_22_sweeps_and_carriers_that_overlap_deliver_each_mail_once(desk):
    desk.coripo.contact(desk.customer)
    messages = [desk.receives() for _ in range(8)]
    desk.sync(*messages)

    def carry() -> None:
        carry_transfers(lane="interactive")

    together(sweep, carry, sweep, carry)

    assert list(Transfer.objects.values_list("status", "attempts")) == [(Status.DONE, 1)] * 8
    assert [len(desk.coripo.emails(message.email_key)) for message in messages] == [1] * 8


def test_scenario_40_a_mail_that_kills_its_carrier_is_set_aside_at_the_third_time_and_the_others_go(desk):
    desk.coripo.contact(desk.customer)
    poison = desk.receives(text="poison")
    others = [desk.receives() for _ in range(2)]
    desk.sync(poison, *others)

    for crashes in (1, 2, 3):
        with carrier(DIE_OF_POISON + DELIVER) as process:
            assert process.wait(timeout=60) == 139
        assert Transfer.objects.get(message=poison).crashes == crashes
        time.sleep(LEASE_SECONDS)
        give_back_expired(at=now())
    with carrier(DIE_OF_POISON + DELIVER) as process:
        assert process.wait(timeout=60) == 0

    poison.refresh_from_db()
    assert (poison.state, Transfer.objects.get(message=poison).cause) == ("failed", "poison")
    assert [type(other).objects.get(pk=other.pk).state for other in others] == ["synced", "synced"]


def test_scenario_41_without_any_wake_up_the_sweep_finds_everything(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    # Wake-ups go to the broker by name, and nobody listens there: this one is lost.
    desk.sync(message)

    with obedient_broker():
        sweep()

    message.refresh_from_db()
    assert message.state == "synced"


@contextmanager
def obedient_broker() -> Iterator[None]:
    """What a task asks for is carried out at once."""
    current_app.conf.task_always_eager = True
    try:
        yield
    finally:
        current_app.conf.task_always_eager = False


def take_over(desk) -> None:
    """The weather clears, the leases of the dead end, and the next carrier comes by."""
    desk.sandbox.calm()
    time.sleep(LEASES_OVER.total_seconds())
    give_back_expired(at=now())
    desk.deliver()
