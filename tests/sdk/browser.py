"""A person at the pages of the sandbox's Entra ID: presses the buttons and comes back with the redirect."""

import html
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

REDIRECT = "http://127.0.0.1:8000/callback/"


@dataclass(frozen=True)
class Browser:
    """`certificate` is the file of the authority that the https port is trusted by."""

    certificate: str

    def sign_in(self, address: str, mail: str) -> dict[str, str]:
        """Sign in as somebody and accept what is asked; the parameters of the redirect."""
        page = requests.get(address, verify=self.certificate, timeout=10)
        answer = self._press(page, person=mail)
        if answer.status_code == 200:
            answer = self._press(answer, person=mail, choice="accept")
        location = answer.headers["Location"]
        assert location.startswith(REDIRECT)
        return dict(parse_qsl(urlsplit(location).query))

    def _press(self, page: requests.Response, **buttons: str) -> requests.Response:
        action = re.search(r'action="([^"]+)"', page.text)
        sealed = re.search(r'name="request" value="([^"]+)"', page.text)
        assert action
        assert sealed
        form = {"request": html.unescape(sealed[1]), **buttons}
        target = urljoin(page.url, action[1])
        return requests.post(target, form, verify=self.certificate, allow_redirects=False, timeout=10)
