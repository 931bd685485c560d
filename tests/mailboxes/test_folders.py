"""The folder tree: what people do to folders in Outlook, what they choose here, and what becomes of the mail in them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.mailboxes.actions import refresh_now
from apps.mailboxes.models import Mailbox, MailFolder, Message
from apps.mailboxes.turns import TREE_EVERY_UNWATCHED
from apps.sync.actions import follow_folders, mark_synced, sync_messages
from apps.sync.listing import MessageFilter
from apps.sync.models import Mark, Transfer
from apps.sync.queries import message_page
from apps.work.models import Status
from tests.mailboxes.conftest import Post
from tests.mailboxes.signing_in import connect

pytestmark = pytest.mark.django_db(transaction=True)


def choose(post: Post, *names: str, deep: tuple[str, ...] = ()) -> int:
    """What the owner ticks in the settings, beside the inbox."""
    ids = {folder.name: folder.pk for folder in post.mailbox.folders.all()}
    folders = [post.folder("inbox").pk, *(ids[name] for name in names)]
    return follow_folders(post.mailbox, folders, with_subfolders=[ids[name] for name in deep], at=timezone.now())


def seen(post: Post) -> list[str]:
    """What the list shows to the owner."""
    return [row.message.subject for row in message_page(post.mailbox.owner, MessageFilter()).rows]


def test_scenario_36_a_renamed_folder_keeps_its_rows(post: Post) -> None:
    post.arrive("Poptávka", folder="Zakázky")
    post.look()
    choose(post, "Zakázky")
    post.look()
    row, folder = Message.objects.get(), post.named("Zakázky")

    post.organise("PATCH", "Zakázky", name="Zakázky 2026")
    post.look(with_tree=True)

    assert post.named("Zakázky 2026").pk == folder.pk
    assert (Message.objects.get().pk, seen(post)) == (row.pk, ["Poptávka"])


def test_scenario_36_a_moved_folder_keeps_its_rows_and_its_place_follows(post: Post) -> None:
    post.arrive("Poptávka", folder="Servis")
    post.organise("POST", "Zakázky")
    post.look()
    choose(post, "Servis")
    post.look()
    row, folder = Message.objects.get(), post.named("Servis")

    post.organise("PATCH", "Servis", to="Zakázky")
    post.look(with_tree=True)

    moved = post.named("Servis")
    assert (moved.pk, moved.parent_graph_id) == (folder.pk, post.named("Zakázky").graph_id)
    assert (Message.objects.get().pk, seen(post)) == (row.pk, ["Poptávka"])


def test_scenario_36_of_a_deleted_folder_rows_go_out_of_sight_and_marks_stay(post: Post) -> None:
    post.arrive("Poptávka", folder="Zakázky/Servis")
    post.look()
    choose(post, "Zakázky", "Servis")
    post.look()
    mark_synced([Message.objects.get().pk], user=post.mailbox.owner, at=timezone.now())

    # Until Graph says so, nothing goes.
    post.organise("DELETE", "Zakázky")
    assert seen(post) == ["Poptávka"]
    post.look(with_tree=True)

    assert seen(post) == []
    assert post.named("Servis").is_gone
    assert Message.objects.filter(subject="Poptávka").exists()
    assert Mark.objects.get().value == Mark.Value.SYNCED


def test_scenario_36_a_folder_thrown_away_in_outlook_is_followed_no_longer(post: Post) -> None:
    post.arrive("Poptávka", folder="Zakázky/Servis")
    post.look()
    choose(post, deep=("Zakázky",))
    post.look()
    assert seen(post) == ["Poptávka"]

    post.organise("PATCH", "Zakázky", to="deleteditems")
    post.look(with_tree=True)

    assert seen(post) == []
    assert not post.mailbox.folders.filter(is_followed=True, name__in=["Zakázky", "Servis"]).exists()
    assert not post.named("Zakázky").is_gone


def test_scenario_36_a_folder_that_is_left_keeps_its_rows_and_stops_what_waits(post: Post) -> None:
    for subject in ("Čeká", "Na cestě", "Zůstává"):
        post.arrive(subject, folder="Zakázky" if subject != "Zůstává" else "inbox")
    post.look()
    choose(post, "Zakázky")
    post.look()
    owner = post.mailbox.owner
    sync_messages(Message.objects.values_list("pk", flat=True), user=owner, at=timezone.now(), leave_out_marked=False)
    Transfer.objects.filter(message__subject="Na cestě").update(
        status=Status.CLAIMED, lease_until=timezone.now() + timedelta(minutes=5)
    )

    stopped = choose(post)
    post.arrive("Nová", folder="Zakázky")
    post.look()

    assert stopped == 1
    assert seen(post) == ["Zůstává"]
    told = {transfer.message.subject: (transfer.status, transfer.cause) for transfer in Transfer.objects.all()}
    assert told == {
        "Čeká": (Status.DONE, "folder_left"),
        "Na cestě": (Status.CLAIMED, ""),
        "Zůstává": (Status.QUEUED, ""),
    }
    assert Message.objects.get(subject="Čeká").state == "skipped"
    # Chosen again, all of it is there, with what came meanwhile.
    choose(post, "Zakázky")
    post.look()
    assert sorted(seen(post)) == ["Na cestě", "Nová", "Zůstává", "Čeká"]


@pytest.mark.parametrize("language", ["cs", "en"])
def test_scenario_36_names_in_any_language_are_told_apart_by_kind(post: Post, language: str) -> None:
    other = post.sandbox.person(language=language)
    post.person, post.mailbox = other, connect(other, user=post.mailbox.owner, at=timezone.now())
    post.organise("POST", "Inbox" if language == "cs" else "Doručená pošta")

    post.look()

    names = {folder.kind: folder.name for folder in post.mailbox.folders.exclude(kind=MailFolder.Kind.ORDINARY)}
    assert names["inbox"] == {"cs": "Doručená pošta", "en": "Inbox"}[language]
    assert names["sentitems"] == {"cs": "Odeslaná pošta", "en": "Sent Items"}[language]
    assert names["archive"] == {"cs": "Archiv", "en": "Archive"}[language]
    followed = set(post.mailbox.folders.filter(is_followed=True).values_list("kind", flat=True))
    assert followed == {"inbox", "sentitems"}


def test_hidden_and_search_folders_are_no_folders_of_ours(post: Post) -> None:
    post.organise("POST", "Nepřečtené", kind="search")
    post.organise("POST", "Skrytá", kind="hidden")

    post.look()

    assert not post.mailbox.folders.filter(name__in=["Nepřečtené", "Skrytá"]).exists()


def test_new_and_moved_folders_below_a_branch_that_is_followed_are_followed(post: Post) -> None:
    post.organise("POST", "Zakázky/2026")
    post.organise("POST", "Jinde")
    post.look()
    choose(post, deep=("Zakázky",))
    assert post.named("2026").is_followed

    post.arrive("Nová zakázka", folder="Zakázky/2026/Servis")
    post.organise("PATCH", "Jinde", to="Zakázky/2026")
    post.organise("POST", "Vedle")
    post.look(with_tree=True)

    assert post.named("Servis").is_followed
    assert post.named("Jinde").is_followed
    assert not post.named("Vedle").is_followed
    assert seen(post) == ["Nová zakázka"]


def test_a_folder_left_out_of_a_branch_stays_out(post: Post) -> None:
    post.organise("POST", "Zakázky/Soukromé")
    post.look()
    choose(post, "Zakázky")

    post.organise("PATCH", "Zakázky/Soukromé", name="Osobní")
    post.organise("POST", "Zakázky/Nová")
    post.look(with_tree=True)

    assert not post.named("Osobní").is_followed
    assert not post.named("Nová").is_followed


def test_nothing_below_deleted_items_can_be_chosen(post: Post) -> None:
    post.organise("POST", "deleteditems/Staré")
    post.look()

    choose(post, "Staré")

    assert not post.named("Staré").is_followed


def test_mail_that_went_into_a_new_folder_is_found_there_and_not_thought_gone(post: Post) -> None:
    graph_id = post.arrive("Poptávka")
    post.look()
    post.sandbox.control("POST", f"messages/{graph_id}/move", json={"folder": "Zcela nová"})

    post.look()

    message = Message.objects.get()
    assert (message.folder.name, message.gone_at) == ("Zcela nová", None)


def test_counts_are_those_of_microsoft(post: Post) -> None:
    post.arrive("Jedna")
    post.arrive("Dvě", folder="Zakázky")
    post.look()

    assert (post.folder("inbox").item_count, post.named("Zakázky").item_count) == (1, 1)


@pytest.mark.parametrize("names", [(), ("Zakázky", "Servis")])
def test_an_idle_folder_that_nobody_watches_costs_less_than_twelve_requests_an_hour(
    post: Post, names: tuple[str, ...]
) -> None:
    for name in ("Zakázky", "Servis"):
        post.organise("POST", name)
    post.look()
    choose(post, *names)
    Mailbox.objects.filter(pk=post.mailbox.pk).update(page_seen_at=None)
    post.look()

    def cost(*, tree_age: timedelta) -> int:
        Mailbox.objects.filter(pk=post.mailbox.pk).update(folders_read_at=timezone.now() - tree_age)
        post.sandbox.forget_requests()
        post.look()
        return int(post.sandbox.requests()["total"]["graph"])

    quiet, with_tree = cost(tree_age=timedelta(minutes=59)), cost(tree_age=TREE_EVERY_UNWATCHED)
    looks = timedelta(hours=1) // (post.mailbox.next_look_at - timezone.now() + timedelta(seconds=1))
    folders = post.mailbox.folders.filter(is_followed=True).count()
    assert (quiet, with_tree) == (folders, folders + 1)
    assert ((looks - 1) * quiet + with_tree) / folders <= 12


def test_whoever_asks_for_a_look_gets_the_tree_as_well(post: Post) -> None:
    post.look()
    post.organise("POST", "Zakázky")
    post.look()
    assert not post.mailbox.folders.filter(name="Zakázky").exists()

    refresh_now(post.mailbox, at=timezone.now())
    post.look()

    assert post.mailbox.folders.filter(name="Zakázky").exists()
