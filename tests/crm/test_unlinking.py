"""A link is taken away and nothing else, and what CORIPO only says to have taken away is found out."""

from __future__ import annotations

import pytest

from apps.crm.errors import CrmRejected, CrmThrottled
from apps.crm.face import Link, Unlinked
from apps.crm.rest_v4_1 import RestV41
from tests.crm.conftest import Line, an_email, new_id
from tests.sandbox_server import Sandbox

MODULES = ["Accounts", "Contacts", "Leads", "Opportunities", "Cases", "Project", "ProjectTask", "Bugs"]


@pytest.fixture
def email_id(crm: RestV41) -> str:
    email = an_email()
    crm.create_emails([email])
    return email.id


def a_record(line: Line, module: str) -> str:
    return line.create(module, **{"last_name" if module in ("Contacts", "Leads") else "name": "Záznam"})


@pytest.mark.parametrize("module", MODULES)
def test_a_link_to_each_module_goes_and_the_others_stay(crm: RestV41, line: Line, email_id: str, module: str) -> None:
    gone, kept = (Link(email_id, module, a_record(line, module)) for _number in range(2))
    crm.link([gone, kept])

    assert crm.unlink([gone]) == [Unlinked(gone)]

    # What was taken away can be made again; what was not touched is there.
    assert [linked.was_there for linked in crm.link([gone, kept])] == [
        False,
        module not in ("Accounts", "Contacts", "Leads"),
    ]


def test_the_parent_goes_with_its_link_and_the_texts_stay(crm: RestV41, line: Line) -> None:
    company = a_record(line, "Accounts")
    email = an_email(company_id=company)
    crm.create_emails([email])

    crm.unlink([Link(email.id, "Accounts", company)])

    stored = line.fields("Emails", email.id)
    assert (stored.get("parent_type", ""), stored.get("parent_id", "")) == ("", "")
    assert (stored["name"], stored["description"]) == (email.subject, email.text)
    assert not crm.read_emails([email.id])[email.id].links["Accounts"]


def test_another_parent_stays(crm: RestV41, line: Line) -> None:
    parent, other = a_record(line, "Accounts"), a_record(line, "Accounts")
    email = an_email(company_id=parent)
    crm.create_emails([email])
    crm.link([Link(email.id, "Accounts", other)])

    crm.unlink([Link(email.id, "Accounts", other)])

    assert line.fields("Emails", email.id)["parent_id"] == parent
    assert crm.read_emails([email.id])[email.id].links["Accounts"] == {parent}


def test_it_may_be_repeated(crm: RestV41, line: Line, email_id: str) -> None:
    link = Link(email_id, "Contacts", a_record(line, "Contacts"))
    crm.link([link])

    assert crm.unlink([link]) == crm.unlink([link, link])[:1] == [Unlinked(link)]


def test_what_is_no_link_is_refused_and_sinks_no_other(crm: RestV41, line: Line, email_id: str) -> None:
    link = Link(email_id, "Contacts", a_record(line, "Contacts"))
    crm.link([link])

    *refused, done = crm.unlink(
        [
            Link(new_id(), "Contacts", link.record_id),
            Link(email_id, "Nonsense", "1"),
            Link(email_id, "Cases", "'"),
            link,
        ]
    )

    assert [type(outcome) for outcome in refused] == [CrmRejected] * 3
    assert done == Unlinked(link)


def test_a_lost_answer_is_read_back(crm: RestV41, line: Line, email_id: str, sandbox: Sandbox) -> None:
    link = Link(email_id, "Contacts", a_record(line, "Contacts"))
    crm.link([link])
    sandbox.fault("dropped", "coripo:set_relationships")

    assert crm.unlink([link]) == [Unlinked(link)]


def test_what_was_not_sent_is_raised(crm: RestV41, line: Line, email_id: str, sandbox: Sandbox) -> None:
    link = Link(email_id, "Contacts", a_record(line, "Contacts"))
    crm.link([link])
    sandbox.fault("throttle", "coripo:set_relationships", seconds=3)

    with pytest.raises(CrmThrottled):
        crm.unlink([link])
