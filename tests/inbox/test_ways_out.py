"""The states that wait for a person, as the page shows them after a real transfer: the reason, and the button that helps."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.mailboxes.models import Message
from apps.sync.models import CrmEmail, CrmLink, Outcome
from apps.sync.states import writing_facts
from tests.desk import Desk
from tests.factories import NOON

pytestmark = pytest.mark.django_db


class Visit:
    """Somebody in front of one message."""

    def __init__(self, desk: Desk, message: Message) -> None:
        self.client = Client()
        self.client.force_login(desk.user, backend="django.contrib.auth.backends.ModelBackend")
        self.message = message

    @property
    def panel(self) -> str:
        return self.client.get(reverse("message", args=[self.message.pk])).content.decode()

    @property
    def state(self) -> str:
        self.message.refresh_from_db()
        return self.message.state

    def open(self) -> tuple[int, str]:
        answer = self.client.post(reverse("open_record", args=[self.message.pk]))
        return answer.status_code, answer.content.decode()

    def press(self, action: str, label: str, *, on: str, **more: str) -> None:
        """Press a button that the page really has."""
        assert f'name="action" value="{action}">{label}</button>' in on
        answer = self.client.post(reverse("act_on_message", args=[self.message.pk]), {"action": action, **more})
        assert answer.status_code == 302


def test_gone_is_found_when_opened_and_made_again_on_request(desk: Desk) -> None:
    desk.coripo.contact(desk.customer)
    visit = Visit(desk, desk.receives())
    desk.sync(visit.message)
    desk.deliver()
    desk.coripo.delete("Emails", CrmEmail.objects.get().record_id)

    _status, told = visit.open()
    panel = visit.panel
    visit.press("sync", "Sync again", on=told, then="open")
    desk.deliver()

    assert "The record is no longer in CORIPO" in told
    assert "No longer in CORIPO" in panel
    assert "Its record was deleted in CORIPO." in panel
    assert 'name="action" value="sync">Sync again</button>' in panel
    assert visit.state == "synced"
    assert visit.open()[0] == 302


def test_hidden_names_the_colleague_and_can_be_stored_as_new(desk_for: Callable[..., Desk]) -> None:
    anna, tomas = desk_for(), desk_for(coripo_role="restricted")
    anna.coripo.contact(anna.customer)
    words = {
        "message_id": f"<skryty-{anna.customer}>",
        "sender": anna.customer,
        "to": anna.person["mail"],
        "cc": tomas.person["mail"],
    }
    hers, visit = anna.receives(**words), Visit(tomas, tomas.receives(**words))
    tomas.coripo.contact(anna.customer)
    anna.sync(hers)
    anna.deliver()
    tomas.sync(visit.message)
    tomas.deliver()
    assert visit.state == "hidden"

    status, told = visit.open()
    panel = visit.panel
    visit.press("store_as_new", "Store as new", on=panel)
    tomas.deliver()

    assert status == 200
    assert "You have no access to the record" in told
    assert 'name="action" value="store_as_new">Store as new</button>' in told
    assert "In CORIPO, no access" in panel
    assert "may not see the record" in panel
    assert visit.state == "synced"
    assert visit.open()[0] == 302
    hers.refresh_from_db()
    assert hers.state == "synced"
    assert CrmEmail.objects.count() == 2


def test_partial_counts_what_failed_and_can_be_tried_again(desk: Desk) -> None:
    desk.coripo.contact(desk.customer)
    visit = Visit(desk, desk.receives())
    desk.sync(visit.message)
    desk.deliver()
    with writing_facts([(visit.message.email_key, "")]):
        CrmLink.objects.create(
            crm_email=CrmEmail.objects.get(),
            module="Accounts",
            record_id="a1",
            name="Kovárna",
            outcome=Outcome.FAILED,
            cause="crm_forbidden",
            made_by=desk.user,
            made_at=NOON,
        )

    panel = visit.panel
    status, _page = visit.open()
    visit.press("retry", "Try again", on=panel)
    desk.deliver()

    assert "Synced with errors" in panel
    assert "It is in CORIPO, but not all of it. 1 link failed (Kovárna)" in panel
    assert "attachment failed" not in panel
    assert "Kovárna</a> · failed" in panel
    assert status == 302
    assert visit.state == "synced"
    assert "Synced with errors" not in visit.panel.partition('id="panel-head-')[2].partition("<details")[0]


def test_what_left_the_mailbox_before_its_turn_is_skipped_and_says_why(desk: Desk) -> None:
    desk.coripo.contact(desk.customer)
    visit = Visit(desk, desk.receives())
    desk.sandbox.control("DELETE", f"messages/{visit.message.graph_id}")
    desk.sync(visit.message)
    desk.deliver()

    panel = visit.panel
    told = visit.client.get(reverse("open_record", args=[visit.message.pk])).content.decode()

    assert visit.state == "skipped"
    assert "The e-mail is no longer in the mailbox." in panel
    assert "Left out" in panel
    assert "The e-mail was left out" in told
    assert "The e-mail is no longer in the mailbox." in told
