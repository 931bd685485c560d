"""A reader links a conversation with an opportunity that the portal suggests, and takes a link away again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk
from tests.browser.walking import TRANSFER_MILLISECONDS, OpenPage
from tests.installation import Installation

pytestmark = pytest.mark.browser

COMPANY, OPPORTUNITY, CLOSED = "Kovárna Příbor a.s.", "Lis na míru", "Starý buchar"


@pytest.fixture(scope="module")
def desk(installation: Installation) -> Desk:
    desk = Desk(installation)
    company = desk.coripo.company(COMPANY)
    desk.coripo.contact(desk.customer("dvorakova"), company=company)
    for name, stage in ((OPPORTUNITY, "Prospecting"), (CLOSED, "Closed Won")):
        opportunity = desk.coripo.create("Opportunities", name=name, sales_stage=stage)
        desk.coripo.call(
            "set_relationship",
            module_name="Accounts",
            module_id=company,
            link_field_name="opportunities",
            related_ids=[opportunity],
            name_value_list=[],
            delete=0,
        )
    first = desk.receive("Enquiry", sender=desk.customer("dvorakova"))
    desk.receive("Re: Enquiry", sender=desk.customer("dvorakova"), reply_to=first)
    desk.set_up()
    return desk


def test_a_conversation_is_linked_by_keyboard_with_what_is_suggested(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(desk.visitor)
    page = walker.page
    walker.go("/inbox/")
    walker.open_message("Enquiry")

    walker.follow("Link with another record")
    field = page.get_by_label("Find in CORIPO")
    suggested = page.get_by_role("group", name="What belongs to these people in CORIPO").get_by_role("checkbox")
    expect(suggested).to_have_count(2)
    expect(page.get_by_label(CLOSED)).to_have_count(0)
    expect(field).to_be_focused()
    field.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label(OPPORTUNITY)).to_be_focused()
    page.keyboard.press("Space")
    others = page.get_by_label("Sync and link its other e-mail as well (1)")
    others.focus()
    page.keyboard.press("Space")
    page.get_by_label("Link later replies as well, when they are synced").focus()
    page.keyboard.press("Space")
    page.locator("#picking-link").press("Enter")

    expect(walker.toast).to_contain_text("2 e-mails of the conversation are on their way")
    for subject in ("Enquiry", "Re: Enquiry"):
        expect(walker.row(subject)).to_have_attribute("data-state", "synced", timeout=TRANSFER_MILLISECONDS)
        assert desk.linked(subject, "opportunities") == [OPPORTUNITY]
        assert desk.linked(subject, "accounts") == [COMPANY]
    walker.press(f"Stop linking later replies with {OPPORTUNITY}", within=walker.panel)
    expect(walker.panel).not_to_contain_text("Later replies are linked with")


@pytest.mark.parametrize(("subject", "javascript"), [("Enquiry", True), ("Re: Enquiry", False)])
def test_a_link_is_taken_away(open_page: OpenPage, desk: Desk, subject: str, javascript: bool) -> None:
    walker = open_page(desk.visitor, javascript=javascript)
    walker.go("/inbox/")
    walker.link_of(subject).click()
    walker.follow("Change links")

    walker.press(f"Unlink: {OPPORTUNITY}")

    expect(walker.page.get_by_role("status").filter(has_text="Unlinked in CORIPO.")).to_have_count(1)
    expect(walker.button(f"Unlink: {OPPORTUNITY}")).to_have_count(0)
    expect(walker.button(f"Unlink: {COMPANY}")).to_have_count(1)
    assert desk.linked(subject, "opportunities") == []
