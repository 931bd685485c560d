"""The consent to contacts through its doors, the tab *Contacts* of the settings, and what other pages say of an address book."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.contacts.folders import folder_for_new
from apps.contacts.models import AddressBook, ContactFolder, ContactRules, Direction, Field
from apps.mailboxes.models import Mailbox
from apps.mailboxes.tokens import CONTACT_SCOPES, WRITE_SCOPES, MailboxTokens
from tests.contacts.books import Book
from tests.factories import AddressBookFactory, ContactFolderFactory, MailboxFactory, UserFactory
from tests.mailboxes.signing_in import answer_to
from tests.mailboxes.test_views import browser_of, said
from tests.mailboxes.test_writing import ask as allow_writing

pytestmark = pytest.mark.django_db

TAB = "/settings/contacts/"


def ask(client: Client, book: Book, *, then: str = "", consent: str = "Accept", person: dict[str, str] | None = None):
    """Press the button, walk Microsoft's pages, and come back by the one registered address."""
    answer = client.post(reverse("contacts:consent"), {"mailbox": book.mailbox.pk, "then": then})
    assert "Contacts.ReadWrite" in answer["Location"]
    assert "Mail.ReadWrite" not in answer["Location"]
    back = client.get(
        reverse("mailboxes:callback"), answer_to(answer["Location"], person or book.person, consent=consent)
    )
    assert back["Location"].startswith(reverse("contacts:consented"))
    return client.get(back["Location"])


def test_a_consent_opens_the_address_book_and_leads_back(unread_book: Book) -> None:
    book, client = unread_book, browser_of(unread_book.mailbox.owner)
    allow_writing(client, book.mailbox, book.person)
    assert "Allow access to contacts" in client.get(TAB).content.decode()

    response = ask(client, book, then="/inbox/?state=failed")

    assert response["Location"] == "/inbox/?state=failed"
    assert {"Contacts.ReadWrite", "Mail.ReadWrite"} < set(Mailbox.objects.get().granted_scopes.split())
    # Each use gets a token of its own rights.
    assert all(
        MailboxTokens(book.mailbox.pk, scopes=scopes).access_token() for scopes in (WRITE_SCOPES, CONTACT_SCOPES)
    )
    assert book.row.next_look_at <= timezone.now()
    assert "Allowed" in client.get(reverse("contacts:consent")).content.decode()
    # The same answer does not serve twice.
    assert "used already" in said(client.get(reverse("contacts:consented"), {"code": "x", "state": "y"}))


@pytest.mark.parametrize(
    ("consent", "words"), [("Cancel", "was declined. Nothing was changed"), ("Ask the administrator", "has approved")]
)
def test_a_refused_consent_changes_nothing(unread_book: Book, consent: str, words: str) -> None:
    book, generation = unread_book, unread_book.mailbox.token.generation

    response = ask(browser_of(book.mailbox.owner), book, consent=consent)

    assert words in said(response)
    assert response["Location"] == TAB
    assert (Mailbox.objects.get().token.generation, AddressBook.objects.count()) == (generation, 0)


def test_another_account_is_no_consent(unread_book: Book) -> None:
    response = ask(browser_of(unread_book.mailbox.owner), unread_book, person=unread_book.sandbox.person())

    assert "another account" in said(response)
    assert not AddressBook.objects.exists()


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example", "/\\evil.example", "inbox/", ""])
def test_nobody_is_led_elsewhere(then: str) -> None:
    client = browser_of(MailboxFactory.create().owner)
    page = client.get(reverse("contacts:consent"), {"then": then}).content.decode()
    assert f'name="then" value="{TAB}"' in page


def test_a_new_folder_is_made_in_outlook_and_chosen(book: Book) -> None:
    """One that is there already serves."""
    client = browser_of(book.mailbox.owner)
    url = reverse("choose_new_contacts_folder", args=[book.mailbox.pk])
    book.look()
    for _time in range(2):
        assert "Outlook has the folder CORIPO" in said(client.post(url, {"folder": "make"}))
        chosen = folder_for_new(book.row)
        assert chosen is not None
        assert chosen.name == "CORIPO"
        ContactFolder.objects.filter(name="CORIPO").delete()
    book.look(with_tree=True)
    again = ContactFolder.objects.get(name="CORIPO")

    client.post(url, {"folder": again.pk})
    assert book.row.new_contacts_folder == again
    client.post(url, {"folder": ""})
    assert book.row.new_contacts_folder is None
    foreign = ContactFolderFactory(is_default=False)
    assert client.post(url, {"folder": foreign.pk}).status_code == 404


def test_settings_are_saved_and_checked() -> None:
    user = UserFactory()
    client = browser_of(user)
    form = {
        "is_automatic": "on",
        "which": "category",
        "category": "",
        "on_conflict": "newer",
        "unknown_company": "create",
        **{f"field_{name}": Direction.BOTH for name in Field.values},
        "field_notes": Direction.TO_CRM,
    }

    assert "Enter the name of the category" in client.post(TAB, form).content.decode()
    assert not ContactRules.objects.exists()
    assert client.post(TAB, {**form, "field_notes": "backwards"}).status_code == 200
    assert client.post(TAB, {**form, "category": " Obchod  2 "})["Location"] == TAB

    rules = ContactRules.objects.get(user=user)
    assert (rules.is_automatic, rules.category, rules.on_conflict) == (True, "Obchod 2", "newer")
    assert (rules.fields["notes"], rules.fields["company"]) == ("to_crm", "both")
    assert not rules.takes_private
    assert 'value="to_crm" selected' in client.get(TAB).content.decode()


def test_what_other_pages_say_of_an_address_book() -> None:
    """Its trouble with the way to mend it; and a page costs the same for one mailbox and for four."""
    user = UserFactory()
    book = AddressBookFactory(mailbox__owner=user, contact_count=1234)
    client = browser_of(user)
    pages = ("/status/", "/settings/mailboxes/", TAB)
    assert "1,234 contacts" in client.get("/status/").content.decode()
    assert "1,234 contacts" in client.get("/settings/mailboxes/").content.decode()
    counts = [_queries(client, page) for page in pages]
    for _number in range(3):
        ContactFolderFactory(mailbox=AddressBookFactory(mailbox__owner=user).mailbox)
    assert [_queries(client, page) for page in pages] == counts

    AddressBook.objects.filter(pk=book.pk).update(refused_at=timezone.now())
    for page in (*pages, "/attention/"):
        assert "access to the contacts" in client.get(page).content.decode()
    assert TAB in client.get("/status/").content.decode()


def _queries(client: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(page)
    return len(queries)
