"""From the sign-in to a record in CORIPO, by the buttons that people see, in both languages."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.browser.desks import seeded
from tests.browser.walking import MARK, OPEN, SYNC, TRANSFER_MILLISECONDS, UNMARK, WAYS_TO_THE_MENU, OpenPage
from tests.installation import Installation

pytestmark = pytest.mark.browser

LIST_SECONDS = 10


@pytest.mark.parametrize(
    ("language", "name", "subject", "sender", "text", "file", "contacts", "companies"),
    [
        pytest.param(
            "en",
            "Jana Svobodová",
            "Nabídka NAB-25-0417: VMC 850 pro Kovárnu Morava",
            "marek.novak@strojirny-beskyd.example",
            "posílám nabídku NAB-25-0417",
            "NAB-25-0417.pdf",
            ["Jana Dvořáková", "Pavel Beran"],
            ["Kovárna Morava a.s.", "Kovárna Energo s.r.o."],
            id="en",
        ),
        pytest.param(
            "cs",
            "Tomáš Dvořák",
            "Odlitky lože VMC, vada u kusu 3",
            "jiri.zak",
            "při ultrazvuku našli staženinu",
            "uz-kus3.png",
            ["Jiří Žák"],
            ["Žďárské slévárny s.r.o."],
            id="cs",
        ),
    ],
)
def test_from_sign_in_to_the_record_in_coripo(
    open_page: OpenPage,
    installation: Installation,
    language: str,
    name: str,
    subject: str,
    sender: str,
    text: str,
    file: str,
    contacts: list[str],
    companies: list[str],
) -> None:
    person = seeded(installation, name)
    walker = open_page(language=language)
    page = walker.page

    walker.sign_in(name)
    walker.connect_mailbox(name)
    connected_at = time.monotonic()
    expect(page.locator("html")).to_have_attribute("lang", language)
    walker.go("/start/")
    walker.follow("Connect CORIPO")
    walker.connect_crm(person["coripo_user"], person["coripo_password"])
    walker.go("/inbox/")
    expect(page.locator(".message").first).to_be_visible()
    assert time.monotonic() - connected_at < LIST_SECONDS

    walker.go(f"/inbox/?q={subject}")
    walker.open_message(subject)
    expect(walker.letter).to_contain_text(text)
    walker.leave_a_trace()
    walker.press(SYNC, within=walker.panel)
    expect(walker.panel).to_have_attribute("data-state", "synced", timeout=TRANSFER_MILLISECONDS)
    expect(walker.panel.locator(".state--boxed")).to_have_text(walker.said("Synced"))
    walker.expect_the_same_page()

    WAYS_TO_THE_MENU["right click"](walker.row(subject))
    for function in (OPEN, SYNC, MARK, UNMARK):
        expect(page.get_by_role("menu").get_by_role("menuitem", name=walker.said(function))).to_be_visible()
    page.keyboard.press("Escape")

    tab = walker.open_in_coripo(lambda: walker.press(OPEN, within=walker.panel))
    expect(tab.get_by_role("heading", level=1)).to_have_text(subject)
    expect(tab.locator("main")).to_contain_text(text)
    # CORIPO knows some addresses in capitals, and shows its own spelling.
    for address in (sender, person["mail"]):
        expect(tab.get_by_label("Headers")).to_contain_text(address, ignore_case=True)
    expect(tab.get_by_label("Attachments").get_by_role("link", name=file)).to_be_visible()
    relations = tab.get_by_label("Relations")
    for related in [*contacts, *companies]:
        expect(relations.get_by_role("link", name=related, exact=True)).to_have_count(1)
