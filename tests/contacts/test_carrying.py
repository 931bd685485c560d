"""One contact taken both ways, and read back from the services themselves."""

from __future__ import annotations

import pytest

from apps.contacts.models import ContactLink, ContactTransfer, OutlookContact, Side
from tests.contacts.both import Both
from tests.contacts.conftest import Book
from tests.coripo import Coripo
from tests.factories import CrmAccountFactory

Result = ContactTransfer.Result
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def both(book: Book) -> Both:
    person = book.person
    account = CrmAccountFactory.create(
        user=book.mailbox.owner, user_name=person["coripo_user"], password=person["coripo_password"]
    )
    return Both(book, account, Coripo(book.sandbox.url, person["coripo_user"], person["coripo_password"]))


def test_a_contact_that_coripo_lacks_is_made_there_and_both_follow_from_then_on(both: Both) -> None:
    contact = both.write(
        "Nováková",
        givenName="Běla",
        title="Ing.",
        jobTitle='nákupčí & "výroba" < 5 t',
        emailAddresses=[{"address": "bela@kovarna.example", "name": "Běla"}],
        mobilePhone="+420 777 123 456",
        businessAddress={"street": "Dlouhá 1\r\nbudova B", "city": "Brno", "postalCode": "602 00"},
    )

    done = both.sync(contact)

    assert (done.status, done.result, done.cause) == ("done", Result.CREATED, "")
    made = both.in_crm(contact)
    assert (made["salutation"], made["first_name"], made["last_name"]) == ("Ing.", "Běla", "Nováková")
    assert (made["title"], made["phone_mobile"]) == ('nákupčí & "výroba" < 5 t', "+420 777 123 456")
    assert (made["primary_address_city"], made["addresses"]) == ("Brno", ["bela@kovarna.example"])
    contact.refresh_from_db()
    assert (contact.state, contact.crm_id) == (OutlookContact.State.LINKED, contact.link.crm_id)
    assert contact.link.origin == ContactLink.Origin.CREATED

    both.book.change(contact.graph_id, mobilePhone="+420 777 999 999")
    both.coripo.change("Contacts", contact.link.crm_id, department="Nákup")
    both.book.look()
    done = both.sync(contact)

    assert (done.status, done.result) == ("done", Result.WRITTEN)
    assert both.in_crm(contact)["phone_mobile"] == "+420 777 999 999"
    assert both.in_outlook(contact)["department"] == "Nákup"
    told = contact.changes.filter(kind="written").values_list("side", "field", "before", "after")
    assert set(told) == {
        (Side.CRM, "phone_mobile", "+420 777 123 456", "+420 777 999 999"),
        (Side.OUTLOOK, "department", "", "Nákup"),
    }
    assert both.sync(contact).result == Result.IN_STEP
