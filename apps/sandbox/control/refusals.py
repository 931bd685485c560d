"""How each service says that it is too busy or out of order.

Graph: Microsoft's error object. Entra ID: an OAuth error with its AADSTS number. CORIPO: the page of the web server in
front of it, which knows nothing of JSON.
"""

import math
import uuid

from django.http import HttpResponse, JsonResponse
from django.utils import timezone


def throttled(service: str, *, retry_after_seconds: float) -> HttpResponse:
    if service == "graph":
        response: HttpResponse = graph_refusal(429, "TooManyRequests", "Please retry again later.")
    elif service == "entra":
        response = entra_refusal(429, "temporarily_unavailable", 90055, "The server is too busy to handle the request.")
    else:
        response = web_server_page(429, "Too Many Requests")
    response["Retry-After"] = str(math.ceil(retry_after_seconds))
    return response


def unavailable(service: str) -> HttpResponse:
    if service == "graph":
        return graph_refusal(503, "ServiceUnavailable", "The service is temporarily unavailable.")
    if service == "entra":
        return entra_refusal(503, "temporarily_unavailable", 90033, "A transient error has occurred. Please try again.")
    return web_server_page(503, "Service Unavailable")


def graph_refusal(status: int, code: str, message: str) -> JsonResponse:
    request_id = str(uuid.uuid4())
    inner = {"date": f"{timezone.now():%Y-%m-%dT%H:%M:%S}", "request-id": request_id, "client-request-id": request_id}
    response = JsonResponse({"error": {"code": code, "message": message, "innerError": inner}}, status=status)
    response["request-id"] = response["client-request-id"] = request_id
    return response


def entra_refusal(status: int, error: str, number: int, text: str, suberror: str = "") -> JsonResponse:
    """The error answer of the token endpoint: `error` is what a program decides by, `number` the AADSTS one."""
    trace, correlation, at = uuid.uuid4(), uuid.uuid4(), f"{timezone.now():%Y-%m-%d %H:%M:%SZ}"
    handles = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}"
    return JsonResponse(
        {
            "error": error,
            "error_description": f"AADSTS{number}: {text} {handles}",
            "error_codes": [number],
            "timestamp": at,
            "trace_id": str(trace),
            "correlation_id": str(correlation),
            "error_uri": f"https://login.microsoftonline.com/error?code={number}",
            **({"suberror": suberror} if suberror else {}),
        },
        status=status,
    )


def web_server_page(status: int, reason: str) -> HttpResponse:
    page = f"<html><head><title>{status} {reason}</title></head><body><h1>{status} {reason}</h1></body></html>"
    return HttpResponse(page, status=status, content_type="text/html; charset=utf-8")
