"""Links are made in few requests, and what CORIPO only says to have made is found out."""

from __future__ import annotations

import pytest

from apps.crm.errors import CrmError, CrmOutcomeUnknown, CrmRejected, CrmThrottled
from apps.crm.face import Link, Linked
from apps.crm.rest_v4_1 import RestV41
from tests.crm.conftest import Line, an_email, new_id
from tests.sandbox_server import Sandbox


@pytest.fixture
def email_id(crm: RestV41) -> str:
    email = an_email()
    crm.create_emails([email])
    return email.id


@pytest.fixture
def records(line: Line) -> list[tuple[str, str]]:
    return [
        ("Contacts", line.create("Contacts", last_name="Jedna")),
        ("Contacts", line.create("Contacts", last_name="Dvě")),
        ("Accounts", line.create("Accounts", name="Firma")),
        ("Leads", line.create("Leads", last_name="Zájemce")),
    ]


@pytest.fixture
def links(email_id: str, records: list[tuple[str, str]]) -> list[Link]:
    return [Link(email_id, module, record_id) for module, record_id in records]


def linked(links: list[Link]) -> list[Linked]:
    return [Linked(link) for link in links]


def test_links_to_several_modules(crm: RestV41, links: list[Link], records: list[tuple[str, str]]) -> None:
    assert crm.link(links) == linked(links)

    stored = crm.read_emails([links[0].email_id])[links[0].email_id].links
    assert {(module, one) for module, ids in stored.items() for one in ids} == set(records)


def test_a_link_may_be_made_again_and_asked_for_twice(crm: RestV41, links: list[Link]) -> None:
    crm.link(links)

    assert crm.link(links + links) == linked(links + links)
    assert len(crm.read_emails([links[0].email_id])[links[0].email_id].links["Contacts"]) == 2


def test_a_link_to_nothing_is_told_from_one_that_was_made(crm: RestV41, line: Line, links: list[Link]) -> None:
    deleted = line.create("Contacts", last_name="Smazaná")
    line.delete("Contacts", deleted)
    nowhere = [Link(links[0].email_id, "Contacts", record_id) for record_id in (new_id(), deleted)]

    outcomes = crm.link([*nowhere, *links])

    assert [type(outcome) for outcome in outcomes[:2]] == [CrmRejected, CrmRejected]
    assert outcomes[2:] == linked(links)


def test_a_link_from_no_email_is_refused(crm: RestV41, links: list[Link]) -> None:
    (outcome,) = crm.link([Link(new_id(), links[0].module, links[0].record_id)])

    assert isinstance(outcome, CrmRejected)
    assert outcome.field == "email"


@pytest.mark.parametrize(("module", "record_id"), [("Nonsense", "1"), ("Contacts", "no'id"), ("Contacts", "")])
def test_what_is_no_link_is_refused_and_sinks_no_other(
    crm: RestV41, links: list[Link], module: str, record_id: str
) -> None:
    refused, *made = crm.link([Link(links[0].email_id, module, record_id), *links])

    assert isinstance(refused, CrmRejected)
    assert made == linked(links)


def test_600_links_of_200_emails_cost_4_requests(crm: RestV41, line: Line, sandbox: Sandbox) -> None:
    emails = [an_email() for _ in range(200)]
    crm.create_emails(emails)
    contacts = [line.create("Contacts", last_name=name) for name in ("Jedna", "Dvě")]
    company = line.create("Accounts", name="Firma")
    links = [Link(email.id, "Contacts", contact) for email in emails for contact in contacts]
    links += [Link(email.id, "Accounts", company) for email in emails]
    sandbox.forget_requests()

    assert crm.link(links) == linked(links)

    assert sandbox.requests()["total"]["coripo"] == 4


def test_a_lost_answer_is_looked_up(crm: RestV41, links: list[Link], sandbox: Sandbox) -> None:
    sandbox.fault("dropped", "coripo:set_relationships")
    sandbox.forget_requests()

    assert crm.link(links) == linked(links)
    assert "coripo:set_relationship" not in sandbox.requests()["by_part"]


def test_after_a_server_error_the_links_are_made_singly(crm: RestV41, links: list[Link], sandbox: Sandbox) -> None:
    sandbox.fault("5xx", "coripo:set_relationships")

    assert crm.link(links) == linked(links)


def test_a_server_in_trouble_is_left_alone(crm: RestV41, links: list[Link], sandbox: Sandbox) -> None:
    sandbox.fault("5xx", "coripo:set_relationship", times=0)
    sandbox.fault("5xx", "coripo:set_relationships", times=0)

    outcomes = crm.link(links)

    assert all(isinstance(outcome, CrmError) and outcome.is_retryable for outcome in outcomes)
    sandbox.calm()
    assert crm.link(links) == linked(links)


def test_links_that_cannot_be_read_back_are_unknown(crm: RestV41, links: list[Link], sandbox: Sandbox) -> None:
    sandbox.fault("5xx", "coripo:get_entries")

    assert [type(outcome) for outcome in crm.link(links)] == [CrmOutcomeUnknown] * len(links)


def test_a_throttled_call_raises(crm: RestV41, links: list[Link], sandbox: Sandbox) -> None:
    sandbox.fault("throttle", "coripo:set_relationships", seconds=3)

    with pytest.raises(CrmThrottled):
        crm.link(links)
