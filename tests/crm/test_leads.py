"""Companies and leads by address, and new leads that are there once, whatever CORIPO answered."""

from __future__ import annotations

from apps.crm.errors import CrmIdOccupied, CrmRejected
from apps.crm.face import Created, CrmCompany, OutgoingLead
from apps.crm.rest_v4_1 import RestV41
from tests.crm.conftest import Line, new_id
from tests.sandbox_server import Sandbox


def lead(**words: str) -> OutgoingLead:
    return OutgoingLead(**{"id": new_id(), "first_name": "Jana", "last_name": "Nová", **words})


def test_companies_and_leads_are_found_by_their_own_address(crm: RestV41, line: Line) -> None:
    mail = f"{new_id()}@firma.example"
    company = line.create("Accounts", name="Firma & synové", email1=mail)
    open_one = line.create("Leads", first_name="Eva", last_name="Malá", account_name="Mlýny", email1=mail.upper())
    converted = line.create("Leads", last_name="Stará", email1=mail, converted="1")

    assert crm.find_companies([mail, "nobody@firma.example"]) == {
        mail: (CrmCompany(company, "Firma & synové"),),
        "nobody@firma.example": (),
    }
    found = {one.id: one for one in crm.find_leads([mail])[mail]}
    assert found.keys() == {open_one, converted}
    assert (found[open_one].name, found[open_one].company, found[open_one].is_converted) == ("Eva Malá", "Mlýny", False)
    assert found[converted].is_converted


def test_new_leads_are_stored_once_and_each_has_its_own_outcome(crm: RestV41, line: Line, sandbox: Sandbox) -> None:
    first, taken, deleted, odd, last = (lead(address=f"{new_id()}@firma.example") for _ in range(5))
    odd = lead(address="ředitel@firma.example")
    assert crm.create_leads([taken, deleted]) == [Created(taken.id), Created(deleted.id)]
    line.delete("Leads", deleted.id)

    outcomes = crm.create_leads([first, taken, deleted, odd, last])

    assert outcomes[0] == Created(first.id)
    assert outcomes[1] == Created(taken.id), "there by an earlier call"
    assert isinstance(outcomes[2], CrmIdOccupied)
    assert outcomes[2].is_deleted
    assert isinstance(outcomes[3], CrmRejected)
    assert outcomes[4] == Created(last.id)
    fields = line.fields("Leads", first.id)
    assert (fields["first_name"], fields["last_name"], fields["status"], fields["lead_source"]) == (
        "Jana",
        "Nová",
        "New",
        "Email",
    )
    assert crm.read_leads([deleted.id, first.id, new_id()]).keys() == {deleted.id, first.id}


def test_a_batch_of_new_leads_costs_two_requests(crm: RestV41, sandbox: Sandbox) -> None:
    crm.find_contacts(["warm@up.example"])
    sandbox.forget_requests()

    crm.create_leads([lead(address=f"{new_id()}@firma.example") for _ in range(20)])

    assert sandbox.requests()["total"]["coripo"] == 2
