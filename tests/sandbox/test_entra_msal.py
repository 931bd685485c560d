"""Microsoft's own library against the sandbox, over HTTP.

MSAL insists on https and a known host, so its transport maps that host to the server; nothing else is adapted.
"""

import html
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msal
import pytest
import requests
from django.conf import settings

from apps.sandbox import TENANT
from tests.sandbox_server import Sandbox

MICROSOFT = "https://login.microsoftonline.com"
REDIRECT = "http://127.0.0.1:8000/callback/"
SCOPES = ["User.Read", "Mail.Read"]


class Transport:
    """MSAL's `http_client`: Microsoft's host is the sandbox, and no other host exists."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.session = requests.Session()
        self.session.trust_env = False

    def _mapped(self, url: str) -> str:
        if not url.startswith(f"{MICROSOFT}/"):
            raise ValueError(f"not Microsoft's: {url}")
        return self.target + url.removeprefix(MICROSOFT)

    def get(self, url: str, **kwargs: Any) -> requests.Response:
        response = self.session.get(self._mapped(url), timeout=10, **_known(kwargs))
        if url.endswith("/.well-known/openid-configuration"):
            # MSAL wants an https token endpoint; the browser's address stays as it is.
            document = response.json()
            document["token_endpoint"] = document["token_endpoint"].replace(self.target, MICROSOFT)
            response._content = json.dumps(document).encode()
        return response

    def post(self, url: str, **kwargs: Any) -> requests.Response:
        return self.session.post(self._mapped(url), timeout=10, **_known(kwargs))

    def close(self) -> None:
        self.session.close()


def _known(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kwargs.items() if name in {"params", "data", "headers"}}


@pytest.fixture
def calm_server(server: Sandbox) -> Any:
    yield server
    server.calm()


def application(server: Sandbox, cache: msal.SerializableTokenCache) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        settings.SANDBOX_CLIENT_ID,
        client_credential=settings.SANDBOX_CLIENT_SECRET,
        authority=f"{MICROSOFT}/{TENANT}",
        http_client=Transport(server.url),
        token_cache=cache,
    )


def browse(server: Sandbox, address: str, person: dict[str, str]) -> dict[str, str]:
    """Press the person's button, then *Accept* where it is asked for; the parameters of the redirect."""
    page = server.http.get(address, timeout=10)
    answer = press(server, page.text, {"person": person["mail"]})
    if answer.status_code == 200:
        answer = press(server, answer.text, {"person": person["mail"], "choice": "accept"})
    assert answer.headers["Location"].startswith(REDIRECT)
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def press(server: Sandbox, page: str, buttons: dict[str, str]) -> requests.Response:
    action, sealed = re.search(r'action="([^"]+)"', page), re.search(r'name="request" value="([^"]+)"', page)
    assert action
    assert sealed
    form = {"request": html.unescape(sealed[1]), **buttons}
    return server.http.post(f"{server.url}{action[1]}", form, allow_redirects=False, timeout=10)


def sign_in(server: Sandbox, app: msal.ConfidentialClientApplication, person: dict[str, str]) -> dict[str, Any]:
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    result: dict[str, Any] = app.acquire_token_by_auth_code_flow(flow, browse(server, flow["auth_uri"], person))
    return result


@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")
def test_msal_signs_in_and_refreshes(calm_server: Sandbox) -> None:
    """Sign-in with PKCE, nonce and client_info; the cache serves what is fresh; what is not is refreshed, rotated."""
    person, cache = calm_server.person(), msal.SerializableTokenCache()
    app = application(calm_server, cache)
    calm_server.control("POST", "knobs", json={"at_life": 200})

    result = sign_in(calm_server, app, person)

    assert result["id_token_claims"]["preferred_username"] == person["mail"]
    account = app.get_accounts()[0]
    assert account["home_account_id"] == f"{person['oid']}.{TENANT}"
    # Below 300 seconds of life MSAL asks anew each time.
    calm_server.control("POST", "knobs", json={"at_life": 3600})
    renewed = app.acquire_token_silent_with_error(SCOPES, account)
    assert renewed["token_source"] == "identity_provider"
    assert app.acquire_token_silent_with_error(SCOPES, account)["token_source"] == "cache"
    [stored] = cache.search(msal.TokenCache.CredentialType.REFRESH_TOKEN)
    assert stored["secret"] != result["refresh_token"]


@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")
def test_msal_with_a_token_that_somebody_else_has_used(calm_server: Sandbox) -> None:
    """With revoke_old the second user of one refresh token is told invalid_grant 50173."""
    person, cache = calm_server.person(), msal.SerializableTokenCache()
    app = application(calm_server, cache)
    calm_server.control("POST", "knobs", json={"at_life": 200, "revoke_old": True})
    sign_in(calm_server, app, person)
    copied = msal.SerializableTokenCache()
    copied.deserialize(cache.serialize())
    late = application(calm_server, copied)

    renewed = app.acquire_token_silent_with_error(SCOPES, app.get_accounts()[0])
    refused = late.acquire_token_silent_with_error(SCOPES, late.get_accounts()[0])

    assert renewed["access_token"]
    assert (refused["error"], refused["error_codes"]) == ("invalid_grant", [50173])


@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")
def test_msal_notices_another_nonce(calm_server: Sandbox) -> None:
    calm_server.control("POST", "knobs", json={"bad_nonce": True})
    app = application(calm_server, msal.SerializableTokenCache())

    with pytest.raises(RuntimeError, match="nonce"):
        sign_in(calm_server, app, calm_server.person())
