"""Whom of CORIPO a contact is: every line of the rules, by what is then found in CORIPO and told to the person."""

from __future__ import annotations

from uuid import uuid4

import pytest

from apps.contacts.actions import unlink_contact
from apps.contacts.causes import why
from apps.contacts.models import ContactLink, ContactRules, ContactTransfer, OutlookContact
from apps.contacts.wishes import Wish
from apps.core.clock import now
from apps.graph.cards import CRM_ID
from apps.work.models import Lane
from tests.contacts.both import Both

Result, State = ContactTransfer.Result, OutlookContact.State
pytestmark = pytest.mark.django_db(transaction=True)


def mail(address: str) -> list[dict[str, str]]:
    return [{"address": address, "name": ""}]


def told(contact: OutlookContact) -> tuple[str, str]:
    contact.refresh_from_db()
    assert why(contact).sentence
    return contact.state, contact.cause


def test_the_id_wins_over_the_address_and_it_is_said(both: Both) -> None:
    by_id = both.coripo.contact("old@firma.example", first_name="Petr", last_name="Starý")
    by_address = both.coripo.contact("new@firma.example", first_name="Petr", last_name="Nový")
    contact = both.write(
        "Starý", givenName="Petr", emailAddresses=mail("new@firma.example"), properties={CRM_ID: by_id}
    )

    done = both.sync(contact)

    contact.refresh_from_db()
    assert (contact.link.crm_id, contact.link.origin) == (by_id, ContactLink.Origin.CRM_ID)
    assert (done.cause, by_address in both.coripo.contacts()) == ("id_and_address_disagree", True)
    assert set(both.in_crm(contact)["addresses"]) == {"old@firma.example", "new@firma.example"}


def test_an_id_that_leads_nowhere_gives_way_to_the_address(both: Both) -> None:
    gone = both.coripo.contact("other@firma.example", last_name="Smazaná")
    both.coripo.delete("Contacts", gone)
    there = both.coripo.contact("eva@firma.example", first_name="Eva", last_name="Nová")
    contact = both.write("Nová", givenName="Eva", emailAddresses=mail("eva@firma.example"), properties={CRM_ID: gone})

    both.sync(contact)

    contact.refresh_from_db()
    assert (contact.link.crm_id, contact.crm_id) == (there, there)


def test_several_with_the_address_are_asked_about_and_one_is_chosen(both: Both) -> None:
    ids = {both.coripo.contact("info@firma.example", first_name=name, last_name="Šedá") for name in ("Iva", "Ida")}
    contact = both.write("Šedá", emailAddresses=mail("info@firma.example"))

    done = both.sync(contact)

    assert (done.result, *told(contact)) == (Result.ASKING, State.ASKING, "several_matches")
    assert set(contact.suggestions.values_list("crm_id", flat=True)) == ids
    chosen = sorted(ids)[0]
    both.sync(contact, wish=Wish(crm_id=chosen, may_create=False))
    contact.refresh_from_db()
    assert (contact.link.crm_id, contact.link.origin) == (chosen, ContactLink.Origin.PERSON)
    assert set(both.coripo.contacts(last_name="Šedá")) == ids


def test_a_lead_is_said_and_a_contact_is_made_beside_it_on_request(both: Both) -> None:
    both.coripo.create("Leads", last_name="Zájemce", email1="lead@firma.example")
    contact = both.write("Zájemce", emailAddresses=mail("lead@firma.example"))

    both.sync(contact)
    assert told(contact) == (State.ASKING, "only_lead")
    assert both.coripo.contacts(last_name="Zájemce") == []

    assert both.sync(contact, wish=Wish(is_new=True)).result == Result.CREATED


def test_a_contact_of_coripo_belongs_to_one_of_the_address_book_until_it_is_taken_over(both: Both) -> None:
    crm_id = both.coripo.contact("jana@firma.example")
    first = both.write("Dvořáková", givenName="Jana", emailAddresses=mail("jana@firma.example"))
    second = both.write("Dvořáková", givenName="Jana", mobilePhone="1")
    both.sync(first)

    both.sync(second, wish=Wish(crm_id=crm_id, may_create=False))
    assert told(second) == (State.ASKING, "taken")

    both.sync(second, wish=Wish(crm_id=crm_id, may_create=False, takes_over=True))
    assert told(second) == (State.LINKED, "")
    assert told(first) == (State.ALONE, "")
    assert first.changes.filter(kind="unlinked", crm_id=crm_id).exists()


