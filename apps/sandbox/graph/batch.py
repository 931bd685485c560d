"""`$batch`: up to twenty calls in one request, each answered by itself, in no particular order."""

import base64
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from django.http import QueryDict

from apps.sandbox.control import request_log, weather
from apps.sandbox.control.asks import Ask, graph_ask
from apps.sandbox.entra.tokens import Bearer
from apps.sandbox.graph import errors
from apps.sandbox.graph.calls import Reply, Wire

PATH = "$batch"
MAX_PARTS = 20  # Graph: JSON batching
AT_ONCE = 4  # Graph: requests of a mailbox under way together; a batch is run side by side
WRITING_METHODS = {"POST", "PUT", "PATCH"}

Part = dict[str, Any]


def run(wire: Wire, bearer: Bearer, *, answer: Callable[[Wire], Reply]) -> Reply:
    """Answer every part with `answer`. The batch itself succeeds whatever becomes of them.

    A part takes nothing from the outer request but the token: its preferences are its own headers. Raises GraphError
    where the batch as a whole cannot be understood.
    """
    if wire.method != "POST":
        raise errors.method_not_allowed()
    responses: dict[str, Part] = {}
    slept = 0.0
    for number, part in enumerate(_parts(wire)):
        slept = slept if number % AT_ONCE else 0.0
        needed = [str(name).lower() for name in part.get("dependsOn") or []]
        if any(name not in responses or responses[name]["status"] >= 400 for name in needed):
            reply = _refused(424, "FailedDependency", "A request that this one depends on has failed.")
        else:
            call = _part_wire(part, wire)
            ask = graph_ask(call.method, f"/v1.0/{call.path}", mailbox=bearer.mail)
            slept = _sleep(ask, slept)
            reply = _answered(call, ask, answer)
        responses[str(part["id"]).lower()] = _response(str(part["id"]), reply)
    shuffled = list(responses.values())
    # Clients must go by the id. Some go by the place, and here they fail.
    random.shuffle(shuffled)
    return Reply({"responses": shuffled})


def _sleep(ask: Ask, slept: float) -> float:
    """Slowness of one part beside those that have slept already; how long all of them have."""
    slow = weather.strike("slow", ask)
    if slow is None or slow.seconds <= slept:
        return slept
    time.sleep(slow.seconds - slept)
    return slow.seconds


def _answered(part: Wire, ask: Ask, answer: Callable[[Wire], Reply]) -> Reply:
    """One part, counted and exposed to the weather like a request of its own."""
    request_log.count(ask)
    if throttle := weather.strike("throttle", ask):
        after = str(max(1, round(throttle.seconds)))
        return _refused(429, "TooManyRequests", "Please retry again later.", {"Retry-After": after})
    if weather.strike("5xx", ask):
        return _refused(503, "ServiceUnavailable", "The service is temporarily unavailable.")
    return answer(part)


def _parts(wire: Wire) -> list[Part]:
    try:
        parts = json.loads(wire.body)["requests"]
    except (ValueError, LookupError, TypeError):
        raise errors.bad_request("Invalid batch payload format.") from None
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise errors.bad_request("Invalid batch payload format.")
    if len(parts) > MAX_PARTS:
        raise errors.bad_request(f"Number of batch request steps exceeds the maximum value of {MAX_PARTS}.")
    seen: set[str] = set()
    for part in parts:
        name = str(part.get("id") or "").lower()
        if not name or not part.get("method") or not part.get("url"):
            raise errors.bad_request("Invalid batch payload format.")
        if name in seen:
            raise errors.bad_request(f"Request Id {part['id']} has to be unique in a batch.")
        seen.add(name)
        headers = {str(key).lower() for key in part.get("headers") or {}}
        if part["method"].upper() in WRITING_METHODS and part.get("body") is not None and "content-type" not in headers:
            raise errors.bad_request(f"Write request id : {part['id']} does not contain Content-Type header or body.")
    return parts


def _part_wire(part: Part, outer: Wire) -> Wire:
    """The part as a call. Its url is relative to the version; some clients write it whole."""
    url = urlsplit(str(part["url"]))
    path = url.path.partition("/v1.0/")[2] if url.netloc or url.path.startswith("/v1.0/") else url.path
    headers = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
    body = part.get("body")
    return Wire(
        method=str(part["method"]).upper(),
        path=unquote(path).strip("/"),
        query=QueryDict(url.query),
        headers={"authorization": outer.headers.get("authorization", ""), **headers},
        body=b"" if body is None else json.dumps(body).encode(),
        base_url=outer.base_url,
    )


def _response(name: str, reply: Reply) -> Part:
    if isinstance(reply.content, bytes | Iterator):
        content = reply.content if isinstance(reply.content, bytes) else b"".join(reply.content)
        body: Any = base64.b64encode(content).decode()
    else:
        body = reply.content
    headers = {**reply.headers, "Content-Type": reply.content_type}
    return {"id": name, "status": reply.status, "headers": headers, "body": body}


def _refused(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Reply:
    return Reply({"error": {"code": code, "message": message}}, status=status, headers=headers or {})
