"""The links to further pages of a list."""

import base64

from apps.sandbox.graph import errors
from apps.sandbox.graph.calls import Call


def next_link(call: Call, *, skip: int) -> str:
    """The address of the next page. It counts rows, so mail that arrives between two pages shifts them."""
    return _link(call, "$skip", str(skip))


def next_hits_link(call: Call, *, skip: int) -> str:
    """The address of the next page of a search, which knows no `$skip`."""
    return _link(call, "$skiptoken", base64.urlsafe_b64encode(str(skip).encode()).decode())


def hits_to_skip(call: Call) -> int:
    """How far the pages of a search have come. Raises GraphError."""
    try:
        return int(base64.urlsafe_b64decode(call.options.skip_token or "MA=="))
    except ValueError:
        raise errors.bad_request("Badly formed token.") from None


def _link(call: Call, option: str, value: str) -> str:
    query = call.wire.query.copy()
    for name in [name for name in query if name.lower() == option]:
        del query[name]
    query[option] = value
    return f"{call.wire.base_url}/{call.wire.path}?{query.urlencode()}"
