"""The promise about requests: at most 0.2 for each e-mail of a batch of 200, and 8 for a single one, login included."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.addresses import Address
from apps.crm.face import Created, CrmClient, Link, Linked, OutgoingEmail, OutgoingFile
from tests.crm.conftest import Line, MakesClients, an_email, new_id
from tests.sandbox_server import Sandbox


@pytest.fixture
def people(line: Line) -> list[dict[str, Any]]:
    """Contacts with an address and a company each."""
    company = line.create("Accounts", name="Firma")
    made = []
    for number in range(20):
        mail = f"{new_id()}@firma.example"
        contact = line.create("Contacts", last_name=f"Č. {number}", email1=mail, account_id=company)
        made.append({"mail": mail, "contact": contact})
    return made


def transfer(crm: CrmClient, emails: list[OutgoingEmail]) -> None:
    """As a carrier does it: who are they, what is there, store, link."""
    known = crm.find_contacts([address.address for email in emails for address in email.to])
    assert not any(crm.find_emails([email.message_id for email in emails]).values())
    assert crm.create_emails(emails) == [Created(email.id) for email in emails]
    links = []
    for email in emails:
        contacts = {contact.id: contact for address in email.to for contact in known[address.address]}
        links += [Link(email.id, "Contacts", contact_id) for contact_id in contacts]
        companies = {company.id for contact in contacts.values() for company in contact.companies}
        links += [Link(email.id, "Accounts", company_id) for company_id in companies]
    assert len(links) == 3 * len(emails)
    assert crm.link(links) == [Linked(link) for link in links]


@pytest.mark.parametrize(("number", "most"), [(200, 40), (1, 8)])
def test_a_transfer(
    client_for: MakesClients,
    person: dict[str, str],
    people: list[dict[str, Any]],
    sandbox: Sandbox,
    number: int,
    most: int,
) -> None:
    strangers = [f"{new_id()}@jinde.example" for _ in range(number)]
    emails = [
        an_email(
            to=(
                Address("", people[position % 20]["mail"]),
                Address("", people[(position + 1) % 20]["mail"]),
                Address("", strangers[position]),
            )
        )
        for position in range(number)
    ]
    sandbox.forget_requests()

    transfer(client_for(person), emails)

    counted = sandbox.requests()
    assert counted["by_part"]["coripo:login"] == 1
    assert counted["total"]["coripo"] <= most


def test_files_of_a_batch(client_for: MakesClients, person: dict[str, str], sandbox: Sandbox) -> None:
    """At most 1.1 for each of twenty or more, and none is lost where their notes were not made together."""
    crm = client_for(person)
    emails = [an_email() for _ in range(20)]
    crm.create_emails(emails)
    files = [OutgoingFile(new_id(), email.id, "a.pdf", "application/pdf", b"%PDF-1.4") for email in emails]
    sandbox.forget_requests()

    crm.make_notes(files[:19])
    outcomes = [crm.attach(file, has_note=True) for file in files]

    # The last one has no note: the upload finds out, the note is made, and the file comes again.
    assert sandbox.requests()["total"]["coripo"] == 1 + 19 + 3
    assert outcomes == [Created(file.note_id) for file in files]
    found = crm.find_files([email.id for email in emails])
    assert [found[file.email_id] for file in files] == [{file.note_id} for file in files]
