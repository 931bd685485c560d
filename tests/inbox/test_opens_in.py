"""*Opens in*: where a record of CORIPO opens, from the panel, from the menu and beside a person."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.sync.models import CrmLink, Outcome
from apps.sync.rules import rules_of
from tests.desk import Desk
from tests.factories import NOON, CrmEmailFactory

from .conftest import make_message

pytestmark = pytest.mark.django_db

POLICY = "Cross-Origin-Opener-Policy"
# What a form says and what a link says for each choice.
WHERE = {
    "new_tab": (' target="_blank" rel="noopener"', ' target="_blank" rel="noopener"'),
    "one_tab": (' target="coripo"', ' target="coripo"'),
    "same_tab": ("", ""),
    "edge": (' target="_blank" rel="noopener"', ""),
}


def choose(user: User, choice: str) -> None:
    rules = rules_of(user)
    rules.opens_in = choice
    rules.save()


@pytest.mark.parametrize("choice", WHERE)
def test_panel_menu_and_links_open_where_the_user_chose(people: dict[str, Client], owner: User, choice: str) -> None:
    choose(owner, choice)
    message = make_message(owner, state="synced")
    record = CrmEmailFactory.create(email_key=message.email_key, created_by=owner)
    CrmLink.objects.create(crm_email=record, module="Contacts", record_id="c1", outcome=Outcome.MADE, made_at=NOON)
    form, link = WHERE[choice]
    scheme = "microsoft-edge:" if choice == "edge" else ""

    page = people["owner"].get(reverse("message", args=[message.pk])).content.decode()

    assert f'<form method="post" action="{reverse("open_record", args=[message.pk])}"{form}>' in page
    assert f'<form id="opening" method="post" hidden{form}>' in page
    assert f'<a href="{scheme}http' in page
    assert f'module=Contacts&amp;action=DetailView&amp;record=c1"{link}>' in page


@pytest.fixture
def synced(desk: Desk) -> tuple[Client, str]:
    """Somebody whose mail is in CORIPO, and the address that opens it."""
    desk.coripo.contact(desk.customer, company=desk.coripo.company("Kovárna Morava a.s."))
    message = desk.receives()
    desk.sync(message)
    desk.deliver()
    client = Client()
    client.force_login(desk.user, backend="django.contrib.auth.backends.ModelBackend")
    return client, reverse("open_record", args=[message.pk])


def test_the_tab_that_is_used_again_is_never_cut_off(desk: Desk, synced: tuple[Client, str]) -> None:
    client, address = synced
    choose(desk.user, "one_tab")

    answer = client.post(address)

    assert answer["Location"].startswith(f"{desk.sandbox.url}/index.php?module=Emails")
    assert answer[POLICY] == "unsafe-none"
    assert client.get(reverse("inbox"))[POLICY] == "same-origin-allow-popups"


@pytest.mark.parametrize("choice", ["new_tab", "same_tab"])
def test_other_tabs_have_no_hold_on_the_portal(desk: Desk, synced: tuple[Client, str], choice: str) -> None:
    client, address = synced
    choose(desk.user, choice)

    answer = client.post(address)

    assert answer.status_code == 302
    assert answer[POLICY] == "same-origin-allow-popups"


def test_edge_gets_a_link_and_a_way_out(desk: Desk, synced: tuple[Client, str]) -> None:
    client, address = synced
    choose(desk.user, "edge")

    answer = client.post(address)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Refresh" not in answer
    assert f'href="microsoft-edge:{desk.sandbox.url}/index.php' in page
    assert f'<a href="{desk.sandbox.url}/index.php' in page
    assert "Microsoft Edge is not installed on this device" in page


def test_the_transfer_comes_first_with_edge_as_well(desk: Desk) -> None:
    choose(desk.user, "edge")
    client = Client()
    client.force_login(desk.user, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("open_record", args=[desk.receives().pk])

    assert client.post(address)["Refresh"] == f"1; url={address}"