@pytest.mark.parametrize(
    ("rule", "wish", "is_there", "state"),
    [
        ("ask", Wish(), False, (State.ASKING, "company_unknown")),
        ("ask", Wish(makes_company=True), True, (State.LINKED, "")),
        ("ask", Wish(without_company=True), False, (State.LINKED, "")),
        ("create", Wish(), True, (State.LINKED, "")),
        ("leave", Wish(), False, (State.LINKED, "")),
    ],
)
def test_a_company_that_coripo_lacks(both: Both, rule: str, wish: Wish, is_there: bool, state: tuple[str, str]) -> None:
    ContactRules.objects.create(user=both.user, unknown_company=rule)
    name = f"Kovárna {uuid4().hex[:8]} s.r.o."
    contact = both.write("Kovář", companyName=name, emailAddresses=mail(f"{uuid4().hex[:8]}@firma.example"))

    both.sync(contact, wish=wish)

    assert told(contact) == state
    assert both.in_crm(contact)["companies"] == ([name] if is_there else [])


def test_a_company_is_known_by_its_name_without_case_blanks_and_legal_form(both: Both) -> None:
    both.coripo.company("Pila  Orlice s. r. o.")
    contact = both.write("Benešová", companyName="PILA ORLICE, spol. s r.o.", emailAddresses=mail("karla@pila.example"))

    both.sync(contact)

    assert both.in_crm(contact)["companies"] == ["Pila  Orlice s. r. o."]
    assert told(contact) == (State.LINKED, "")


def test_a_private_contact_goes_by_hand_and_knowingly_alone(both: Both) -> None:
    contact = both.write("Soukromá", properties={"Integer 0x0036": "2"})

    both.sync(contact)
    assert told(contact) == (State.ASKING, "private")
    assert both.coripo.contacts(last_name="Soukromá") == []

    assert both.sync(contact, wish=Wish(takes_private=True)).result == Result.CREATED


def test_a_contact_deleted_in_coripo_is_told_and_made_again_only_by_hand(both: Both) -> None:
    contact = both.write("Ztracený", emailAddresses=mail("ztraceny@firma.example"))
    both.sync(contact)
    contact.refresh_from_db()
    first = contact.link.crm_id
    both.coripo.delete("Contacts", first)

    ContactTransfer.objects.create(
        mailbox=both.book.mailbox, contact=contact, requested_by=both.user, purpose="sync", origin="automat",
        lane=Lane.AUTOMATIC, queued_at=now(), not_before=now(),
    )  # fmt: skip
    both.carry(Lane.AUTOMATIC)
    assert told(contact) == (State.ASKING, "crm_gone")
    assert both.coripo.contacts(last_name="Ztracený") == []

    both.sync(contact)
    assert told(contact) == (State.LINKED, "")
    [second] = both.coripo.contacts(last_name="Ztracený")
    assert contact.link.crm_id == second != first


def test_a_login_without_the_right_to_create_is_told(both: Both) -> None:
    both.book.sandbox.control("POST", "coripo/knobs", json={"contacts_read_only": 1})
    contact = both.write("Nepovolená", emailAddresses=mail("ne@firma.example"))

    both.sync(contact)

    assert told(contact) == (State.FAILED, "no_right_to_create")


def test_unlinked_contacts_are_not_linked_again_by_what_they_have_in_common(both: Both) -> None:
    contact = both.write("Rozdělená", emailAddresses=mail("r@firma.example"))
    both.sync(contact)
    contact.refresh_from_db()
    crm_id = contact.link.crm_id

    assert unlink_contact(contact.pk, user=both.user, at=now())

    assert told(contact) == (State.ALONE, "")
    both.sync(contact, wish=Wish(may_create=False))
    assert told(contact) == (State.ASKING, "no_match")
    both.sync(contact, wish=Wish(crm_id=crm_id, may_create=False))
    assert told(contact) == (State.LINKED, "")


def test_a_contact_deleted_in_outlook_stays_in_coripo(both: Both) -> None:
    contact = both.write("Smazaná", emailAddresses=mail("s@firma.example"))
    both.sync(contact)
    both.book.delete(contact.graph_id)

    done = both.sync(contact)

    assert (done.result, done.cause) == (Result.SKIPPED, "outlook_gone")
    assert len(both.coripo.contacts(last_name="Smazaná")) == 1
    contact.refresh_from_db()
    assert (contact.link.problem, contact.gone_at is not None) == ("outlook_gone", True)
