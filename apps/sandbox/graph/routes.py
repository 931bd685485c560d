"""Which path leads to which view, and what scope it takes.

Names of segments are found in any case, ids are left as they are, and each path may be spelt in the ways that clients
use: `mailFolders/ID` and `mailfolders('ID')`, `delta`, `delta()` and `microsoft.graph.delta()`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from apps.sandbox.graph import errors
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.views import (
    attachments,
    categories,
    changes,
    contact_folders,
    contacts,
    folders,
    messages,
    profile,
    translating,
)

KEY_IN_BRACKETS = re.compile(r"\('([^']*)'\)")
FUNCTION = re.compile(r"(?:microsoft\.graph\.)?([a-z]+)(?:\(\))?", re.IGNORECASE)
FUNCTIONS = {"delta", "move", "permanentdelete", "translateexchangeids"}
PROFILE, READ, CONTENT, WRITE = "User.Read", "Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"
SETTINGS, WRITE_SETTINGS = "MailboxSettings.Read", "MailboxSettings.ReadWrite"
CONTACTS, WRITE_CONTACTS = "Contacts.Read", "Contacts.ReadWrite"


@dataclass(frozen=True)
class Route:
    """`path` is below `me` or `users/{user}`; segments in braces become arguments of the view."""

    method: str
    path: str
    scope: str
    view: Callable[..., Reply]

    def match(self, segments: list[str]) -> dict[str, str] | None:
        pattern = self.path.split("/") if self.path else []
        if len(pattern) != len(segments):
            return None
        arguments = {}
        for expected, segment in zip(pattern, segments, strict=True):
            if expected.startswith("{"):
                arguments[expected.strip("{}")] = segment
            elif expected.lower() != segment.lower():
                return None
        return arguments


# Of two routes that match, the first one counts: `delta` is no id.
ROUTES = (
    Route("GET", "", PROFILE, profile.show),
    Route("GET", "mailFolders", READ, folders.listed),
    Route("POST", "mailFolders", WRITE, folders.create),
    Route("GET", "mailFolders/delta", READ, changes.of_folders),
    Route("GET", "mailFolders/{folder}", READ, folders.show),
    Route("PATCH", "mailFolders/{folder}", WRITE, folders.rename),
    Route("DELETE", "mailFolders/{folder}", WRITE, folders.delete),
    Route("GET", "mailFolders/{folder}/childFolders", READ, folders.listed),
    Route("POST", "mailFolders/{folder}/childFolders", WRITE, folders.create),
    Route("GET", "mailFolders/{folder}/messages/delta", READ, changes.of_messages),
    Route("POST", "mailFolders/{folder}/move", WRITE, folders.move),
    Route("GET", "messages/delta", READ, changes.of_mailbox),
    Route("GET", "outlook/masterCategories", SETTINGS, categories.listed),
    Route("POST", "outlook/masterCategories", WRITE_SETTINGS, categories.create),
    Route("GET", "outlook/masterCategories/{category}", SETTINGS, categories.show),
    Route("PATCH", "outlook/masterCategories/{category}", WRITE_SETTINGS, categories.recolor),
    Route("DELETE", "outlook/masterCategories/{category}", WRITE_SETTINGS, categories.delete),
    Route("POST", "translateExchangeIds", PROFILE, translating.translate),
    Route("GET", "contactFolders", CONTACTS, contact_folders.listed),
    Route("POST", "contactFolders", WRITE_CONTACTS, contact_folders.create),
    Route("GET", "contactFolders/delta", CONTACTS, contact_folders.changed),
    Route("GET", "contactFolders/{folder}", CONTACTS, contact_folders.show),
    Route("PATCH", "contactFolders/{folder}", WRITE_CONTACTS, contact_folders.rename),
    Route("DELETE", "contactFolders/{folder}", WRITE_CONTACTS, contact_folders.delete),
    Route("GET", "contactFolders/{folder}/childFolders", CONTACTS, contact_folders.listed),
    Route("POST", "contactFolders/{folder}/childFolders", WRITE_CONTACTS, contact_folders.create),
    *(
        Route(method, within + path, scope, view)
        for within in ("", "contactFolders/{folder}/")
        for method, path, scope, view in (
            ("GET", "contacts", CONTACTS, contacts.listed),
            ("POST", "contacts", WRITE_CONTACTS, contacts.create),
            ("GET", "contacts/delta", CONTACTS, contacts.changed),
            ("GET", "contacts/$count", CONTACTS, contacts.count),
            ("GET", "contacts/{contact}", CONTACTS, contacts.show),
            ("PATCH", "contacts/{contact}", WRITE_CONTACTS, contacts.update),
            ("DELETE", "contacts/{contact}", WRITE_CONTACTS, contacts.delete),
            ("POST", "contacts/{contact}/permanentDelete", WRITE_CONTACTS, contacts.delete_for_good),
        )
    ),
    *(
        Route(method, within + path, scope, view)
        for within in ("", "mailFolders/{folder}/")
        for method, path, scope, view in (
            ("GET", "messages", READ, messages.listed),
            ("GET", "messages/$count", READ, messages.count),
            ("GET", "messages/{message}", READ, messages.show),
            ("PATCH", "messages/{message}", WRITE, messages.update),
            ("DELETE", "messages/{message}", WRITE, messages.delete),
            ("GET", "messages/{message}/$value", CONTENT, messages.source),
            ("POST", "messages/{message}/move", WRITE, messages.move),
            ("POST", "messages/{message}/permanentDelete", WRITE, messages.delete_for_good),
            ("GET", "messages/{message}/attachments", CONTENT, attachments.listed),
            ("GET", "messages/{message}/attachments/{attachment}", CONTENT, attachments.show),
            ("GET", "messages/{message}/attachments/{attachment}/$value", CONTENT, attachments.content),
        )
    ),
)


@dataclass(frozen=True)
class Destination:
    """Where a path leads: the route, the user named in the path (None for `me`), and the view's arguments."""

    route: Route
    user: str | None
    arguments: dict[str, str]

    @property
    def is_profile(self) -> bool:
        """The person, not the mailbox: answered also where there is no mailbox."""
        return self.route.path == ""

    def call(self, call: Call) -> Reply:
        return self.route.view(call, **self.arguments)


def find(method: str, path: str) -> Destination:
    """Raises GraphError: 400 where no route has the path, 405 where none of them has the method."""
    segments = [_plain(segment) for segment in KEY_IN_BRACKETS.sub(r"/\1", path).split("/")]
    user = None
    if segments[0].lower() == "users" and len(segments) > 1:
        user, rest = segments[1], segments[2:]
    elif segments[0].lower() == "me":
        rest = segments[1:]
    else:
        raise errors.unknown_segment(segments[0])
    methods = [(route, arguments) for route in ROUTES if (arguments := route.match(rest)) is not None]
    if not methods:
        raise errors.unknown_segment(rest[-1])
    for route, arguments in methods:
        if route.method == method:
            return Destination(route, user, arguments)
    raise errors.method_not_allowed()


def _plain(segment: str) -> str:
    """The name of a function without its name space and brackets; anything else as it is."""
    found = FUNCTION.fullmatch(segment)
    return found.group(1) if found and found.group(1).lower() in FUNCTIONS else segment
