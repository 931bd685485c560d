"""`translateExchangeIds`: from mutable ids to immutable ones and back."""

from typing import Any

from apps.sandbox.graph import contact_shapes, errors, ids, shapes
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.finding import contact_named, message_named

MAX_IDS = 1000  # Graph: api/user-translateexchangeids
SPACES = {"restid": False, "restimmutableentryid": True}  # whether it is the immutable one
OF_MESSAGES = {False: ids.Space.MUTABLE, True: ids.Space.IMMUTABLE}
OF_CONTACTS = {False: ids.Space.CONTACT, True: ids.Space.IMMUTABLE_CONTACT}


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


def _space(content: dict[str, Any], name: str) -> bool:
    found = SPACES.get(str(content.get(name, "")).lower())
    if found is None:
        raise errors.not_served(f"{name} {content.get(name)}")
    return found


def _translated(call: Call, text: str, source: bool, target: bool) -> dict[str, Any]:
    guid = call.mailbox.guid
    try:
        space = ids.parse(text).space
        if space is OF_CONTACTS[source]:
            contact = contact_named(call.mailbox, text)
            return {"targetId": contact_shapes.contact_id(guid, contact.pk, contact.location, immutable=target)}
        message = message_named(call.mailbox, text)
        if space is not OF_MESSAGES[source]:
            raise errors.malformed_id()
    except ids.MalformedId:
        return _failed(errors.malformed_id())
    except errors.GraphError as error:
        return _failed(error)
    return {"targetId": shapes.message_id(guid, message.pk, message.location, immutable=target)}


def _failed(error: errors.GraphError) -> dict[str, Any]:
    return {"errorDetails": {"code": error.code, "message": error.message}}
