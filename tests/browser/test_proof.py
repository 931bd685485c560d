"""The proof that nothing is missing, asked for and followed on the status page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk
from tests.browser.walking import OpenPage
from tests.installation import Installation

pytestmark = pytest.mark.browser


def test_the_check_shows_how_far_it_is_and_its_verdict_without_a_reload(
    open_page: OpenPage, installation: Installation
) -> None:
    desk = Desk(installation)
    desk.receive("Nabídka", sender=desk.customer("jana"))
    desk.set_up()
    walker = open_page(desk.visitor)
    walker.go("/status/")
    expect(walker.page.get_by_role("heading", name="Not checked yet")).to_be_visible()

    walker.press("Check now")

    proof = walker.page.locator("#proof")
    expect(proof.get_by_role("status")).to_be_visible()
    walker.leave_a_trace()
    expect(proof.get_by_role("heading", name="Nothing is missing")).to_be_visible()
    expect(proof.get_by_role("status")).to_have_count(0)
    expect(walker.button("Check now", within=proof)).to_be_visible()
    walker.expect_the_same_page()
    # Nothing is left to wait for, so the page asks no more.
    expect(proof).not_to_have_attribute("hx-trigger", "every 3s")
