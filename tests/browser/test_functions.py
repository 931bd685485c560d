"""Functions 1 to 4 from the panel, the context menu and a selection, carried out by a real worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.desks import Desk
from tests.browser.walking import MARK, OPEN, SYNC, TRANSFER_MILLISECONDS, UNMARK, WAYS_TO_THE_MENU, OpenPage, Walker
from tests.installation import Installation

pytestmark = pytest.mark.browser

WAYS = list(WAYS_TO_THE_MENU)
SELECTED = [f"Selected {number}" for number in range(1, 7)]
LATE = ["Late, same list", "Late, another list"]


@pytest.fixture(scope="module")
def desk(installation: Installation) -> Desk:
    """One mailbox for the module; each test works with mails of its own."""
    desk = Desk(installation)
    company = desk.coripo.company("Kovárna Morava a.s.")
    desk.coripo.contact(desk.customer("dvorakova"), last_name="Dvořáková", first_name="Jana", company=company)
    for function in ("sync", "mark", "unmark", "open"):
        desk.receive(f"Panel {function}", sender=desk.customer("dvorakova"))
        for way in WAYS:
            desk.receive(f"{way}: {function}", sender=desk.customer("dvorakova"))
    for subject in SELECTED + LATE:
        desk.receive(subject, sender=desk.customer("dvorakova"))
    for subject in ("Single", "By record", "Deleted", "Opened here", "One tab 1", "One tab 2", "One tab 3", "In Edge"):
        desk.receive(subject, sender=desk.customer("dvorakova"))
    desk.receive("Two people", sender=desk.customer("dvorakova"), cc=desk.customer("beran"))
    desk.receive("Nobody", sender=desk.customer("nikdo"))
    desk.set_up()
    return desk


@pytest.fixture
def inbox(open_page: OpenPage, desk: Desk) -> Walker:
    walker = open_page(desk.visitor)
    walker.go("/inbox/")
    walker.leave_a_trace()
    return walker


def test_the_panel_offers_all_four(inbox: Walker, desk: Desk) -> None:
    inbox.open_message("Panel sync")
    inbox.press(SYNC, within=inbox.panel)

    inbox.open_message("Panel mark")
    inbox.press(MARK, within=inbox.panel)
    inbox.expect_state("Panel mark", "marked", "Marked by hand")
    expect(inbox.panel).to_have_attribute("data-state", "marked")

    inbox.press(UNMARK, within=inbox.panel)
    inbox.expect_state("Panel mark", "not_synced", "Not synced")
    expect(inbox.panel).to_have_attribute("data-state", "not_synced")

    inbox.open_message("Panel open")
    tab = inbox.open_in_coripo(lambda: inbox.press(OPEN, within=inbox.panel))
    expect(tab.get_by_role("heading", level=1)).to_have_text("Panel open")
    inbox.expect_state("Panel open", "synced", "Synced")

    inbox.expect_state("Panel sync", "synced", "Synced")
    inbox.expect_the_same_page()
    assert desk.linked("Panel sync", "contacts") == ["Jana Dvořáková"]
    assert desk.linked("Panel sync", "accounts") == ["Kovárna Morava a.s."]


@pytest.mark.parametrize("list_goes_too", [False, True], ids=["the panel", "the panel and the list"])
def test_an_answer_finds_its_places_though_what_asked_is_gone(inbox: Walker, list_goes_too: bool) -> None:
    """Another e-mail and another list are on the page before the portal has answered."""
    subject = LATE[list_goes_too]
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    inbox.page.route("**/inbox/*/act/", hold)
    inbox.open_message(subject)
    inbox.press(MARK, within=inbox.panel)

    inbox.open_message("Single")
    if list_goes_too:
        inbox.page.get_by_role("group", name="Filter").get_by_role("link", name="Not synced").click()
        inbox.page.wait_for_url("**/inbox/?*")
        expect(inbox.link_of("Single")).to_be_visible()
    held.pop().continue_()

    expect(inbox.toast).to_contain_text("1 e-mail marked as synced.")
    inbox.expect_state(subject, "marked", "Marked by hand")
    expect(inbox.panel).to_have_attribute("data-state", "not_synced")
    expect(inbox.panel.locator(".panel__head")).to_have_attribute("data-state", "not_synced")
    inbox.expect_the_same_page()


@pytest.mark.parametrize("way", WAYS)
def test_the_menu_offers_all_four(inbox: Walker, desk: Desk, way: str) -> None:
    def choose(function: str, *, of: str) -> None:
        pick(inbox, WAYS_TO_THE_MENU[way], of, function)

    choose(SYNC, of=f"{way}: sync")
    choose(MARK, of=f"{way}: mark")
    inbox.expect_state(f"{way}: mark", "marked", "Marked by hand")
    choose(UNMARK, of=f"{way}: mark")
    inbox.expect_state(f"{way}: mark", "not_synced", "Not synced")
    tab = inbox.open_in_coripo(lambda: choose(OPEN, of=f"{way}: open"))
    expect(tab.get_by_role("heading", level=1)).to_have_text(f"{way}: open")
    inbox.expect_state(f"{way}: sync", "synced", "Synced")
    inbox.expect_the_same_page()
    assert len(desk.records(f"{way}: open")) == 1


def pick(inbox: Walker, open_menu: Callable[[Locator], None], subject: str, function: str) -> None:
    row = inbox.row(subject)
    open_menu(row)
    menu = inbox.page.get_by_role("menu")
    expect(menu).to_be_visible()
    menu.get_by_role("menuitem", name=inbox.said(function), exact=True).click()
    expect(menu).to_be_hidden()


def test_the_menu_says_why_a_function_cannot_be_used(inbox: Walker) -> None:
    WAYS_TO_THE_MENU["Shift+F10"](inbox.row("Single"))

    refused = inbox.page.get_by_role("menuitem", name=UNMARK)

    expect(refused).to_have_attribute("aria-disabled", "true")
    expect(refused).to_contain_text("The e-mail is not marked.")
    inbox.page.keyboard.press("Escape")
    expect(inbox.link_of("Single")).to_be_focused()


def test_a_selection_leaves_marked_mails_out_and_counts_them(inbox: Walker, desk: Desk) -> None:
    pick(inbox, WAYS_TO_THE_MENU["right click"], SELECTED[1], MARK)
    inbox.expect_state(SELECTED[1], "marked", "Marked by hand")

    inbox.box_of(SELECTED[0]).click()
    inbox.box_of(SELECTED[3]).click(modifiers=["Shift"])
    expect(inbox.bulk_bar.get_by_role("status")).to_have_text("Selected: 4", use_inner_text=True)
    expect(inbox.bulk_bar).to_contain_text("Will be synced: 3")
    expect(inbox.bulk_bar).to_contain_text("Marked, left out: 1")
    inbox.press("Sync e-mail", within=inbox.bulk_bar)

    expect(inbox.toast).to_contain_text("3 e-mails queued. 1 marked one was left out.")
    for subject in (SELECTED[0], SELECTED[2], SELECTED[3]):
        inbox.expect_state(subject, "synced", "Synced")
        assert len(desk.records(subject)) == 1
    inbox.expect_state(SELECTED[1], "marked", "Marked by hand")
    assert desk.records(SELECTED[1]) == []
    expect(inbox.bulk_bar).to_be_hidden()
    inbox.expect_the_same_page()


def test_a_selection_by_keyboard_is_marked_and_unmarked(inbox: Walker) -> None:
    keys = inbox.page.keyboard
    for button, code, words, answer in (
        ("Mark as synced", "marked", "Marked by hand", "2 e-mails marked as synced."),
        ("Mark as not synced", "not_synced", "Not synced", "2 e-mails marked as not synced."),
    ):
        inbox.link_of(SELECTED[4]).focus()
        keys.press("x")
        keys.press("j")
        keys.press("Shift+X")
        expect(inbox.box_of(SELECTED[5])).to_be_checked()
        inbox.press(button, within=inbox.bulk_bar)
        expect(inbox.toast).to_contain_text(answer)
        for subject in SELECTED[4:6]:
            inbox.expect_state(subject, code, words)


def test_a_single_sync_goes_whatever_the_mark(inbox: Walker, desk: Desk) -> None:
    inbox.open_message("Single")
    inbox.press(MARK, within=inbox.panel)
    inbox.expect_state("Single", "marked", "Marked by hand")

    inbox.press(SYNC, within=inbox.panel)

    inbox.expect_state("Single", "synced", "Synced")
    assert len(desk.records("Single")) == 1


def test_open_follows_the_record_and_not_the_mark(inbox: Walker, desk: Desk) -> None:
    inbox.open_message("By record")
    inbox.press(MARK, within=inbox.panel)
    inbox.expect_state("By record", "marked", "Marked by hand")

    # Marked, yet there is no record: it is made first.
    inbox.open_in_coripo(lambda: inbox.press(OPEN, within=inbox.panel))
    inbox.expect_state("By record", "synced", "Synced")
    inbox.press(UNMARK, within=inbox.panel)
    inbox.expect_state("By record", "resync", "To be synced again")

    # Not marked, yet there is a record: it opens, and nothing is transferred.
    tab = inbox.open_in_coripo(lambda: inbox.press(OPEN, within=inbox.panel))
    (record,) = desk.records("By record")
    assert tab.url.endswith(f"record={record['id']}")
    inbox.expect_state("By record", "resync", "To be synced again")


def test_syncing_again_adds_links_and_no_second_record(inbox: Walker, desk: Desk) -> None:
    inbox.open_message("Two people")
    inbox.press(SYNC, within=inbox.panel)
    inbox.expect_state("Two people", "synced", "Synced")
    assert desk.linked("Two people", "contacts") == ["Jana Dvořáková"]

    desk.coripo.contact(desk.customer("beran"), last_name="Beran", first_name="Pavel")
    inbox.press(UNMARK, within=inbox.panel)
    inbox.expect_state("Two people", "resync", "To be synced again")
    inbox.press(SYNC, within=inbox.panel)

    inbox.expect_state("Two people", "synced", "Synced")
    assert len(desk.records("Two people")) == 1
    assert desk.linked("Two people", "contacts") == ["Jana Dvořáková", "Pavel Beran"]


def test_nobody_in_coripo_waits_under_no_match_until_somebody_decides(inbox: Walker, desk: Desk) -> None:
    inbox.open_message("Nobody")
    inbox.press(SYNC, within=inbox.panel)
    inbox.expect_state("Nobody", "no_match", "No match")
    assert desk.records("Nobody") == []

    # What needs a person tells its reason unasked.
    expect(inbox.panel.get_by_text("No contact in CORIPO has an address of this e-mail.")).to_be_visible()
    inbox.press("Store without a link", within=inbox.panel)

    inbox.expect_state("Nobody", "synced", "Synced")
    assert len(desk.records("Nobody")) == 1


def test_a_record_that_was_deleted_in_coripo_is_told_and_can_be_made_again(inbox: Walker, desk: Desk) -> None:
    inbox.open_message("Deleted")
    inbox.press(SYNC, within=inbox.panel)
    inbox.expect_state("Deleted", "synced", "Synced")
    (record,) = desk.records("Deleted")
    desk.coripo.delete("Emails", record["id"])

    with inbox.page.context.expect_page() as opened:
        inbox.press(OPEN, within=inbox.panel)

    told = opened.value
    expect(told.get_by_role("heading", level=1)).to_have_text("The record is no longer in CORIPO")
    told.get_by_role("button", name="Sync again", exact=True).click()
    told.wait_for_url("**/index.php?module=Emails&action=DetailView&record=*", timeout=TRANSFER_MILLISECONDS)
    (again,) = desk.records("Deleted")
    assert again["id"] != record["id"]


def test_the_record_opens_in_the_same_tab_where_the_user_wants_it(inbox: Walker) -> None:
    inbox.go("/settings/emails/")
    inbox.page.get_by_label("Opens in").select_option(label="In the same tab")
    inbox.press("Save settings")
    inbox.go("/inbox/")
    inbox.open_message("Opened here")

    inbox.press(OPEN, within=inbox.panel)

    inbox.page.wait_for_url("**/index.php?module=Emails&action=DetailView&record=*", timeout=TRANSFER_MILLISECONDS)
    assert len(inbox.page.context.pages) == 1
    inbox.go("/settings/emails/")
    inbox.page.get_by_label("Opens in").select_option(label="In a new tab")
    inbox.press("Save settings")


@pytest.fixture
def opens_in(inbox: Walker) -> Iterator[Callable[[str], None]]:
    """Chooses where records open, and puts the setting back afterwards."""

    def choose(label: str) -> None:
        inbox.go("/settings/emails/")
        inbox.page.get_by_label("Opens in").select_option(label=label)
        inbox.press("Save settings")
        inbox.go("/inbox/")

    yield choose
    choose("In a new tab")


def test_one_tab_serves_every_record_from_panel_menu_and_key(inbox: Walker, opens_in: Callable[[str], None]) -> None:
    opens_in("In one tab for CORIPO")
    inbox.open_message("One tab 1")
    tab = inbox.open_in_coripo(lambda: inbox.press(OPEN, within=inbox.panel))
    first = tab.url

    WAYS_TO_THE_MENU["right click"](inbox.row("One tab 2"))
    inbox.page.get_by_role("menuitem", name=OPEN).click()
    tab.wait_for_url(lambda url: "module=Emails" in url and url != first, timeout=TRANSFER_MILLISECONDS)
    second = tab.url
    inbox.link_of("One tab 3").press("o")
    tab.wait_for_url(lambda url: "module=Emails" in url and url not in (first, second), timeout=TRANSFER_MILLISECONDS)

    assert len(inbox.page.context.pages) == 2


def test_a_record_is_handed_over_to_edge_and_may_be_opened_here(inbox: Walker, opens_in: Callable[[str], None]) -> None:
    opens_in("In Microsoft Edge")
    inbox.open_message("In Edge")

    with inbox.page.context.expect_page() as opened:
        inbox.press(OPEN, within=inbox.panel)

    page = opened.value
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "The record is ready for Microsoft Edge", timeout=TRANSFER_MILLISECONDS
    )
    here = page.get_by_role("link", name="Open the record in this browser").get_attribute("href")
    edge = page.get_by_role("link", name="Open in Microsoft Edge", exact=True)
    expect(edge).to_have_attribute("href", f"microsoft-edge:{here}")
    page.get_by_role("link", name="Open the record in this browser").click()
    page.wait_for_url("**/index.php?module=Emails&action=DetailView&record=*")
