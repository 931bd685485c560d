"""Automatic sync over HTTP: switched on after its dry run, changed, paused, locked by the administrator."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.core.clock import now
from apps.mailboxes.clearing import clear_away
from apps.mailboxes.models import Mailbox, MailboxToken, Message, MessageState
from apps.sync.automat import decide_due
from apps.sync.models import CrmEmail, Mark, OrganisationRules, SyncRules, Transfer
from apps.sync.states import writing_facts
from apps.work.models import Lane
from tests.factories import CrmAccountFactory, CrmEmailFactory, MailFolderFactory

from .conftest import make_message, minutes

pytestmark = pytest.mark.django_db

PAGE, PREVIEW, ACT = "/settings/automatic/", "/settings/automatic/preview/", "/settings/automatic/act/"


@pytest.fixture
def client(people: dict[str, Client], owner: User) -> Client:
    CrmAccountFactory(user=owner)
    return people["owner"]


def words(**changes: object) -> dict[str, object]:
    folders = [str(pk) for pk in Mailbox.objects.values_list("folders", flat=True) if pk]
    return {
        "takes_received": "on",
        "takes_sent": "on",
        "since": "2020-01-01",
        "followed_folders": folders,
        "left_out_kinds": ["meeting", "bounce", "auto_reply", "bulk"],
        "action": "preview",
        **changes,
    }


def shown(client: Client, **changes: object) -> str:
    answer = client.post(PAGE, words(**changes), follow=True)
    assert answer.redirect_chain == [(PREVIEW, 302)], answer.content.decode()
    return answer.content.decode()


def act(client: Client, action: str, **fields: str) -> None:
    assert client.post(ACT, {"action": action, **fields})["Location"] == PAGE


def decide_all() -> None:
    decide_due(until=now() + timedelta(seconds=30))


def test_it_is_switched_on_after_its_dry_run(client: Client, owner: User) -> None:
    plain = make_message(owner, kind_read_at=now(), subject="Obyčejný")
    bulk = make_message(owner, kind="bulk", subject="Novinky")
    unread = make_message(owner, subject="Nečtený")

    page = shown(client)
    assert "<b>3</b> All" in page
    assert "<b>1</b> Go into CORIPO" in page
    assert "<b>1</b> Decided when they are read" in page
    assert "<b>1</b> Newsletter or mailing list" in page
    assert ("Novinky" in client.get(PREVIEW, {"rule": "kind_bulk"}).content.decode()) is True
    assert "Obyčejný" not in client.get(PREVIEW, {"rule": "kind_bulk"}).content.decode()
    assert not SyncRules.objects.get(user=owner).is_automatic

    act(client, "confirm")
    decide_all()

    assert "It is on." in client.get(PAGE).content.decode()
    states = dict(Message.objects.values_list("pk", "state"))
    assert states == {plain.pk: "queued", bulk.pk: "skipped", unread.pk: "queued"}
    assert client.get(PREVIEW)["Location"] == PAGE


def test_folders_are_chosen_in_their_tree_with_new_ones_or_without(client: Client, owner: User) -> None:
    inbox = make_message(owner).folder
    words_of_folder = {"mailbox": inbox.mailbox, "kind": "ordinary", "is_followed": True}
    above = MailFolderFactory(name="Zákazníci", parent_graph_id=inbox.graph_id, **words_of_folder)
    below = MailFolderFactory(name="Soukromé", parent_graph_id=above.graph_id, **words_of_folder)
    page = client.get(PAGE).content.decode()
    assert page.count('name="followed_folders"') == 3
    assert page.count('name="with_new_subfolders"') == 2, "only where there are subfolders"

    shown(client, followed_folders=[str(inbox.pk), str(above.pk)], with_new_subfolders=[str(inbox.pk)])
    act(client, "confirm")

    rules = SyncRules.objects.get(user=owner)
    assert rules.left_out_folders == [below.pk]
    assert rules.taken_folders == sorted([inbox.pk, above.pk])
    assert rules.lone_folders == [above.pk]
    page = client.get(PAGE).content.decode()
    assert f'name="followed_folders" value="{above.pk}" autocomplete="off" checked' in page
    assert f'value="{below.pk}" autocomplete="off">' in page


def test_discarding_changes_nothing(client: Client, owner: User) -> None:
    make_message(owner)
    shown(client, takes_private="on")

    act(client, "discard")

    rules = SyncRules.objects.get(user=owner)
    assert (rules.is_automatic, rules.takes_private, rules.proposal) == (False, False, {})


def test_settings_can_be_kept_for_the_day_when_it_is_on(client: Client, owner: User) -> None:
    answer = client.post(PAGE, words(action="save", left_out_addresses="Pravnik.example\n"))

    rules = SyncRules.objects.get(user=owner)
    assert answer["Location"] == PAGE
    assert (rules.is_automatic, rules.left_out_addresses) == (False, ["pravnik.example"])


def test_while_it_is_on_nothing_is_saved_past_the_dry_run(client: Client, owner: User) -> None:
    shown(client)
    act(client, "confirm")

    assert client.post(PAGE, words(action="save", takes_private="on"))["Location"] == PREVIEW
    assert not SyncRules.objects.get(user=owner).takes_private


def test_the_day_that_is_shown_does_not_reach_back_to_its_midnight(client: Client, owner: User) -> None:
    shown(client, since="")
    act(client, "confirm")
    since = SyncRules.objects.get(user=owner).since
    assert since is not None
    assert now() - since < timedelta(minutes=1)

    page = client.get(PAGE).content.decode()
    day = page.split('name="since" value="')[1][:10]
    shown(client, since=day)
    act(client, "confirm")

    assert SyncRules.objects.get(user=owner).since == since


def test_pause_run_now_and_off(client: Client, owner: User) -> None:
    make_message(owner)
    shown(client)
    act(client, "confirm")
    decide_all()
    assert Transfer.objects.count() == 1

    act(client, "pause", pause="day")
    assert "It is paused until" in client.get(PAGE).content.decode()
    decide_all()
    assert Transfer.objects.count() == 0

    act(client, "run")
    decide_all()
    assert Transfer.objects.count() == 1

    act(client, "off")
    assert "It is off." in client.get(PAGE).content.decode()
    assert Transfer.objects.count() == 0


@pytest.mark.parametrize("fields", [{"action": "explode"}, {"action": "pause", "pause": "forever"}, {}])
def test_what_the_page_does_not_offer_is_not_found(client: Client, fields: dict[str, str]) -> None:
    assert client.post(ACT, fields).status_code == 404


def test_a_folder_of_somebody_else_cannot_be_named(client: Client, owner: User, teammate: User) -> None:
    make_message(owner)
    foreign = make_message(teammate).folder

    answer = client.post(PAGE, words(followed_folders=[str(foreign.pk)]))

    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()


def test_scenario_21_asked_in_two_tabs_while_the_automat_works_each_mail_goes_once(client: Client, owner: User) -> None:
    message = make_message(owner)
    shown(client)
    act(client, "confirm")
    decide_all()

    for _tab in range(2):
        client.post(f"/inbox/{message.pk}/act/", {"action": "sync"})
        decide_all()

    assert list(Transfer.objects.values_list("message", "lane")) == [(message.pk, Lane.INTERACTIVE)]


def test_scenario_39_an_exclusion_added_after_sync_names_the_mails_and_deletes_nothing(
    client: Client, owner: User
) -> None:
    for number in range(17):
        message = make_message(owner, received_at=now() - minutes(number))
        with writing_facts([(message.email_key, message.variant)]):
            CrmEmailFactory(email_key=message.email_key)
            Mark.objects.create(
                home_account_id=message.mailbox.home_account_id,
                email_key=message.email_key,
                value=Mark.Value.SYNCED,
                source=Mark.Source.TRANSFER,
                set_at=now(),
            )

    page = shown(client, left_out_addresses="kovarna-morava.example")
    assert "17 e-mails in CORIPO would not have been synced by these settings." in page
    act(client, "confirm")
    decide_all()

    assert CrmEmail.objects.filter(status=CrmEmail.Status.EXISTS).count() == 17
    assert Message.objects.filter(state=MessageState.SYNCED).count() == 17
    assert not Transfer.objects.exists()
    assert "would not have been synced" not in shown(client, left_out_addresses="kovarna-morava.example")


def test_scenario_43_who_leaves_is_served_no_more_and_the_records_stay(
    client: Client, people: dict[str, Client], owner: User
) -> None:
    message = make_message(owner)
    waiting = make_message(owner)
    MailboxToken.objects.create(mailbox=message.mailbox, cache="{}")
    with writing_facts([(message.email_key, message.variant)]):
        record = CrmEmailFactory(email_key=message.email_key, created_by=owner, creator_name="Owner")
    shown(client)
    act(client, "confirm")
    decide_all()
    assert Transfer.objects.filter(message=waiting).exists()

    release = {"action": "release", "_selected_action": [str(message.mailbox_id)]}
    people["administrator"].post(reverse("admin:mailboxes_mailbox_changelist"), release)
    clear_away(until=now() + minutes(1))
    answer = people["administrator"].post(reverse("admin:accounts_user_delete", args=[owner.pk]), {"post": "yes"})

    assert answer.status_code == 302
    assert not User.objects.filter(pk=owner.pk).exists()
    assert not Mailbox.objects.filter(owner=owner.pk).exists()
    assert (MailboxToken.objects.count(), Transfer.objects.count()) == (0, 0)
    record.refresh_from_db()
    assert (record.status, record.created_by, record.creator_name) == ("exists", None, "Owner")
    assert client.get("/inbox/").status_code == 302
    decide_all()


def test_what_the_administrator_locks_is_shown_disabled_with_who_locked_it(
    client: Client, people: dict[str, Client], owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    message = make_message(owner, kind_read_at=now())
    shown(client, takes_private="on")
    act(client, "confirm")
    decide_all()
    assert Transfer.objects.active().count() == 1

    with django_capture_on_commit_callbacks(execute=True):
        answer = people["administrator"].post(
            reverse("admin:sync_organisationrules_add"),
            {
                "counted_roles": ["from", "to", "cc", "bcc"],
                "no_match": "leave",
                "no_match_later": "sync",
                "notify": "never",
                "largest_attachment_mb": "10",
                "takes_received": "on",
                "left_out_addresses": "kovarna-morava.example",
                "locked_fields": ["left_out_addresses", "takes_private"],
            },
        )
    assert answer.status_code == 302
    decide_all()

    message.refresh_from_db()
    assert message.state == "skipped"
    page = client.get(PAGE).content.decode()
    administrator = User.objects.get(username="administrator")
    assert page.count(f"Set by {administrator.shown_name} for everybody.") == 2
    assert "kovarna-morava.example" in page
    shown(client, left_out_addresses="", takes_private="on")
    act(client, "confirm")
    decide_all()
    message.refresh_from_db()
    assert message.state == "skipped"


def test_who_is_new_begins_with_the_defaults_of_the_organisation(client: Client, owner: User) -> None:
    OrganisationRules.objects.create(internal_domains=["strojirny-beskyd.example"], takes_sent=False)

    client.get(PAGE)
    assert not SyncRules.objects.exists(), "a look writes nothing"
    shown(client)

    rules = SyncRules.objects.get(user=owner)
    assert (rules.internal_domains, rules.takes_sent) == (["strojirny-beskyd.example"], False)


def test_the_dry_run_asks_the_database_no_more_often_for_more_mails(client: Client, owner: User) -> None:
    counts = []
    for _ in range(2):
        for number in range(20):
            make_message(owner, received_at=now() - minutes(number))
        shown(client, left_out_addresses="kovarna-morava.example")
        with CaptureQueriesContext(connection) as queries:
            client.get(PREVIEW)
        counts.append(len(queries))

    assert counts[0] == counts[1]
