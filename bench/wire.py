"""A bare caller of Graph with an access token, as a script of ten lines has it: nothing of the portal's own wire."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import requests

from tests.sandbox_server import Sandbox
from tests.visitor import consent

REDIRECT = "http://127.0.0.1:9/mailboxes/callback/"
SCOPES = "openid profile offline_access User.Read Mail.Read"


class Graph:
    """Graph as this person's token opens it."""

    def __init__(self, sandbox: Sandbox, person: dict[str, str]) -> None:
        self.url = f"{sandbox.url}/v1.0"
        self.token = _access_token(sandbox, person)
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers.update({"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})

    def get(self, path: str, *, prefer: str = "") -> requests.Response:
        url = path if path.startswith("http") else self.url + path
        answer = self.http.get(url, headers={"Prefer": ", ".join(filter(None, ['IdType="ImmutableId"', prefer]))})
        answer.raise_for_status()
        return answer

    def post(self, path: str, body: str) -> requests.Response:
        answer = self.http.post(self.url + path, data=body)
        answer.raise_for_status()
        return answer

    def list_folders(self, folder_ids: Sequence[str], *, fields: str, page_size: int) -> int:
        """Page through these folders one after another; how many messages came."""
        found = 0
        for folder_id in folder_ids:
            path = f"/me/mailFolders/{folder_id}/messages?$select={fields}&$top={page_size}"
            while path:
                page = self.get(path).json()
                found += len(page["value"])
                path = page.get("@odata.nextLink", "")
        return found


def _access_token(sandbox: Sandbox, person: dict[str, str]) -> str:
    client = sandbox.control("GET", "client")
    tenant = client.pop("tenant")
    query = {"client_id": client["client_id"], "response_type": "code", "redirect_uri": REDIRECT, "scope": SCOPES}
    base = f"{sandbox.url}/{tenant}/oauth2/v2.0"
    code = consent(person, f"{base}/authorize?{urlencode(query)}")["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **client}
    return str(sandbox.http.post(f"{base}/token", form, timeout=10).json()["access_token"])
