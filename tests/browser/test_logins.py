"""Logins that are refused: which step failed, what is in order, and that nothing was kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk
from tests.browser.walking import OpenPage
from tests.installation import Installation

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(installation: Installation) -> Desk:
    desk = Desk(installation)
    desk.receive("First", sender=desk.customer("nikdo"))
    desk.set_up(with_crm=False)
    return desk


def test_a_wrong_password_is_told_from_a_wrong_address(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(desk.visitor)
    walker.go("/start/")
    walker.follow("Connect CORIPO")
    walker.connect_crm(desk.person["coripo_user"], "something else")

    told = walker.page.get_by_role("alert")
    expect(told).to_contain_text("CORIPO refused the user name or the password.")
    expect(told).to_contain_text("The address and the connection are in order.")
    expect(told).to_be_focused()
    expect(walker.page.get_by_label("User name", exact=True)).to_have_value(desk.person["coripo_user"])
    expect(walker.page.get_by_label("Password", exact=True)).to_have_value("")
    assert "something else" not in walker.page.content()

    walker.connect_crm(desk.person["coripo_user"], desk.person["coripo_password"])
    walker.go("/status/")
    expect(walker.page.get_by_role("alert")).to_have_count(0)
    walker.go("/settings/")
    expect(walker.page.locator("main")).to_contain_text(desk.person["coripo_user"])


def test_a_sign_in_that_was_declined_leads_back(open_page: OpenPage) -> None:
    walker = open_page()
    walker.go("/")
    walker.press("Sign in with Microsoft")
    walker.page.get_by_role("button", name="Decline", exact=True).click()

    expect(walker.page.get_by_role("heading", level=1)).to_be_visible()
    assert walker.page.url.startswith(walker.portal_url)
    expect(walker.page.locator("main")).to_be_visible()
