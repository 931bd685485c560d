"""The doors of mailboxes: connecting in a browser's steps, and who may do what."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.mailboxes.models import Mailbox, MailboxToken, MailFolder, Message
from tests.factories import MailboxFactory, MailFolderFactory, MessageFactory, UserFactory
from tests.mailboxes.signing_in import answer_to
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def go_and_return(client: Client, person: dict[str, str], *, consent: str = "Accept") -> Any:
    """Press Connect mailbox, walk Microsoft's pages, and come back."""
    answer = client.post(reverse("mailboxes:connect"))
    return client.get(reverse("mailboxes:callback"), answer_to(answer["Location"], person, consent=consent))


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_connecting_a_mailbox(sandbox: Sandbox) -> None:
    user, person = UserFactory.create(), sandbox.person()
    client = browser_of(user)

    response = go_and_return(client, person)

    assert response["Location"] == reverse("home")
    mailbox = Mailbox.objects.get(owner=user)
    assert mailbox.address == person["mail"]
    assert mailbox.own_addresses == [person["mail"]]
    assert {"User.Read", "Mail.Read"} <= set(mailbox.granted_scopes.split())
    assert MailboxToken.objects.filter(mailbox=mailbox).exists()
    assert person["mail"] in said(response)
    assert "mailbox_flow" not in client.session


def test_connecting_again_keeps_the_mailbox_and_its_mail(sandbox: Sandbox) -> None:
    user, person = UserFactory.create(), sandbox.person()
    client = browser_of(user)
    go_and_return(client, person)
    mailbox = Mailbox.objects.get()
    message = MessageFactory.create(folder=MailFolderFactory.create(mailbox=mailbox))
    Mailbox.objects.update(status=Mailbox.Status.RECONNECT, status_reason="revoked")

    go_and_return(client, person)

    again = Mailbox.objects.get()
    assert (again.pk, again.status, again.status_reason) == (mailbox.pk, Mailbox.Status.ACTIVE, "")
    assert Message.objects.filter(pk=message.pk).exists()
    assert again.token.generation == 2


def test_a_callback_serves_once_and_not_without_a_beginning(sandbox: Sandbox) -> None:
    client, person = browser_of(UserFactory.create()), sandbox.person()
    begun = client.post(reverse("mailboxes:connect"))
    answer = answer_to(begun["Location"], person)
    client.get(reverse("mailboxes:callback"), answer)
    Mailbox.objects.all().delete()

    response = client.get(reverse("mailboxes:callback"), answer)

    assert response["Location"] == reverse("home")
    assert "too old" in said(response)
    assert not Mailbox.objects.exists()


def test_a_callback_for_somebody_else_connects_nothing(sandbox: Sandbox) -> None:
    attacker, victim, person = browser_of(UserFactory.create()), browser_of(UserFactory.create()), sandbox.person()
    begun = attacker.post(reverse("mailboxes:connect"))
    victim.post(reverse("mailboxes:connect"))

    response = victim.get(reverse("mailboxes:callback"), answer_to(begun["Location"], person))

    assert response["Location"] == reverse("home")
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize(
    ("consent", "word"), [("Cancel", "declined"), ("Ask the administrator", "administrator has approved")]
)
def test_a_refusal_is_said_in_plain_words(sandbox: Sandbox, consent: str, word: str) -> None:
    response = go_and_return(browser_of(UserFactory.create()), sandbox.person(), consent=consent)

    assert word in said(response)
    assert not Mailbox.objects.exists()


def test_microsoft_is_away(sandbox: Sandbox) -> None:
    client = browser_of(UserFactory.create())
    sandbox.fault("5xx", "graph", times=0)

    response = go_and_return(client, sandbox.person())

    assert "does not answer" in said(response)
    assert not Mailbox.objects.exists()


def test_a_mailbox_has_one_owner(sandbox: Sandbox) -> None:
    person = sandbox.person()
    first, second = UserFactory.create(), UserFactory.create()
    go_and_return(browser_of(first), person)

    response = go_and_return(browser_of(second), person)

    assert "another user" in said(response)
    assert Mailbox.objects.get().owner == first


def test_whose_sign_in_owns_the_mailbox_may_take_it_over(sandbox: Sandbox) -> None:
    person = sandbox.person()
    go_and_return(browser_of(UserFactory.create()), person)
    owner = UserFactory.create()
    SocialAccount.objects.create(
        user=owner, provider="entra", uid=f"{settings.MICROSOFT_TENANT}.{person['oid']}", extra_data={}
    )

    go_and_return(browser_of(owner), person)

    assert Mailbox.objects.kept().get().owner == owner


