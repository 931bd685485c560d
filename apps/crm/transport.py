"""One POST to `service/v4_1/rest.php`, and what became of it. Knows HTTP and JSON, not sessions and modules."""

import http.cookiejar
import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from urllib3.exceptions import MaxRetryError, NewConnectionError

from apps.crm.errors import CrmContractBroken, CrmOutcomeUnknown, CrmRejected, CrmThrottled, CrmUnreachable
from apps.crm.pulse import Pulse

ENDPOINT = "/service/v4_1/rest.php"
# An upload goes through the server's XSS filter: measured 1.2 to 1.9 s for each megabyte, doubled for slower machines.
SECONDS_PER_MEGABYTE = 4.0
LONGEST_WISH_SECONDS = 3600
LARGE_FORM_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take. Reading time grows with what is sent."""

    connect_seconds: float
    read_seconds: float

    def read_seconds_for(self, size_bytes: int) -> float:
        return self.read_seconds + SECONDS_PER_MEGABYTE * size_bytes / 1_000_000


class Transport:
    """Calls of one CORIPO. Each call is one request: nothing is repeated here, no redirect is followed."""

    def __init__(self, api_url: str, patience: Patience) -> None:
        base = api_url.rstrip("/")
        parts = urlsplit(base)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CrmRejected(field="address", reason="it is no address of a web service")
        self.url = base if base.endswith(".php") else base + ENDPOINT
        self.patience = patience
        self.pulse = Pulse()
        # By the other side's clock, when it last answered.
        self.server_now: datetime | None = None

    def call(self, method: str, arguments: Mapping[str, Any], *, is_write: bool) -> Any:
        """The decoded answer, a fault included.

        `arguments` have the exact names of the protocol in its exact order: PHP 8 reads names and PHP 7 positions.
        """
        form = {
            "method": method,
            "input_type": "JSON",
            "response_type": "JSON",
            "rest_data": json.dumps(arguments, separators=(",", ":")),
        }
        size = len(form["rest_data"])
        timeout = (self.patience.connect_seconds, self.patience.read_seconds_for(size))
        # Quoting megabytes byte by byte would cost more than sending them, so large forms go as multipart.
        body: dict[str, Any] = {"data": form}
        if size > LARGE_FORM_BYTES:
            body = {"files": {name: (None, value) for name, value in form.items()}}
        began = time.monotonic()
        try:
            response = _session().post(self.url, timeout=timeout, allow_redirects=False, **body)
        except (InvalidURL, InvalidSchema, MissingSchema, UnicodeError) as error:
            raise CrmRejected(field="address", reason="it is no address of a web service") from error
        except requests.RequestException as error:
            self.pulse.troubles += 1
            raise _silence(method, error, is_write=is_write) from error
        self.pulse.note(response.status_code, seconds=time.monotonic() - began)
        self.server_now = _moment(response.headers.get("Date", "")) or self.server_now
        return _answer(method, response, is_write=is_write)


def _silence(method: str, error: requests.RequestException, *, is_write: bool) -> CrmUnreachable | CrmOutcomeUnknown:
    """No answer came. Was anything sent?"""
    is_tls = isinstance(error, requests.exceptions.SSLError)
    if not is_write or is_tls or _was_never_sent(error):
        return CrmUnreachable(f"{method}: no answer", is_tls=is_tls, is_broken_connection=_broke(error) and not is_tls)
    return CrmOutcomeUnknown(f"{method}: sent, but no answer came")


def _broke(error: requests.RequestException) -> bool:
    """The connection was closed under us, at once: neither refused nor silent."""
    return isinstance(error, requests.ConnectionError) and not (
        isinstance(error, requests.Timeout) or _was_never_sent(error)
    )


def _was_never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _answer(method: str, response: requests.Response, *, is_write: bool) -> Any:
    status = response.status_code
    wait = _retry_after_seconds(response)
    if status == 429 or (status == 503 and wait is not None):
        raise CrmThrottled(f"{method}: HTTP {status}", retry_after_seconds=wait)
    if status == 413:
        raise CrmRejected(field="size", reason=f"{method}: CORIPO takes no request of this size")
    if status >= 500:
        if is_write:
            is_database_failure = status == 500 and response.content[:200].lstrip().startswith(b"Database failure")
            raise CrmOutcomeUnknown(f"{method}: HTTP {status}", is_database_failure=is_database_failure)
        raise CrmUnreachable(f"{method}: HTTP {status}", is_refusal=True)
    if status != 200:
        raise CrmContractBroken(f"{method}: HTTP {status}")
    try:
        return json.loads(response.content)
    except ValueError as error:
        if not is_write and response.headers.get("Content-Type", "").startswith("text/html"):
            # A maintenance page, or a proxy's: CORIPO itself did not answer, and will again.
            raise CrmUnreachable(f"{method}: a page instead of an answer") from error
        raise CrmContractBroken(f"{method}: the answer is no JSON") from error


def _retry_after_seconds(response: requests.Response) -> int | None:
    """The server's wish: seconds, or a date by its own clock."""
    wish = response.headers.get("Retry-After", "").strip()
    if wish.isdecimal():
        return min(int(wish), LONGEST_WISH_SECONDS)
    moment, server_now = _moment(wish), _moment(response.headers.get("Date", ""))
    if moment is None or server_now is None:
        return None
    return max(0, min(int((moment - server_now).total_seconds()), LONGEST_WISH_SECONDS))


def _moment(header: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class _Local(threading.local):
    pid: int = 0
    session: requests.Session | None = None


_local = _Local()


def _session() -> requests.Session:
    """The connections of this thread in this process: a socket shared with a parent process would mix up answers."""
    if _local.session is None or _local.pid != os.getpid():
        session = requests.Session()
        session.trust_env = False
        # With a cookie jar every login would give the same session back, and calls in one session wait for each other.
        session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        _local.session, _local.pid = session, os.getpid()
    return _local.session
