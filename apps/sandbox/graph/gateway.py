"""The one door: a call comes in by HTTP or inside a `$batch`, is let in, and is answered in Graph's words."""

import json
import uuid
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from apps.sandbox.graph import access, batch, errors, limits
from apps.sandbox.graph.calls import Call, Reply, Wire
from apps.sandbox.graph.errors import GraphError
from apps.sandbox.graph.routes import find
from apps.sandbox.graph.views import profile

JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
DIAGNOSTIC = '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"SANDBOX"}}'


@csrf_exempt
def serve(request: HttpRequest, path: str) -> HttpResponseBase:
    """Everything below /v1.0/."""
    wire = Wire(
        method=request.method or "GET",
        path=path.strip("/"),
        query=request.GET,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
        base_url=request.build_absolute_uri("/v1.0"),
    )
    reply = answer(wire)
    response: HttpResponseBase
    if isinstance(reply.content, Iterator):
        response = StreamingHttpResponse(reply.content, content_type=reply.content_type)
    elif isinstance(reply.content, bytes):
        response = HttpResponse(reply.content, content_type=reply.content_type)
    else:
        text = "" if reply.content is None else json.dumps(reply.content, ensure_ascii=False)
        response = HttpResponse(text, content_type=JSON)
    response.status_code = reply.status
    for name, value in reply.headers.items():
        response[name] = value
    return response


def answer(wire: Wire) -> Reply:
    """Answer a call, or refuse it. Every answer names the request, so that a log and a report can speak of it."""
    request_id = str(uuid.uuid4())
    client_request_id = wire.headers.get("client-request-id") or request_id
    try:
        reply = _admit(wire)
    except GraphError as error:
        reply = Reply(_refusal(error, request_id, client_request_id), status=error.status, headers=error.headers)
    named = {
        "request-id": request_id,
        "client-request-id": client_request_id,
        "x-ms-ags-diagnostic": DIAGNOSTIC,
        "OData-Version": "4.0",
    }
    return Reply(reply.content, reply.status, {**named, **reply.headers}, reply.content_type)


def _admit(wire: Wire) -> Reply:
    bearer = access.bearer_of(wire.headers.get("authorization", ""))
    if wire.path.lower() == batch.PATH:
        return batch.run(wire, bearer, answer=answer)
    destination = find(wire.method, wire.path)
    person = access.person_named(destination.user, bearer)
    if destination.is_profile:
        # Colleagues' profiles take a scope that this stand-in does not know.
        if not access.is_own(person, bearer):
            raise errors.access_denied()
        access.require(destination.route.scope, bearer, person)
        return profile.show(wire, person)
    access.require(destination.route.scope, bearer, person)
    mailbox = access.mailbox_of(person, bearer)
    with limits.slot(mailbox):
        call = Call(wire, bearer, mailbox)
        reply = destination.call(call)
    applied = ", ".join(filter(None, (call.prefers.applied(), reply.headers.get("Preference-Applied"))))
    return Reply(
        reply.content,
        reply.status,
        {**reply.headers, "Preference-Applied": applied} if applied else reply.headers,
        reply.content_type,
    )


def _refusal(error: GraphError, request_id: str, client_request_id: str) -> dict[str, object]:
    inner = {
        "date": f"{timezone.now():%Y-%m-%dT%H:%M:%S}",
        "request-id": request_id,
        "client-request-id": client_request_id,
    }
    return {"error": {"code": error.code, "message": error.message, "innerError": inner}}
