"""One person with several mailboxes: each with its folders and its own trouble, in one list or one by one."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.inbox.context import shell_of
from apps.inbox.folder_tree import FolderNode
from apps.mailboxes.models import Mailbox, MailFolder
from apps.sync.actions import mark_synced
from apps.sync.models import Mark
from tests.factories import NOON, MailFolderFactory
from tests.inbox.conftest import make_message, second_mailbox

pytestmark = pytest.mark.django_db


def test_the_list_holds_both_or_one(people: dict[str, Client], owner: User) -> None:
    second = second_mailbox(owner)
    make_message(owner, subject="V první")
    make_message(owner, subject="Ve druhé", mailbox=second)

    both = people["owner"].get("/inbox/").content.decode()
    one = people["owner"].get(f"/inbox/?mailbox={second.pk}").content.decode()

    assert "V první" in both
    assert "Ve druhé" in both
    assert "V první" not in one
    assert "Ve druhé" in one
    assert f'<h1 id="list-title">{second.address}</h1>' in one
    assert f"mailbox={second.pk}&amp;state=not_synced" in one


@pytest.mark.parametrize("mailbox", ["foreign", "0", "x", "9" * 30])
def test_a_mailbox_that_is_not_ones_own_has_nothing_in_it(
    people: dict[str, Client], owner: User, teammate: User, mailbox: str
) -> None:
    make_message(owner, subject="Moje")
    make_message(teammate, subject="Cizí")
    wanted = str(teammate.mailboxes.get().pk) if mailbox == "foreign" else mailbox

    page = people["owner"].get(f"/inbox/?mailbox={wanted}")

    assert page.status_code == 200
    assert "Cizí" not in page.content.decode()
    assert teammate.mailboxes.get().address not in page.content.decode()


def test_each_says_its_own_trouble(owner: User) -> None:
    second = second_mailbox(owner)
    Mailbox.objects.filter(pk=second.pk).update(status=Mailbox.Status.RECONNECT)

    shown = shell_of(owner)

    assert [(mailbox.pk, bool(mailbox.trouble)) for mailbox in shown.mailboxes] == [
        (owner.mailboxes.exclude(pk=second.pk).get().pk, False),
        (second.pk, True),
    ]
    assert shown.trouble is not None
    assert shown.trouble.mailbox == second.pk


def test_one_mail_in_both_has_a_mark_in_each(owner: User) -> None:
    first = make_message(owner, email_key="totez@zakaznik.example")
    other = make_message(owner, email_key="totez@zakaznik.example", mailbox=second_mailbox(owner))

    mark_synced([first.pk], user=owner, at=NOON)

    first.refresh_from_db()
    other.refresh_from_db()
    assert (first.state, other.state) == ("marked", "not_synced")
    assert Mark.objects.get().home_account_id == first.mailbox.home_account_id


def test_folders_are_a_tree_with_the_folders_above_what_is_followed(people: dict[str, Client], owner: User) -> None:
    mailbox = owner.mailboxes.get()

    def folder(
        name: str, *, below: MailFolder | None = None, follow: bool = True, kind: str = "ordinary"
    ) -> MailFolder:
        parent = below.graph_id if below else "root"
        return MailFolderFactory.create(
            mailbox=mailbox, name=name, parent_graph_id=parent, is_followed=follow, kind=kind
        )

    projects = folder("Zakázky", follow=False)
    folder("Servis", below=projects)
    folder("Vynechaná", below=projects, follow=False)
    folder("Inbox", kind="inbox")
    bin_ = folder("Koš", kind="deleteditems", follow=False)
    folder("V koši", below=bin_)

    def names(nodes: tuple[FolderNode, ...]) -> list[object]:
        return [(node.name, names(node.children)) if node.children else node.name for node in nodes]

    (shown,) = shell_of(owner).mailboxes
    settings = people["owner"].get("/settings/mailboxes/").content.decode()

    assert names(shown.folders) == ["Inbox", ("Zakázky", ["Servis"])]
    assert "Vynechaná" in settings
    assert "V koši" not in settings
    assert settings.count('name="with_subfolders"') == 1


def test_head_is_answered_where_a_page_can_be_read(people: dict[str, Client], owner: User) -> None:
    message = make_message(owner)

    assert people["owner"].head("/inbox/").status_code == 200
    assert people["owner"].head(f"/inbox/{message.pk}/").status_code == 200
    assert people["owner"].get(f"/inbox/{message.pk}/files//").status_code == 404
