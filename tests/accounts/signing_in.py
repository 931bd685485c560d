"""The way through the sandbox's Entra ID, as a browser would take it."""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin, urlsplit

from django.http import HttpResponse
from django.test import Client

from tests.sandbox_server import Sandbox


def go_to_microsoft(client: Client, **words: str) -> str:
    """Press *Sign in with Microsoft*; the address that the browser is sent to."""
    answer = client.post("/accounts/entra/login/", words)
    assert answer.status_code == 302
    return answer["Location"]


def choose(sandbox: Sandbox, address: str, mail: str) -> str:
    """Press somebody's button at Microsoft, or *Decline* for "". Returns the path and query that lead back to us."""
    page = sandbox.http.get(address, timeout=10)
    action = re.search(r'action="([^"]+)"', page.text)
    sealed = re.search(r'name="request" value="([^"]+)"', page.text)
    assert action
    assert sealed
    answer = sandbox.http.post(
        urljoin(address, html.unescape(action[1])),
        data={"request": html.unescape(sealed[1]), "person": mail},
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == 302, answer.text
    way_back = urlsplit(answer.headers["Location"])
    return f"{way_back.path}?{way_back.query}"


def sign_in(client: Client, sandbox: Sandbox, mail: str, **words: str) -> HttpResponse:
    """The whole way; the answer of the portal at its end."""
    return client.get(choose(sandbox, go_to_microsoft(client, **words), mail))
