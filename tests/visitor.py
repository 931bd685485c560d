"""A person at the portal without a browser: follows links, fills forms, presses buttons, over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # words, name, value


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._button: list[str] | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        words = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._open = Form(words.get("action", ""), words.get("method", "get").lower())
            self.forms.append(self._open)
        elif tag == "input" and self._open:
            kind = words.get("type", "text")
            if kind in ("checkbox", "radio") and "checked" not in words:
                return
            if kind not in ("submit", "button"):
                self._open.fields[words.get("name", "")] = words.get("value", "on" if kind == "checkbox" else "")
        elif tag == "button" and self._open:
            self._open.buttons.append((words.get("aria-label", ""), words.get("name", ""), words.get("value", "")))
            self._button = []

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._button is not None and self._open:
            label, name, value = self._open.buttons[-1]
            self._open.buttons[-1] = (" ".join([label, *"".join(self._button).split()]).strip(), name, value)
            self._button = None
        elif tag == "form":
            self._open = None


class Visitor:
    """One person with cookies; `page` is the last answer."""

    def __init__(self, portal_url: str, person: dict[str, str], *, language: str = "en") -> None:
        self.portal_url = portal_url
        self.person = person
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Accept-Language"] = language
        self.page: requests.Response = requests.Response()

    def go(self, path: str) -> requests.Response:
        self.page = self.http.get(urljoin(self.portal_url, path), timeout=60)
        return self.page

    def press(self, words: str, **fields: str) -> requests.Response:
        """Press the first button of the page that bears these words, with its form filled in."""
        form, (_label, name, value) = next(
            (form, button) for form in self._forms() for button in form.buttons if words.lower() in button[0].lower()
        )
        data = {**form.fields, **fields, **({name: value} if name else {})}
        url = urljoin(self.page.url, form.action)
        if form.method == "post":
            self.page = self.http.post(url, data=data, timeout=60, headers={"Referer": self.page.url})
        else:
            self.page = self.http.get(url, params=data, timeout=60)
        return self.page

    def has_button(self, words: str) -> bool:
        return any(words.lower() in label.lower() for form in self._forms() for label, _name, _value in form.buttons)

    def _forms(self) -> list[Form]:
        parser = _Forms()
        parser.feed(self.page.text)
        return parser.forms

    def post(self, path: str, data: dict[str, object]) -> requests.Response:
        token = self.http.cookies.get("portal_csrf", "")
        self.page = self.http.post(
            urljoin(self.portal_url, path),
            data={"csrfmiddlewaretoken": token, **data},
            headers={"Referer": self.portal_url + "/"},
            timeout=60,
        )
        return self.page

    def sign_in(self) -> None:
        self.go("/")
        self.press("Sign in with Microsoft")
        self.through_microsoft()

    def connect_mailbox(self) -> None:
        self.go("/start/")
        self.press("Connect mailbox")
        self.through_microsoft()

    def through_microsoft(self, name: str = "") -> None:
        """Sign in there, as this person unless another account's name is given, and accept what is asked."""
        for _ in range(4):
            if self.page.url.startswith(self.portal_url):
                return
            self.press("Accept" if self.has_button("Accept") else name or self.person["name"])
        raise AssertionError(f"still at {self.page.url}")

    def connect_crm(self) -> None:
        self.go("/start/crm/")
        self.press("Test and save", user_name=self.person["coripo_user"], password=self.person["coripo_password"])

    def set_up(self) -> None:
        self.sign_in()
        self.connect_mailbox()
        self.connect_crm()


def consent(person: dict[str, str], address: str) -> dict[str, str]:
    """Walk Microsoft's pages from this address, sign in and accept; the answer that comes back to the redirect address,
    where nobody must listen."""
    visitor = Visitor("http://nowhere.invalid", person)
    visitor.page = visitor.http.get(address, timeout=20)
    for _ in range(3):
        try:
            visitor.press("Accept" if visitor.has_button("Accept") else person["name"])
        except requests.ConnectionError as error:
            return dict(parse_qsl(urlsplit(str(error.request.url)).query))
    raise AssertionError(visitor.page.text[:500])


def wait_until(happened: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {seconds:.0f} s: {what}")
        time.sleep(0.1)
