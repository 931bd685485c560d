"""A mail that nobody in CORIPO matches: its reader picks the records, and the mail is there, linked with them."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk
from tests.browser.walking import OPEN, SYNC, TRANSFER_MILLISECONDS, OpenPage, Walker
from tests.installation import Installation

pytestmark = pytest.mark.browser

COMPANY, OTHER, CONTACT = "Lisovna Příbor & syn", "Lisovna Opava a.s.", "Alena Křížová"


@pytest.fixture(scope="module")
def desk(installation: Installation) -> Desk:
    desk = Desk(installation)
    for name in (COMPANY, OTHER):
        desk.coripo.company(name)
    desk.coripo.contact(desk.customer("krizova"), first_name="Alena", last_name="Křížová")
    for subject in ("With scripts", "Without scripts"):
        desk.receive(subject, sender=f"nikdo@jinde-{desk.domain}")
    desk.set_up()
    return desk


def test_a_company_is_picked_by_keyboard_and_the_mail_is_linked_with_it(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(desk.visitor)
    page = walker.page
    wait_for_no_match(walker, "With scripts")

    walker.follow("Pick a record")
    field = page.get_by_label("Find in CORIPO")
    expect(field).to_be_focused()
    walker.leave_a_trace()
    # Letter by letter: what was asked for before gives way to what is asked for now.
    field.press_sequentially("lisovna prib", delay=30)
    found = page.get_by_role("group", name="Found in CORIPO").get_by_role("checkbox")
    expect(found).to_have_count(1)
    field.press("ArrowDown")
    expect(found).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(field).to_be_focused()

    # What was picked stays while something else is looked for.
    page.get_by_label("Type").select_option(label="Contact")
    field.fill("křížová alena")
    page.get_by_role("group", name="Found in CORIPO").get_by_label(CONTACT).check()
    expect(page.get_by_role("group", name="Picked", exact=True).get_by_label(COMPANY)).to_be_checked()
    walker.expect_the_same_page()
    page.get_by_role("group", name="Found in CORIPO").get_by_label(CONTACT).press("Enter")

    expect(walker.panel).to_have_attribute("data-state", "synced", timeout=TRANSFER_MILLISECONDS)
    assert desk.linked("With scripts", "accounts") == [COMPANY]
    tab = walker.open_in_coripo(lambda: walker.press(OPEN, within=walker.panel))
    for related in (COMPANY, CONTACT):
        expect(tab.get_by_label("Relations").get_by_role("link", name=related, exact=True)).to_have_count(1)


def test_records_are_picked_without_scripts(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(desk.visitor, javascript=False)
    page = walker.page
    wait_for_no_match(walker, "Without scripts", has_scripts=False)

    walker.follow("Pick a record")
    page.get_by_label("Find in CORIPO").fill("lisovna")
    page.get_by_label("Find in CORIPO").press("Enter")
    page.get_by_label(COMPANY).check()
    page.get_by_label("Find in CORIPO").fill("opava")
    page.locator("#picking").get_by_role("button", name="Search", exact=True).click()
    page.get_by_label(OTHER).check()
    expect(page.get_by_label(COMPANY)).to_be_checked()
    walker.press("Sync with these records")

    expect(walker.panel).to_be_visible()
    expect(walker.toast).to_contain_text("will be linked with 2 records")
    wait_for(walker, "synced")
    assert desk.linked("Without scripts", "accounts") == sorted([COMPANY, OTHER])


def wait_for_no_match(walker: Walker, subject: str, *, has_scripts: bool = True) -> None:
    """Ask for the transfer, and wait until nobody was found."""
    walker.go("/inbox/")
    walker.link_of(subject).click()
    expect(walker.panel.get_by_role("heading", level=1)).to_have_text(subject)
    walker.press(SYNC, within=walker.panel)
    if has_scripts:
        expect(walker.panel).to_have_attribute("data-state", "no_match", timeout=TRANSFER_MILLISECONDS)
    else:
        wait_for(walker, "no_match")


def wait_for(walker: Walker, state: str) -> None:
    """Load the page again until its message is in that state."""
    deadline = time.monotonic() + TRANSFER_MILLISECONDS / 1000
    while walker.panel.get_attribute("data-state") != state:
        assert time.monotonic() < deadline, walker.panel.get_attribute("data-state")
        time.sleep(0.5)
        walker.page.reload()
