"""*Create contact in Outlook* from a mail, and the ways that functions 6 to 8 take from somebody of a mail. No browser:
everything here is a form or a link."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.contacts.cards import columns_of, from_json
from apps.contacts.models import AddressBook, ContactAddress, ContactTransfer, OutlookContact
from apps.core.addresses import Address
from apps.core.clock import now
from apps.graph.cards import Card
from apps.mailboxes.models import Message
from apps.sync.models import KnownAddress
from apps.sync.rules import rules_of
from tests.contacts.conftest import Book
from tests.desk import Desk
from tests.factories import (
    NOON,
    AddressBookFactory,
    ContactFolderFactory,
    CrmAccountFactory,
    MailFolderFactory,
    MessageFactory,
    OutlookContactFactory,
    ParticipantFactory,
)
from tests.mailboxes.test_views import browser_of, said

pytestmark = pytest.mark.django_db

JANA = "jana@kovarna-morava.example"
SIGNED = """Dobrý den,

prosíme o nabídku.

S pozdravem
Ing. Jana Dvořáková
vedoucí nákupu
Kovárna Morava, a.s.
tel.: +420 601 234 567

> Petr Novák
> +420 777 888 999
"""


@pytest.fixture
def owner(people: dict[str, Client]) -> User:
    user = User.objects.get(username="owner")
    AddressBookFactory(mailbox=user.mailboxes.get())
    return user


@pytest.fixture
def client(people: dict[str, Client], owner: User) -> Client:
    return people["owner"]


def mail(user: User, *to: str, **fields: Any) -> Message:
    """From Jana; with recipients, a mail that the user sent to them."""
    mailbox = user.mailboxes.get()
    kind = "sentitems" if to else "inbox"
    if to:
        fields = {"direction": Message.Direction.SENT, "sender_address": mailbox.address, **fields}
    message = MessageFactory.create(folder=MailFolderFactory(mailbox=mailbox, kind=kind), **fields)
    sender = mailbox.address if to else fields.get("sender_address", JANA)
    ParticipantFactory(
        message=message, name=fields.get("sender_name", "Jana Dvořáková"), address=sender, written_address=sender
    )
    for address in to or (mailbox.address,):
        ParticipantFactory(message=message, role="to", name="", address=address, written_address=address)
    return message


def contact_of(user: User, address: str, **card: Any) -> OutlookContact:
    card = {"given_name": "Jana", "surname": "Dvořáková", "addresses": (Address("", address),), **card}
    folder = ContactFolderFactory(mailbox=user.mailboxes.get())
    contact = OutlookContactFactory.create(folder=folder, **columns_of(Card(**card)))
    ContactAddress.objects.create(contact=contact, mailbox=contact.mailbox, address=address)
    return contact


def form_url(message: Message, address: str = JANA, **more: str) -> str:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return f"/contacts/create/?message={message.pk}&address={address}{query}"


def values_in(page: str) -> dict[str, str]:
    """What the fields of the form say, as a browser would send it."""
    found = re.findall(r'<input type="(?:text|hidden)" name="([\w-]+)"(?:[^>]*? value="([^"]*)")?', page)
    return {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def text(response: Any) -> str:
    return unescape(response.content.decode())


# ── From whom ──────────────────────────────────────────────────────────────


def test_the_sender_of_a_received_mail_and_the_recipient_of_a_sent_one(client: Client, owner: User) -> None:
    received, sent = mail(owner), mail(owner, "petr@firma.example", owner.email)
    several = mail(owner, "petr@firma.example", "eva@firma.example", "noreply@firma.example")

    assert client.get(f"/contacts/create/?message={received.pk}")["Location"].endswith(
        "address=jana%40kovarna-morava.example"
    )
    assert client.get(f"/contacts/create/?message={sent.pk}")["Location"].endswith("address=petr%40firma.example")
    asked = client.get(f"/contacts/create/?message={several.pk}", follow=True)
    assert asked.redirect_chain[0][0].startswith("/contacts/choose/")
    assert "Choose one of them" in text(asked)
    assert "petr@firma.example" in text(asked)
    assert "eva@firma.example" in text(asked)
    assert "noreply@" not in text(asked)


@pytest.mark.parametrize(
    ("address", "fields", "why"),
    [
        ("noreply@eshop.example", {}, "Nobody reads at this address"),
        ("novinky@eshop.example", {"kind": Message.Kind.BULK}, "Nobody reads at this address"),
        ("karel@kolegove.example", {}, "This is a colleague"),
        ("karel@strojirny-beskyd.example", {}, "This is a colleague"),
        ("own", {}, "This is you"),
    ],
)
def test_nobody_is_made_of_robots_lists_colleagues_and_oneself(
    client: Client, owner: User, address: str, fields: dict[str, str], why: str
) -> None:
    rules = rules_of(owner)
    rules.internal_domains = ["kolegove.example"]
    rules.save()
    message = mail(owner, sender_address=owner.email if address == "own" else address, **fields)

    for url in (form_url(message, message.sender_address), f"/contacts/choose/?message={message.pk}&function=create"):
        assert why in text(client.get(url))
    client.post(form_url(message, message.sender_address), {"surname": "X", "email": message.sender_address})
    # The menu of the list says so as well.
    assert f'data-why-contact="{why}' in text(client.get("/inbox/"))
    assert not ContactTransfer.objects.exists()
    assert "Create contact in Outlook" not in text(client.get(f"/inbox/{message.pk}/people/"))


# ── The form ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "address", "wanted"),
    [
        ("Ing. Petr Novák, DiS.", JANA, {"title": "Ing.", "given_name": "Petr", "surname": "Novák", "suffix": "DiS."}),
        ("Novák, Petr", JANA, {"given_name": "Petr", "surname": "Novák"}),
        ("", "qx7@firma.example", {"given_name": "", "surname": "qx7"}),
    ],
)
def test_the_name_is_split_and_the_address_filled_in(
    client: Client, owner: User, name: str, address: str, wanted: dict[str, str]
) -> None:
    message = mail(owner, sender_name=name, sender_address=address)

    values = values_in(client.get(form_url(message, address)).content.decode())

    assert {key: values[key] for key in wanted} == wanted
    assert values["email"] == address
    assert values["company"] == ""


@pytest.mark.parametrize(
    ("known", "company"),
    [
        ({"petr@kovarna-morava.example": "Kovárna Morava, a.s."}, "Kovárna Morava, a.s."),
        ({"petr@kovarna-morava.example": "Kovárna Morava, a.s.", "eva@kovarna-morava.example": "Jiná s.r.o."}, ""),
        ({JANA: "Kovárna Morava, a.s.", "eva@kovarna-morava.example": "Jiná s.r.o."}, "Kovárna Morava, a.s."),
        ({"jana@kovarna.example": "Jiná s.r.o."}, ""),
    ],
)
def test_a_company_only_where_one_with_that_address_or_domain_is_known(
    client: Client, owner: User, known: dict[str, str], company: str
) -> None:
    for address, name in known.items():
        contacts = [{"id": "1", "name": "X", "title": "", "companies": [{"id": "2", "name": name}]}]
        KnownAddress.objects.create(user=owner, address=address, contacts=contacts, looked_at=NOON)

    assert values_in(client.get(form_url(mail(owner))).content.decode())["company"] == company


def test_create_writes_the_card_once_however_often_it_is_sent(client: Client, owner: User) -> None:
    message = mail(owner)
    folder = ContactFolderFactory(mailbox=owner.mailboxes.get(), name="Zákazníci", is_default=False)
    values = values_in(client.get(form_url(message)).content.decode())
    sent = {
        **values,
        "company": "Kovárna & <syn>",
        "mobile_phone": "+420 601 234 567",
        "city": "Frýdek-Místek",
        "folder": str(folder.pk),
        "action": "create",
    }

    first = client.post(form_url(message), sent)
    second = client.post(form_url(message), sent)

    transfer = ContactTransfer.objects.get()
    assert first["Location"] == second["Location"] == f"/contacts/create/{transfer.pk}/"
    card = from_json(transfer.card)
    assert (card.given_name, card.surname, card.company) == ("Jana", "Dvořáková", "Kovárna & <syn>")
    assert card.addresses == (Address("", JANA),)
    assert card.business_address.city == "Frýdek-Místek"
    assert (transfer.syncs_then, transfer.folder, transfer.message_id_here) == (False, folder, message.pk)
    assert client.get(form_url(message))["Location"] == first["Location"]


def test_errors_stand_beside_their_fields_and_nothing_is_lost(client: Client, owner: User) -> None:
    message = mail(owner)
    sent = {"email": "nobody", "mobile_phone": "mobil", "company": "Kovárna", "action": "create_and_sync"}

    response = client.post(form_url(message), sent)

    assert response.status_code == 422
    page = text(response)
    for error in ("Enter one e-mail address", "Enter a phone number", "Enter a first or last name"):
        assert error in page
    assert values_in(response.content.decode())["company"] == "Kovárna"
    assert not ContactTransfer.objects.exists()


def test_the_signature_is_offered_with_its_place_and_taken_only_where_accepted(desk: Desk) -> None:
    AddressBookFactory(mailbox=desk.mailbox)
    message = desk.receives(text=SIGNED)
    client = browser_of(desk.user)
    url = form_url(message, desk.customer)
    page = client.get(url).content.decode()
    values = values_in(page)

    assert "vedoucí nákupu" in unescape(page)
    assert "In the signature: <q>tel.: +420 601 234 567</q>" in page
    assert "777" not in values["offers"] + unescape(page)
    assert (values["title"], values["job_title"], values["mobile_phone"]) == ("", "", "")
    number = re.search(r'name="use" value="(\d+)"[^>]*data-value="vedoucí nákupu"', unescape(page))
    assert number
    # Without scripts the tick alone is sent. What is wrong elsewhere loses neither tick nor value.
    wrong = client.post(url, {**values, "use": number[1], "home_phone": "x", "action": "create"}).content.decode()
    assert values_in(wrong)["job_title"] == "vedoucí nákupu"
    client.post(url, {**values, "use": number[1], "action": "create"})

    card = from_json(ContactTransfer.objects.get().card)
    assert (card.job_title, card.mobile_phone, card.title) == ("vedoucí nákupu", "", "")


def test_without_the_text_of_the_mail_the_form_is_there_all_the_same(client: Client, owner: User) -> None:
    page = text(client.get(form_url(mail(owner))))

    assert "could not be read just now" in page
    assert "Create and sync" in page


# ── What stands in the way ─────────────────────────────────────────────────


def test_an_address_that_exists_shows_the_contact_and_completes_it(desk: Desk) -> None:
    AddressBookFactory(mailbox=desk.mailbox)
    contact = contact_of(desk.user, desk.customer, job_title="nákupčí", notes="moje", business_phones=("1 2 3",))
    message = desk.receives(text=SIGNED)
    client = browser_of(desk.user)

    page = text(client.get(form_url(message, desk.customer)))
    assert "in Outlook already" in page
    assert reverse("contacts:person", args=[contact.pk]) in page
    form = client.get(form_url(message, desk.customer, complete="1")).content.decode()
    values = values_in(form)
    assert (values["job_title"], values["business_phone"], values["company"]) == ("nákupčí", "1 2 3", "")
    ticked = re.findall(r'name="use" value="(\d+)"[^>]*data-value="([^"]*)" checked', unescape(form))
    assert "vedoucí nákupu" not in [value for _number, value in ticked]
    # Outlook changes another field meanwhile; it stays changed.
    columns = columns_of(Card(**{**vars_of(contact), "department": "nákup"}))
    OutlookContact.objects.filter(pk=contact.pk).update(**columns)
    sent = {**values, "use": [number for number, _value in ticked], "action": "create"}
    client.post(form_url(message, desk.customer, complete="1"), sent)

    transfer = ContactTransfer.objects.get()
    card = from_json(transfer.card)
    assert (transfer.purpose, transfer.contact) == ("change", contact)
    assert (card.title, card.mobile_phone, card.company) == ("Ing.", "+420 601 234 567", "Kovárna Morava, a.s.")
    assert (card.job_title, card.department, card.notes) == ("nákupčí", "nákup", "moje")


def vars_of(contact: OutlookContact) -> dict[str, Any]:
    card = from_json(contact.card)
    return {name: getattr(card, name) for name in card.__slots__}


def test_what_outlook_changed_in_the_same_field_is_not_replaced_unseen(client: Client, owner: User) -> None:
    contact, message = contact_of(owner, JANA, company="Stará"), mail(owner)
    url = form_url(message, complete="1")
    values = values_in(client.get(url).content.decode())
    OutlookContact.objects.filter(pk=contact.pk).update(**columns_of(Card(**{**vars_of(contact), "company": "Cizí"})))

    response = client.post(url, {**values, "company": "Moje", "action": "create"})

    assert "Outlook says “Cizí” here" in text(response)
    assert not ContactTransfer.objects.exists()
    client.post(url, {**values_in(response.content.decode()), "action": "create"})
    transfer = ContactTransfer.objects.get()
    assert from_json(transfer.card).company == "Moje"
    # A change that failed gives the form back as well.
    ContactTransfer.objects.update(status="failed", cause="graph_conflict")
    back = re.search(
        r'href="(/contacts/create/[^"]*again=\d+[^"]*)"', text(client.get(f"/contacts/create/{transfer.pk}/"))
    )
    assert back
    assert values_in(client.get(back[1]).content.decode())["company"] == "Moje"


def test_a_second_address_that_somebody_else_has_makes_no_double(client: Client, owner: User) -> None:
    contact_of(owner, "info@firma.example")
    message = mail(owner)

    response = client.post(form_url(message), {"surname": "D", "email": JANA, "email_2": "INFO@firma.example"})

    assert "has this address already" in text(response)
    assert not ContactTransfer.objects.exists()


def test_the_consent_is_asked_for_and_leads_back_with_nothing_lost(unread_book: Book) -> None:
    book, user = unread_book, unread_book.mailbox.owner
    client = browser_of(user)
    message = mail(user)
    url = form_url(message)

    asked = text(client.get(url))
    assert "Allow access to contacts" in asked
    assert f'name="then" value="{url}"' in asked
    client.post(url, {"surname": "Napsáno", "email": JANA, "action": "create"})
    book.allow()
    # The contacts are still being read: whether Jana is among them nobody can say yet.
    assert "being loaded" in text(client.get(url))
    AddressBook.objects.update(completed_at=now())

    assert values_in(client.get(url).content.decode())["surname"] == "Napsáno"


# ── Waiting ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("then", "target"), [("", "person"), ("sync", "person"), ("link", "link"), ("open", "open")])
def test_the_waiting_page_goes_where_the_contact_is_wanted(client: Client, owner: User, then: str, target: str) -> None:
    message = mail(owner)
    url = form_url(message, **({"for": then} if then else {}))
    waiting = client.post(url, {"surname": "D", "email": JANA, "action": "create_and_sync"})["Location"]
    assert client.get(waiting)["Refresh"].endswith(waiting)
    contact = contact_of(owner, JANA)
    ContactTransfer.objects.update(contact=contact)

    assert client.get(waiting)["Location"] == reverse(f"contacts:{target}", args=[contact.pk])
    assert ContactTransfer.objects.get().syncs_then


def test_a_failure_says_why_and_gives_the_form_back(client: Client, owner: User) -> None:
    url = form_url(mail(owner))
    waiting = client.post(url, {"surname": "Zachovaná", "email": JANA, "action": "create"})["Location"]
    ContactTransfer.objects.update(status="failed", cause="folder_gone")

    page = text(client.get(waiting))

    assert "The folder for new contacts is no longer in Outlook" in page
    back = re.search(r'href="(/contacts/create/\?[^"]*again=\d+[^"]*)"', page)
    assert back
    assert values_in(client.get(back[1]).content.decode())["surname"] == "Zachovaná"


# ── Functions 6 to 8 of somebody of the mail ───────────────────────────────


def test_without_a_contact_in_outlook_the_other_functions_create_one_first(client: Client, owner: User) -> None:
    message, choose = mail(owner), "/contacts/choose/"

    sync = client.post(choose, {"message": message.pk, "function": "sync"})
    link = client.get(choose, {"message": message.pk, "function": "link"})

    assert sync["Location"].endswith("for=sync")
    assert "Create and sync" in text(client.get(sync["Location"]))
    assert link["Location"].endswith("for=link")
    assert not ContactTransfer.objects.exists()


def test_with_one_they_go_to_it(client: Client, owner: User) -> None:
    contact, message, choose = contact_of(owner, JANA), mail(owner), "/contacts/choose/"
    for function in ("open", "link"):
        answer = client.post(choose, {"message": message.pk, "function": function})
        assert answer["Location"] == reverse(f"contacts:{function}", args=[contact.pk])
    # A look alone changes nothing.
    client.get(choose, {"message": message.pk, "function": "sync"})
    assert not ContactTransfer.objects.exists()

    client.post(choose, {"message": message.pk, "function": "sync"})

    assert ContactTransfer.objects.get().contact == contact


def test_open_finds_who_is_only_in_coripo_and_says_what_it_would_create(desk: Desk) -> None:
    client, message = browser_of(desk.user), desk.receives()
    url = f"/contacts/choose/?message={message.pk}&function=open"
    page = text(client.get(url))
    assert "can be created in Outlook and in CORIPO" in page
    assert "for=open" in page

    record = desk.coripo.contact(desk.customer)
    assert record in client.get(url)["Location"]
    desk.coripo.contact(desk.customer, first_name="Druhá")
    assert "Several contacts in CORIPO have the address" in text(client.get(url))


def test_several_are_created_and_synced_at_once_at_a_constant_cost(client: Client, owner: User) -> None:
    def cost(*to: str) -> int:
        message = mail(owner, *to, "noreply@firma.example")
        with CaptureQueriesContext(connection) as queries:
            response = client.post(
                "/contacts/several/",
                {"message": message.pk, "address": [*to, "noreply@firma.example", "cizi@x.example"], "action": "sync"},
            )
        assert response["Location"] == f"/inbox/{message.pk}/"
        return len(queries)

    there = contact_of(owner, "tam@firma.example")
    few = cost("prvni@firma.example", "tam@firma.example")
    assert ContactTransfer.objects.filter(purpose="create", syncs_then=True).count() == 1
    assert ContactTransfer.objects.get(purpose="sync").contact == there
    ContactTransfer.objects.all().delete()
    page = said(client.post("/contacts/several/", {"message": mail(owner, "a@firma.example").pk}))
    assert "Tick somebody first." in page

    assert cost(*(f"osoba{number}@firma.example" for number in range(40)), "tam@firma.example") <= few
    assert ContactTransfer.objects.filter(purpose="create").count() == 40


def test_the_panel_costs_the_same_for_one_and_for_forty(client: Client, owner: User) -> None:
    CrmAccountFactory(user=owner)

    def page(count: int) -> tuple[str, int]:
        to = [f"osoba{number}-{count}@firma.example" for number in range(count)]
        for address in to:
            contact_of(owner, address)
            KnownAddress.objects.create(user=owner, address=address, looked_at=now())
        message = mail(owner, *to)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"/inbox/{message.pk}/people/")
        return text(response), len(queries)

    page(2)
    (one, cost_of_one), (forty, cost_of_forty) = page(1), page(40)

    page_again = text(client.get(f"/inbox/{mail(owner, 'osoba0-1@firma.example').pk}/people/"))
    assert cost_of_one == cost_of_forty
    # One person's functions are open; of forty each has them behind a word, ten are open, and several can be ticked.
    assert one.count("Sync contact<") == 1
    assert "Contact functions" not in one
    assert "31 more people" in forty
    assert forty.count('name="address" value="osoba') >= 40
    # The mail itself is no news; a second one with the same person is counted.
    assert "e-mails<" not in one
    assert "2 e-mails<" in page_again
