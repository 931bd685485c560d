"""One installation as `./run` starts it, one Chromium, and pages that are watched from outside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.desks import seeded
from tests.browser.walking import DESKTOP, OpenPage, Walker
from tests.browser.watching import Watch
from tests.installation import Installation
from tests.visitor import Visitor, wait_until

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
]
# Two cores serve the portal, its workers, the stand-ins and the browser.
PATIENCE_MILLISECONDS = 30_000


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    with Installation(seeded=True) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def marek(installation: Installation) -> Visitor:
    """One of the three of the demo, with everything connected and the newest of his mail there."""
    visitor = Visitor(installation.url, seeded(installation, "Marek Novák"))
    visitor.set_up()
    wait_until(lambda: 'class="message' in visitor.go("/inbox/").text, seconds=30, what="his mail is listed")
    return visitor


def hand_over(visitor: Visitor, context: BrowserContext) -> None:
    """Carry a sign-in that happened without a browser into one."""
    context.add_cookies(
        [
            {"name": cookie.name, "value": cookie.value or "", "url": visitor.portal_url}
            for cookie in visitor.http.cookies
            if cookie.name.startswith("portal_")
        ]
    )


@pytest.fixture
def open_page(chromium: Browser, installation: Installation) -> Iterator[OpenPage]:
    """Opens browsers of their own for the test, signed in if a visitor is given. What they must never do fails the test."""
    contexts: list[BrowserContext] = []
    watches: list[Watch] = []

    def open_one(
        visitor: Visitor | None = None,
        *,
        language: str = "en",
        javascript: bool = True,
        size: tuple[int, int] = DESKTOP,
    ) -> Walker:
        context = chromium.new_context(
            locale=language,
            java_script_enabled=javascript,
            viewport={"width": size[0], "height": size[1]},
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        contexts.append(context)
        watches.append(Watch(context, own=(installation.url, installation.sandbox.url)))
        if visitor is not None:
            hand_over(visitor, context)
        return Walker(context.new_page(), watches[-1], portal_url=installation.url, language=language)

    yield open_one
    for context in contexts:
        context.close()
    assert [trouble for watch in watches for trouble in watch.troubles] == []
