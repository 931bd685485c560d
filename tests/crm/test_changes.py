"""Who changed at CORIPO since a moment of its own clock is told in one request, new addresses of old contacts included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from apps.crm.rest_v4_1 import RestV41
from tests.crm.conftest import Line
from tests.sandbox_server import Sandbox

LATELY = timedelta(seconds=30)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def address() -> str:
    return f"{uuid4().hex}@firma.example"


def test_the_latest_change_is_told_without_a_moment(crm: RestV41, line: Line, address: str) -> None:
    line.create("Contacts", last_name="Nová", email1=address)

    latest = crm.changed_contacts(None)

    assert latest.newest is not None
    assert latest.addresses == frozenset()
    assert not latest.has_more


def test_what_changed_lately_is_told_with_its_addresses_and_what_changed_before_is_not(
    crm: RestV41, line: Line, address: str
) -> None:
    line.create("Contacts", last_name="Nová", email1=address.replace("@", "@WWW."))

    assert address.replace("@", "@www.") in crm.changed_contacts(now() - LATELY).addresses
    assert address.replace("@", "@www.") not in crm.changed_contacts(now() + LATELY).addresses


def test_an_address_that_an_old_contact_got_is_found(crm: RestV41, line: Line, address: str) -> None:
    contact = line.create("Contacts", last_name="Stará")
    line.create("Contacts", id=contact, date_modified="2001-02-03 04:05:06", update_date_modified="0")
    row = line.create("EmailAddresses", email_address=address, email_address_caps=address.upper())
    line.relate("Contacts", contact, "email_addresses", row)
    assert line.fields("Contacts", contact)["date_modified"] == "2001-02-03 04:05:06"

    assert address in crm.changed_contacts(now() - LATELY).addresses


def test_more_than_one_answer_holds_is_said(crm: RestV41, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.create("Contacts", last_name="Nová")
    monkeypatch.setattr("apps.crm.changes.MOST_CHANGED", 1)

    assert crm.changed_contacts(now() - LATELY).has_more


def test_it_is_one_request(crm: RestV41, sandbox: Sandbox) -> None:
    crm.is_answering()
    sandbox.forget_requests()

    crm.changed_contacts(now() - LATELY)

    assert sandbox.requests()["total"]["coripo"] == 1
