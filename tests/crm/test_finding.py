"""Who has an address, which e-mails have a Message-ID, and what is under an id."""

from __future__ import annotations

import pytest

from apps.crm.face import CrmCompany, RecordSight
from apps.crm.rest_v4_1 import RestV41
from tests.crm.conftest import Line, MakesClients, an_email, new_id
from tests.sandbox_server import Sandbox


def test_a_contact_is_found_by_any_of_its_addresses_whatever_their_case(crm: RestV41, line: Line) -> None:
    mail = f"{new_id()}@firma.example"
    contact = line.create(
        "Contacts",
        first_name="Petr",
        last_name="Novák",
        title="Nákupčí",
        phone_work="+420 555 0100",
        email1=mail.upper(),
        email2=f"second.{mail}",
    )

    found = crm.find_contacts([mail, f"SECOND.{mail}", "nobody@firma.example", "no address"])

    (by_first,) = found[mail]
    assert by_first.id == contact
    assert (by_first.name, by_first.title, by_first.phone) == ("Petr Novák", "Nákupčí", "+420 555 0100")
    assert set(by_first.addresses) == {mail, f"second.{mail}"}
    assert found[f"second.{mail}"] == (by_first,)
    assert found["nobody@firma.example"] == ()
    assert "no address" not in found


def test_all_contacts_of_an_address_and_all_their_companies_come_once(crm: RestV41, line: Line) -> None:
    mail = f"o'brien+{new_id()}@firma.example"
    first, second = (line.create("Accounts", name=name) for name in ("Firma & synové", 'Druhá "s.r.o."'))
    one = line.create("Contacts", last_name="Jedna", email1=mail, account_id=first)
    line.relate("Contacts", one, "accounts", second)
    other = line.create("Contacts", last_name="Dvě", email1=mail)

    contacts = {contact.id: contact for contact in crm.find_contacts([mail])[mail]}

    assert contacts.keys() == {one, other}
    assert set(contacts[one].companies) == {CrmCompany(first, "Firma & synové"), CrmCompany(second, 'Druhá "s.r.o."')}
    assert contacts[other].companies == ()


def test_more_contacts_than_a_page_of_the_server_are_all_found(crm: RestV41, line: Line) -> None:
    mail = f"{new_id()}@firma.example"
    made = {line.create("Contacts", last_name=f"Č. {number}", email1=mail) for number in range(25)}

    assert {contact.id for contact in crm.find_contacts([mail])[mail]} == made


def test_three_hundred_addresses_cost_three_requests(crm: RestV41, line: Line, sandbox: Sandbox) -> None:
    mail = f"{new_id()}@firma.example"
    contact = line.create("Contacts", last_name="Novák", email1=mail)
    crm.find_contacts(["warm@up.example"])
    sandbox.forget_requests()

    found = crm.find_contacts([f"{number}@firma.example" for number in range(299)] + [mail])

    assert [one.id for one in found[mail]] == [contact]
    assert len(found) == 300
    assert sandbox.requests()["total"]["coripo"] == 3


def test_an_email_is_found_by_its_message_id_without_brackets_and_case(crm: RestV41) -> None:
    email = an_email(message_id=f"CA'F--;{new_id()}@Mail.Example")
    crm.create_emails([email])

    found = crm.find_emails([f"<{email.message_id.upper()}>", "nothing@mail.example"])

    (stored,) = found[email.message_id.casefold()]
    assert stored.id == email.id
    assert stored.message_id == email.message_id
    assert stored.subject == email.subject
    assert stored.sent_at == email.sent_at
    assert stored.sender_address == "petr@firma.example"
    assert stored.creator_id
    assert found["nothing@mail.example"] == ()


def test_of_several_emails_with_one_message_id_the_oldest_comes_first(crm: RestV41, line: Line) -> None:
    message_id = f"{new_id()}@mail.example"
    late, early, deleted = (
        line.create("Emails", name=name, message_id=message_id, date_entered=f"2026-01-0{day} 00:00:00")
        for name, day in (("late", 3), ("early", 2), ("deleted", 1))
    )
    line.delete("Emails", deleted)

    assert [email.id for email in crm.find_emails([message_id])[message_id]] == [early, late]


@pytest.mark.parametrize(
    "form", ["a\\b.{}@mail.example", "with <b>{}@mail.example", "&lt;{}&gt;@mail.example", "100%_{}@x"]
)
def test_an_odd_message_id_finds_what_was_stored_under_it(crm: RestV41, form: str) -> None:
    email = an_email(message_id=form.format(new_id()))
    crm.create_emails([email])

    assert [stored.id for stored in crm.find_emails([email.message_id])[email.message_id.casefold()]] == [email.id]


def test_emails_are_read_with_their_links_and_missing_ones_have_no_entry(crm: RestV41, line: Line) -> None:
    contact, lead = line.create("Contacts", last_name="N"), line.create("Leads", last_name="Z")
    email = an_email()
    crm.create_emails([email])
    line.relate("Emails", email.id, "contacts", contact)
    line.relate("Emails", email.id, "leads", lead)

    found = crm.read_emails([new_id(), email.id, "no'id"])

    assert found.keys() == {email.id}
    assert found[email.id].links == {
        "Contacts": frozenset({contact}),
        "Accounts": frozenset(),
        "Leads": frozenset({lead}),
    }


def test_a_deleted_email_is_read_on_demand_only(crm: RestV41, line: Line) -> None:
    deleted, live = an_email(), an_email()
    crm.create_emails([deleted, live])
    line.delete("Emails", deleted.id)

    with_deleted = crm.read_emails([deleted.id, live.id, new_id()], with_deleted=True)

    assert crm.read_emails([deleted.id]) == {}
    assert {email.id: email.is_deleted for email in with_deleted.values()} == {deleted.id: True, live.id: False}
    assert with_deleted[live.id].sender_address == "petr@firma.example"


def test_one_hidden_email_hides_no_other(sandbox: Sandbox, client_for: MakesClients, crm: RestV41) -> None:
    restricted = client_for(sandbox.person(coripo_role="restricted"))
    own = [an_email() for _ in range(3)]
    foreign = [an_email(), an_email()]
    restricted.create_emails(own)
    crm.create_emails(foreign)

    found = restricted.read_emails([foreign[0].id, *(email.id for email in own), foreign[1].id])

    assert found.keys() == {email.id for email in own}
    assert restricted.read_emails([foreign[0].id]) == {}


def test_what_a_login_sees_of_a_record(sandbox: Sandbox, client_for: MakesClients, crm: RestV41, line: Line) -> None:
    restricted = client_for(sandbox.person(coripo_role="restricted"))
    there, gone = line.create("Accounts", name="Firma"), line.create("Accounts", name="Zaniklá")
    line.delete("Accounts", gone)

    assert crm.read_record("Accounts", there) == RecordSight(is_visible=True)
    assert crm.read_record("Accounts", gone) == RecordSight(is_deleted=True)
    assert crm.read_record("Accounts", new_id()) == RecordSight()
    assert crm.read_record("Accounts", "no'id") == RecordSight()
    assert restricted.read_record("Accounts", there) == RecordSight(is_denied=True)
