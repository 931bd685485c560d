"""Graph's refusals, sorted by what happens next. By code first, by status where the code is unknown, never by message.

Source: Microsoft Graph's documentation on throttling and errors.
"""

from __future__ import annotations

from collections.abc import Mapping

from apps.graph.errors import (
    GraphConflict,
    GraphContractBroken,
    GraphError,
    GraphForbidden,
    GraphRejected,
    GraphServerTrouble,
    GraphThrottled,
    ItemGone,
    MailboxUnavailable,
    ResyncRequired,
)

# Graph spells these in every casing, with 400, 404 and 410.
_LOST_CURSOR = {"syncstatenotfound", "syncstateinvalid", "resyncrequired"}
_NO_MAILBOX = {"mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi"}
# The mailbox is being moved between servers, or is held by something else: it comes back by itself.
_FOR_NOW = {
    "errormailboxstoreunavailable",
    "errormailboxmoveinprogress",
    "errortoomanyobjectsopened",
    "quotalimitreached",
}
# Seen with 400, 409 and 412, and without our having named a version.
_CHANGED_MEANWHILE = {"errorirresolvableconflict", "errorinvalidchangekey"}
# An id of another mailbox: a mistake of ours, and no word about the item.
_WRONG_MAILBOX = "errorinvalidmailboxitemid"


def error_for(what: str, *, status: int, document: object, headers: Mapping[str, str]) -> GraphError:
    """The error to raise for an answer that is none, or for the part of a batch that failed."""
    code = _code(document).lower()
    request_id = str(headers.get("request-id") or "")
    wait = str(headers.get("retry-after") or "").strip()
    seconds = int(wait) if wait.isdigit() else None
    kind: type[GraphError]
    if status == 410 or code in _LOST_CURSOR:
        kind = ResyncRequired
    elif status in (429, 509):
        kind = GraphThrottled
    elif status >= 500 or status == 423 or code in _FOR_NOW:
        kind = GraphServerTrouble
    elif code in _NO_MAILBOX:
        kind = MailboxUnavailable
    elif status == 404 and code != _WRONG_MAILBOX:
        kind = ItemGone
    elif status == 412 or code in _CHANGED_MEANWHILE:
        kind = GraphConflict
    elif status == 403:
        kind = GraphForbidden
    elif status >= 400:
        kind = GraphRejected
    else:
        # A redirect, or a part without status: nobody of ours follows it with a token in hand.
        kind = GraphContractBroken
    return kind(f"{what}: {status} {_code(document)}".rstrip(), request_id=request_id, retry_after_seconds=seconds)


def _code(document: object) -> str:
    error = document.get("error") if isinstance(document, Mapping) else None
    code = error.get("code") if isinstance(error, Mapping) else None
    return code[:80] if isinstance(code, str) else ""
