"""A call of Graph and its answer, apart from HTTP: a part of a `$batch` is a call like any other."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from django.http import QueryDict

from apps.sandbox.entra.tokens import Bearer
from apps.sandbox.graph import errors
from apps.sandbox.graph.models import Mailbox
from apps.sandbox.graph.queries import Options, options

MAX_PAGE_SIZE = 512  # measured on live mailboxes: a greater maxpagesize is quietly cut
PREFERENCE = re.compile(r'\s*([^=,;\s]+)\s*(?:=\s*(?:"([^"]*)"|([^,;"\s]*)))?')


@dataclass(frozen=True)
class Preferences:
    """What the `Prefer` header asks for. It belongs to one request: neither next links nor batch parts inherit it."""

    immutable_ids: bool = False
    page_size: int | None = None
    body_type: str | None = None
    unsafe_html: bool = False

    @classmethod
    def of(cls, header: str) -> "Preferences":
        """Read a `Prefer` header; preferences that are not known are left out, as Graph does."""
        said = {name.lower(): quoted or plain for name, quoted, plain in PREFERENCE.findall(header)}
        size = said.get("odata.maxpagesize") or said.get("maxpagesize") or ""
        body_type = said.get("outlook.body-content-type", "").lower()
        return cls(
            immutable_ids=said.get("idtype", "").lower() == "immutableid",
            page_size=min(int(size), MAX_PAGE_SIZE) if size.isdigit() and int(size) > 0 else None,
            body_type=body_type if body_type in {"text", "html"} else None,
            unsafe_html="outlook.allow-unsafe-html" in said,
        )

    def applied(self) -> str:
        """The text of `Preference-Applied`."""
        said = []
        if self.immutable_ids:
            said.append('IdType="ImmutableId"')
        if self.page_size:
            said.append(f"odata.maxpagesize={self.page_size}")
        if self.body_type:
            said.append(f'outlook.body-content-type="{self.body_type}"')
        if self.unsafe_html:
            said.append("outlook.allow-unsafe-html")
        return ", ".join(said)


@dataclass(frozen=True)
class Wire:
    """What came in. `path` is decoded and below the version, `base_url` ends in it, header names are lower-case."""

    method: str
    path: str
    query: QueryDict
    headers: Mapping[str, str]
    body: bytes
    base_url: str


@dataclass(frozen=True)
class Call:
    """A call that was let in: whose token it bears, and which mailbox it is about."""

    wire: Wire
    bearer: Bearer
    mailbox: Mailbox

    @cached_property
    def prefers(self) -> Preferences:
        return Preferences.of(self.wire.headers.get("prefer", ""))

    @cached_property
    def options(self) -> Options:
        return options(self.wire.query)

    @property
    def owner_url(self) -> str:
        """The address of the mailbox's owner, as the caller speaks of it: `…/me` or `…/users('…')`."""
        is_me = self.wire.path.partition("/")[0].lower() == "me"
        owner = "me" if is_me else f"users('{quote(self.mailbox.person.mail)}')"
        return f"{self.wire.base_url}/{owner}"

    def context(self, what: str) -> str:
        return f"{self.wire.base_url}/$metadata#users('{self.mailbox.person.oid}')/{what}"

    def content(self) -> dict[str, Any]:
        """The JSON object in the body. Raises GraphError."""
        try:
            content = json.loads(self.wire.body or b"{}")
        except ValueError:
            raise errors.bad_request("Unable to read JSON request payload.") from None
        if not isinstance(content, dict):
            raise errors.bad_request("Empty Payload. JSON content expected.")
        return content


@dataclass(frozen=True)
class Reply:
    """An answer: `content` is a JSON object, raw bytes of `content_type`, in one piece or in many, or None."""

    content: dict[str, Any] | bytes | Iterator[bytes] | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
