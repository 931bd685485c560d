"""The registered client of the sandbox: any redirect address on this machine is its own."""

import base64
import secrets
from collections.abc import Mapping
from urllib.parse import unquote_plus, urlsplit

from django.conf import settings

THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}


def is_registered(client_id: str) -> bool:
    return client_id == settings.SANDBOX_CLIENT_ID


def is_secret(client_secret: str) -> bool:
    return secrets.compare_digest(client_secret.encode(), settings.SANDBOX_CLIENT_SECRET.encode())


def is_redirect_allowed(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in {"http", "https"} and parts.hostname in THIS_MACHINE and not parts.fragment


def credentials(form: Mapping[str, str], authorization: str) -> tuple[str, str]:
    """Client id and secret from the form or from a Basic header; what is missing is empty. Raises ValueError."""
    if not authorization.startswith("Basic "):
        return form.get("client_id", ""), form.get("client_secret", "")
    client_id, _, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
    return unquote_plus(client_id), unquote_plus(secret)
