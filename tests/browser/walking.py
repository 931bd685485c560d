"""A person at the portal in a real browser: finds things by their names and presses them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from playwright.sync_api import Locator, Page, expect

from tests.browser.watching import Watch
from tests.browser.words import in_language
from tests.visitor import Visitor

DESKTOP, PHONE = (1440, 900), (390, 844)

SYNC = "Sync e-mail"
MARK = "Mark as synced"
UNMARK = "Mark as not synced"
OPEN = "Open e-mail in CORIPO"

# A transfer by a real worker, with all that runs beside it on a small machine.
TRANSFER_MILLISECONDS = 60_000


class Walker:
    """One page of a browser. `words` of every method are the English ones of the templates."""

    def __init__(self, page: Page, watch: Watch, *, portal_url: str, language: str) -> None:
        self.page = page
        self.watch = watch
        self.portal_url = portal_url
        self.language = language

    def said(self, words: str) -> str:
        return in_language(self.language, words)

    def go(self, path: str) -> None:
        self.page.goto(self.portal_url + path)

    def press(self, words: str, *, within: Locator | None = None) -> None:
        self.button(words, within=within).click()

    def follow(self, words: str) -> None:
        self.page.get_by_role("link", name=self.said(words), exact=True).click()

    def button(self, words: str, *, within: Locator | None = None) -> Locator:
        return (within or self.page.locator("body")).get_by_role("button", name=self.said(words), exact=True)

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(self.said(label), exact=True).fill(text)

    # ── First steps ───────────────────────────────────────────────────────
    def sign_in(self, name: str) -> None:
        self.go("/")
        self.press("Sign in with Microsoft")
        self.through_microsoft(name)

    def connect_mailbox(self, name: str) -> None:
        self.press("Connect mailbox")
        self.through_microsoft(name)

    def through_microsoft(self, name: str) -> None:
        """Pick the person and accept, as often as the pages of the stand-in ask for it."""
        picks = self.page.get_by_role("button", name=re.compile(f"^(Accept|{re.escape(name)})$"))
        for _ in range(4):
            if self.page.url.startswith(self.portal_url):
                return
            picks.click()
        expect(self.page).to_have_url(re.compile(re.escape(self.portal_url)))

    def connect_crm(self, user_name: str, password: str) -> None:
        self.fill("User name", user_name)
        self.fill("Password", password)
        self.press("Test and save")

    # ── Inbox ─────────────────────────────────────────────────────────────
    @property
    def panel(self) -> Locator:
        return self.page.locator("#panel")

    @property
    def bulk_bar(self) -> Locator:
        return self.page.locator("#selection")

    @property
    def toast(self) -> Locator:
        return self.page.locator("#toasts")

    @property
    def letter(self) -> Locator:
        """The text of the mail inside its frame."""
        return self.page.frame_locator("iframe.letter").locator("body")

    def link_of(self, subject: str) -> Locator:
        return self.page.locator(".message").get_by_role("link", name=subject, exact=True)

    def row(self, subject: str) -> Locator:
        return self.page.locator(".message").filter(has=self.page.get_by_role("link", name=subject, exact=True))

    def box_of(self, subject: str) -> Locator:
        return self.row(subject).get_by_role("checkbox")

    def open_message(self, subject: str) -> None:
        """Show it in the panel; the page stays."""
        self.link_of(subject).click()
        expect(self.panel.get_by_role("heading", level=1)).to_have_text(subject)

    def expect_state(self, subject: str, code: str, words: str) -> None:
        """The row says it to people and to programs; waits for the worker, never loads the page again."""
        expect(self.row(subject)).to_have_attribute("data-state", code, timeout=TRANSFER_MILLISECONDS)
        expect(self.row(subject).locator(".state")).to_have_text(self.said(words))

    def leave_a_trace(self) -> None:
        """Something that a new load of the page would wipe away; `expect_the_same_page` looks for it."""
        self.page.evaluate("document.body.dataset.trace = 'kept'")

    def expect_the_same_page(self) -> None:
        expect(self.page.locator("body")).to_have_attribute("data-trace", "kept")

    def open_in_coripo(self, press: Callable[[], None]) -> Page:
        """The tab in which CORIPO shows the record, once it is there: a transfer may come first."""
        with self.page.context.expect_page() as opened:
            press()
        tab = opened.value
        tab.wait_for_url("**/index.php?module=Emails&action=DetailView&record=*", timeout=TRANSFER_MILLISECONDS)
        return tab


class OpenPage(Protocol):
    """A browser of its own, signed in if a visitor is given."""

    def __call__(
        self,
        visitor: Visitor | None = None,
        *,
        language: str = "en",
        javascript: bool = True,
        size: tuple[int, int] = DESKTOP,
    ) -> Walker: ...


# ── The ways to the menu of a message ─────────────────────────────────────
def by_right_click(row: Locator) -> None:
    row.click(button="right")


def by_more_button(row: Locator) -> None:
    row.hover()
    row.get_by_role("button").click()


def by_shift_f10(row: Locator) -> None:
    row.get_by_role("link").press("Shift+F10")


def by_menu_key(row: Locator) -> None:
    row.get_by_role("link").press("ContextMenu")


WAYS_TO_THE_MENU = {
    "right click": by_right_click,
    "⋯ button": by_more_button,
    "Shift+F10": by_shift_f10,
    "menu key": by_menu_key,
}
