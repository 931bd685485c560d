"""A run over contacts from the click to its end: counted, paused, taken back, tried again, and shown."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from apps.contacts.actions import sync_contacts
from apps.contacts.models import ContactTransfer, OutlookContact
from apps.contacts.runs import tend_contact_runs
from apps.core.clock import now
from apps.sync.tending import has_runs_to_tend, tend_runs
from apps.work.models import Run, Status
from tests.contacts.both import Both

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(both: Both) -> Client:
    client = Client()
    client.force_login(both.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def run(both: Both) -> Run:
    for number in range(3):
        address = f"{uuid4().hex[:8]}@x.example"
        both.book.write(f"Hromadný{number}", emailAddresses=[{"name": "", "address": address}])
    both.book.look()
    pks = OutlookContact.objects.values_list("pk", flat=True)
    asked = sync_contacts(list(pks), user=both.user, at=now())
    assert asked.run is not None
    return asked.run


def steer(client: Client, run: Run, action: str) -> None:
    assert client.post(f"/runs/{run.pk}/act/", {"action": action}).status_code == 302
    tend_contact_runs(at=now())
    run.refresh_from_db()


def test_a_run_is_paused_and_resumed_and_ends_with_what_came_of_each(both: Both, client: Client, run: Run) -> None:
    steer(client, run, "pause")
    both.carry(rounds=1)
    assert ContactTransfer.objects.filter(status=Status.QUEUED).count() == 3
    assert not has_runs_to_tend()
    assert "Sync of 3 contacts" in client.get(f"/runs/{run.pk}/").content.decode()

    steer(client, run, "resume")
    both.carry()
    tend_runs(until=now() + timedelta(seconds=1))
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING
    tend_contact_runs(at=now())

    run.refresh_from_db()
    assert (run.status, run.tally) == (Run.Status.DONE, {"created": 3})
    for page in ("/runs/", f"/runs/{run.pk}/"):
        assert "created in CORIPO" in client.get(page).content.decode()
    assert client.get(f"/runs/{run.pk}/export/").status_code == 200


def test_cancelling_takes_back_what_nobody_has_had_in_hand(both: Both, client: Client, run: Run) -> None:
    half_way = ContactTransfer.objects.order_by("pk")[0]
    ContactTransfer.objects.filter(pk=half_way.pk).update(attempts=1)

    steer(client, run, "cancel")
    assert (run.status, run.taken_back) == (Run.Status.CANCELLING, 2)
    both.carry()
    tend_contact_runs(at=now())

    run.refresh_from_db()
    assert (run.status, run.tally) == (Run.Status.CANCELLED, {"created": 1, "taken_back": 2})
    assert sorted(OutlookContact.objects.values_list("state", flat=True)) == ["alone", "alone", "linked"]


def test_what_failed_is_tried_again(both: Both, client: Client, run: Run) -> None:
    both.book.sandbox.control("POST", "coripo/knobs", json={"contacts_read_only": 1})
    both.carry()
    tend_contact_runs(at=now())
    run.refresh_from_db()
    assert (run.status, run.tally) == (Run.Status.DONE, {"failed": 3})
    both.book.sandbox.control("DELETE", "coripo/knobs")

    steer(client, run, "retry")
    both.carry()
    tend_contact_runs(at=now())

    run.refresh_from_db()
    assert (run.status, run.tally) == (Run.Status.DONE, {"created": 3})
