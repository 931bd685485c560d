"""Automatic sync with a real worker: its dry run, mail that goes by itself, a newsletter, an exclusion, a pause."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Desk
from tests.browser.walking import TRANSFER_MILLISECONDS, OpenPage
from tests.installation import Installation
from tests.visitor import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NEWSLETTER = (
    "From: Jana <{sender}>\r\nTo: {to}\r\nSubject: Novinky\r\nMessage-ID: <{key}>\r\nList-Id: <novinky>\r\n"
    "Content-Type: text/plain\r\n\r\ntext"
)


@pytest.fixture(scope="module")
def desk(installation: Installation) -> Desk:
    desk = Desk(installation)
    desk.coripo.contact(desk.customer("dvorakova"), last_name="Dvořáková", first_name="Jana")
    desk.receive("Stará poptávka", sender=desk.customer("dvorakova"))
    desk.set_up()
    return desk


def state_of(desk: Desk, subject: str) -> str:
    rows = desk.installation.rows(
        "select m.state from mailboxes_message m join mailboxes_mailbox b on b.id = m.mailbox_id"
        " where b.address = ? and m.subject = ?",
        desk.person["mail"],
        subject,
    )
    return str(rows[0][0]) if rows else ""


def arrives(desk: Desk, subject: str, code: str, *, sender: str = "dvorakova") -> None:
    """The mail comes, and ends in this state without anybody touching it."""
    desk.receive(subject, sender=desk.customer(sender))
    desk.visitor.go("/inbox/")
    desk.visitor.press("Refresh")
    wait_until(
        lambda: state_of(desk, subject) == code, seconds=TRANSFER_MILLISECONDS / 1000, what=f"{subject} is {code}"
    )


def test_switched_on_after_its_dry_run_it_syncs_skips_excludes_and_pauses(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(desk.visitor)
    page = walker.page
    walker.go("/settings/automatic/")
    expect(page.get_by_text("It is off.")).to_be_visible()
    page.get_by_label("Only e-mails since").fill("2020-01-01")
    page.get_by_role("button", name="Show what it would do").press("Enter")
    expect(page.get_by_role("link", name="Stará poptávka")).to_be_visible()
    expect(page.get_by_role("link", name="1 Go into CORIPO")).to_be_visible()
    page.get_by_role("button", name="Switch on").press("Enter")
    expect(page.get_by_text("It is on.")).to_be_visible()

    wait_until(lambda: state_of(desk, "Stará poptávka") == "synced", seconds=30, what="older mail goes")
    arrives(desk, "Nová poptávka", "synced")
    assert len(desk.records("Nová poptávka")) == 1

    desk.installation.sandbox.deliver(
        desk.person["mail"],
        NEWSLETTER.format(sender=desk.customer("dvorakova"), to=desk.person["mail"], key=f"n@{desk.domain}").encode(),
    )
    desk.visitor.go("/inbox/")
    desk.visitor.press("Refresh")
    wait_until(lambda: state_of(desk, "Novinky") == "skipped", seconds=30, what="the newsletter is skipped")
    walker.go("/inbox/")
    walker.open_message("Novinky")
    expect(walker.panel).to_contain_text("It is a newsletter or from a mailing list")

    walker.go("/settings/automatic/")
    page.get_by_label("Addresses and domains that are left out").fill(desk.domain)
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.get_by_text(re.compile("2 e-mails in CORIPO would not have been synced"))).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("It is on.")).to_be_visible()
    arrives(desk, "Vyloučená poptávka", "skipped")
    assert desk.records("Vyloučená poptávka") == []

    page.get_by_label("Pause until").select_option("day")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("It is paused until")).to_be_visible()
    arrives(desk, "Za pauzy", "not_synced", sender="jiny")
    walker.go("/inbox/")
    walker.open_message("Za pauzy")
    expect(walker.panel).to_contain_text("Automatic sync is paused")

    walker.go("/settings/automatic/")
    page.get_by_role("button", name="Go on now").click()
    wait_until(lambda: state_of(desk, "Za pauzy") == "skipped", seconds=30, what="it goes on after the pause")
    walker.go("/settings/automatic/")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("It is off.")).to_be_visible()
