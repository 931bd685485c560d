"""The core actions where scripts are switched off: links and forms alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk
from tests.browser.walking import MARK, OPEN, SYNC, UNMARK, OpenPage, Walker
from tests.installation import Installation
from tests.visitor import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(installation: Installation) -> Desk:
    """Mail and customers only: signing in and connecting is part of the walk."""
    desk = Desk(installation)
    company = desk.coripo.company("Převodovky Kunovice a.s.")
    desk.coripo.contact(desk.customer("riha"), last_name="Říha", first_name="Tomáš", company=company)
    for subject in ("Plain", "Bulk 1", "Bulk 2", "Marked"):
        desk.receive(subject, sender=desk.customer("riha"), html="<p>Dobrý den, <b>posíláme</b> nabídku.</p>")
    return desk


def test_everything_that_matters_works_without_scripts(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(javascript=False)
    page = walker.page
    walker.sign_in(desk.person["name"])
    walker.connect_mailbox(desk.person["name"])
    walker.go("/start/")
    walker.follow("Connect CORIPO")
    walker.connect_crm(desk.person["coripo_user"], desk.person["coripo_password"])

    # Contacts only, from now on.
    walker.follow("Settings")
    walker.follow("E-mails")
    page.get_by_label("Automatically link with company", exact=True).uncheck()
    walker.press("Save settings")
    expect(page.get_by_label("Automatically link with company", exact=True)).not_to_be_checked()

    # The folder below bears the same name.
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Inbox", exact=True).first.click()
    wait_until(lambda: _reloaded(walker, "Marked") > 0, seconds=20, what="the mail is listed")
    page.get_by_text("More filters").click()
    page.get_by_label("Words", exact=True).fill("plain")
    walker.press("Filter")
    expect(page.locator(".message")).to_have_count(1)
    walker.follow("Clear filter")
    expect(page.locator(".message")).to_have_count(4)

    walker.link_of("Plain").click()
    expect(page.get_by_role("heading", level=1, name="Plain", exact=True)).to_be_visible()
    expect(walker.letter).to_contain_text("Dobrý den, posíláme nabídku.")
    walker.follow("What CORIPO knows of them")
    expect(page.get_by_role("link", name="Tomáš Říha", exact=True)).to_be_visible()
    walker.follow("Back to the e-mail")

    walker.press(SYNC, within=walker.panel)
    expect(walker.toast).to_contain_text("1 e-mail queued.")
    wait_until(lambda: _reloaded(walker, "Synced") > 0, seconds=30, what="the page says Synced after a reload")
    assert desk.linked("Plain", "contacts") == ["Tomáš Říha"]
    assert desk.linked("Plain", "accounts") == []
    tab = walker.open_in_coripo(lambda: walker.press(OPEN, within=walker.panel))
    expect(tab.get_by_role("heading", level=1)).to_have_text("Plain")

    walker.go("/inbox/")
    walker.link_of("Marked").click()
    walker.press(MARK, within=walker.panel)
    expect(walker.panel).to_have_attribute("data-state", "marked")
    walker.press(UNMARK, within=walker.panel)
    expect(walker.panel).to_have_attribute("data-state", "not_synced")
    walker.press(MARK, within=walker.panel)
    expect(walker.panel).to_have_attribute("data-state", "marked")

    walker.go("/inbox/")
    for subject in ("Bulk 1", "Bulk 2", "Marked"):
        walker.box_of(subject).check()
    walker.press("Sync e-mail", within=walker.bulk_bar)
    expect(walker.toast).to_contain_text("2 e-mails queued. 1 marked one was left out.")
    wait_until(lambda: len(desk.records("Bulk 2")) == 1, seconds=30, what="the selection is in CORIPO")
    assert desk.records("Marked") == []


def test_the_waiting_page_goes_to_coripo_by_itself(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(javascript=False)
    walker.sign_in(desk.person["name"])
    walker.go("/inbox/")
    walker.link_of("Marked").click()

    tab = walker.open_in_coripo(lambda: walker.press(OPEN, within=walker.panel))

    expect(tab.get_by_role("heading", level=1)).to_have_text("Marked")


def _reloaded(walker: Walker, words: str) -> int:
    walker.page.reload()
    return walker.page.get_by_text(words, exact=True).count()
