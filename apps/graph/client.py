"""Microsoft Graph as the portal uses it, in plain Python: requests out, dataclasses or a GraphError back.

Each call is one request unless its docstring says more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from apps.graph import parsing
from apps.graph.errors import GraphError, ItemGone
from apps.graph.parsing import (
    LIST_FIELDS,
    MESSAGE_FIELDS,
    GraphAttachment,
    GraphBody,
    GraphCategories,
    GraphFile,
    GraphFolder,
    GraphMessage,
    GraphProfile,
    MessagePage,
    Presence,
)
from apps.graph.sending import (
    BATCH_LIMIT,
    LARGE_TIMEOUT_SECONDS,
    LARGEST_MAIL_BYTES,
    GraphSender,
    id_in_path,
    json_object,
    query_of,
)

FOLDER_PAGE_SIZE = 200
# A text beyond this is a bomb: nobody reads it, and JSON of this size takes several times as much memory.
LARGEST_BODY_BYTES = 8 * 1024 * 1024
# Without this selection a list carries the content of every file, and with contentId in it Graph refuses.
ATTACHMENT_FIELDS = "id,name,contentType,size,isInline"


@dataclass(frozen=True, slots=True)
class Span:
    """The mail of a folder received from `since` until just before `until`."""

    folder_id: str
    since: datetime
    until: datetime


class GraphClient(GraphSender):
    """The profile, the folders and the messages of one mailbox."""

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
        path = "/me/mailFolders/delta?" + query_of({"$select": "displayName,parentFolderId,isHidden,totalItemCount"})
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
        path = f"/me/mailFolders/{id_in_path(folder_id)}/messages/delta?{query_of(options)}"
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
        return self._page(f"/me/mailFolders/{id_in_path(folder_id)}/messages?{query_of(options)}", page_size=page_size)

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

    def bodies_in(self, span: Span, *, most: int) -> list[GraphBody]:
        """The bodies of at most `most` messages of a span, drafts left out, without their attachments.

        Raises GraphTooLarge above LARGEST_BODY_BYTES, when no more than that has been read.
        """
        options = {"$select": f"{MESSAGE_FIELDS},internetMessageHeaders,body", "$top": str(most)}
        document = json_object(self._bytes(_messages_in(span, options), most_bytes=LARGEST_BODY_BYTES))
        return [parsing.body(item) for item in parsing.value_of(document) if "id" in item]

    def whereabouts(self, message_ids: Sequence[str]) -> list[Presence | GraphError]:
        """Where each message is now, in order; one unit for each, twenty to a request.

        An outcome that is an error says nothing of the message; GraphRejected stands for an id that is none, or another
        mailbox's.
        """
        outcomes: list[Presence | GraphError] = []
        for start in range(0, len(message_ids), BATCH_LIMIT):
            ids = message_ids[start : start + BATCH_LIMIT]
            answers = self._batch(
                [f"/me/messages/{id_in_path(message_id)}?$select=id,parentFolderId" for message_id in ids]
            )
            for message_id, answer in zip(ids, answers, strict=True):
                if isinstance(answer, ItemGone):
                    outcomes.append(Presence(message_id, ""))
                elif isinstance(answer, GraphError):
                    outcomes.append(answer)
                else:
                    outcomes.append(Presence(message_id, str(answer.get("parentFolderId") or "")))
        return outcomes

    def categories(self, message_ids: Sequence[str]) -> list[GraphCategories | GraphError]:
        """The categories of at most BATCH_LIMIT messages, one outcome each, in order; one request."""
        options = query_of({"$select": "id,categories,lastModifiedDateTime"})
        answers = self._batch([f"/me/messages/{id_in_path(message_id)}?{options}" for message_id in message_ids])
        return [answer if isinstance(answer, GraphError) else parsing.categories(answer) for answer in answers]

    def set_categories(self, wanted: Sequence[GraphCategories]) -> list[GraphCategories | GraphError]:
        """Write the categories of at most BATCH_LIMIT messages over the versions that were read; one request.

        The outcomes come in order, as they are from now on. Graph takes a list as a whole, so `names` are all of them;
        GraphConflict stands for a message that somebody else has changed since. Needs Mail.ReadWrite.
        """
        answers = self._run_batch(
            [
                {
                    "method": "PATCH",
                    "url": f"/me/messages/{id_in_path(one.id)}",
                    "headers": {
                        "Content-Type": "application/json",
                        **({"If-Match": one.version} if one.version else {}),
                    },
                    "body": {"categories": list(one.names)},
                }
                for one in wanted
            ]
        )
        return [answer if isinstance(answer, GraphError) else parsing.categories(answer) for answer in answers]

    def body(self, message_id: str) -> GraphBody:
        """The body and the list of attachments, for reading. Foreign text, whatever Microsoft has cleaned of it.

        Raises GraphTooLarge above LARGEST_BODY_BYTES, when no more than that has been read.
        """
        options = {
            "$select": f"{MESSAGE_FIELDS},internetMessageHeaders,body",
            "$expand": f"attachments($select={ATTACHMENT_FIELDS})",
        }
        path = f"/me/messages/{id_in_path(message_id)}?{query_of(options)}"
        return parsing.body(json_object(self._bytes(path, most_bytes=LARGEST_BODY_BYTES)))

    def envelope(self, message_id: str) -> GraphBody:
        """What `body` gives, without the body and the attachments."""
        options = {"$select": f"{MESSAGE_FIELDS},internetMessageHeaders"}
        return parsing.body(self._get(f"/me/messages/{id_in_path(message_id)}?{query_of(options)}"))

    def attachments(self, message_id: str) -> list[GraphAttachment]:
        """The list of attachments, without their content. Complete, or it raises."""
        path = f"/me/messages/{id_in_path(message_id)}/attachments?{query_of({'$select': ATTACHMENT_FIELDS})}"
        found: list[GraphAttachment] = []
        while path:
            document = self._get(path)
            found.extend(parsing.attachment(item) for item in parsing.value_of(document))
            path = str(document.get("@odata.nextLink") or "")
        return found

    def mime(self, message_id: str, *, most_bytes: int = LARGEST_MAIL_BYTES) -> bytes:
        """The message as it arrived, attachments and all. Raises GraphTooLarge above `most_bytes`."""
        return self._bytes(f"/me/messages/{id_in_path(message_id)}/$value", most_bytes=most_bytes)

    def content(self, message_id: str, attachment_id: str, *, most_bytes: int) -> bytes:
        """The bytes of a file; of an attached item its MIME, iCalendar or vCard. Raises GraphTooLarge above `most_bytes`,
        when no more than that has been read."""
        path = f"/me/messages/{id_in_path(message_id)}/attachments/{id_in_path(attachment_id)}/$value"
        return self._bytes(path, most_bytes=most_bytes)

    def file(self, message_id: str, attachment_id: str) -> GraphFile:
        """An attachment with its name and content; of an attached item its MIME. Raises ItemGone for a cloud file.

        Two requests for an attached item, one for a file.
        """
        path = f"/me/messages/{id_in_path(message_id)}/attachments/{id_in_path(attachment_id)}"
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
            paths = [
                f"/me/messages/{id_in_path(message_id)}/attachments/{id_in_path(attachment_id)}"
                for attachment_id in ids
            ]
            for answer in self._batch(paths):
                content = None if isinstance(answer, GraphError) else parsing.content_of(answer)
                if content is not None and not isinstance(answer, GraphError):
                    files.append(parsing.file(answer, content))
        return files

    # ── Requests ─────────────────────────────────────────────────────────

    def _page(self, path: str, *, page_size: int) -> MessagePage:
        page = parsing.message_page(self._get(path, prefer=[f"odata.maxpagesize={page_size}"]))
        self._check_links(page.next_link, page.delta_link)
        return page


def _messages_in(span: Span, options: Mapping[str, str]) -> str:
    received = f"receivedDateTime ge {_moment(span.since)} and receivedDateTime lt {_moment(span.until)}"
    query = query_of({**options, "$filter": f"{received} and isDraft eq false"})
    return f"/me/mailFolders/{id_in_path(span.folder_id)}/messages?{query}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
