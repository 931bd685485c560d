"""Microsoft's own libraries, unchanged, against a sandbox of their own: what they trip over is wrong there.

They need neither the portal nor its settings; `python -m pytest tests/sdk --confcutdir=tests/sdk` runs them alone.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.sandbox_server import Sandbox
from tests.sdk.browser import REDIRECT, Browser
from tests.services import free_port


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.sdk)


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    server = Sandbox(f"http://127.0.0.1:{free_port()}", tls_url=f"https://127.0.0.1:{free_port()}")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def server(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.calm()


@pytest.fixture(autouse=True)
def _no_other_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """requests prefers the authorities of the environment to those that msal is given."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def client(server: Sandbox) -> dict[str, str]:
    """The registered client: client_id, client_secret, tenant."""
    registered: dict[str, str] = server.control("GET", "client")
    return registered


@pytest.fixture(scope="session")
def certificate(running: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with the certificate of the sandbox's authority."""
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    path.write_bytes(running.http.get(f"{running.url}/_control/ca.pem", timeout=10).content)
    return str(path)


@pytest.fixture
def browser(certificate: str) -> Browser:
    return Browser(certificate)


@pytest.fixture
def jana(server: Sandbox) -> dict[str, str]:
    """A person with an empty mailbox."""
    return server.person(name="Jana Svobodová")


@pytest.fixture
def code(server: Sandbox, client: dict[str, str], browser: Browser, jana: dict[str, str]) -> str:
    """The authorization code of a sign-in with the rights to read and write mail and contacts."""
    scopes = "openid profile offline_access User.Read Mail.ReadWrite MailboxSettings.ReadWrite Contacts.ReadWrite"
    query = {"client_id": client["client_id"], "response_type": "code", "redirect_uri": REDIRECT, "scope": scopes}
    address = f"{server.tls_url}/{client['tenant']}/oauth2/v2.0/authorize?{urlencode(query)}"
    return browser.sign_in(address, jana["mail"])["code"]


@pytest.fixture
def token(server: Sandbox, client: dict[str, str], code: str) -> str:
    """Jana's access token."""
    form: dict[str, Any] = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **client}
    address = f"{server.url}/{form.pop('tenant')}/oauth2/v2.0/token"
    return str(server.http.post(address, form, timeout=10).json()["access_token"])


@pytest.fixture
def graph(server: Sandbox, token: str) -> Callable[..., Any]:
    """Run a coroutine with Jana's client of msgraph-sdk: `graph(lambda g: g.me.get())`."""
    # It takes seconds to import, which the tests of the other libraries need not wait for.
    from tests.sdk.calling import calling  # noqa: PLC0415

    return calling(server.url, token)
