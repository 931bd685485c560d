"""A person at Entra ID's pages, with forms and redirects but without a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from apps.accounts.models import User
from apps.graph import signin
from apps.graph.signin import SignedIn
from apps.mailboxes.actions import connect_mailbox
from apps.mailboxes.models import Mailbox
from apps.mailboxes.tokens import SCOPES

CALLBACK = "http://127.0.0.1:8000/mailboxes/callback/"


def answer_to(auth_uri: str, person: dict[str, str], *, consent: str = "Accept") -> dict[str, str]:
    """What the browser brings back to our callback after the person has picked their name and pressed `consent`."""
    with requests.Session() as http:
        http.trust_env = False
        response = http.get(auth_uri, allow_redirects=False, timeout=20)
        for _step in range(6):
            target = response.headers.get("Location", "")
            if target.startswith(CALLBACK):
                return dict(parse_qsl(urlsplit(target).query))
            if target:
                response = http.get(urljoin(response.url, target), allow_redirects=False, timeout=20)
                continue
            form, fields = _form_with(response.text, consent, person["name"])
            response = http.post(urljoin(response.url, form), data=fields, allow_redirects=False, timeout=20)
    raise AssertionError(f"the sign-in did not come back: {response.status_code} {response.url}")


def sign_in(person: dict[str, str]) -> SignedIn:
    flow = signin.begin(scopes=SCOPES, redirect_uri=CALLBACK)
    return signin.finish(flow, answer_to(flow["auth_uri"], person), scopes=SCOPES)


def connect(person: dict[str, str], *, user: User, at: datetime) -> Mailbox:
    flow = signin.begin(scopes=SCOPES, redirect_uri=CALLBACK)
    return connect_mailbox(flow, answer_to(flow["auth_uri"], person), user=user, at=at)


@dataclass
class _Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self._button: dict[str, str] | None = None
        self._label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(_Form(values.get("action", "")))
        elif tag == "input" and self.forms:
            self.forms[-1].fields[values.get("name", "")] = values.get("value", "")
        elif tag == "button":
            self._button, self._label = values, ""

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._label += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._button is not None:
            pressed = (self._button.get("name", ""), self._button.get("value", ""))
            self.forms[-1].buttons[self._label.strip()] = pressed
            self._button = None


def _form_with(html: str, *labels: str) -> tuple[str, dict[str, str]]:
    """The address and fields of the form that has a button with one of these labels, as if it were pressed."""
    reader = _Forms()
    reader.feed(html)
    for label in labels:
        for form in reader.forms:
            if label in form.buttons:
                name, value = form.buttons[label]
                return form.action, {**form.fields, **({name: value} if name else {})}
    raise AssertionError(f"no button {labels} in {[list(form.buttons) for form in reader.forms]}")
