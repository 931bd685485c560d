"""Scenario 17, a record was merged or deleted by a colleague: the portal follows the address and brings nothing back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.sync.delivery import deliver_due
from apps.sync.models import CrmEmail, CrmLink, Outcome
from apps.work.models import Lane
from tests.factories import TransferFactory
from tests.sync.threads import together
from tests.visitor import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def merge(desk, old: str) -> str:
    """A colleague keeps another contact, which now has the address; the old one goes."""
    desk.coripo.delete("Contacts", old)
    return str(desk.coripo.contact(desk.customer, last_name="Dvořáková-Nová"))


def linked_contacts(desk, message) -> list[str]:
    record = CrmEmail.objects.get(email_key=message.email_key)
    return [found["id"] for found in desk.coripo.linked(record.record_id, "contacts")]


def test_scenario_17_a_contact_merged_between_the_look_and_the_link_is_followed_by_its_address(desk):
    old = desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sandbox.fault("slow", "coripo:set_entries", times=1, seconds=1.5)
    desk.sandbox.forget_requests()
    desk.sync(message)
    kept = []

    def a_colleague_merges() -> None:
        wait_until(lambda: "coripo:set_entries" in desk.sandbox.requests()["by_part"], seconds=20, what="the writing")
        kept.append(merge(desk, old))

    together(desk.deliver, a_colleague_merges)

    message.refresh_from_db()
    assert message.state == "synced"
    assert linked_contacts(desk, message) == kept
    assert [(link.record_id, link.outcome) for link in CrmLink.objects.all()] == [(kept[0], Outcome.MADE)]


def test_scenario_17_a_contact_deleted_between_the_look_and_the_link_is_no_error(desk):
    old = desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sandbox.fault("slow", "coripo:set_entries", times=1, seconds=1.5)
    desk.sandbox.forget_requests()
    desk.sync(message)

    def a_colleague_deletes() -> None:
        wait_until(lambda: "coripo:set_entries" in desk.sandbox.requests()["by_part"], seconds=20, what="the writing")
        desk.coripo.delete("Contacts", old)

    together(desk.deliver, a_colleague_deletes)

    message.refresh_from_db()
    assert message.state == "synced"
    assert linked_contacts(desk, message) == []
    assert not CrmLink.objects.exists()


def test_scenario_17_another_transfer_follows_a_merge_that_came_after_the_first(desk):
    old = desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sync(message)
    desk.deliver()
    kept = merge(desk, old)

    desk.sync(message)
    desk.deliver()

    assert linked_contacts(desk, message) == [kept]
    assert [link.record_id for link in CrmLink.objects.all()] == [kept]


def test_scenario_17_a_record_that_a_colleague_deleted_comes_back_on_request_alone(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sync(message)
    desk.deliver()
    record = CrmEmail.objects.get()
    desk.coripo.delete("Emails", record.record_id)

    desk.sync(message)
    desk.deliver()
    TransferFactory(message=message, mailbox=desk.mailbox, requested_by=desk.user, lane=Lane.AUTOMATIC)
    deliver_due(Lane.AUTOMATIC, until=now() + timedelta(seconds=20))

    message.refresh_from_db(), record.refresh_from_db()
    assert (message.state, record.status) == ("gone", CrmEmail.Status.DELETED)
    assert desk.coripo.emails(message.email_key) == []

    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"
    (again,) = desk.coripo.emails(message.email_key)
    assert again["id"] != record.record_id
