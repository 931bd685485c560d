"""Bad weather while contacts are carried: whatever happens at which step, nobody is lost, nobody doubled, and nothing that
somebody entered is gone without a line in the history."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.accounts.models import CrmAccount
from apps.contacts.carrying import carry_due
from apps.contacts.claiming import give_back_expired
from apps.contacts.models import ContactTransfer, OutlookContact
from apps.core.clock import now
from apps.work.models import Lane, Slot, Status
from tests.contacts.both import Both
from tests.contacts.books import Book
from tests.coripo import Coripo
from tests.factories import CrmAccountFactory, UserFactory
from tests.mailboxes.signing_in import connect

Result = ContactTransfer.Result
State = OutlookContact.State
pytestmark = pytest.mark.django_db(transaction=True)

STEPS = ["claimed", "read", "found", "created", "judged", "crm_written", "outlook_written", "recorded"]


class Killed(BaseException):
    """The process ends here, and nothing that it holds is given back."""


class Executioner(logging.Handler):
    """Ends the process when it says that it has come to this step."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "step", "") == self.step:
            raise Killed(self.step)


@contextmanager
def killing_at(step: str) -> Iterator[None]:
    carriers, executioner = logging.getLogger("apps.contacts.carrying"), Executioner(step)
    level, carriers.level = carriers.level, logging.INFO
    carriers.addHandler(executioner)
    try:
        yield
    finally:
        carriers.removeHandler(executioner)
        carriers.setLevel(level)


def mail(tag: str) -> list[dict[str, str]]:
    return [{"name": "", "address": f"{tag}@weather.example"}]


@pytest.fixture
def three(both: Both) -> list[OutlookContact]:
    """Somebody whom CORIPO lacks, somebody changed on both sides since they agreed, and somebody both sides disagree about."""
    tag = uuid4().hex[:8]
    new = both.write(f"Nový{tag}", jobTitle='<vedoucí> & "spol."', emailAddresses=mail(f"n{tag}"), mobilePhone="1")
    changed = both.write(f"Změněný{tag}", mobilePhone="1", emailAddresses=mail(f"z{tag}"))
    differing = both.write(f"Sporný{tag}", mobilePhone="1", emailAddresses=mail(f"s{tag}"))
    both.sync(changed, differing)
    for contact, theirs in ((changed, {"department": "Nákup"}), (differing, {"phone_mobile": "3"})):
        contact.refresh_from_db()
        both.book.change(contact.graph_id, mobilePhone="2")
        both.coripo.change("Contacts", contact.link.crm_id, **theirs)
    both.book.look()
    return [new, changed, differing]


def after_a_silence(both: Both) -> None:
    """The lease of whoever fell silent is over."""
    ContactTransfer.objects.filter(status=Status.CLAIMED).update(lease_until=now() - timedelta(seconds=1))
    Slot.objects.update(holder=None, lease_until=None)
    give_back_expired(at=now())
    both.carry()


def check(both: Both, three: list[OutlookContact]) -> None:
    """Both services say what they should, and the history has every value that was overwritten."""
    new, changed, differing = three
    for contact in three:
        contact.refresh_from_db()
        assert [contact.link.crm_id] == both.coripo.contacts(last_name=str(contact.card["surname"]))
        assert contact.crm_id == contact.link.crm_id
    told = both.book.sandbox.control("GET", f"contacts?mailbox={both.book.person['mail']}")["contacts"]
    assert len(told) == len(three)
    assert [contact.state for contact in three] == [State.LINKED, State.LINKED, State.CONFLICT]
    assert both.in_crm(new)["title"] == '‹vedoucí› & "spol."'
    assert both.in_outlook(new)["jobTitle"] == '<vedoucí> & "spol."'
    assert (both.in_crm(changed)["phone_mobile"], both.in_outlook(changed)["mobilePhone"]) == ("2", "2")
    assert (both.in_crm(changed)["department"], both.in_outlook(changed)["department"]) == ("Nákup", "Nákup")
    assert (both.in_crm(differing)["phone_mobile"], both.in_outlook(differing)["mobilePhone"]) == ("3", "2")
    assert list(changed.changes.filter(field="phone_mobile").values_list("side", "before", "after")) == [
        ("crm", "1", "2")
    ]
    assert not new.changes.filter(kind="written").exists()


@pytest.mark.parametrize("step", STEPS)
def test_a_carrier_killed_at_any_step_leaves_everything_to_the_next_one(
    both: Both, three: list[OutlookContact], step: str
) -> None:
    with killing_at(step), pytest.raises(Killed):
        both.sync(*three)

    after_a_silence(both)

    check(both, three)


@pytest.mark.parametrize(
    ("name", "target", "times"),
    [
        ("dropped", "coripo:set_entries", 3),
        ("dropped", "coripo:set_relationships", 2),
        ("5xx", "coripo:set_entries", 2),
        ("throttle", "coripo:set_entries", 1),
        ("dropped", "coripo:get_entries", 2),
        ("5xx", "coripo", 3),
        ("dropped", "graph:$batch", 3),
        ("throttle", "graph:patch", 2),
        ("5xx", "graph:patch", 2),
        ("5xx", "graph:$batch", 2),
    ],
)
def test_a_service_that_answers_badly_costs_time_and_nothing_else(
    both: Both, three: list[OutlookContact], name: str, target: str, times: int
) -> None:
    both.book.sandbox.fault(name, target, times=times, seconds=1)

    both.sync(*three)
    both.carry(rounds=12)

    check(both, three)
