"""Several contacts asked for at once: how they go, are held back, taken back, and shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from apps.contacts import runs
from apps.contacts.actions import sync_contacts
from apps.contacts.carrying import carry_due
from apps.contacts.models import ContactTransfer, OutlookContact
from apps.core.clock import now
from apps.sync.tending import end_finished_runs, tend_runs
from apps.work.models import Lane, Run
from tests.contacts.both import Both

pytestmark = pytest.mark.django_db(transaction=True)


def carry(both: Both) -> None:
    carry_due(Lane.INTERACTIVE, until=now() + timedelta(seconds=20), call_another=lambda: None)
    runs.end_finished_runs(at=now())


def asked(both: Both, count: int = 3) -> Run:
    contacts = [both.write(f"Hromadný{both.book.person['coripo_user']}x{number}") for number in range(count)]
    run = sync_contacts([contact.pk for contact in contacts], user=both.user, at=now()).run
    assert run is not None
    return run


def test_a_run_waits_while_it_is_paused_and_ends_with_its_outcomes(both: Both, client: Client) -> None:
    client.force_login(both.user)
    run = asked(both)

    client.post(f"/contacts/runs/{run.pk}/act/", {"action": "pause"})
    carry(both)
    assert both.coripo.contacts(last_name=f"Hromadný{both.book.person['coripo_user']}x0") == []
    client.post(f"/contacts/runs/{run.pk}/act/", {"action": "resume"})
    carry(both)

    run.refresh_from_db()
    assert run.status == Run.Status.DONE
    page = client.get(f"/contacts/runs/{run.pk}/?outcome=created").content.decode()
    assert "Sync of 3 contacts" in page
    assert page.count('data-label="Result"') == 3
    listed = client.get("/runs/").content.decode()
    assert f'href="/contacts/runs/{run.pk}/"' in listed
    assert client.get(f"/runs/{run.pk}/").url == f"/contacts/runs/{run.pk}/"


def test_what_waits_of_a_cancelled_run_is_taken_back_and_what_was_done_can_be(both: Both, client: Client) -> None:
    client.force_login(both.user)
    run = asked(both)
    client.post(f"/contacts/runs/{run.pk}/act/", {"action": "cancel"})
    carry(both)
    run.refresh_from_db()
    assert run.status == Run.Status.CANCELLED
    assert set(OutlookContact.objects.values_list("state", "cause")) == {("alone", "taken_back")}

    second = sync_contacts(list(OutlookContact.objects.values_list("pk", flat=True)), user=both.user, at=now()).run
    carry(both)
    undo = client.post(f"/contacts/runs/{second.pk}/act/", {"action": "undo"}).url
    carry(both)

    assert undo != f"/contacts/runs/{second.pk}/"
    assert both.coripo.contacts(last_name=f"Hromadný{both.book.person['coripo_user']}x0") == []
    assert set(OutlookContact.objects.values_list("state", flat=True)) == {"alone"}


def test_failures_are_tried_again_and_the_runs_of_mails_leave_all_this_alone(both: Both) -> None:
    run = asked(both, 2)
    ContactTransfer.objects.update(status="failed", cause="crm_rejected", finished_at=now())
    tend_runs(until=now() + timedelta(seconds=5))
    end_finished_runs(at=now())
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING
    runs.end_finished_runs(at=now())

    run.refresh_from_db()
    assert runs.retry(run, at=now())
    carry(both)

    run.refresh_from_db()
    (shown,) = runs.shown_runs([run])
    assert (run.status, dict(shown.parts)) == (Run.Status.DONE, {runs.Outcome.CREATED: 2})
