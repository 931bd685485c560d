"""Bad weather while contacts are carried: whatever happens at which step, nobody is lost, nobody doubled, and nothing that
somebody entered is gone without a line in the history."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.contacts.automatic import changed_in_outlook
from apps.contacts.claiming import give_back_expired
from apps.contacts.models import ContactRules, ContactTransfer, OutlookContact
from apps.core.clock import now
from apps.graph.cards import CRM_ID
from apps.work.models import Lane, Slot, Status
from tests.contacts.books import Book
from tests.contacts.both import Both
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
    return prepared(both)


def prepared(both: Both) -> list[OutlookContact]:
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


def test_both_sides_changed_between_reading_and_writing_are_read_again(both: Both, three: list[OutlookContact]) -> None:
    """Nothing is written over what somebody entered in the meantime: what the second look sees decides."""
    _new, changed, _differing = three

    class Meanwhile(Executioner):
        def emit(self, record: logging.LogRecord) -> None:
            if getattr(record, "step", "") == self.step:
                self.step = ""
                both.book.change(changed.graph_id, mobilePhone="22")
                both.book.sandbox.control(
                    "PATCH", f"coripo/contacts/{changed.link.crm_id}", json={"fields": {"department": "Prodej"}}
                )

    carriers, meanwhile = logging.getLogger("apps.contacts.carrying"), Meanwhile("judged")
    carriers.addHandler(meanwhile)
    both.sync(*three)
    carriers.removeHandler(meanwhile)

    assert (both.in_crm(changed)["phone_mobile"], both.in_outlook(changed)["mobilePhone"]) == ("22", "22")
    assert (both.in_crm(changed)["department"], both.in_outlook(changed)["department"]) == ("Prodej", "Prodej")
    entered = {"2", "22", "Prodej", "Nákup"}
    kept = {both.in_crm(changed)["phone_mobile"], both.in_outlook(changed)["department"]}
    kept |= set(changed.changes.values_list("before", flat=True)) | set(changed.changes.values_list("after", flat=True))
    assert entered - kept <= {"2", "Nákup"}  # What its own author has replaced before we wrote it is nobody's loss.


def test_whoever_lost_the_lease_stops_and_two_carriers_make_one(both: Both, three: list[OutlookContact]) -> None:
    class SecondCarrier(Executioner):
        """The first carrier was away for longer than its lease; another one does its work, and then the first comes back."""

        def emit(self, record: logging.LogRecord) -> None:
            if getattr(record, "step", "") == self.step:
                self.step = ""
                after_a_silence(both)

    for step in ("found", "created", "judged"):
        carriers, second = logging.getLogger("apps.contacts.carrying"), SecondCarrier(step)
        carriers.addHandler(second)
        both.sync(*three)
        carriers.removeHandler(second)

    check(both, three)


def test_a_change_that_is_seen_while_a_carrier_has_the_contact_goes_next(both: Both) -> None:
    ContactRules.objects.create(user=both.user, is_automatic=True)
    contact = both.write(f"Rychlý{uuid4().hex[:8]}", mobilePhone="1")
    both.sync(contact)
    contact.refresh_from_db()

    class Changed(Executioner):
        def emit(self, record: logging.LogRecord) -> None:
            if getattr(record, "step", "") == self.step:
                self.step = ""
                both.book.change(contact.graph_id, mobilePhone="2")
                changed_in_outlook([contact.pk])

    carriers, changed = logging.getLogger("apps.contacts.carrying"), Changed("read")
    carriers.addHandler(changed)
    both.sync(contact)
    carriers.removeHandler(changed)
    both.carry(Lane.AUTOMATIC)

    assert both.in_crm(contact)["phone_mobile"] == "2"


def test_a_wish_that_was_set_aside_is_asked_for_again_and_makes_no_second_contact(both: Both) -> None:
    """Without an address only the id that was kept tells that CORIPO has the contact already."""
    contact = both.write(f"Odložený{uuid4().hex[:8]}", jobTitle="<vedoucí>")
    with killing_at("created"), pytest.raises(Killed):
        both.sync(contact)
    ContactTransfer.objects.filter(contact=contact).update(status=Status.FAILED, cause="poison", claim=None)
    Slot.objects.update(holder=None, lease_until=None)

    assert both.sync(contact).status == Status.DONE

    contact.refresh_from_db()
    assert both.coripo.contacts(last_name=str(contact.card["surname"])) == [contact.link.crm_id]
    assert contact.state == State.LINKED


def test_consent_withdrawn_in_the_middle_leaves_all_waiting_until_it_is_given_again(both: Both) -> None:
    book = both.book
    # A token that was granted before would open the contacts for an hour.
    book.sandbox.control("POST", "knobs", json={"at_life": 60})
    book.allow()
    three = prepared(both)

    class Withdrawn(Executioner):
        def emit(self, record: logging.LogRecord) -> None:
            if getattr(record, "step", "") == self.step:
                self.step = ""
                leaving = {"scopes": ["User.Read", "Mail.Read"]}
                book.sandbox.control("PUT", f"people/{book.person['mail']}/consent", json=leaving)

    carriers, withdrawn = logging.getLogger("apps.contacts.carrying"), Withdrawn("crm_written")
    carriers.addHandler(withdrawn)
    both.sync(*three)
    carriers.removeHandler(withdrawn)

    assert book.row.refused_at is not None
    assert set(ContactTransfer.objects.active().values_list("status", "failures")) == {("queued", 0)}
    book.sandbox.calm()
    book.allow()
    both.carry()
    check(both, three)


def test_merged_by_a_colleague_is_told_and_then_follows_to_whom_the_address_went(both: Both) -> None:
    tag = uuid4().hex[:8]
    contact = both.write(f"Sloučený{tag}", emailAddresses=mail(f"m{tag}"))
    both.sync(contact)
    contact.refresh_from_db()
    stays = both.coripo.contact(f"jiny{tag}@weather.example", last_name=f"Zůstává{tag}")
    both.book.sandbox.control("POST", f"coripo/contacts/{contact.link.crm_id}/merge", json={"into": stays})

    both.automatic(contact)
    contact.refresh_from_db()
    assert (contact.state, contact.cause) == (State.ASKING, "crm_gone")

    both.sync(contact)
    contact.refresh_from_db()
    assert (contact.link.crm_id, contact.crm_id) == (stays, stays)
    assert both.coripo.contacts(last_name=f"Sloučený{tag}") == []


def test_an_id_of_a_deleted_contact_in_outlook_is_renewed(both: Both) -> None:
    tag = uuid4().hex[:8]
    gone = both.coripo.contact(f"g{tag}@weather.example", last_name="Smazaná")
    both.coripo.delete("Contacts", gone)
    contact = both.write(f"Obnovená{tag}", emailAddresses=mail(f"o{tag}"), properties={CRM_ID: gone})

    assert both.sync(contact).result == Result.CREATED

    contact.refresh_from_db()
    assert contact.crm_id == contact.link.crm_id != gone


def test_a_contact_that_moved_is_the_same_and_one_whose_folder_is_gone_is_told(both: Both) -> None:
    tag = uuid4().hex[:8]
    moved = both.write(f"Stěhovaný{tag}", emailAddresses=mail(f"a{tag}"))
    graph_id = both.book.write(f"Odešlý{tag}", folder="Staré", emailAddresses=mail(f"b{tag}"))
    both.book.look(with_tree=True)
    away = both.book.contact(graph_id)
    both.sync(moved, away)
    both.book.organise("POST", "Nové")
    both.book.move(moved.graph_id, "Nové")
    both.book.organise("DELETE", "Staré")
    moved.refresh_from_db()
    both.coripo.change("Contacts", moved.link.crm_id, department="IT")

    both.sync(moved, away)
    both.book.look(with_tree=True)
    both.sync(moved)

    for contact in (moved, away):
        contact.refresh_from_db()
    assert (moved.state, both.in_outlook(moved)["department"]) == (State.LINKED, "IT")
    assert (away.state, away.link.problem) == (State.ASKING, "outlook_gone")
    assert len(both.coripo.contacts(last_name=f"Odešlý{tag}")) == 1


def test_two_people_with_one_contact_of_coripo_follow_each_other_and_both_at_once_is_shown(both: Both) -> None:
    person = both.book.sandbox.person()
    book = Book(both.book.sandbox, person, connect(person, user=UserFactory.create(), at=now()))
    book.allow()
    account = CrmAccountFactory.create(
        server=both.account.server,
        user=book.mailbox.owner, user_name=person["coripo_user"], password=person["coripo_password"],
    )  # fmt: skip
    other = Both(book, account, Coripo(book.sandbox.url, person["coripo_user"], person["coripo_password"]))
    tag = uuid4().hex[:8]
    mine = both.write(f"Společný{tag}", mobilePhone="1", emailAddresses=mail(f"s{tag}"))
    both.sync(mine)
    theirs = other.write(f"Společný{tag}", mobilePhone="1", emailAddresses=mail(f"s{tag}"))
    other.sync(theirs)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert mine.link.crm_id == theirs.link.crm_id

    both.book.change(mine.graph_id, mobilePhone="2")
    both.sync(mine)
    other.automatic(theirs)
    assert other.in_outlook(theirs)["mobilePhone"] == "2"

    both.book.change(mine.graph_id, mobilePhone="3")
    book.change(theirs.graph_id, mobilePhone="4")
    both.sync(mine)
    other.automatic(theirs)
    theirs.refresh_from_db()
    assert theirs.state == State.CONFLICT
    assert (other.in_outlook(theirs)["mobilePhone"], both.in_outlook(mine)["mobilePhone"]) == ("4", "3")
    [difference] = theirs.link.differences.all()
    assert (difference.outlook_value, difference.crm_value) == ("4", "3")