def test_choosing_folders(people: dict[str, Client]) -> None:
    mailbox = Mailbox.objects.get(owner__username="owner")
    inbox = MailFolderFactory.create(mailbox=mailbox)
    service = MailFolderFactory.create(mailbox=mailbox, kind=MailFolder.Kind.ORDINARY, is_followed=False)
    junk = MailFolderFactory.create(mailbox=mailbox, kind=MailFolder.Kind.JUNK, is_followed=False)
    foreign = MailFolderFactory.create(mailbox=MailboxFactory.create(), is_followed=False)
    url = reverse("follow_folders", args=[mailbox.pk])

    people["owner"].post(url, {"folders": [service.pk]})
    people["owner"].post(url, {"folders": [junk.pk]})
    people["owner"].post(url, {"folders": [foreign.pk]})

    followed = MailFolder.objects.filter(is_followed=True)
    assert list(followed) == [service]
    assert inbox not in followed


@pytest.mark.parametrize(
    ("who", "status"), [("owner", 302), ("teammate", 404), ("administrator", 404), ("stranger", 302)]
)
@pytest.mark.parametrize("door", ["follow_folders", "mailboxes:refresh"])
def test_a_foreign_mailbox_is_not_there(people: dict[str, Client], door: str, who: str, status: int) -> None:
    mailbox = Mailbox.objects.get(owner__username="owner")

    response = people[who].post(reverse(door, args=[mailbox.pk]))

    assert response.status_code == status
    if who == "stranger":
        assert response["Location"].startswith(reverse("account_login"))
        assert Mailbox.objects.filter(pk=mailbox.pk).exists()


@pytest.mark.parametrize("door", ["mailboxes:connect", "follow_folders", "mailboxes:refresh"])
def test_what_changes_something_is_not_a_link(people: dict[str, Client], door: str) -> None:
    mailbox = Mailbox.objects.get(owner__username="owner")
    url = reverse(door, args=[] if door == "mailboxes:connect" else [mailbox.pk])

    assert people["owner"].get(url).status_code == 302


def test_a_second_mailbox_is_connected_and_reconnecting_proposes_its_account(sandbox: Sandbox) -> None:
    user, first, second = UserFactory.create(), sandbox.person(), sandbox.person()
    client = browser_of(user)
    go_and_return(client, first)

    go_and_return(client, second)

    mailboxes = {mailbox.address: mailbox for mailbox in Mailbox.objects.filter(owner=user)}
    assert set(mailboxes) == {first["mail"], second["mail"]}
    picked = client.post(reverse("mailboxes:connect"))["Location"]
    proposed = client.post(reverse("mailboxes:connect"), {"mailbox": mailboxes[second["mail"]].pk})["Location"]
    foreign = client.post(reverse("mailboxes:connect"), {"mailbox": MailboxFactory.create().pk})["Location"]
    assert "prompt=select_account" in picked
    assert f"login_hint={second['mail'].replace('@', '%40')}" in proposed
    assert "login_hint" not in foreign


def test_what_is_taken_is_said_where_mailboxes_are(sandbox: Sandbox) -> None:
    taken, own = sandbox.person(), sandbox.person()
    go_and_return(browser_of(UserFactory.create()), taken)
    client = browser_of(UserFactory.create())
    go_and_return(client, own)

    response = go_and_return(client, taken)

    assert response["Location"] == reverse("settings_mailboxes")
    assert "another user" in said(response)


def test_a_mailbox_in_the_place_of_an_old_one_is_another_mailbox(sandbox: Sandbox) -> None:
    user, person = UserFactory.create(), sandbox.person()
    old = MailboxFactory.create(owner=user, address=person["mail"].upper(), home_account_id="old-oid.tid")

    response = go_and_return(browser_of(user), person)

    assert Mailbox.objects.filter(owner=user).count() == 2
    assert "marks stay with the old one" in said(response)
    old.refresh_from_db()
    assert old.home_account_id == "old-oid.tid"


def test_an_administrator_releases_a_mailbox_and_it_is_written_down(
    people: dict[str, Client], caplog: pytest.LogCaptureFixture
) -> None:
    mailbox = Mailbox.objects.get(owner__username="owner")
    other = Mailbox.objects.get(owner__username="teammate")
    words = {"action": "release", "_selected_action": [mailbox.pk]}
    url = reverse("admin:mailboxes_mailbox_changelist")

    refused = people["teammate"].post(url, words)
    assert (refused.status_code, Mailbox.objects.filter(pk=mailbox.pk).exists()) == (302, True)
    with caplog.at_level("WARNING", logger="apps.mailboxes.actions"):
        released = people["administrator"].post(url, words)

    assert released.status_code == 302
    assert "1 mailbox is released" in said(released)
    assert mailbox not in Mailbox.objects.kept()
    assert other in Mailbox.objects.kept()
    assert "mailbox released" in caplog.text
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_repr) == ("administrator", mailbox.address)
