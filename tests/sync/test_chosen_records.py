"""What a person chose for a mail is linked with it: by hand where nobody matches, and beside what was found."""

from __future__ import annotations

import pytest

from apps.core.clock import now
from apps.crm.face import FoundRecord
from apps.sync import intents, linking
from apps.sync.actions import choose_records, disconnect, forget_choice, store_as_new
from apps.sync.chosen import chosen_for, suggested_for
from apps.sync.models import ChosenLink, CrmLink, Outcome, Transfer
from apps.sync.reasons import why
from apps.work.models import Status
from tests.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)


def company_at(desk: Desk, name: str = "Kovárna Morava a.s.") -> FoundRecord:
    return FoundRecord("Accounts", desk.coripo.company(name), name)


def choose(desk: Desk, message, *records: FoundRecord):
    asked = choose_records(message.pk, records, user=desk.user, at=now())
    message.refresh_from_db()
    return asked


def delivered(desk: Desk, message):
    desk.deliver()
    message.refresh_from_db()
    return message


def linked(desk: Desk, message, link: str) -> list[str]:
    (record,) = desk.coripo.emails(message.email_key)
    return [found["id"] for found in desk.coripo.linked(record["id"], link)]


def test_a_mail_that_nobody_matches_is_stored_and_linked_with_what_was_chosen(desk):
    message = desk.receives()
    desk.sync(message)
    assert delivered(desk, message).state == "no_match"
    company = company_at(desk)
    contact = FoundRecord("Contacts", desk.coripo.contact("jinak@firma.example"), "Jana Dvořáková")

    asked = choose(desk, message, company, contact)
    assert (asked.queued, message.state) == (1, "queued")
    assert delivered(desk, message).state == "synced"

    assert linked(desk, message, "accounts") == [company.id]
    assert linked(desk, message, "contacts") == [contact.id]
    (record,) = desk.coripo.emails(message.email_key)
    stored = desk.coripo.email(record["id"])
    assert (stored["parent_type"], stored["parent_id"]) == ("Accounts", company.id)
    assert [(choice.record.name, choice.outcome) for choice in chosen_for(message)] == [
        ("Kovárna Morava a.s.", "made"),
        ("Jana Dvořáková", "made"),
    ]


def test_the_company_that_was_found_stays_the_parent(desk):
    found = desk.coripo.company("Nalezená s.r.o.")
    desk.coripo.contact(desk.customer, company=found)
    message = desk.receives()
    chosen = company_at(desk, "Vybraná s.r.o.")

    choose(desk, message, chosen)
    delivered(desk, message)

    (record,) = desk.coripo.emails(message.email_key)
    assert desk.coripo.email(record["id"])["parent_id"] == found
    assert set(linked(desk, message, "accounts")) == {found, chosen.id}


