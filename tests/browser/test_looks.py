"""Every page by measure: axe finds nothing in light and dark, wide and on a phone; nothing overflows or is clipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.walking import DESKTOP, PHONE, WAYS_TO_THE_MENU, OpenPage, Walker
from tests.browser.words import translated_words
from tests.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SUBJECT = "Poptávka: obráběcí centrum VMC 850"
MEASURE = """() => {
  const shown = (part) => part.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const words = (part) => part.textContent.trim().replace(/\\s+/g, " ").slice(0, 40);
  const root = document.documentElement;
  const clipped = [...document.querySelectorAll("main *")].filter((part) => part.children.length === 0
    && part.clientWidth > 1 && part.scrollWidth > part.clientWidth + 1 && shown(part)
    && getComputedStyle(part).overflowX === "hidden" && getComputedStyle(part).textOverflow !== "ellipsis");
  const overflow = root.scrollWidth - root.clientWidth;
  return [...(overflow > 0 ? [`overflows by ${overflow} px`] : []), ...clipped.map((part) => `clipped: ${words(part)}`)];
}"""
# Every text of the page, and what is read out or shown in its place.
READ = """() => {
  const texts = [];
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) texts.push(walk.currentNode.data);
  for (const part of document.querySelectorAll("[aria-label], [placeholder], [title]"))
    texts.push(...["aria-label", "placeholder", "title"].map((name) => part.getAttribute(name) || ""));
  return texts.map((text) => text.trim().replace(/\\s+/g, " "));
}"""
# A colour on its way from one scheme to the other is nobody's choice.
STAND_STILL = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { transition: none !important; animation: none !important; }");
  document.adoptedStyleSheets = [sheet];
}"""


@dataclass(frozen=True)
class Look:
    """A page and what is done on it before it is looked at."""

    path: str
    prepare: Callable[[Walker], None] = lambda walker: None
    needs_sign_in: bool = True


def show_message(walker: Walker) -> None:
    walker.open_message(SUBJECT)
    expect(walker.panel.locator(".person").first).to_be_visible()
    expect(walker.panel.locator("a.file[download]").first).to_be_visible()


def part_of_message(words: str) -> Callable[[Walker], None]:
    """The page of its own that a part of the panel has, where scripts are off."""

    def prepare(walker: Walker) -> None:
        walker.open_message(SUBJECT)
        walker.go(walker.page.url.replace(walker.portal_url, "").partition("?")[0] + words)

    return prepare


def select_two(walker: Walker) -> None:
    for box in walker.page.locator(".message__pick").all()[:2]:
        box.check()


def open_menu(walker: Walker) -> None:
    WAYS_TO_THE_MENU["Shift+F10"](walker.row(SUBJECT))


def refuse_settings(walker: Walker) -> None:
    walker.page.locator("[name=largest_attachment_mb]").fill("99")
    walker.page.locator("main button.btn--primary").click()
    expect(walker.page.locator("[aria-invalid='true']")).to_be_visible()


def expect_not_found(walker: Walker) -> None:
    walker.watch.expect("404")
    walker.go("/inbox/999999999/")


def select_all_that_match(walker: Walker) -> None:
    walker.page.locator(".message__pick").first.check()
    walker.press("Select all on this page", within=walker.bulk_bar)
    walker.page.locator("#offer button").click()
    expect(walker.page.locator("form#matching")).to_be_visible()


def ask_for_forecast(walker: Walker) -> None:
    walker.press("Mark as synced")
    expect(walker.page.locator("#progress .tally").first).to_be_visible()


def show_dry_run(walker: Walker) -> None:
    walker.page.locator("#id_since").fill("2020-01-01")
    walker.page.locator("button[value=preview]").click()
    expect(walker.page.locator("button[value=confirm]")).to_be_visible()


LOOKS = {
    "sign-in": Look("/", needs_sign_in=False),
    "administrator": Look("/accounts/administrator/", needs_sign_in=False),
    "first steps": Look("/start/"),
    "login at CORIPO": Look("/start/crm/"),
    "list": Look("/inbox/"),
    "nothing matches": Look("/inbox/?state=gone&q=nothing"),
    "message": Look(f"/inbox/?q={SUBJECT}", show_message),
    "people of a message": Look(f"/inbox/?q={SUBJECT}", part_of_message("people/")),
    "files of a message": Look(f"/inbox/?q={SUBJECT}", part_of_message("files/")),
    "way to CORIPO": Look(f"/inbox/?q={SUBJECT}", part_of_message("open/")),
    "selection": Look("/inbox/?q=VMC", select_two),
    "menu": Look(f"/inbox/?q={SUBJECT}", open_menu),
    "keys": Look("/inbox/?q=VMC", lambda walker: walker.page.keyboard.press("?")),
    "selection of all that match": Look("/inbox/", select_all_that_match),
    "all that match, without a script": Look("/runs/new/?direction=received"),
    "forecast": Look("/runs/new/?q=VMC", ask_for_forecast),
    "runs": Look("/runs/"),
    "settings": Look("/settings/"),
    "settings of automatic sync": Look("/settings/automatic/"),
    "dry run of automatic sync": Look("/settings/automatic/", show_dry_run),
    "settings of e-mails": Look("/settings/emails/"),
    "settings refused": Look("/settings/emails/", refuse_settings),
    "settings of mailboxes": Look("/settings/mailboxes/"),
    "attention": Look("/attention/"),
    "status": Look("/status/"),
    "not found": Look("/status/", expect_not_found),
}


@pytest.mark.parametrize("name", LOOKS)
def test_axe_finds_nothing_and_nothing_overflows(open_page: OpenPage, marek: Visitor, name: str) -> None:
    walker = shown(open_page, marek, LOOKS[name], language="en")
    walker.page.evaluate(STAND_STILL)
    found = []
    for width, height in (DESKTOP, PHONE):
        walker.page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            walker.page.emulate_media(color_scheme=scheme)
            mode = f"{name}, {width} px, {scheme}"
            found += [f"{mode}: {fault}" for fault in walker.page.evaluate(MEASURE)]
            # Colours do not depend on the width, nor what is there on the colours: two of the four show axe all.
            if (width, scheme) in ((DESKTOP[0], "light"), (PHONE[0], "dark")):
                found += [
                    f"{mode}: axe {violation['id']}: {violation['nodes'][0]['html'][:200]}"
                    for violation in Axe().run(walker.page).response["violations"]
                ]
    assert found == []


def test_in_czech_nothing_overflows_on_a_phone_and_nothing_is_left_in_english(
    open_page: OpenPage, marek: Visitor
) -> None:
    english = translated_words()
    found = []
    walker = open_page(marek, language="cs", size=PHONE)
    for name, look in LOOKS.items():
        if look.needs_sign_in:
            walker.go(look.path)
            look.prepare(walker)
            found += [f"{name}: {fault}" for fault in walker.page.evaluate(MEASURE)]
            found += [f"{name}: in English: {words}" for words in walker.page.evaluate(READ) if words in english]
    assert found == []


def shown(open_page: OpenPage, visitor: Visitor, look: Look, *, language: str) -> Walker:
    walker = open_page(visitor if look.needs_sign_in else None, language=language)
    walker.go(look.path)
    look.prepare(walker)
    return walker
