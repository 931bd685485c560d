"""The links to further pages of a list."""

from apps.sandbox.graph.calls import Call


def next_link(call: Call, *, skip: int) -> str:
    """The address of the next page. It counts rows, so mail that arrives between two pages shifts them."""
    query = call.wire.query.copy()
    for name in [name for name in query if name.lower() == "$skip"]:
        del query[name]
    query["$skip"] = str(skip)
    return f"{call.wire.base_url}/{call.wire.path}?{query.urlencode()}"
