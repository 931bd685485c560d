"""What changes on either side comes to the other by itself, and who may be whom is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.contacts.automatic import changed_in_outlook
from apps.contacts.models import ContactRules, ContactTransfer, CrmWatch, OutlookContact
from apps.contacts.reading import look_at_due_books
from apps.contacts.watching import plan_watches, watch_due
from apps.core.clock import now
from apps.work.models import Lane
from tests.contacts.both import Both

State = OutlookContact.State
pytestmark = pytest.mark.django_db(transaction=True)


def look(both: Both) -> int:
    """Both sides are looked at once, and what goes by itself is carried. Returns what CORIPO was asked for the look."""
    type(both.book.row).objects.update(next_look_at=now())
    look_at_due_books(until=now() + timedelta(seconds=20), changed=changed_in_outlook)
    CrmWatch.objects.update(next_look_at=now())
    plan_watches(at=now())
    both.book.sandbox.forget_requests()
    watch_due(until=now() + timedelta(seconds=20))
    asked = int(both.book.sandbox.requests()["total"].get("coripo", 0))
    both.carry(Lane.AUTOMATIC)
    return asked


def test_linked_contacts_follow_each_other_by_themselves_and_then_there_is_quiet(both: Both) -> None:
    ContactRules.objects.create(user=both.user, is_automatic=True)
    contact = both.write(
        "Tichá", givenName="Ema", emailAddresses=[{"address": f"{uuid4().hex[:8]}@x.example", "name": ""}]
    )
    alone = both.write("Sama", givenName="Ida")
    both.sync(contact)
    look(both)
    contact.refresh_from_db()

    both.book.change(contact.graph_id, mobilePhone="+420 601 000 001")
    both.coripo.change("Contacts", contact.link.crm_id, department="Nákup")
    look(both)

    assert both.in_crm(contact)["phone_mobile"] == "+420 601 000 001"
    assert both.in_outlook(contact)["department"] == "Nákup"
    before = ContactTransfer.objects.count()
    asked = look(both)
    look(both)
    assert ContactTransfer.objects.count() == before
    # A login, one page and the log-out.
    assert asked <= 3
    alone.refresh_from_db()
    assert (alone.state, alone.transfers.count()) == (State.ALONE, 0)


def test_all_contacts_go_where_their_owner_wants_that(both: Both) -> None:
    ContactRules.objects.create(user=both.user, is_automatic=True, which="all")
    address = f"{uuid4().hex[:8]}@x.example"
    contact = both.write("Nový", emailAddresses=[{"address": address, "name": ""}])
    private = both.write("Soukromý", properties={"Integer 0x0036": "2"})

    look(both)

    contact.refresh_from_db()
    private.refresh_from_db()
    assert (contact.state, both.in_crm(contact)["addresses"]) == (State.LINKED, [address])
    assert (private.state, private.transfers.count()) == (State.ALONE, 0)


def test_who_may_be_whom_is_suggested_with_what_speaks_for_it(both: Both) -> None:
    tag = uuid4().hex[:8]
    by_address = both.write("Malá", givenName="Andrea", emailAddresses=[{"address": f"a{tag}@u.example", "name": ""}])
    by_name = both.write(f"Vzácný{tag}", givenName="Petr", mobilePhone=f"+420 {int(tag[:6], 16) % 10**9:09d}")
    look(both)
    first = both.coripo.contact(f"a{tag}@u.example", first_name="Andrea", last_name="Malá")
    second = both.coripo.contact(f"p{tag}@v.example", first_name="Petr", last_name=f"Vzácný{tag}")
    both.coripo.change("Contacts", second, phone_mobile=by_name.card["mobile_phone"].replace(" ", ""))

    look(both)

    by_address.refresh_from_db()
    by_name.refresh_from_db()
    assert (by_address.state, by_name.state) == (State.SUGGESTED, State.SUGGESTED)
    [one], [two] = by_address.suggestions.all(), by_name.suggestions.all()
    assert (one.crm_id, one.evidence, one.certainty) == (first, ["same_address", "same_name"], 95)
    assert (two.crm_id, two.evidence, two.certainty) == (second, ["same_phone", "same_name"], 55)


def test_a_contact_deleted_in_outlook_is_told_and_stays_in_coripo(both: Both) -> None:
    ContactRules.objects.create(user=both.user, is_automatic=True)
    contact = both.write("Odešlá", emailAddresses=[{"address": f"{uuid4().hex[:8]}@x.example", "name": ""}])
    both.sync(contact)
    both.book.delete(contact.graph_id)

    look(both)

    contact.refresh_from_db()
    assert (contact.link.problem, contact.state) == ("outlook_gone", State.ASKING)
    assert both.in_crm(contact)["last_name"] == "Odešlá"


def test_the_nightly_reading_finds_whom_no_change_told_of(both_for: Callable[..., Both]) -> None:
    """A colleague takes the record out of this login's sight: CORIPO then tells of it no more."""
    colleague, both = both_for(), both_for(coripo_role="restricted")
    address = f"{uuid4().hex[:8]}@x.example"
    crm_id = colleague.coripo.contact(address, last_name="Skrytá")
    own_id = both.coripo.call("get_user_id")
    colleague.coripo.change("Contacts", crm_id, assigned_user_id=own_id)
    contact = both.write("Skrytá", emailAddresses=[{"address": address, "name": ""}])
    assert both.sync(contact).contact.link.crm_id == crm_id
    look(both)
    colleague.coripo.change("Contacts", crm_id, assigned_user_id="1")
    CrmWatch.objects.update(full_at=now() - timedelta(days=2))

    look(both)

    contact.refresh_from_db()
    assert (contact.state, contact.cause, contact.link.problem) == (State.ASKING, "crm_hidden", "crm_hidden")
