"""Mails that are too much of something: files, text, people, time. Each is stored, and what is not says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from uuid import uuid4

import pytest
import requests
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.mailboxes.models import Message
from apps.sync.listing import MessageFilter
from apps.sync.models import CrmFile, Outcome, Transfer
from apps.sync.people import MOST_PEOPLE
from apps.sync.queries import message_page
from apps.sync.reasons import why

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(desk) -> Client:
    client = Client()
    client.force_login(desk.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def letter(desk, *, text: str = "Dobrý den.", html: str = "", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    words = {
        "From": f"Jana <{desk.customer}>",
        "To": desk.person["mail"],
        "Subject": "Podklady",
        "Message-ID": f"<{uuid4().hex}@kovarna-morava.example>",
        "Date": "Tue, 03 Nov 2026 10:00:00 +0100",
    } | headers
    for name, value in words.items():
        mail[name] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def arrives(desk, raw: bytes) -> Message:
    answer = requests.post(
        f"{desk.sandbox.url}/_control/mail",
        data={"mailbox": desk.person["mail"], "folder": "inbox"},
        files={"mime": raw},
        timeout=120,
    )
    answer.raise_for_status()
    desk.look()
    return Message.objects.get(mailbox=desk.mailbox, graph_id=answer.json()["id"])


def notes_of(desk, message: Message) -> list[str]:
    (record,) = desk.coripo.emails(message.email_key)
    return sorted(note["name"] for note in desk.coripo.linked(record["id"], "notes"))


def test_scenario_27_links_items_signatures_and_pictures_go_as_the_rules_say(desk, browser):
    desk.coripo.contact(desk.customer)
    mail = letter(desk, html='<p>Viz níže</p><img src="cid:velky@x"><img src="cid:logo@x">')
    html_part = mail.get_payload()[1]
    html_part.add_related(b"\x89PNG" * 10_000, "image", "png", cid="<velky@x>", filename="velky.png")
    html_part.add_related(b"\x89PNG", "image", "png", cid="<logo@x>", filename="logo.png")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="nabidka.pdf")
    mail.add_attachment(b"sig", maintype="application", subtype="pkcs7-signature", filename="smime.p7s")
    inner = EmailMessage()
    inner["Subject"] = "Uvnitr"
    inner.set_content("text")
    mail.add_attachment(inner)
    link = EmailMessage()
    link["Content-Type"] = 'message/external-body; access-type=URL; URL="https://cloud.example/big"; name="big.zip"'
    link.set_payload([EmailMessage()])
    mail.attach(link)
    message = arrives(desk, mail.as_bytes())

    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"
    assert notes_of(desk, message) == ["Uvnitr.eml", "nabidka.pdf"]
    assert dict(CrmFile.objects.filter(outcome=Outcome.LEFT_OUT).values_list("name", "cause")) == {
        "velky.png": "inline_image",
        "logo.png": "small_inline",
        "smime.p7s": "unwanted_type",
        "big.zip": "cloud_file",
    }
    (record,) = desk.coripo.emails(message.email_key)
    assert "big.zip, https://cloud.example/big" in desk.coripo.email(record["id"])["description"]

    desk.rule(store_inline_images=True, unwanted_types=[])
    desk.sync(message)
    desk.deliver()

    assert notes_of(desk, message) == ["Uvnitr.eml", "nabidka.pdf", "smime.p7s", "velky.png"]


def test_scenario_27_a_mail_that_graph_cannot_give_whole_is_read_in_parts_at_the_second_try(desk):
    desk.coripo.contact(desk.customer)
    mail = letter(desk)
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="nabidka.pdf")
    inner = EmailMessage()
    inner["Subject"] = "Uvnitr"
    inner.set_content("text")
    mail.add_attachment(inner)
    message = arrives(desk, mail.as_bytes())
    desk.sync(message)

    desk.sandbox.fault("5xx", "graph:$value", times=1)
    desk.deliver()
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced", Transfer.objects.values("status", "cause", "detail")
    assert notes_of(desk, message) == ["Uvnitr.eml", "nabidka.pdf"]


BOMBS = {
    "tracking css": "<style>@import url(https://sleduji.example/a.css);"
    + ".a{background:url(https://sleduji.example/b.png)}" * 5_000
    + "</style><p style='background:url(https://sleduji.example/c.png)'>dno</p>",
}


@pytest.mark.parametrize("name", BOMBS)
def test_scenario_26_an_html_bomb_is_shown_and_stored(desk, browser, name):
    desk.coripo.contact(desk.customer)
    message = arrives(desk, letter(desk, text="Čitelný text", html=BOMBS[name]).as_bytes())

    page = browser.get(reverse("message_body", args=[message.pk]))
    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert page.status_code == 200
    assert "dno" in page.content.decode()
    assert "sleduji.example" not in page.content.decode()
    assert message.state == "synced", Transfer.objects.values("status", "cause", "detail")
    (record,) = desk.coripo.emails(message.email_key)
    assert "Čitelný text" in desk.coripo.email(record["id"])["description"]


@pytest.mark.parametrize("written", ["Thu, 01 Jan 1970 00:00:00 +0000", "Mon, 18 Jan 2038 03:14:07 +0000"])
def test_scenario_23_a_wrong_clock_moves_nothing_in_the_lists(desk, browser, written):
    desk.coripo.contact(desk.customer)
    before = desk.receives(date=now() - timedelta(hours=3))
    received_at = now().replace(microsecond=0) - timedelta(hours=2)
    graph_id = desk.sandbox.deliver(desk.person["mail"], letter(desk, Date=written).as_bytes(), received_at=received_at)
    after = desk.receives(date=now() - timedelta(hours=1))
    message = Message.objects.get(mailbox=desk.mailbox, graph_id=graph_id)

    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    rows = message_page(desk.user, MessageFilter()).rows
    in_order = sorted([before, message, after], key=lambda each: (each.received_at, each.pk), reverse=True)
    assert [row.message.pk for row in rows] == [each.pk for each in in_order]
    assert message.sent_at.year == int(written.split()[3])
    assert message.received_at == received_at
    (record,) = desk.coripo.emails(message.email_key)
    stored = desk.coripo.email(record["id"])["date_sent_received"]
    assert datetime.strptime(stored, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) == received_at
    page = browser.get(reverse("message", args=[message.pk])).content.decode()
    assert "by the clock of the sender" in page
    assert written.split()[3] in page


def test_scenario_29_of_2000_recipients_some_are_looked_up_and_the_rest_is_told(desk, browser):
    desk.coripo.contact(desk.customer)
    crowd = ", ".join(f"osoba{number}@dav.example" for number in range(2_000))
    message = arrives(desk, letter(desk, Cc=crowd).as_bytes())
    assert message.participants.count() == 2_002

    desk.sandbox.forget_requests()
    page = browser.get(reverse("people", args=[message.pk])).content.decode()
    asked = desk.sandbox.requests()["total"].get("coripo", 0)
    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert page.count('class="person"') == MOST_PEOPLE
    assert f"and {2_002 - MOST_PEOPLE} other people" in page.replace(",", "")
    assert "It names 2001 people. Only the first 200 were looked up in CORIPO." in page
    assert asked < 10
    assert message.state == "synced"
    assert "Only the first 200" in why(message, user=desk.user).sentence


def test_scenario_30_a_tag_is_a_guess_that_one_click_takes(desk, browser):
    local, domain = desk.customer.split("@")
    contact = desk.coripo.contact(desk.customer)
    tagged = f"{local}+crm@{domain}"
    message = desk.receives(sender=f"Jana <{tagged}>")

    desk.sync(message)
    desk.deliver()
    message.refresh_from_db()
    page = browser.get(reverse("people", args=[message.pk])).content.decode()
    assert message.state == "no_match"
    assert "Perhaps:" in page

    answer = browser.post(reverse("use_suggestion", args=[message.pk]), {"address": tagged})
    desk.deliver()

    assert answer.status_code == 302
    message.refresh_from_db()
    assert message.state == "synced"
    (record,) = desk.coripo.emails(message.email_key)
    assert [found["id"] for found in desk.coripo.linked(record["id"], "contacts")] == [contact]


def test_scenario_30_the_exact_address_comes_first_and_nothing_is_suggested_then(desk, browser):
    local, domain = desk.customer.split("@")
    desk.coripo.contact(desk.customer)
    exact = desk.coripo.contact(f"{local}+crm@{domain}")
    message = desk.receives(sender=f"Jana <{local}+crm@{domain}>")

    page = browser.get(reverse("people", args=[message.pk])).content.decode()
    desk.sync(message)
    desk.deliver()

    assert "Perhaps:" not in page
    (record,) = desk.coripo.emails(message.email_key)
    assert [found["id"] for found in desk.coripo.linked(record["id"], "contacts")] == [exact]


def test_scenario_30_an_exchange_name_is_shown_as_unresolved_and_one_s_own_alias_is_oneself(desk, browser):
    desk.coripo.contact(desk.customer)
    alias = f"alias-{uuid4().hex[:8]}@strojirny-beskyd.example"
    desk.mailbox.own_addresses = [*desk.mailbox.own_addresses, alias]
    desk.mailbox.save()
    raw = letter(desk, Cc=f"Ja <{alias}>").as_bytes()
    message = arrives(desk, raw)
    message.participants.create(
        role="cc", position=9, name="Petr Kolega", written_address="/O=EXCHANGELABS/OU=X/CN=RECIPIENTS/CN=PETR"
    )

    page = browser.get(reverse("people", args=[message.pk])).content.decode()

    assert "No e-mail address" in page
    assert page.count("You</span>") == 2
