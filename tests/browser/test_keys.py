"""Keys, focus, and a page that keeps in step by itself: it announces what changed and falls silent."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk
from tests.browser.walking import MARK, SYNC, OpenPage, Walker
from tests.installation import Installation

pytestmark = pytest.mark.browser

SUBJECTS = [f"Key {number}" for number in range(1, 7)]
SILENCE_MILLISECONDS = 10_000


@pytest.fixture(scope="module")
def desk(installation: Installation) -> Desk:
    desk = Desk(installation)
    desk.coripo.contact(desk.customer("sykora"), last_name="Sýkora", first_name="Miroslav")
    for subject in SUBJECTS:
        desk.receive(subject, sender=desk.customer("sykora"))
    desk.set_up()
    return desk


@pytest.fixture
def inbox(open_page: OpenPage, desk: Desk) -> Walker:
    walker = open_page(desk.visitor)
    walker.go("/inbox/")
    walker.leave_a_trace()
    return walker


def test_j_and_k_move_and_enter_shows(inbox: Walker) -> None:
    keys = inbox.page.keyboard
    for key, subject in (("j", SUBJECTS[0]), ("j", SUBJECTS[1]), ("j", SUBJECTS[2]), ("k", SUBJECTS[1])):
        keys.press(key)
        expect(inbox.link_of(subject)).to_be_focused()

    keys.press("Enter")

    expect(inbox.panel.get_by_role("heading", level=1)).to_have_text(SUBJECTS[1])
    inbox.expect_the_same_page()


def test_x_selects_and_escape_clears(inbox: Walker) -> None:
    keys = inbox.page.keyboard
    keys.press("j")
    keys.press("x")
    expect(inbox.box_of(SUBJECTS[0])).to_be_checked()
    expect(inbox.bulk_bar).to_be_visible()

    keys.press("Escape")

    expect(inbox.box_of(SUBJECTS[0])).not_to_be_checked()
    expect(inbox.bulk_bar).to_be_hidden()
    expect(inbox.link_of(SUBJECTS[0])).to_be_focused()


def test_m_u_s_and_o_are_the_four_functions(inbox: Walker, desk: Desk) -> None:
    keys = inbox.page.keyboard
    inbox.link_of(SUBJECTS[0]).focus()
    keys.press("m")
    inbox.expect_state(SUBJECTS[0], "marked", "Marked by hand")
    keys.press("u")
    inbox.expect_state(SUBJECTS[0], "not_synced", "Not synced")
    keys.press("s")
    inbox.expect_state(SUBJECTS[0], "synced", "Synced")
    # Nothing of that moved the focus.
    expect(inbox.link_of(SUBJECTS[0])).to_be_focused()

    tab = inbox.open_in_coripo(lambda: keys.press("o"))

    expect(tab.get_by_role("heading", level=1)).to_have_text(SUBJECTS[0])
    assert len(desk.records(SUBJECTS[0])) == 1


def test_keys_are_off_while_somebody_types(inbox: Walker) -> None:
    keys = inbox.page.keyboard
    inbox.link_of(SUBJECTS[1]).focus()
    keys.press("/")
    search = inbox.page.get_by_role("searchbox", name="Search in mail")
    expect(search).to_be_focused()

    keys.type("smxjk?")

    expect(search).to_have_value("smxjk?")
    expect(inbox.page.get_by_role("dialog")).to_be_hidden()
    expect(inbox.row(SUBJECTS[1])).to_have_attribute("data-state", "not_synced")
    expect(inbox.box_of(SUBJECTS[1])).not_to_be_checked()


def test_help_opens_and_gives_the_focus_back(inbox: Walker) -> None:
    inbox.link_of(SUBJECTS[1]).focus()
    inbox.page.keyboard.press("?")
    dialog = inbox.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text(MARK)

    inbox.page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(inbox.link_of(SUBJECTS[1])).to_be_focused()


def test_the_menu_is_walked_by_arrows_and_gives_the_focus_back(inbox: Walker) -> None:
    keys = inbox.page.keyboard
    inbox.link_of(SUBJECTS[2]).press("Shift+F10")
    items = inbox.page.get_by_role("menuitem")
    expect(items.first).to_be_focused()
    keys.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    keys.press("End")
    expect(items.last).to_be_focused()
    keys.press("ArrowDown")
    expect(items.first).to_be_focused()

    keys.press("Escape")

    expect(inbox.page.get_by_role("menu")).to_be_hidden()
    expect(inbox.link_of(SUBJECTS[2])).to_be_focused()


def test_c_and_the_menu_lead_to_the_contact_behind_the_mail(inbox: Walker) -> None:
    inbox.link_of(SUBJECTS[2]).focus()
    inbox.page.keyboard.press("c")
    expect(inbox.page.get_by_role("heading", level=1)).to_have_text("Contacts of the e-mail")
    for name in ("Create contact in Outlook", "Sync contact", "Open contact in CORIPO", "Link contact with CORIPO"):
        expect(inbox.page.get_by_role("link", name=name, exact=True)).to_be_visible()

    inbox.page.go_back()
    inbox.link_of(SUBJECTS[2]).press("Shift+F10")
    inbox.page.get_by_role("menuitem", name="Create contact in Outlook").click()

    # Asked for when a function of contacts is first used.
    expect(inbox.button("Allow access to contacts")).to_be_visible()


def test_a_change_is_announced_and_then_the_page_is_silent(inbox: Walker) -> None:
    """Live state without a reload, told once and politely; no request at all while nothing moves."""
    inbox.open_message(SUBJECTS[3])
    inbox.press(SYNC, within=inbox.panel)
    inbox.expect_state(SUBJECTS[3], "synced", "Synced")
    expect(inbox.page.locator("#announcement")).to_contain_text(f"{SUBJECTS[3]}: Synced.")
    expect(inbox.page.locator("#announcement")).to_have_attribute("role", "status")
    expect(inbox.page.locator("#moving")).not_to_have_attribute("hx-trigger", "every 2s")
    # The panel's own parts may still be on their way.
    inbox.page.wait_for_load_state("networkidle")
    seen = len(inbox.watch.requests)

    inbox.page.wait_for_timeout(SILENCE_MILLISECONDS)

    assert inbox.watch.requests[seen:] == []
    inbox.expect_the_same_page()
