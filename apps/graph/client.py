"""Microsoft Graph as the portal uses it, in plain Python: requests out, dataclasses or a GraphError back.

It never sleeps and never loops on a refusal: a fence or a time in a row waits (docs/adr/0004). Each call
is one request unless its docstring says more. Ids are immutable ones, asked for in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from json import loads
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlencode, urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from apps.graph import parsing
from apps.graph.errors import GraphContractBroken, GraphError, GraphTooLarge, GraphUnreachable, ItemGone
from apps.graph.parsing import (
    LIST_FIELDS,
    MESSAGE_FIELDS,
    GraphAttachment,
    GraphBody,
    GraphFile,
    GraphFolder,
    GraphMessage,
    GraphProfile,
    Json,
    MessagePage,
    Presence,
)
from apps.graph.refusals import error_for
from apps.graph.sessions import TIMEOUT_SECONDS, http_session

IMMUTABLE_IDS = 'IdType="ImmutableId"'
BATCH_LIMIT = 20  # Graph: JSON batching
FOLDER_PAGE_SIZE = 200
# Exchange takes mails of up to 150 MB, and base64 adds a third on the way; what is larger was never a mail.
LARGEST_MAIL_BYTES = 210 * 1024 * 1024
# A text beyond this is a bomb: nobody reads it, and JSON of this size takes several times as much memory.
LARGEST_BODY_BYTES = 8 * 1024 * 1024
# A large mail comes slowly, but it comes: this is the longest silence, not the longest answer.
LARGE_TIMEOUT_SECONDS = (3.05, 60.0)
# Without this selection a list carries the content of every file, and with contentId in it Graph refuses.
ATTACHMENT_FIELDS = "id,name,contentType,size,isInline"


@dataclass(frozen=True, slots=True)
class Span:
    """The mail of a folder received from `since` until just before `until`."""

    folder_id: str
    since: datetime
    until: datetime


class TokenSource(Protocol):
    """Where the access tokens of one mailbox come from."""

    def access_token(self, *, rejected: str | None = None) -> str:
        """A token; another one than `rejected`, which Graph has just refused. Raises GraphError."""
        ...

    def refused(self) -> GraphError:
        """Graph refused a token fresh from Microsoft: note it, and return what to raise."""
        ...


class GraphClient:
    """One mailbox. It holds no connection of its own, so it may live as long as its caller likes, in its own thread."""

    def __init__(self, *, base_url: str, tokens: TokenSource) -> None:
        self._base_url = base_url.rstrip("/")
        self._tokens = tokens

    # ── Profile and folders ──────────────────────────────────────────────

    def profile(self) -> GraphProfile:
        return parsing.profile(self._get("/me?$select=id,displayName,mail,userPrincipalName,proxyAddresses"))

    def well_known_folders(self, names: Sequence[str]) -> dict[str, str]:
        """The ids of folders by their well-known names, which hold in every language; a name without folder is absent.

        Raises MailboxUnavailable where the account has no mailbox. Costs one unit for each name, in one request.
        """
        found = {}
        paths = [f"/me/mailFolders/{name}?$select=id" for name in names]
        for name, answer in zip(names, self._batch(paths), strict=True):
            if isinstance(answer, ItemGone):
                continue
            if isinstance(answer, GraphError):
                raise answer
            found[name] = parsing.id_of(answer)
        return found

    def folders(self) -> list[GraphFolder]:
        """Every folder of the mailbox at any depth, in one request for 200 of them. Complete, or it raises."""
        path = "/me/mailFolders/delta?" + _query({"$select": "displayName,parentFolderId,isHidden,totalItemCount"})
        found: dict[str, GraphFolder] = {}
        while path:
            document = self._get(path, prefer=[f"odata.maxpagesize={FOLDER_PAGE_SIZE}"])
            folders = (parsing.folder(item) for item in parsing.value_of(document))
            found.update((folder.id, folder) for folder in folders if folder)
            path = str(document.get("@odata.nextLink") or "")
        return list(found.values())

    # ── Messages ─────────────────────────────────────────────────────────

    def begin_messages(self, folder_id: str, *, since: datetime, page_size: int) -> MessagePage:
        """The first page of a complete listing of a folder, the newest first, from `since` on.

        Graph gives at most 5,000 messages to a listing with a lower bound, and says nothing about the others.
        """
        options = {
            "$select": LIST_FIELDS,
            "$filter": f"receivedDateTime ge {_moment(since)}",
            "$orderby": "receivedDateTime desc",
        }
        path = f"/me/mailFolders/{_id(folder_id)}/messages/delta?{_query(options)}"
        return self._page(path, page_size=page_size)

    def continue_messages(self, link: str, *, page_size: int) -> MessagePage:
        """Follow a next link or a delta link as stored. Raises ResyncRequired when Graph has forgotten it."""
        return self._page(link, page_size=page_size)

    def older_messages(self, folder_id: str, *, since: datetime, until: datetime, page_size: int) -> MessagePage:
        """A page of plain listing, the newest first, of messages received from `since` up to and with `until`."""
        options = {
            "$select": LIST_FIELDS,
            "$filter": f"receivedDateTime ge {_moment(since)} and receivedDateTime le {_moment(until)}",
            "$orderby": "receivedDateTime desc",
            "$top": str(page_size),
        }
        return self._page(f"/me/mailFolders/{_id(folder_id)}/messages?{_query(options)}", page_size=page_size)

    def count_messages(self, spans: Sequence[Span]) -> list[int]:
        """How many messages each span holds, in order; one unit for each, twenty to a request. Drafts do not count."""
        counts: list[int] = []
        for start in range(0, len(spans), BATCH_LIMIT):
            options = {"$select": "id", "$top": "1", "$count": "true"}
            paths = [_messages_in(span, options) for span in spans[start : start + BATCH_LIMIT]]
            for answer in self._batch(paths):
                if isinstance(answer, GraphError):
                    raise answer
                counts.append(parsing.count_of(answer))
        return counts

    def messages_in(self, span: Span, *, page_size: int) -> Iterator[GraphMessage]:
        """Ids, subjects and times of the messages of a span, drafts left out; a request for each `page_size` of them.

        One that comes or goes while the pages are read may be told twice or not at all.
        """
        path = _messages_in(span, {"$select": "id,subject,receivedDateTime", "$top": str(page_size)})
        while path:
            page = self._page(path, page_size=page_size)
            yield from page.messages
            path = page.next_link

    def whereabouts(self, message_ids: Sequence[str]) -> list[Presence | GraphError]:
        """Where each message is now, in order; one unit for each, twenty to a request.

        An outcome that is an error says nothing of the message; GraphRejected stands for an id that is none, or another
        mailbox's.
        """
        outcomes: list[Presence | GraphError] = []
        for start in range(0, len(message_ids), BATCH_LIMIT):
            ids = message_ids[start : start + BATCH_LIMIT]
            answers = self._batch([f"/me/messages/{_id(message_id)}?$select=id,parentFolderId" for message_id in ids])
            for message_id, answer in zip(ids, answers, strict=True):
                if isinstance(answer, ItemGone):
                    outcomes.append(Presence(message_id, ""))
                elif isinstance(answer, GraphError):
                    outcomes.append(answer)
                else:
                    outcomes.append(Presence(message_id, str(answer.get("parentFolderId") or "")))
        return outcomes

    def body(self, message_id: str) -> GraphBody:
        """The body and the list of attachments, for reading. Foreign text, whatever Microsoft has cleaned of it.

        Raises GraphTooLarge above LARGEST_BODY_BYTES, when no more than that has been read.
        """
        options = {
            "$select": f"{MESSAGE_FIELDS},internetMessageHeaders,body",
            "$expand": f"attachments($select={ATTACHMENT_FIELDS})",
        }
        path = f"/me/messages/{_id(message_id)}?{_query(options)}"
        return parsing.body(_json_object(self._bytes(path, most_bytes=LARGEST_BODY_BYTES)))

    def envelope(self, message_id: str) -> GraphBody:
        """What `body` gives, without the body and the attachments."""
        options = {"$select": f"{MESSAGE_FIELDS},internetMessageHeaders"}
        return parsing.body(self._get(f"/me/messages/{_id(message_id)}?{_query(options)}"))

    def attachments(self, message_id: str) -> list[GraphAttachment]:
        """The list of attachments, without their content. Complete, or it raises."""
        path = f"/me/messages/{_id(message_id)}/attachments?{_query({'$select': ATTACHMENT_FIELDS})}"
        found: list[GraphAttachment] = []
        while path:
            document = self._get(path)
            found.extend(parsing.attachment(item) for item in parsing.value_of(document))
            path = str(document.get("@odata.nextLink") or "")
        return found

    def mime(self, message_id: str, *, most_bytes: int = LARGEST_MAIL_BYTES) -> bytes:
        """The message as it arrived, attachments and all. Raises GraphTooLarge above `most_bytes`."""
        return self._bytes(f"/me/messages/{_id(message_id)}/$value", most_bytes=most_bytes)

    def content(self, message_id: str, attachment_id: str, *, most_bytes: int) -> bytes:
        """The bytes of a file; of an attached item its MIME, iCalendar or vCard. Raises GraphTooLarge above `most_bytes`,
        when no more than that has been read."""
        path = f"/me/messages/{_id(message_id)}/attachments/{_id(attachment_id)}/$value"
        return self._bytes(path, most_bytes=most_bytes)

    def file(self, message_id: str, attachment_id: str) -> GraphFile:
        """An attachment with its name and content; of an attached item its MIME. Raises ItemGone for a cloud file.

        Two requests for an attached item, one for a file.
        """
        path = f"/me/messages/{_id(message_id)}/attachments/{_id(attachment_id)}"
        item = self._get(path, timeout=LARGE_TIMEOUT_SECONDS)
        content = parsing.content_of(item)
        if content is None and parsing.attachment(item).kind == "reference":
            raise ItemGone("the attachment is a link to a cloud file")
        return parsing.file(item, self._bytes(f"{path}/$value") if content is None else content)

    def inline_files(self, message_id: str, attachment_ids: Sequence[str]) -> list[GraphFile]:
        """The pictures that stand in a body, as many as can be had; one unit for each, twenty to a request."""
        files = []
        for start in range(0, len(attachment_ids), BATCH_LIMIT):
            ids = attachment_ids[start : start + BATCH_LIMIT]
            paths = [f"/me/messages/{_id(message_id)}/attachments/{_id(attachment_id)}" for attachment_id in ids]
            for answer in self._batch(paths):
                content = None if isinstance(answer, GraphError) else parsing.content_of(answer)
                if content is not None and not isinstance(answer, GraphError):
                    files.append(parsing.file(answer, content))
        return files

    # ── Requests ─────────────────────────────────────────────────────────

    def _page(self, path: str, *, page_size: int) -> MessagePage:
        page = parsing.message_page(self._get(path, prefer=[f"odata.maxpagesize={page_size}"]))
        for link in (page.next_link, page.delta_link):
            # Before anything of the page is kept: a link that we would not follow must not become a cursor.
            if link:
                self._own_url(link)
        return page

    def _get(self, path: str, *, prefer: Iterable[str] = (), timeout: tuple[float, float] = TIMEOUT_SECONDS) -> Json:
        return _json(self._send("GET", path, prefer=prefer, timeout=timeout))

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
        parts = [
            {"id": str(number), "method": "GET", "url": path, "headers": {"Prefer": IMMUTABLE_IDS}}
            for number, path in enumerate(paths)
        ]
        document = _json(self._send("POST", "/$batch", json={"requests": parts}))
        answers = document.get("responses")
        if not isinstance(answers, list):
            raise GraphContractBroken("a batch without responses")
        by_number = {str(answer.get("id")): answer for answer in answers}
        return [self._part(by_number.get(str(number))) for number in range(len(paths))]

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
    ) -> requests.Response:
        """One request; a refused token is replaced once. Raises GraphError, and nothing else."""
        url = self._own_url(path)
        what = f"{method} {_without_ids(urlsplit(url).path)}"
        rejected: str | None = None
        while True:
            token = self._tokens.access_token(rejected=rejected)
            headers = {
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "Prefer": ", ".join((IMMUTABLE_IDS, *prefer)),
            }
            response = _exchange(method, url, what, headers=headers, json=json, timeout=timeout, stream=stream)
            if response.status_code == 401:
                response.close()
                if rejected is not None:
                    raise self._tokens.refused()
                rejected = token
                continue
            if response.status_code >= 300:
                raise error_for(
                    what, status=response.status_code, document=_error_document(response), headers=response.headers
                )
            return response

    def _own_url(self, path: str) -> str:
        """Where to send the token: our Graph host, scheme and version or nowhere, whatever a link says."""
        if path.startswith("/"):
            return self._base_url + path
        ours, theirs = urlsplit(self._base_url), urlsplit(path)
        is_ours = (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
        if not is_ours or not theirs.path.startswith(f"{ours.path}/") or ".." in unquote(theirs.path).split("/"):
            raise GraphContractBroken("a link that leads to another host")
        return path


def _exchange(method: str, url: str, what: str, **options: Any) -> requests.Response:
    try:
        return http_session().request(method, url, allow_redirects=False, **options)
    except requests.Timeout as error:
        raise GraphUnreachable(what) from error
    except requests.ConnectionError as error:
        if isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError):
            raise GraphUnreachable(what) from error
    except requests.RequestException as error:
        raise GraphUnreachable(what) from error
    # An idle connection can end in the very moment of its reuse. We only read, so asking once more is harmless.
    try:
        return http_session().request(method, url, allow_redirects=False, **options)
    except requests.RequestException as error:
        raise GraphUnreachable(what) from error


def _json(response: requests.Response) -> Json:
    try:
        content = response.content
    except requests.RequestException as error:
        raise GraphUnreachable("the answer broke off") from error
    return _json_object(content)


def _json_object(content: bytes) -> Json:
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


def _query(options: Mapping[str, str]) -> str:
    return urlencode(options, safe="$,()'", quote_via=quote)


def _messages_in(span: Span, options: Mapping[str, str]) -> str:
    received = f"receivedDateTime ge {_moment(span.since)} and receivedDateTime lt {_moment(span.until)}"
    query = _query({**options, "$filter": f"{received} and isDraft eq false"})
    return f"/me/mailFolders/{_id(span.folder_id)}/messages?{query}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _id(graph_id: str) -> str:
    """An id in a path; the trailing "=" stays bare, as some accounts refuse it encoded."""
    return quote(graph_id, safe="=")


def _without_ids(path: str) -> str:
    """For logs: the kind of request, not whose message it is about."""
    return "/".join(part if len(part) < 40 else "…" for part in path.split("/"))