def test_a_synced_mail_only_gets_the_link(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sync(message)
    assert delivered(desk, message).state == "synced"
    contacts = linked(desk, message, "contacts")
    company = company_at(desk)

    choose(desk, message, company)

    assert delivered(desk, message).state == "synced"
    assert linked(desk, message, "contacts") == contacts
    assert linked(desk, message, "accounts") == [company.id]
    assert Transfer.objects.filter(message=message).order_by("-pk")[0].links_added == 1


def test_choosing_twice_makes_one_choice_and_one_transfer(desk):
    message, company = desk.receives(), company_at(desk)

    choose(desk, message, company)
    asked = choose(desk, message, company)

    assert (asked.queued, asked.already) == (0, 1)
    assert ChosenLink.objects.count() == 1
    delivered(desk, message)
    assert linked(desk, message, "accounts") == [company.id]


def test_a_record_that_is_gone_leaves_an_error_that_is_named_and_can_be_taken_back(desk):
    message, company = desk.receives(), company_at(desk)
    gone = FoundRecord("Contacts", desk.coripo.contact("pryc@firma.example"), "Pryč Odešla")
    desk.coripo.delete("Contacts", gone.id)

    choose(desk, message, company, gone)

    assert delivered(desk, message).state == "partial"
    reason = why(message, user=desk.user)
    assert "1 link failed (Pryč Odešla)" in reason.sentence
    assert reason.remedy
    assert reason.remedy.action == "retry"
    assert [choice.outcome for choice in chosen_for(message)] == ["made", "failed"]

    forget_choice(message.pk, module="Contacts", record_id=gone.id, user=desk.user)

    message.refresh_from_db()
    assert message.state == "synced"
    assert [choice.record.id for choice in chosen_for(message)] == [company.id]


def test_a_choice_taken_back_before_the_transfer_is_not_linked_and_one_that_was_made_stays(desk):
    message, company, other = desk.receives(), company_at(desk), company_at(desk, "Jiná s.r.o.")
    choose(desk, message, company, other)

    forget_choice(message.pk, module="Accounts", record_id=other.id, user=desk.user)
    delivered(desk, message)
    forget_choice(message.pk, module="Accounts", record_id=company.id, user=desk.user)

    assert linked(desk, message, "accounts") == [company.id]
    assert [choice.record.id for choice in chosen_for(message)] == [company.id]
    assert CrmLink.objects.get(record_id=company.id).outcome == Outcome.MADE


def test_what_was_chosen_while_the_mail_was_on_its_way_is_linked_in_another_turn(desk, monkeypatch):
    first, late = company_at(desk, "Včasná s.r.o."), company_at(desk, "Opožděná s.r.o.")
    message = desk.receives()
    choose(desk, message, first)
    link_parcels = linking.link_parcels

    def somebody_chooses_now(*args, **words):
        monkeypatch.setattr("apps.sync.delivery.link_parcels", link_parcels)
        link_parcels(*args, **words)
        asked = choose_records(message.pk, [late], user=desk.user, at=now())
        assert asked.already == 1

    monkeypatch.setattr("apps.sync.delivery.link_parcels", somebody_chooses_now)

    assert delivered(desk, message).state == "synced"
    assert set(linked(desk, message, "accounts")) == {first.id, late.id}
    assert len(desk.coripo.emails(message.email_key)) == 1
    assert not Transfer.objects.active().exists()


def test_what_was_chosen_while_nobody_was_found_is_not_forgotten(desk, monkeypatch):
    company, message = company_at(desk), desk.receives()
    desk.sync(message)
    intend = intents.intend

    def somebody_chooses_now(*args, **words):
        monkeypatch.setattr("apps.sync.delivery.intend", intend)
        choose_records(message.pk, [company], user=desk.user, at=now())
        return intend(*args, **words)

    monkeypatch.setattr("apps.sync.delivery.intend", somebody_chooses_now)

    assert delivered(desk, message).state == "synced"
    assert linked(desk, message, "accounts") == [company.id]


def test_nobody_chooses_for_somebody_else(desk, desk_for):
    message, other = desk.receives(), desk_for()

    choose_records(message.pk, [company_at(desk)], user=other.user, at=now())
    choose(desk, message, company_at(desk))
    forget_choice(message.pk, module="Accounts", record_id=ChosenLink.objects.get().record_id, user=other.user)

    assert [row.chosen_by for row in ChosenLink.objects.all()] == [desk.user]
    assert ChosenLink.objects.visible_to(desk.user).count() == 1
    assert ChosenLink.objects.visible_to(other.user).count() == 0


def test_choices_go_along_with_a_mail_that_is_stored_as_new(desk):
    message = desk.receives()
    company = company_at(desk)
    choose(desk, message, company)
    Transfer.objects.update(status=Status.DONE)

    store_as_new(message.pk, user=desk.user, at=now())
    message.refresh_from_db()
    delivered(desk, message)

    assert message.variant
    assert linked(desk, message, "accounts") == [company.id]


@pytest.mark.parametrize(("forget", "kept"), [(False, 1), (True, 0)])
def test_choices_outlive_the_connection_unless_they_are_to_be_forgotten(desk, forget, kept):
    choose(desk, desk.receives(), company_at(desk))

    disconnect(desk.mailbox, forget_marks=forget, at=now())

    assert ChosenLink.objects.count() == kept


def test_the_next_mail_of_the_same_person_is_offered_what_was_chosen_last(desk, desk_for):
    first, second = company_at(desk, "První s.r.o."), company_at(desk, "Druhá s.r.o.")
    for record in (first, second, first):
        choose(desk, desk.receives(), record)
    next_one, foreign = desk.receives(), desk.receives(sender="cizi@jinde.example")

    assert [record.id for record in suggested_for(next_one, user=desk.user)] == [first.id, second.id]
    assert suggested_for(foreign, user=desk.user) == []
    assert suggested_for(next_one, user=desk_for().user) == []
