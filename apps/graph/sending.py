"""How anything of Graph is asked: one mailbox's token, one host, one request or a batch, and a GraphError or an answer.

It never sleeps and never loops on a refusal: a fence or a time in a row waits (docs/adr/0004). Ids are immutable ones,
asked for here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from json import loads
from typing import Any, Protocol, Self
from urllib.parse import quote, unquote, urlencode, urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from apps.graph.errors import (
    GraphContractBroken,
    GraphError,
    GraphOutcomeUnknown,
    GraphServerTrouble,
    GraphTooLarge,
    GraphUnreachable,
)
from apps.graph.parsing import Json
from apps.graph.refusals import error_for
from apps.graph.sessions import TIMEOUT_SECONDS, http_session

IMMUTABLE_IDS = 'IdType="ImmutableId"'
BATCH_LIMIT = 20  # Graph: JSON batching
# Exchange takes mails of up to 150 MB, and base64 adds a third on the way; what is larger was never a mail.
LARGEST_MAIL_BYTES = 210 * 1024 * 1024
# A large mail comes slowly, but it comes: this is the longest silence, not the longest answer.
LARGE_TIMEOUT_SECONDS = (3.05, 60.0)


class TokenSource(Protocol):
    """Where the access tokens of one mailbox come from."""

    def access_token(self, *, rejected: str | None = None) -> str:
        """A token; another one than `rejected`, which Graph has just refused. Raises GraphError."""
        ...

    def refused(self) -> GraphError:
        """Graph refused a token fresh from Microsoft: note it, and return what to raise."""
        ...


class GraphSender:
    """One mailbox. It holds no connection of its own, so it may live as long as its caller likes, in its own thread."""

    def __init__(self, *, base_url: str, tokens: TokenSource) -> None:
        self._base_url = base_url.rstrip("/")
        self.tokens = tokens

    def with_tokens(self, tokens: TokenSource) -> Self:
        """The same mailbox, asked with other tokens."""
        return type(self)(base_url=self._base_url, tokens=tokens)

    def _get(self, path: str, *, prefer: Iterable[str] = (), timeout: tuple[float, float] = TIMEOUT_SECONDS) -> Json:
        return json_of(self._send("GET", path, prefer=prefer, timeout=timeout))

    def _bytes(self, path: str, *, most_bytes: int = LARGEST_MAIL_BYTES) -> bytes:
        response = self._send("GET", path, timeout=LARGE_TIMEOUT_SECONDS, stream=True)
        read = BytesIO()
        try:
            for part in response.iter_content(256 * 1024):
                if read.tell() + len(part) > most_bytes:
                    raise GraphTooLarge(f"more than {most_bytes} bytes")
                read.write(part)
        except requests.RequestException as error:
            raise GraphUnreachable("the answer broke off") from error
        finally:
            response.close()
        return read.getvalue()

    def _batch(self, paths: Sequence[str]) -> list[Json | GraphError]:
        """Several reads in one request, at most BATCH_LIMIT; one outcome each, in order. Answers come in any order."""
        return self._run_batch([{"method": "GET", "url": path} for path in paths])

    def _run_batch(self, parts: Sequence[Json], *, repeats: bool = True) -> list[Json | GraphError]:
        # What is preferred for the whole does not reach the parts.
        numbered = [
            {**part, "id": str(number), "headers": {"Prefer": IMMUTABLE_IDS, **part.get("headers", {})}}
            for number, part in enumerate(parts)
        ]
        document = json_of(self._send("POST", "/$batch", json={"requests": numbered}, repeats=repeats))
        answers = document.get("responses")
        if not isinstance(answers, list):
            raise GraphContractBroken("a batch without responses")
        by_number = {str(answer.get("id")): answer for answer in answers}
        return [self._part(by_number.get(str(number))) for number in range(len(parts))]

    def _part(self, answer: Mapping[str, Any] | None) -> Json | GraphError:
        if answer is None:
            return GraphContractBroken("a batch that lacks an answer")
        body = answer.get("body")
        status = int(answer.get("status") or 0)
        if 200 <= status < 300 and isinstance(body, Mapping):
            return body
        headers = {str(name).lower(): str(value) for name, value in (answer.get("headers") or {}).items()}
        return error_for("a part of a batch", status=status, document=body, headers=headers)

    def _send(
        self,
        method: str,
        path: str,
        *,
        prefer: Iterable[str] = (),
        json: Any = None,
        timeout: tuple[float, float] = TIMEOUT_SECONDS,
        stream: bool = False,
        repeats: bool = True,
    ) -> requests.Response:
        """One request; a refused token is replaced once. Raises GraphError, and nothing else.

        `repeats` says that sending it twice does no harm; else GraphOutcomeUnknown stands for whatever may have been done.
        """
        url = self._own_url(path)
        what = f"{method} {_without_ids(urlsplit(url).path)}"
        rejected: str | None = None
        while True:
            token = self.tokens.access_token(rejected=rejected)
            headers = {
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "Prefer": ", ".join((IMMUTABLE_IDS, *prefer)),
            }
            options = {"headers": headers, "json": json, "timeout": timeout, "stream": stream}
            response = _exchange(method, url, what, repeats=repeats, **options)
            if response.status_code == 401:
                response.close()
                if rejected is not None:
                    raise self.tokens.refused()
                rejected = token
                continue
            if response.status_code >= 300:
                error = error_for(
                    what, status=response.status_code, document=_error_document(response), headers=response.headers
                )
                raise error if repeats else unknown_if_trouble(error)
            return response

    def _check_links(self, *links: str) -> None:
        """Before anything of a page is kept: a link that we would not follow must not become a cursor."""
        for link in filter(None, links):
            self._own_url(link)

    def _own_url(self, path: str) -> str:
        """Where to send the token: our Graph host, scheme and version or nowhere, whatever a link says."""
        if path.startswith("/"):
            return self._base_url + path
        ours, theirs = urlsplit(self._base_url), urlsplit(path)
        is_ours = (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
        if not is_ours or not theirs.path.startswith(f"{ours.path}/") or ".." in unquote(theirs.path).split("/"):
            raise GraphContractBroken("a link that leads to another host")
        return path


def unknown_if_trouble(error: GraphError) -> GraphError:
    """For what must not be done twice: a server in trouble, or one that answers nonsense, may have done it nevertheless."""
    if not isinstance(error, GraphServerTrouble | GraphContractBroken):
        return error
    return GraphOutcomeUnknown(error.what, request_id=error.request_id, retry_after_seconds=error.retry_after_seconds)


def _exchange(method: str, url: str, what: str, *, repeats: bool, **options: Any) -> requests.Response:
    try:
        return http_session().request(method, url, allow_redirects=False, **options)
    except requests.ConnectTimeout as error:
        raise GraphUnreachable(what) from error
    except requests.Timeout as error:
        raise (GraphUnreachable if repeats else GraphOutcomeUnknown)(what) from error
    except requests.ConnectionError as error:
        if isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError):
            raise GraphUnreachable(what) from error
        if not repeats:
            raise GraphOutcomeUnknown(what) from error
    except requests.RequestException as error:
        raise (GraphUnreachable if repeats else GraphOutcomeUnknown)(what) from error
    # An idle connection can end in the very moment of its reuse. What may be sent twice is sent once more.
    try:
        return http_session().request(method, url, allow_redirects=False, **options)
    except requests.RequestException as error:
        raise GraphUnreachable(what) from error


def json_of(response: requests.Response) -> Json:
    """Raises GraphUnreachable where the answer broke off, or GraphContractBroken."""
    try:
        content = response.content
    except requests.RequestException as error:
        raise GraphUnreachable("the answer broke off") from error
    return json_object(content)


def json_object(content: bytes) -> Json:
    """Raises GraphContractBroken for what is no JSON object."""
    try:
        document = loads(content)
    except ValueError as error:
        raise GraphContractBroken("an answer that is no JSON") from error
    if not isinstance(document, Mapping):
        raise GraphContractBroken("an answer that is no object")
    return document


def _error_document(response: requests.Response) -> object:
    try:
        return response.json()
    except (ValueError, requests.RequestException):
        return None


def query_of(options: Mapping[str, str]) -> str:
    """Options as Graph wants them in an address: their `$` bare, what is foreign in their values encoded."""
    return urlencode(options, safe="$,()'", quote_via=quote)


def id_in_path(graph_id: str) -> str:
    """An id in a path; the trailing "=" stays bare, as some accounts refuse it encoded."""
    return quote(graph_id, safe="=")


def _without_ids(path: str) -> str:
    """For logs: the kind of request, not whose message it is about."""
    return "/".join(part if len(part) < 40 else "…" for part in path.split("/"))
