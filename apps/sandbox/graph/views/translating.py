"""`translateExchangeIds`: from mutable ids to immutable ones and back."""

from typing import Any

from apps.sandbox.graph import errors, ids, shapes
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.finding import message_named

MAX_IDS = 1000  # Graph: api/user-translateexchangeids
SPACES = {"restid": ids.Space.MUTABLE, "restimmutableentryid": ids.Space.IMMUTABLE}


def translate(call: Call) -> Reply:
    """Every id by itself: one that cannot be translated has `errorDetails` in the place of a target."""
    content = call.content()
    given = content.get("inputIds")
    if not isinstance(given, list) or not given or not all(isinstance(text, str) for text in given):
        raise errors.bad_request("The value of inputIds must be a list of ids.")
    if len(given) > MAX_IDS:
        raise errors.bad_request(f"The number of inputIds exceeds the maximum value of {MAX_IDS}.")
    source, target = _space(content, "sourceIdType"), _space(content, "targetIdType")
    value = [{"sourceId": text, **_translated(call, text, source, target)} for text in given]
    return Reply({"@odata.context": f"{call.wire.base_url}/$metadata#Collection(convertIdResult)", "value": value})


def _space(content: dict[str, Any], name: str) -> ids.Space:
    found = SPACES.get(str(content.get(name, "")).lower())
    if found is None:
        raise errors.not_served(f"{name} {content.get(name)}")
    return found


def _translated(call: Call, text: str, source: ids.Space, target: ids.Space) -> dict[str, Any]:
    try:
        row = message_named(call.mailbox, text)
        if ids.parse(text).space is not source:
            raise errors.malformed_id()
    except errors.GraphError as error:
        return {"errorDetails": {"code": error.code, "message": error.message}}
    is_immutable = target is ids.Space.IMMUTABLE
    return {"targetId": shapes.message_id(call.mailbox.guid, row.pk, row.location, immutable=is_immutable)}
