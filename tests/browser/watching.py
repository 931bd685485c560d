"""What a page of ours must never do, noted from outside while a test walks through it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, Response, WebError

# A request that the browser itself dropped because the page was left, and a file that became a download.
LEFT_BEHIND = "net::ERR_ABORTED"


class Watch:
    """All pages of one browser context: errors and CSP reports of the console, dialogs, failed requests, other hosts."""

    def __init__(self, context: BrowserContext, *, own: tuple[str, ...]) -> None:
        self.own = own
        self.requests: list[str] = []
        self._troubles: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        context.on("console", self._said)
        context.on("weberror", self._raised)
        context.on("dialog", self._asked)
        context.on("request", self._went_out)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def expect(self, pattern: str) -> None:
        """From now on troubles that match are what the test is about."""
        self._expected.append(re.compile(pattern))

    @property
    def troubles(self) -> list[str]:
        return [trouble for trouble in self._troubles if not any(one.search(trouble) for one in self._expected)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self._troubles.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _raised(self, error: WebError) -> None:
        self._troubles.append(f"script: {error.error}")

    def _asked(self, dialog: Dialog) -> None:
        self._troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _went_out(self, request: Request) -> None:
        self.requests.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and not request.url.startswith(self.own):
            self._troubles.append(f"another host: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT_BEHIND:
            self._troubles.append(f"failed: {request.failure} {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._troubles.append(f"{response.status} {response.request.method} {response.url}")
