"""What belongs to the contacts of a mail, in two requests: their companies, and what is open of both."""

from __future__ import annotations

import pytest

from apps.crm.face import FoundRecord
from apps.crm.rest_v4_1 import RestV41
from tests.crm.conftest import Line, new_id
from tests.sandbox_server import Sandbox


@pytest.fixture
def company(line: Line) -> str:
    return line.create("Accounts", name="Kovárna Morava a.s.", billing_address_city="Brno")


@pytest.fixture
def contact(line: Line, company: str) -> str:
    return line.create("Contacts", last_name="Dvořáková", account_id=company)


def opportunity(line: Line, name: str, *, stage: str = "Prospecting", owner: tuple[str, str]) -> str:
    made = line.create("Opportunities", name=name, sales_stage=stage)
    line.relate(*owner, "opportunities", made)
    return made


def test_companies_and_what_is_open_of_both(crm: RestV41, line: Line, company: str, contact: str) -> None:
    of_company = opportunity(line, "Lis", owner=("Accounts", company))
    of_contact = opportunity(line, "Buchar", stage="Negotiation/Review", owner=("Contacts", contact))
    case = line.create("Cases", name="Porucha", status="Open_New", account_id=company)
    number = line.fields("Cases", case).get("case_number", "")

    found = crm.related_records([contact], limit=5)

    assert found.records == (
        FoundRecord("Accounts", company, "Kovárna Morava a.s.", detail="Brno"),
        FoundRecord("Opportunities", of_company, "Lis", company="Kovárna Morava a.s.", stage="Prospecting"),
        FoundRecord("Opportunities", of_contact, "Buchar", stage="Negotiation/Review"),
        FoundRecord(
            "Cases",
            case,
            "Porucha",
            detail=number,
            stage="Open_New",
            company="Kovárna Morava a.s.",
        ),
    )
    assert not found.has_more


def test_what_is_closed_is_left_out(crm: RestV41, line: Line, company: str, contact: str) -> None:
    for stage in ("Closed Won", "Closed Lost"):
        opportunity(line, stage, stage=stage, owner=("Accounts", company))
    for status in ("Closed", "Closed_Closed", "Closed_Rejected", "Duplicate", "Rejected"):
        line.create("Cases", name=status, status=status, account_id=company)

    assert [record.id for record in crm.related_records([contact], limit=5).records] == [company]


def test_what_belongs_to_both_is_told_once(crm: RestV41, line: Line, company: str, contact: str) -> None:
    shared = opportunity(line, "Lis", owner=("Accounts", company))
    line.relate("Contacts", contact, "opportunities", shared)

    records = crm.related_records([contact, contact], limit=5).records

    assert [record.id for record in records] == [company, shared]


def test_the_limit_holds_for_each_module(crm: RestV41, line: Line, company: str, contact: str) -> None:
    for number in range(3):
        opportunity(line, f"Č. {number}", owner=("Accounts", company))

    found = crm.related_records([contact], limit=2)

    assert [record.module for record in found.records] == ["Accounts", "Opportunities", "Opportunities"]
    assert found.has_more


def test_two_requests_however_many(crm: RestV41, line: Line, sandbox: Sandbox) -> None:
    contacts = []
    for number in range(10):
        company = line.create("Accounts", name=f"Firma {number}")
        opportunity(line, f"Č. {number}", owner=("Accounts", company))
        contacts.append(line.create("Contacts", last_name="Jedna", account_id=company))
    crm.is_answering()
    sandbox.forget_requests()

    assert len(crm.related_records(contacts, limit=20).records) == 20

    assert sandbox.requests()["total"]["coripo"] == 2


def test_nobody_has_nothing(crm: RestV41, sandbox: Sandbox) -> None:
    sandbox.forget_requests()

    assert crm.related_records([], limit=5).records == ()
    assert crm.related_records(["no'id"], limit=5).records == ()
    assert sandbox.requests()["total"].get("coripo", 0) == 0
    assert crm.related_records([new_id()], limit=5).records == ()
