"""What Microsoft 365 and CORIPO are asked for when a message is read: body, files, people; and opening the record."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import CrmAccount
from apps.mailboxes.models import Message
from apps.sync.models import Transfer
from apps.work.models import Fence
from tests.desk import Desk

pytestmark = pytest.mark.django_db

HTML = '<p style="color:red">Good <b>day</b></p><img src="https://evil.example/x.png"><script>alert(1)</script>'


@pytest.fixture
def client_of_desk(desk: Desk) -> Client:
    client = Client()
    client.force_login(desk.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def get(client: Client, name: str, message: Message, **more: str):  # type: ignore[no-untyped-def]
    return client.get(reverse(name, kwargs={"pk": message.pk, **more}))


def test_the_body_is_clean_and_caged(desk: Desk, client_of_desk: Client) -> None:
    message = desk.receives(html=HTML)

    response = get(client_of_desk, "message_body", message)
    page = response.content.decode()

    assert "<b>day</b>" in page
    assert "evil.example" not in page
    assert "alert" not in page
    assert "1 picture from outside is not shown." in page
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "no-store" in response["Cache-Control"]


def test_a_plain_text_is_shown_as_text(desk: Desk, client_of_desk: Client) -> None:
    message = desk.receives(text="Hello <script>alert(1)</script>")

    page = get(client_of_desk, "message_body", message).content.decode()

    assert "Hello &lt;script&gt;" in page
    assert "<script>" not in page


HEAD = "From: jana@kovarna-morava.example\r\nSubject: Podklady\r\nMessage-ID: <{key}@kovarna-morava.example>\r\n"
SEALED = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\nsealed\r\n"
PICTURE = 'Content-Type: text/html\r\n\r\n<p><img src="https://x.example/a.png"></p>'


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (SEALED, "This e-mail is encrypted. Its text can be read in Outlook."),
        ("Content-Type: text/plain\r\n\r\n \r\n", "This e-mail has no text."),
        ("Content-Type: text/plain\r\n\r\nslovo\r\n", ""),
        (PICTURE, "1 picture from outside is not shown."),
    ],
)
def test_scenario_33_where_there_is_nothing_to_read_the_frame_says_so(
    desk: Desk, client_of_desk: Client, rest: str, said: str
) -> None:
    message = desk.receives_raw((HEAD.format(key=uuid4()) + rest).encode())

    page = get(client_of_desk, "message_body", message).content.decode()

    assert re.findall('<p class="letter__note">([^<]*)</p>', page) == ([said] if said else [])


def test_a_file_without_a_name_is_shown_once_with_its_fate(desk: Desk, client_of_desk: Client) -> None:
    desk.coripo.contact("jana@kovarna-morava.example")
    parts = "--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n--b\r\nContent-Type: application/x-odd\r\n\r\nodd\r\n"
    named = '--b\r\nContent-Type: application/pdf; name="a.pdf"\r\n\r\n%PDF\r\n--b--\r\n'
    mail = HEAD.format(key=uuid4()) + f"Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}{named}"
    message = desk.receives_raw(mail.encode())
    desk.sync(message)
    desk.deliver()

    page = get(client_of_desk, "files", message).content.decode()

    assert page.count('class="file-line"') == 2
    assert page.count("In CORIPO") == 2


@pytest.mark.parametrize(("fault", "said"), [("5xx", "Microsoft 365"), ("throttle", "Microsoft 365")])
def test_where_microsoft_is_silent_the_preview_and_a_way_to_load_again_are_shown(
    desk: Desk, client_of_desk: Client, fault: str, said: str
) -> None:
    message = desk.receives(text="The first words")
    desk.sandbox.fault(fault, "graph", times=0)

    page = get(client_of_desk, "message_body", message).content.decode()

    assert said in page
    assert "Load again" in page
    # Nobody asks again for a text that was only to be read.
    assert "by itself" not in page
    assert "The first words" in page
    assert get(client_of_desk, "message", message).status_code == 200


def test_a_message_that_is_gone_says_so(desk: Desk, client_of_desk: Client) -> None:
    message = desk.receives()
    desk.sandbox.control("DELETE", f"messages/{message.graph_id}")

    page = get(client_of_desk, "message_body", message).content.decode()

    assert "no longer in the mailbox" in page
    assert "Load again" not in page


def test_a_file_is_a_download_whatever_it_is(desk: Desk, client_of_desk: Client) -> None:
    message = desk.receives(files=(("nabídka.html", b"<script>alert(1)</script>"),))

    page = get(client_of_desk, "files", message).content.decode()
    assert "nabídka.html" in page
    address = page.split('class="file" href="')[1].split('"')[0]
    response = client_of_desk.get(address)

    assert response.content == b"<script>alert(1)</script>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''nab%C3%ADdka.html")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_an_attachment_that_is_not_there_is_a_404(desk: Desk, client_of_desk: Client) -> None:
    message = desk.receives()

    assert get(client_of_desk, "attachment", message, attachment_id="none").status_code == 404


def test_people_and_what_sync_will_do(desk: Desk, client_of_desk: Client) -> None:
    desk.coripo.contact(desk.customer, company=desk.coripo.company("Kovárna Morava a.s."))
    message = desk.receives()

    page = get(client_of_desk, "people", message).content.decode()

    assert "Contact" in page
    assert "Kovárna Morava a.s." in page
    assert "Sync stores the e-mail in CORIPO and links it with" in page


def test_where_coripo_is_silent_people_are_named_all_the_same(desk: Desk, client_of_desk: Client) -> None:
    message = desk.receives()
    desk.sandbox.fault("5xx", "coripo", times=0)

    page = get(client_of_desk, "people", message).content.decode()

    assert "Jana Dvořáková" in page
    assert "CORIPO does not answer. <a" in page
    assert "Load again" in page
    assert "in CORIPO</span>" not in page  # how many are known there


def test_a_refused_login_is_tried_once_and_parked(desk: Desk, client_of_desk: Client) -> None:
    CrmAccount.objects.filter(pk=desk.account.pk).update(generation=9, user_name="nobody")
    message = desk.receives()

    get(client_of_desk, "people", message)

    assert CrmAccount.objects.get(pk=desk.account.pk).status == CrmAccount.Status.REFUSED


# ── Opening ──────────────────────────────────────────────────────────────────


def test_open_syncs_first_waits_and_then_goes_to_the_record(desk: Desk, client_of_desk: Client) -> None:
    desk.coripo.contact(desk.customer, company=desk.coripo.company("Kovárna Morava a.s."))
    message = desk.receives()
    address = reverse("open_record", args=[message.pk])

    waiting = client_of_desk.post(address)
    desk.deliver()
    arrived = client_of_desk.get(address)

    assert waiting.status_code == 200
    assert waiting["Refresh"] == f"1; url={address}"
    assert arrived.status_code == 302
    assert arrived["Location"].startswith(f"{desk.sandbox.url}/index.php?module=Emails&action=DetailView&record=")


def test_looking_asks_for_nothing(desk: Desk, client_of_desk: Client) -> None:
    message = desk.receives()

    page = get(client_of_desk, "open_record", message).content.decode()

    assert "Sync and open" in page
    assert not Transfer.objects.exists()


def test_without_a_match_the_page_offers_to_store_it_and_then_opens(desk: Desk, client_of_desk: Client) -> None:
    message = desk.receives()
    address = reverse("open_record", args=[message.pk])
    client_of_desk.post(address)
    desk.deliver()

    page = client_of_desk.get(address).content.decode()
    assert 'value="store_without_link"' in page
    answer = client_of_desk.post(
        reverse("act_on_message", args=[message.pk]), {"action": "store_without_link", "then": "open"}
    )
    assert answer["Location"] == address
    desk.deliver()

    assert client_of_desk.get(address).status_code == 302


def test_without_a_coripo_login_the_page_leads_to_it(desk: Desk, client_of_desk: Client) -> None:
    desk.account.delete()
    message = desk.receives()

    page = client_of_desk.post(reverse("open_record", args=[message.pk])).content.decode()

    assert "CORIPO is not connected" in page
    assert not Transfer.objects.exists()


def test_a_silent_coripo_is_said(desk: Desk, client_of_desk: Client) -> None:
    desk.coripo.contact(desk.customer, company=desk.coripo.company("Kovárna Morava a.s."))
    message = desk.receives()
    desk.sync(message)
    desk.deliver()
    desk.sandbox.fault("5xx", "coripo", times=0)
    Fence.objects.all().delete()

    page = client_of_desk.post(reverse("open_record", args=[message.pk])).content.decode()

    assert "CORIPO does not answer" in page
