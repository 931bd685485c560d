"""Entra ID over HTTP: where its endpoints are, its signing keys, and the transport that MSAL gets.

MSAL takes no plain http, so it always speaks of https://login.microsoftonline.com; the transport sends that to the
login address of the settings, in production to itself. It refuses every other host: nothing leaves by accident.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests

from apps.graph.errors import GraphContractBroken, GraphServerTrouble, GraphUnreachable, InvalidIdToken
from apps.graph.sessions import TIMEOUT_SECONDS, http_session

PUBLIC = "https://login.microsoftonline.com"
METADATA_LIFE_SECONDS = 3600
# Keys roll over now and then; a token with an unknown key must not make us ask for every such token.
KEYS_PAUSE_SECONDS = 30
DISCOVERY = "/v2.0/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Answer:
    """What MSAL reads of a response."""

    status_code: int
    text: str
    headers: Mapping[str, str]


class Authority:
    """One tenant's sign-in service. Its metadata and keys are kept for an hour."""

    def __init__(self, *, login_url: str, tenant: str) -> None:
        self._login_url = login_url.rstrip("/")
        self._tenant = tenant
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, dict[str, jwt.PyJWK]] | None = None

    @property
    def public_url(self) -> str:
        return f"{PUBLIC}/{self._tenant}"

    @property
    def issuer(self) -> str:
        """With `{tenantid}` in it where the authority serves several tenants."""
        return str(self.metadata()["issuer"])

    def metadata(self) -> dict[str, Any]:
        """The discovery document as the service wrote it.

        Raises GraphUnreachable, GraphServerTrouble or GraphContractBroken.
        """
        with self._lock:
            if self._metadata is None or self._metadata[0] < time.monotonic():
                document = self._get_json(f"{self._login_url}/{self._tenant}{DISCOVERY}")
                self._metadata = (time.monotonic() + METADATA_LIFE_SECONDS, document)
            return self._metadata[1]

    def signing_key(self, kid: str) -> jwt.PyJWK:
        """The key with this id. Raises InvalidIdToken where there is none, GraphError where nobody can be asked."""
        address = str(self.metadata()["jwks_uri"])
        if urlsplit(address)[:2] != urlsplit(self._login_url)[:2]:
            raise GraphContractBroken("the sign-in service keeps its keys at another host")
        with self._lock:
            now = time.monotonic()
            age = now - self._keys[0] if self._keys else None
            is_old = age is None or age > METADATA_LIFE_SECONDS
            if is_old or (kid not in self._keys[1] and (age or 0) > KEYS_PAUSE_SECONDS):  # type: ignore[index]
                document = self._get_json(address)
                try:
                    fresh = {key.key_id: key for key in jwt.PyJWKSet.from_dict(document).keys if key.key_id}
                except jwt.PyJWTError as error:
                    raise GraphContractBroken("the sign-in service's keys cannot be read") from error
                self._keys = (now, fresh)
            known = self._keys[1] if self._keys else {}
        if kid not in known:
            raise InvalidIdToken("signed with a key that the sign-in service does not name")
        return known[kid]

    def _get_json(self, address: str) -> dict[str, Any]:
        try:
            response = http_session().get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            raise GraphUnreachable("the sign-in service") from error
        if response.status_code >= 500 or response.status_code == 429:
            raise GraphServerTrouble("the sign-in service")
        try:
            document = response.json()
        except ValueError as error:
            raise GraphContractBroken("the sign-in service's description cannot be read") from error
        if response.status_code != 200 or not isinstance(document, dict):
            raise GraphContractBroken(f"the sign-in service's description came with status {response.status_code}")
        return document

    # What follows is the interface that MSAL asks of an http client.

    def get(self, url: str, params: Any = None, headers: Any = None, **_ignored: Any) -> Answer:
        if url.partition("?")[0] == f"{self.public_url}{DISCOVERY}":
            return Answer(200, json.dumps(self._metadata_for_msal()), {})
        response = http_session().get(
            self._mapped(url), params=params, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
        return Answer(response.status_code, response.text, response.headers)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_ignored: Any) -> Answer:
        response = http_session().post(
            self._mapped(url), params=params, data=data, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
        return Answer(response.status_code, response.text, response.headers)

    def close(self) -> None:
        """The session belongs to the thread and stays open."""

    def _mapped(self, url: str) -> str:
        if not url.startswith(f"{PUBLIC}/"):
            raise GraphContractBroken("a sign-in request to another host")
        return self._login_url + url.removeprefix(PUBLIC)

    def _metadata_for_msal(self) -> dict[str, Any]:
        """MSAL wants https for what it calls itself; the browser's address stays as it is."""
        document = dict(self.metadata())
        for name in ("issuer", "token_endpoint", "device_authorization_endpoint"):
            if str(document.get(name, "")).startswith(f"{self._login_url}/"):
                document[name] = PUBLIC + str(document[name]).removeprefix(self._login_url)
        return document


_known: dict[tuple[int, str, str], Authority] = {}


def authority(*, login_url: str, tenant: str) -> Authority:
    """The authority of this process."""
    return _known.setdefault((os.getpid(), login_url, tenant), Authority(login_url=login_url, tenant=tenant))
