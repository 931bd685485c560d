"""The pages of contacts over rows: what they show, what they ask, and that it costs the same for many."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.contacts.models import (
    ContactAddress,
    ContactChange,
    ContactFolder,
    ContactLink,
    ContactTransfer,
    Difference,
    OutlookContact,
    Suggestion,
)
from apps.contacts.rows import store_contacts
from apps.contacts.settling import token_of
from apps.contacts.states import refresh_states
from apps.core.addresses import Address
from apps.graph.cards import Card, GraphContact
from apps.mailboxes.models import Mailbox
from apps.work.models import Status
from tests.factories import (
    NOON,
    AddressBookFactory,
    ContactFolderFactory,
    CrmAccountFactory,
    MailboxFactory,
    MailFolderFactory,
    MessageFactory,
    ParticipantFactory,
    UserFactory,
)
from tests.mailboxes.test_views import browser_of, said

pytestmark = pytest.mark.django_db

State = OutlookContact.State


@pytest.fixture
def folder() -> ContactFolder:
    mailbox = MailboxFactory.create(owner=UserFactory.create())
    AddressBookFactory.create(mailbox=mailbox)
    CrmAccountFactory.create(user=mailbox.owner)
    return ContactFolderFactory.create(mailbox=mailbox)


@pytest.fixture
def client(folder: ContactFolder) -> Client:
    return browser_of(folder.mailbox.owner)


def write(folder: ContactFolder, surname: str, address: str = "", **facts: Any) -> OutlookContact:
    addresses = (Address(name="", address=address),) if address else ()
    card = Card(given_name="Jana", surname=surname, addresses=addresses, **facts)
    graph_id = f"{surname}-{OutlookContact.objects.count()}"
    told = GraphContact(graph_id, 'W/"1"', folder.graph_id, NOON, NOON, card, "", False)
    store_contacts(folder, [told], at=NOON)
    return OutlookContact.objects.get(graph_id=graph_id)


def link(contact: OutlookContact, **facts: Any) -> ContactLink:
    made = ContactLink.objects.create(
        mailbox=contact.mailbox,
        contact=contact,
        crm_id=facts.pop("crm_id", f"crm-{contact.pk}"),
        origin=ContactLink.Origin.PERSON,
        linked_by=contact.mailbox.owner,
        linked_at=NOON,
        **facts,
    )
    refresh_states([contact.pk])
    return made


def differ(made: ContactLink, field: str, outlook: Any, crm: Any) -> str:
    """Both sides have changed the field. The token that the page carries for what it showed."""
    Difference.objects.create(
        link=made, field=field, base=["", ""], outlook_value=outlook, crm_value=crm, crm_by="Martina", found_at=NOON
    )
    refresh_states([made.contact_id])
    return token_of((outlook, crm))


def suggest(contact: OutlookContact, crm_id: str, certainty: int) -> Suggestion:
    row = Suggestion.objects.create(
        contact=contact, crm_id=crm_id, name="Jana Možná", certainty=certainty, evidence=["same_phone"], found_at=NOON
    )
    refresh_states([contact.pk])
    return row


def end(contact: OutlookContact, cause: str, *, status: str = Status.DONE, wish: dict[str, Any] | None = None) -> None:
    ContactTransfer.objects.create(
        mailbox=contact.mailbox, contact=contact, requested_by=contact.mailbox.owner, queued_at=NOON, not_before=NOON,
        purpose="sync", lane="interactive", status=status, cause=cause, wish=wish or {},
        result=ContactTransfer.Result.ASKING if status == Status.DONE else "",
    )  # fmt: skip
    refresh_states([contact.pk])


def wish_of(contact: OutlookContact) -> dict[str, Any]:
    found: dict[str, Any] = ContactTransfer.objects.active().get(contact=contact).wish
    return found


def text(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_without_consent_the_page_says_what_will_be_read_and_asks() -> None:
    mailbox = MailboxFactory.create()

    page = text(browser_of(mailbox.owner), reverse("contacts:list"))

    assert "What the portal reads, and why" in page
    assert f'name="mailbox" value="{mailbox.pk}"' in page
    assert 'name="then" value="/contacts/"' in page


def test_the_list_tells_states_with_their_reasons_and_finds_by_words(folder: ContactFolder, client: Client) -> None:
    linked, differing = write(folder, "Adamová", company="Kovárna"), write(folder, "Bártová")
    link(linked)
    differ(link(differing), "phone_mobile", "+420 1", "+420 2")
    suggest(write(folder, "Čermáková"), "crm-9", 85)
    end(write(folder, "Dvořáková"), "several_matches")
    end(write(folder, "Erbenová"), "crm_rejected", status=Status.FAILED)
    write(folder, "Fialová", "fialova@pila.example")
    gone = write(folder, "Gabrielová")
    link(gone, problem=ContactLink.Problem.OUTLOOK_GONE)
    OutlookContact.objects.filter(pk=gone.pk).update(gone_at=NOON)
    vanished = write(folder, "Pryč")
    OutlookContact.objects.filter(pk=vanished.pk).update(gone_at=NOON)

    page = text(client, reverse("contacts:list"))

    for words in ("All 7", "Linked 1", "Only in Outlook 1", "Suggestions 1", "Differences 1", "Errors 1"):
        assert words in page
    assert "Needs your choice 2" in page
    for words in ("Mobile phone", "Jana Možná (85 %)", "Several contacts in CORIPO", "was deleted in Outlook"):
        assert words in page
    assert "Pryč" not in page
    narrowed = {
        "?state=conflict": "Bártová", "?q=kovar": "Adamová", "?q=FIALOVA%40pila": "Fialová", "?q=jana+cerm": "Čermáková",
    }  # fmt: skip
    for query, name in narrowed.items():
        found = text(client, reverse("contacts:list") + query)
        assert name in found
        assert found.count("contacts__tick") == 1
    assert "Nothing matches this filter" in text(client, reverse("contacts:list") + "?q=nobody")


def test_pages_follow_each_other_there_and_back_at_one_price(folder: ContactFolder, client: Client) -> None:
    def fill(most: int) -> None:
        for number in range(OutlookContact.objects.count(), most):
            contact = write(
                folder, f"Nová{number:03}", "shared@pila.example" if number % 2 else f"n{number}@pila.example"
            )
            if number % 3 == 0:
                differ(link(contact), "position", "a", "b")
            elif number % 3 == 1:
                suggest(contact, f"crm-{number}", 90)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse("contacts:list"))
        return len(queries)

    fill(20)
    cost()
    few = cost()
    fill(120)
    assert cost() == few

    seen, query = [], ""
    for _ in range(3):
        page = client.get(reverse("contacts:list") + query).context["page"]
        seen.append([row.contact.display_name for row in page.rows])
        query = page.after
    assert [len(names) for names in seen] == [50, 50, 20]
    assert sum(seen, []) == [f"Jana Nová{number:03}" for number in range(120)]
    back = client.get(reverse("contacts:list") + page.before).context["page"]
    assert [row.contact.display_name for row in back.rows] == seen[1]
    assert client.get(reverse("contacts:list") + back.before).context["page"].before == ""


def test_the_ticked_go_and_rows_that_waited_are_replaced(folder: ContactFolder, client: Client) -> None:
    mine = [write(folder, "Nová"), write(folder, "Malá")]
    theirs = write(ContactFolderFactory.create(), "Cizí")

    answer = client.post(
        reverse("contacts:sync"), {"contact": [it.pk for it in (*mine, theirs)], "page": "?state=alone&x=1"}
    )

    assert answer["Location"] == "/contacts/?state=alone"
    assert "2 contacts queued." in said(answer)
    assert set(ContactTransfer.objects.values_list("contact", flat=True)) == {it.pk for it in mine}
    shown = {"shown": ",".join(str(it.pk) for it in (*mine, theirs))}
    asked = {"headers": {"HX-Request": "true"}}
    still = client.get(reverse("contacts:states"), shown, **asked)
    assert (still.status_code, "contact-state-" in still.content.decode()) == (200, False)
    ContactTransfer.objects.update(status=Status.DONE, result="in_step")
    refresh_states([it.pk for it in mine])
    ended = client.get(reverse("contacts:states"), shown, **asked)
    # State and next step of both, and the tabs.
    assert (ended.status_code, ended.content.decode().count("hx-swap-oob")) == (286, 5)
    assert "Linked" in ended.content.decode()
    assert "Cizí" not in ended.content.decode()
    assert client.get(reverse("contacts:states"), {**shown, "person": 1}, **asked)["HX-Refresh"] == "true"


def test_pairs_are_linked_after_a_look(folder: ContactFolder, client: Client) -> None:
    sure, unsure, both = write(folder, "Jistá"), write(folder, "Nejistá"), write(folder, "Obojí")
    wanted, refused = suggest(sure, "crm-1", 95), suggest(unsure, "crm-2", 60)
    suggest(both, "crm-3", 90)
    suggest(both, "crm-4", 90)
    taken = suggest(write(folder, "Pozdní"), "crm-5", 95)
    link(write(folder, "První"), crm_id="crm-5")

    page = text(client, reverse("contacts:suggestions"))

    assert f'value="{wanted.pk}" checked' in page
    assert all(f'value="{it.pk}"' not in page for it in (refused, taken))
    assert "Obojí" not in page
    assert f'value="{refused.pk}" checked' in text(client, reverse("contacts:suggestions") + "?above=50")
    client.post(reverse("contacts:suggestions"), {"suggestion": [wanted.pk, refused.pk]})
    assert [wish_of(it)["crm_id"] for it in (sure, unsure)] == ["crm-1", "crm-2"]
    assert wish_of(sure)["may_create"] is False


def test_a_persons_page_shows_both_records_history_mails_and_doubles(folder: ContactFolder, client: Client) -> None:
    contact = write(folder, "Nová", "nova@pila.example", mobile_phone="+420 777 1", company="Pila <Orlice>")
    write(folder, "Nováková", "nova@pila.example")
    made = link(
        contact,
        crm_values={"last_name": "Nová", "phone_mobile": "+420 777 2", "position": "vedoucí"},
        crm_companies=[["a", "Pila"], ["b", "Kovárna"]],
        crm_seen_at=NOON,
    )
    differ(made, "phone_mobile", "+420 777 1", "+420 777 2")
    ContactChange.objects.create(
        contact=contact, kind="written", side="crm", field="company", before="Stará", after="Pila", at=NOON,
        actor=folder.mailbox.owner, cause="rule_outlook",
    )  # fmt: skip
    for kind, cause in (("linked", "address"), ("conflict", "differs"), ("unlinked", "by_hand"), ("gone", "crm_gone")):
        ContactChange.objects.create(contact=contact, kind=kind, cause=cause, side="crm", at=NOON)
    message = MessageFactory.create(folder=MailFolderFactory.create(mailbox=folder.mailbox), subject="Nabídka židlí")
    ParticipantFactory.create(message=message, address="nova@pila.example")

    page = text(client, reverse("contacts:person", args=[contact.pk]))

    for words in (
        "Pila &lt;Orlice&gt;",
        "+420 777 1",
        "+420 777 2",
        "vedoucí",
        "waits for your choice",
        "Pila, Kovárna",
    ):
        assert words in page
    assert "1 field differs" in page
    assert "Settle the differences" in page
    assert "Company changed in CORIPO." in page
    assert "Stará → Pila" in page
    assert "The same e-mail address" in page
    assert "unexpected" not in page
    assert "by your settings Outlook wins" in page
    assert folder.mailbox.owner.shown_name in page
    assert "Nabídka židlí" in page
    assert "This may be a duplicate in Outlook" in page
    assert "Jana Nováková" in page


def test_only_what_the_person_saw_and_chose_is_settled(folder: ContactFolder, client: Client) -> None:
    made = link(write(folder, "Nová"))
    phone = differ(made, "phone_mobile", "+420 1", "+420 2")
    position = differ(made, "position", "šéf", "ředitel")
    url = reverse("contacts:differences", args=[made.contact_id])
    shown = text(client, url)
    assert all(it in shown for it in ("+420 1", "+420 2", "Martina", phone, "All from CORIPO"))
    assert "checked" not in shown

    client.post(
        url, {"seen_phone_mobile": phone, "pick_phone_mobile": "crm", "seen_position": "0", "pick_position": "crm"}
    )
    assert wish_of(made.contact)["picks"] == {"phone_mobile": {"side": "crm", "seen": ["+420 1", "+420 2"]}}

    client.post(url, {"seen_phone_mobile": phone, "seen_position": position, "all": "outlook"})
    assert {name: pick["side"] for name, pick in wish_of(made.contact)["picks"].items()} == {
        "phone_mobile": "outlook",
        "position": "outlook",
    }
    assert "Nothing was chosen" in said(client.post(url, {"seen_phone_mobile": phone}))


def test_each_question_has_its_answer_and_keeps_those_before(folder: ContactFolder, client: Client) -> None:
    answers = {
        "private": ("sync_private", {"takes_private": True}),
        "only_lead": ("create_new", {"is_new": True}),
        "no_right_to_edit": ("sync", {}),
    }
    for cause, (function, wish) in answers.items():
        contact = write(folder, f"Otázka{cause}")
        end(contact, cause, wish={"without_company": True})
        page = text(client, reverse("contacts:person", args=[contact.pk]))
        assert f'value="{function}"' in page
        client.post(reverse("contacts:act", args=[contact.pk]), {"function": function})
        assert wish_of(contact) == {"without_company": True, **wish}
    contact = write(folder, "Firma", company="Neznámá s.r.o.")
    end(contact, "company_unknown", wish={"takes_private": True})
    assert reverse("contacts:company", args=[contact.pk]) in text(client, reverse("contacts:person", args=[contact.pk]))
    url = reverse("contacts:company", args=[contact.pk])
    for chosen, wish in (
        ("create_company", {"makes_company": True}),
        ("without_company", {"without_company": True}),
        ("acc-1", {"company_id": "acc-1"}),
    ):
        ContactTransfer.objects.active().filter(contact=contact).delete()
        client.post(url, {"company": chosen})
        assert wish_of(contact) == {"takes_private": True, **wish}


def test_unlinking_dismissing_and_creating_again(folder: ContactFolder, client: Client) -> None:
    linked, suggested, gone = write(folder, "Nová"), write(folder, "Malá"), write(folder, "Pryč")
    link(linked)
    link(gone, crm_id="crm-gone", problem=ContactLink.Problem.OUTLOOK_GONE)
    OutlookContact.objects.filter(pk=gone.pk).update(gone_at=NOON)
    suggest(suggested, "crm-2", 80)

    assert "Create again in Outlook" in text(client, reverse("contacts:person", args=[gone.pk]))
    for contact, data in (
        (linked, {"function": "unlink"}),
        (suggested, {"function": "dismiss", "crm_id": "crm-2"}),
        (gone, {"function": "restore"}),
    ):
        client.post(reverse("contacts:act", args=[contact.pk]), data)

    assert not ContactLink.objects.filter(contact=linked).exists()
    suggested.refresh_from_db()
    assert suggested.state == State.ALONE
    again = ContactTransfer.objects.get(purpose="create")
    assert (again.syncs_then, again.card["surname"]) == (True, "Pryč")
    assert again.wish == {"crm_id": "crm-gone", "may_create": False, "takes_over": True}
    assert client.post(reverse("contacts:act", args=[linked.pk]), {"function": "delete"}).status_code == 404


def test_attention_groups_contacts_that_wait_for_a_person(folder: ContactFolder, client: Client) -> None:
    differ(link(write(folder, "Nová")), "position", "a", "b")
    end(write(folder, "Malá"), "private")

    page = text(client, reverse("attention"))

    assert "Contacts: Differences" in page
    assert "Contacts: Needs your choice" in page
    assert "/contacts/?state=conflict" in page


def test_namesakes_are_doubles_only_with_company_or_phone(folder: ContactFolder, client: Client) -> None:
    write(folder, "Stejná", company="Pila s.r.o.")
    write(folder, "Stejná", company="Pila, spol. s r.o.")
    write(folder, "Jiná", mobile_phone="+420 602 111 222")
    write(folder, "Jiná", business_phones=("602111222",))
    write(folder, "Prostá", company="Pila")
    write(folder, "Prostá", company="Kovárna")
    other = ContactFolderFactory.create(mailbox=MailboxFactory.create(owner=folder.mailbox.owner))
    write(other, "Stejná", company="Pila s.r.o.")

    rows = client.get(reverse("contacts:list")).context["page"].rows

    told = [(row.contact.display_name, [str(twin.why) for twin in row.twins]) for row in rows]
    assert told.count(("Jana Stejná", ["same name and company"])) == 2
    assert told.count(("Jana Stejná", [])) == 1
    assert told.count(("Jana Jiná", ["same name and phone"])) == 2
    assert told.count(("Jana Prostá", [])) == 2
    assert ContactAddress.objects.count() == 0
    assert Mailbox.objects.count() == 2
