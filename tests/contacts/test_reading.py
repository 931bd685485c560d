"""Address books are read whole and cheaply, and what became of a contact in Outlook is told by Graph alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.contacts.cards import columns_of
from apps.contacts.folders import folder_for_new
from apps.contacts.models import AddressBook, ContactAddress, ContactFolder, OutlookContact
from apps.contacts.tasks import sweep
from apps.graph.cards import CRM_ID
from apps.mailboxes import clearing
from apps.mailboxes.actions import disconnect_mailbox
from apps.mailboxes.connection import contacts_client, graph_key
from apps.mailboxes.models import Mailbox
from apps.work.fences import fence
from tests.contacts.books import Book

pytestmark = pytest.mark.django_db

PRIVATE = {"Integer 0x0036": "2"}


def test_a_book_is_read_with_all_that_it_tells(book: Book) -> None:
    """25 contacts in two folders: two requests for the folders, and a listing and a delta for each of them."""
    for number in range(23):
        book.write(f"Osoba {number:02}")
    addresses = [{"name": "Jiří", "address": "Cerny@Firma.example"}, {"name": "x", "address": "j@doma.example"}]
    known = book.write(
        "Černý",
        givenName="Jiří",
        folder="Dodavatelé",
        companyName="Firma s.r.o.",
        emailAddresses=addresses,
        properties={CRM_ID: "3f2a"},
    )
    private = book.write("Soukromá", properties=PRIVATE)

    requests = book.look()

    contact, row = book.contact(known), book.row
    assert len(book.names()) == len(book.told) == row.contact_count == 25
    assert requests == 2 + 2 * 2
    assert (contact.folder.name, contact.crm_id, contact.is_private) == ("Dodavatelé", "3f2a", False)
    assert (contact.sort_name, contact.company) == ("cerny jiri", "Firma s.r.o.")
    assert " firma" in contact.search_text
    assert {one.address for one in contact.addresses.all()} == {"cerny@firma.example", "j@doma.example"}
    assert book.contact(private).is_private
    assert row.completed_at is not None

    assert book.look() == 2
    assert book.told == []


def test_five_hundred_contacts_take_few_requests_and_queries(book: Book) -> None:
    contacts = [f"Osoba {number}" for number in range(500)]
    for name in contacts:
        book.write(name, emailAddresses=[{"name": name, "address": f"{name.replace(' ', '')}@firma.example"}])

    with CaptureQueriesContext(connection) as first:
        requests = book.look(seconds=60)
    assert len(book.names()) == 500
    assert requests <= 2 + 3 + 3
    # Six pages; some of the queries are rows by the hundred.
    assert len(first) < 150

    with CaptureQueriesContext(connection) as quiet:
        assert book.look() == 1
    assert len(quiet) < 40

    # Where the properties of many are unknown, a listing tells them for less than reading them by id.
    ContactFolder.objects.update(listed_at=timezone.now() - timedelta(hours=2))
    OutlookContact.objects.update(crm_id=None)
    assert book.look() == 1 + 3 + 1
    assert len(book.told) == 500


def test_what_happened_in_outlook_is_followed(book: Book) -> None:
    """Changed, made, moved, deleted, marked private: each read by its id in one request, and told of once."""
    edited, moved, deleted, marked, left = (book.write(name) for name in ("Dlouhá", "Malá", "Pryč", "Tajná", "Zůstal"))
    book.look()
    rows = {name: book.contact(name).pk for name in (edited, moved, deleted, marked, left)}

    book.change(edited, jobTitle="nákup", emailAddresses=[{"name": "", "address": "dlouha@firma.example"}])
    book.move(moved, "Zákazníci")
    book.delete(deleted)
    book.change(marked, properties=PRIVATE)
    new = book.write("Nová")
    requests = book.look()

    # The delta, the folders, whatever is missing at once, and the properties at once; then the parts of those two.
    assert requests == 1 + 2 + 1 + 1 + 2 + 3
    # The new folder was found with the folders that a missing contact makes be listed.
    assert {book.contact(moved).pk, book.contact(moved).folder.name} == {rows[moved], "Zákazníci"}
    assert book.contact(edited).card["job_title"] == "nákup"
    assert ContactAddress.objects.get().address == "dlouha@firma.example"
    assert book.contact(deleted).gone_at is not None
    assert book.contact(marked).is_private
    assert sorted(book.told) == sorted([rows[edited], rows[deleted], rows[marked], book.contact(new).pk])
    assert {book.contact(name).pk for name in rows} == set(rows.values())
    assert not OutlookContact.objects.there().filter(crm_id=None).exists()

    book.move(deleted, "")
    book.look()
    assert book.contact(deleted).gone_at is None
    assert book.told == [rows[deleted]]


def test_the_echo_of_our_own_writing_is_nothing_new(book: Book) -> None:
    """Whoever writes keeps the version that Graph answered with."""
    contact_id = book.write("Ozvěna")
    book.look()
    book.change(contact_id, jobTitle="nákup")
    with contacts_client(book.mailbox) as client:
        [now_there] = client.read([contact_id])
    OutlookContact.objects.filter(graph_id=contact_id).update(
        version=now_there.version, modified_at=now_there.modified_at, **columns_of(now_there.card)
    )

    assert book.look() == 1
    assert book.told == []


def test_folders_are_renamed_and_deleted(book: Book) -> None:
    """A deleted folder takes its contacts along; new ones then go into the default folder."""
    gone = book.write("Zmizelá", folder="Staré")
    kept = book.write("Zůstala", folder="Nové")
    book.look()
    AddressBook.objects.update(new_contacts_folder=ContactFolder.objects.get(name="Staré"))
    book.organise("PATCH", "Nové", name="Novější")
    book.organise("DELETE", "Staré")

    book.look()
    book.look()

    assert book.names() == ["Zůstala"]
    assert book.contact(gone).gone_at is not None
    assert book.contact(kept).folder.name == "Novější"
    chosen = folder_for_new(book.row)
    assert chosen is not None
    assert chosen.is_default
    # A folder without contacts is looked at rarely while nobody watches.
    Mailbox.objects.update(page_seen_at=None)
    book.delete(kept)
    book.look()
    assert book.look() == 1


def test_a_lost_cursor_and_a_broken_listing_delete_nothing(book: Book) -> None:
    """The folder is listed afresh; what went meanwhile is looked up by its id."""
    names = ["Adamová", "Bílý", "Čapek"]
    ids = [book.write(name) for name in names]
    book.look()
    rows = set(OutlookContact.objects.values_list("pk", flat=True))
    book.delete(ids[1])
    book.sandbox.fault("expired-cursor", "graph:contacts/delta")
    book.look()
    assert book.names() == ["Adamová", "Čapek"]
    assert set(OutlookContact.objects.values_list("pk", flat=True)) == rows
    assert book.told == [book.contact(ids[1]).pk]

    ContactFolder.objects.update(cursor="", listed_at=None, completed_at=None)
    book.sandbox.fault("5xx", "graph:contacts", times=2)
    book.look()
    assert book.names() == ["Adamová", "Čapek"]
    assert not OutlookContact.objects.filter(missing_since__isnull=False).exists()
    assert fence(graph_key(book.mailbox)) is not None
    assert book.row.refused_at is None


def test_a_consent_that_was_withdrawn_stops_contacts_and_not_mail(unread_book: Book) -> None:
    book = unread_book
    # A token that was granted before would open the contacts for an hour.
    book.sandbox.control("POST", "knobs", json={"at_life": 60})
    book.allow()
    book.write("Adamová")
    book.look()
    book.sandbox.control("PUT", f"people/{book.person['mail']}/consent", json={"scopes": ["User.Read", "Mail.Read"]})

    book.look()

    assert book.row.refused_at is not None
    assert book.names() == ["Adamová"]
    assert Mailbox.objects.get().status == Mailbox.Status.ACTIVE
    book.allow()
    assert book.row.refused_at is None
    book.look()
    assert book.names() == ["Adamová"]


def test_a_quiet_book_is_looked_at_ever_more_rarely(book: Book) -> None:
    book.look()
    row = book.row
    assert row.looked_at is not None
    assert row.next_look_at - row.looked_at <= timedelta(minutes=2)
    Mailbox.objects.update(page_seen_at=None)
    AddressBook.objects.update(consented_at=timezone.now() - timedelta(hours=3), changed_at=None)
    book.look()
    row = book.row
    assert timedelta(minutes=15) < row.next_look_at - row.looked_at < timedelta(minutes=20)

    AddressBook.objects.update(looked_at=timezone.now() - timedelta(minutes=5))
    sweep()
    assert book.row.next_look_at == row.next_look_at
    Mailbox.objects.update(page_seen_at=timezone.now())
    sweep()
    assert book.row.next_look_at < row.next_look_at


def test_a_mailbox_that_was_disconnected_is_cleared_of_contacts(book: Book) -> None:
    book.write("Adamová", emailAddresses=[{"name": "", "address": "a@firma.example"}])
    book.look()
    disconnect_mailbox(book.mailbox, at=timezone.now())

    assert not OutlookContact.objects.visible_to(book.mailbox.owner).exists()
    sweep()
    assert not clearing.clear_away(until=timezone.now() + timedelta(seconds=10))
    assert not OutlookContact.objects.exists()
    assert not ContactFolder.objects.exists()
    assert not AddressBook.objects.exists()
