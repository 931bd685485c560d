"""The consent to write: asked for apart, for this mailbox only, and a refusal changes nothing."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.mailboxes.models import Mailbox, OutlookCategory
from tests.mailboxes.conftest import Post
from tests.mailboxes.signing_in import answer_to
from tests.mailboxes.test_views import browser_of, said

pytestmark = pytest.mark.django_db


def ask(client: Client, mailbox: Mailbox, person: dict[str, str], *, consent: str = "Accept"):
    """Press the button in the settings, walk Microsoft's pages, and come back."""
    answer = client.post(reverse("mailboxes:write", args=[mailbox.pk]))
    assert "Mail.ReadWrite" in answer["Location"]
    return client.get(reverse("mailboxes:callback"), answer_to(answer["Location"], person, consent=consent))


def test_showing_the_category_takes_a_consent_of_its_own(post: Post) -> None:
    client = browser_of(post.mailbox.owner)
    assert "Mail.ReadWrite" not in post.mailbox.granted_scopes

    response = ask(client, post.mailbox, post.person)

    post.mailbox.refresh_from_db()
    assert response["Location"] == reverse("settings_mailboxes")
    assert "Mail.ReadWrite" in post.mailbox.granted_scopes
    assert post.mailbox.category.is_shown
    assert "Outlook shows what is synced." in client.get(reverse("settings_mailboxes")).content.decode()

    client.post(reverse("choose_category", args=[post.mailbox.pk]), {"action": "stop"})
    assert not OutlookCategory.objects.get().is_shown


@pytest.mark.parametrize(
    ("consent", "words"), [("Cancel", "was declined. Nothing was changed"), ("Ask the administrator", "has approved")]
)
def test_a_refused_consent_changes_nothing(post: Post, consent: str, words: str) -> None:
    granted, generation = post.mailbox.granted_scopes, post.mailbox.token.generation

    response = ask(browser_of(post.mailbox.owner), post.mailbox, post.person, consent=consent)

    mailbox = Mailbox.objects.get()
    assert words in said(response)
    assert (mailbox.granted_scopes, mailbox.token.generation, mailbox.status) == (granted, generation, "active")
    assert not OutlookCategory.objects.exists()


def test_another_account_is_no_consent_for_this_mailbox(post: Post) -> None:
    response = ask(browser_of(post.mailbox.owner), post.mailbox, post.sandbox.person())

    assert "another account" in said(response)
    assert Mailbox.objects.count() == 1
    assert not OutlookCategory.objects.exists()


def test_a_category_set_in_outlook_is_taken_where_its_owner_says_so(post: Post) -> None:
    client = browser_of(post.mailbox.owner)
    url = reverse("choose_category", args=[post.mailbox.pk])

    client.post(url, {"action": "save", "is_taken": "on"})
    assert OutlookCategory.objects.get().taken_since is not None
    client.post(url, {"action": "save"})
    assert OutlookCategory.objects.get().taken_since is None
