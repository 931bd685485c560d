"""One person with two mailboxes, and the choice of folders."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk
from tests.browser.walking import PHONE, OpenPage
from tests.installation import Installation
from tests.visitor import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(installation: Installation) -> Desk:
    desk = Desk(installation)
    desk.receive("Ve vlastní schránce", sender=desk.customer("jana"))
    desk.set_up(with_crm=False)
    return desk


def test_a_second_mailbox_of_one_person(open_page: OpenPage, installation: Installation, desk: Desk) -> None:
    second = Desk(installation)
    second.receive("Ve druhé schránce", sender=second.customer("karel"))
    walker = open_page(desk.visitor)
    page = walker.page

    walker.go("/settings/mailboxes/")
    walker.press("Connect another mailbox")
    walker.through_microsoft(second.person["name"])
    expect(walker.toast).to_contain_text(second.person["mail"])

    # What comes while a page is open is announced there, not put under the reader's hand.
    wait_until(lambda: "Ve druhé schránce" in desk.visitor.go("/inbox/").text, seconds=60, what="the second is loaded")
    walker.go("/inbox/")
    expect(walker.link_of("Ve druhé schránce")).to_be_visible()
    expect(walker.link_of("Ve vlastní schránce")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name=second.person["mail"], exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(second.person["mail"])
    expect(walker.link_of("Ve druhé schránce")).to_be_visible()
    expect(walker.link_of("Ve vlastní schránce")).to_have_count(0)


def test_a_branch_of_folders_is_chosen_by_keyboard_and_folded(
    open_page: OpenPage, installation: Installation, desk: Desk
) -> None:
    for folder in ("Projekty", "Projekty/Brno", "Projekty/Brno/Lis"):
        installation.sandbox.control("POST", "folders", json={"mailbox": desk.person["mail"], "folder": folder})
    walker = open_page(desk.visitor)
    page = walker.page
    walker.go("/inbox/")
    walker.press("Refresh")
    walker.go("/settings/mailboxes/")
    branch = page.get_by_role("checkbox", name="Projekty with all subfolders, new ones too")

    def is_listed() -> bool:
        page.reload()
        return branch.count() == 1

    for _look in range(30):
        if is_listed():
            break
        page.wait_for_timeout(500)

    branch.press("Space")
    inner = page.get_by_role("checkbox", name="Lis", exact=True)
    expect(inner).to_be_checked()
    inner.press("Space")
    expect(branch).not_to_be_checked()
    assert branch.evaluate("box => box.indeterminate")
    branch.press("Space")
    expect(inner).to_be_checked()
    walker.press("Save folders")
    expect(walker.toast).to_contain_text("The folders to follow are saved.")

    lis = page.get_by_role("navigation").get_by_role("link", name="Lis", exact=True)
    expect(lis).to_be_visible()
    page.get_by_label("Subfolders of Projekty", exact=True).press("Enter")
    expect(lis).to_be_hidden()
    walker.go("/settings/mailboxes/")
    expect(lis).to_be_hidden()


@pytest.mark.parametrize("javascript", [True, False])
def test_on_a_phone_the_folders_come_up_over_the_bar(open_page: OpenPage, desk: Desk, javascript: bool) -> None:
    walker = open_page(desk.visitor, javascript=javascript, size=PHONE)
    page = walker.page
    walker.go("/status/")
    sent = page.get_by_role("navigation").get_by_role("link", name="Sent Items", exact=True)
    button = page.locator("summary", has_text="Folders")
    expect(sent).to_be_hidden()

    button.click()
    expect(sent).to_be_visible()
    if javascript:
        page.keyboard.press("Escape")
        expect(sent).to_be_hidden()
        expect(button).to_be_focused()
        button.press("Enter")
    sent.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Sent Items")
