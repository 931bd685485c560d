"""What a request asks of which service: the words that faults aim at and that the request log counts."""

import base64
import json
from dataclasses import dataclass
from urllib.parse import unquote

from django.http import HttpRequest

SERVICES = ("entra", "graph", "coripo")
# Collections and actions of Graph that this stand-in serves. Any other segment of a path is somebody's id.
GRAPH_WORDS = {
    "me",
    "users",
    "mailfolders",
    "childfolders",
    "messages",
    "attachments",
    "delta",
    "move",
    "copy",
    "$value",
    "$count",
    "$batch",
    "outlook",
    "mastercategories",
    "contacts",
    "contactfolders",
    "translateexchangeids",
    "permanentdelete",
    "microsoft.graph.delta",
}


@dataclass(frozen=True)
class Ask:
    """One request as the weather and the log see it.

    `part` is what it is counted under ("GET messages/delta", "set_entries"); `aims` are the lower-case texts that the
    part of a fault's target is compared with, as whole words for CORIPO's methods, as fragments elsewhere. `content` is
    what a call to CORIPO carries: "set_entry/jana@firm.example" aims at the calls that name her, "/jana@firm.example" at
    those of every method.
    """

    service: str
    part: str
    aims: tuple[str, ...]
    content: str = ""

    def is_aimed_at(self, part: str) -> bool:
        if self.service == "coripo":
            method, _slash, words = part.partition("/")
            # `get_entry` is a method of its own and not every method that begins like it.
            return (not method or method in self.aims) and words in self.content.lower()
        return any(part in aim for aim in self.aims)


def ask_of(request: HttpRequest) -> Ask | None:
    """The request's ask, or None for pages and controls, which have no weather and are not counted."""
    path = request.path
    if path.startswith("/v1.0/"):
        return graph_ask(request.method or "", path, mailbox=mailbox_of_token(request.headers.get("Authorization", "")))
    if path.startswith("/service/"):
        method = request.POST.get("method") or request.GET.get("method") or "none"
        return Ask("coripo", method, (method.lower(),), content=request.POST.get("rest_data", ""))
    if "/oauth2/" in path or "/.well-known/" in path or "/discovery/" in path or path.startswith("/oidc/"):
        hint = str(request.GET.get("login_hint", ""))
        return Ask("entra", f"{request.method} {path.rsplit('/', 1)[-1]}", (path.lower(), hint.lower()))
    return None


def graph_ask(method: str, path: str, *, mailbox: str) -> Ask:
    """The ask of a Graph path, also of one part of a `$batch`; `mailbox` is the address that the token names.

    >>> graph_ask("GET", "/v1.0/me/mailFolders/inbox/messages/delta()", mailbox="").part
    'GET messages/delta'
    """
    segments = unquote(path).split("?")[0].removeprefix("/v1.0").strip("/").replace("()", "").split("/")
    # mailfolders('ID') is the other spelling of mailFolders/ID.
    names = [segment.split("(")[0] for segment in segments]
    words = [name for name in names if name.lower() in GRAPH_WORDS]
    shown = [word for word in words if word.lower() not in {"me", "users"}][-2:] or words[-1:]
    if segments[-1].endswith(")") or names[-1].lower() not in GRAPH_WORDS:
        shown.append("{id}")
    return Ask("graph", f"{method} {'/'.join(shown)}", (f"{method} {unquote(path)}".lower(), mailbox.lower()))


def mailbox_of_token(authorization: str) -> str:
    """The address in a bearer token, unverified: enough to aim a fault at, never to let anybody in."""
    try:
        claims = authorization.split(".")[1]
        named = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return str(named.get("upn", ""))
    except (IndexError, ValueError, AttributeError):
        return ""
