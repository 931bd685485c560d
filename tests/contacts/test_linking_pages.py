"""*Link* and *Open contact in CORIPO* through their pages, against a CORIPO that answers."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.contacts.models import ContactLink, ContactRules, ContactTransfer, Difference
from apps.mailboxes.models import MessageState
from apps.sync.models import ChosenLink
from tests.contacts.both import Both
from tests.factories import MailFolderFactory, MessageFactory, ParticipantFactory
from tests.mailboxes.test_views import browser_of, said

pytestmark = pytest.mark.django_db(transaction=True)


def mail(address: str) -> list[dict[str, str]]:
    return [{"address": address, "name": ""}]


def test_candidates_stand_with_their_evidence_and_a_link_writes_what_was_chosen(both: Both) -> None:
    company = both.coripo.company("Pila Orlice s.r.o.")
    same = both.coripo.contact("karla@pila.example", first_name="Karla", last_name="Benešová", company=company)
    namesake = both.coripo.contact("jina@kovarna.example", first_name="Karla", last_name="Benešová")
    both.coripo.call(
        "set_entry", module_name="Contacts",
        name_value_list=[{"name": "id", "value": same}, {"name": "title", "value": "ředitelka"}],
    )  # fmt: skip
    contact = both.write(
        "Benešová", givenName="Karla", jobTitle="účetní", emailAddresses=mail("karla@pila.example"),
        mobilePhone="+420 602 111 222",
    )  # fmt: skip
    message = MessageFactory.create(
        folder=MailFolderFactory.create(mailbox=contact.mailbox), state=MessageState.SYNCED, email_key="m1@pila.example"
    )
    ParticipantFactory.create(message=message, role="from", address="karla@pila.example")
    client = browser_of(both.user)

    page = client.get(reverse("contacts:link", args=[contact.pk])).content.decode()
    url = reverse("contacts:compare", args=[contact.pk, same])
    assert page.index(url) < page.index(reverse("contacts:compare", args=[contact.pk, namesake]))
    assert "same e-mail address" in page
    assert "Pila Orlice s.r.o." in page

    compared = client.get(url)
    text = compared.content.decode()
    assert all(it in text for it in ("účetní", "ředitelka", "in CORIPO: +420 602 111 222", "Assign 1 earlier e-mail"))
    assert "checked" not in text
    assert "is linked with another one" not in text
    token = next(choice.token for choice, _kept in compared.context["choices"] if choice.field == "position")
    stale = client.post(url, {"seen_position": "0", "pick_position": "outlook"})
    assert stale.status_code == 422
    answer = client.post(url, {"seen_position": token, "pick_position": "outlook", "assigns_mails": "on"})
    assert "1 earlier e-mail is being assigned" in said(answer)
    assert ChosenLink.objects.get().record_id == same

    both.carry()
    contact.refresh_from_db()
    assert contact.link.crm_id == same
    assert both.in_crm(contact)["title"] == "účetní"
    assert not Difference.objects.exists()


def test_a_taken_one_is_named_and_goes_over_only_when_confirmed(both: Both) -> None:
    theirs = both.coripo.contact("zdena@pila.example", first_name="Zdena", last_name="Převzatá")
    first = both.write("Převzatá", givenName="Zdena", emailAddresses=mail("zdena@pila.example"))
    both.sync(first)
    second = both.write("Převzatá", givenName="K.", emailAddresses=mail("zdena@pila.example"))
    client = browser_of(both.user)
    url = reverse("contacts:compare", args=[second.pk, theirs])

    assert "Linked already with your contact" in client.get(reverse("contacts:link", args=[second.pk])).content.decode()
    refused = client.post(url)
    assert (refused.status_code, "Confirm that the other contact" in refused.content.decode()) == (422, True)
    assert not ContactTransfer.objects.active().exists()
    client.post(url, {"takes_over": "on"})
    both.carry()
    assert ContactLink.objects.get().contact == second


def test_open_says_what_it_will_create_then_creates_and_opens(both: Both) -> None:
    contact = both.write("Nová", givenName="Eva", companyName="Kovárna", emailAddresses=mail("eva@kovarna.example"))
    client, url = browser_of(both.user), reverse("contacts:open", args=[contact.pk])

    asked = client.post(url).content.decode()
    assert all(it in asked for it in ("Create and open", "Eva Nová", "Kovárna", "eva@kovarna.example"))
    assert not ContactTransfer.objects.exists()
    waiting = client.post(url, {"confirmed": "on"})
    assert waiting["Refresh"].endswith(url)
    both.carry()
    # Its company is asked about beside; the record is there.
    opened = client.get(url)
    assert (opened.status_code, ContactLink.objects.get().crm_id in opened["Location"]) == (302, True)

    both.coripo.delete("Contacts", ContactLink.objects.get().crm_id)
    assert "The contact is no longer in CORIPO" in client.get(url).content.decode()
    contact.refresh_from_db()
    assert contact.cause == "crm_gone"


def test_open_links_the_only_one_with_the_address_and_asks_among_several(both: Both) -> None:
    client = browser_of(both.user)
    ContactRules.objects.create(user=both.user, confirms_creation=False)
    only = both.coripo.contact("eva@firma.example", first_name="Eva", last_name="Nová")
    contact = both.write("Nová", givenName="Eva", emailAddresses=mail("eva@firma.example"))
    url = reverse("contacts:open", args=[contact.pk])
    assert "It is linked and then opened" in client.get(url).content.decode()
    assert not ContactTransfer.objects.exists()
    # Where the settings do without the question, the button is enough.
    assert "Refresh" in client.post(url)
    both.carry()
    assert only in client.get(url)["Location"]

    for name in ("Jan", "Petr"):
        both.coripo.contact("info@firma.example", first_name=name, last_name="Dvojí")
    shared = both.write("Dvojí", emailAddresses=mail("info@firma.example"))
    page = client.get(reverse("contacts:open", args=[shared.pk])).content.decode()
    assert "Choose which one it is" in page
    assert page.count("Compare and link") == 2


def test_contacts_of_coripo_are_searched_and_say_with_whom_they_are_linked(both: Both) -> None:
    both.coripo.contact("eva@hledana.example", first_name="Eva", last_name="Hledaná")
    both.coripo.contact("jan@hledana.example", first_name="Jan", last_name="Hledaný")
    both.sync(both.write("Hledaná", givenName="Eva", emailAddresses=mail("eva@hledana.example")))

    client = browser_of(both.user)

    page = client.get(reverse("contacts:in_crm") + "?q=hledan")

    text = page.content.decode()
    assert "2 contacts found" in text
    assert text.count('name="crm_id"') == 1
    record = next(it for it, _url, contact in page.context["found"] if contact is None)
    wanted = {"crm_id": record.id, "book": both.book.mailbox.pk}
    answer = client.post(reverse("contacts:bring"), wanted)
    both.carry()
    made = ContactLink.objects.get(crm_id=record.id).contact
    assert made.display_name == "Jan Hledaný"
    assert client.get(answer["Location"])["Location"] == reverse("contacts:person", args=[made.pk])
    assert client.post(reverse("contacts:bring"), wanted)["Location"].startswith(f"/contacts/{made.pk}/")

    assert "Take back the last sync" in client.get(reverse("contacts:person", args=[made.pk])).content.decode()
