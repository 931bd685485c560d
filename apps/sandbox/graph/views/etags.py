"""`If-Match`: a write that is meant for one version of an item only."""

import re

from apps.sandbox.graph import errors
from apps.sandbox.graph.calls import Call

ETAG = re.compile(r'(?:W/)?"?([A-Za-z0-9+/=]+)"?')


def check_etag(call: Call, change_key: str) -> None:
    """Raises GraphError where the call names another version than the item has, or what can be none."""
    given = call.wire.headers.get("if-match", "*").strip()
    if given == "*":
        return
    found = ETAG.fullmatch(given)
    if found is None:
        raise errors.invalid_change_key()
    if found.group(1) != change_key:
        raise errors.conflict()
