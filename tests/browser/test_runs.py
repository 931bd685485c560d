"""*Select all that match*: the offer, the forecast, and a run that is paused, resumed and cancelled; with a real worker."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Request, expect

from tests.browser.desks import Desk
from tests.browser.walking import PHONE, SYNC, TRANSFER_MILLISECONDS, OpenPage, Walker
from tests.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# Several batches, so that something waits while the first is on its way.
KNOWN, UNKNOWN = 400, 70
ALL = KNOWN + UNKNOWN


@pytest.fixture(scope="module")
def desk(installation: Installation) -> Desk:
    """More than a page holds, and more than is asked for at once."""
    desk = Desk(installation)
    desk.coripo.contact(desk.customer("dvorakova"), last_name="Dvořáková", first_name="Jana")
    for number in range(KNOWN):
        desk.receive(f"Známý {number}", sender=desk.customer("dvorakova"))
    for number in range(UNKNOWN):
        desk.receive(f"Neznámý {number}", sender=desk.customer("nikdo"))
    desk.set_up()
    return desk


def select_all_that_match(walker: Walker) -> None:
    walker.box_of("Známý 0").check()
    walker.press("Select all on this page", within=walker.bulk_bar)
    walker.page.get_by_role("button", name=f"Select all {ALL} that match this filter").click()
    expect(walker.page.get_by_text(f"Selected: all {ALL} that match this filter")).to_be_visible()


def test_all_that_match_are_selected_foreseen_run_paused_resumed_and_cancelled(
    open_page: OpenPage, desk: Desk, installation: Installation
) -> None:
    walker = open_page(desk.visitor)
    page = walker.page
    bodies: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            bodies.append(request.post_data or "")

    page.on("request", note)
    walker.go("/inbox/")
    select_all_that_match(walker)
    expect(walker.bulk_bar).to_be_hidden()

    # A box that is unchecked takes the offer back; all of them, and it stands again.
    walker.box_of("Známý 3").uncheck()
    expect(walker.bulk_bar).to_be_visible()
    select_all_that_match(walker)

    walker.press(SYNC, within=page.locator("form#matching"))
    expect(page).to_have_url(re.compile(r"/runs/\d+/$"))
    assert len(bodies) == 1
    assert "up_to=" in bodies[0]
    assert "message" not in bodies[0], "no id travels"

    progress = page.locator("#progress")
    expect(progress.get_by_text(f"{KNOWN} will be synced")).to_be_visible(timeout=TRANSFER_MILLISECONDS)
    expect(progress.get_by_text("70 have no match in CORIPO")).to_be_visible()
    installation.sandbox.fault("slow", "coripo", times=0, seconds=0.4)
    try:
        walker.press("Start")
        expect(progress.get_by_text(re.compile(r"^\d+ synced$"))).to_be_visible(timeout=TRANSFER_MILLISECONDS)
        walker.press("Pause")
        expect(progress.get_by_text("Paused", exact=True)).to_be_visible()
        walker.press("Resume")
        expect(progress.get_by_text("In progress", exact=True)).to_be_visible()
        walker.press("Cancel the rest")
        expect(progress.get_by_text("Cancelled", exact=True)).to_be_visible(timeout=TRANSFER_MILLISECONDS * 2)
    finally:
        installation.sandbox.calm()
    expect(progress.get_by_text(re.compile(r"^\d+ taken back$"))).to_be_visible()

    walker.follow("All runs")
    expect(page.get_by_role("link", name=f"Sync of {ALL} e-mails")).to_be_visible()


def test_the_same_by_keyboard_on_a_phone(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(desk.visitor, size=PHONE)
    page = walker.page
    walker.go("/inbox/")
    select_all_that_match(walker)

    mark = walker.button("Mark as not synced", within=page.locator("form#matching"))
    mark.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#progress").get_by_text("will be marked")).to_be_visible(timeout=TRANSFER_MILLISECONDS)
    walker.button("Discard").focus()
    page.keyboard.press("Enter")

    expect(walker.toast).to_contain_text("No e-mail was touched.")


def test_the_same_without_scripts(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(desk.visitor, javascript=False)
    page = walker.page
    walker.go("/inbox/?q=neznamy")
    walker.box_of("Neznámý 0").check()
    walker.follow("All that match this filter")
    expect(page.get_by_text("70 e-mails match: All mail · “neznamy”")).to_be_visible()
    walker.press("Mark as synced")
    for _ in range(20):
        if page.get_by_text("will be marked").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    walker.press("Start")

    expect(page.get_by_text("70 marked anew")).to_be_visible()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
