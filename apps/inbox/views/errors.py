"""Pages for what went wrong: each says what it means, that nothing was lost, and where to go."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language_from_request
from django.views.decorators.csrf import requires_csrf_token


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400. It may come before there is a session or a trusted host name, so its page asks for neither."""
    return HttpResponse(_plain(request, "errors/400.html"), status=400)


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/403.html", {"layout": _layout(request)}, status=403)


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404. A foreign record and one that never was look alike."""
    return render(request, "errors/404.html", {"layout": _layout(request)}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500. Neither the database nor a context processor is asked: one of them may be what broke."""
    return HttpResponse(_plain(request, "errors/500.html"), status=500)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403. The form was older than the session, or its cookie did not come along: opening it again mends it."""
    came_from = request.META.get("HTTP_REFERER", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    context = {"layout": _layout(request), "back_url": came_from if is_ours else "/"}
    return render(request, "errors/csrf.html", context, status=403)


def _plain(request: HttpRequest, template: str) -> str:
    """A page that stands alone, with the number under which support finds the request in the logs.

    Whatever failed before it was known who asks speaks the language of the browser.
    """
    with translation.override(getattr(request, "LANGUAGE_CODE", "") or get_language_from_request(request)):
        return render_to_string(template, {"request_id": getattr(request, "request_id", "")})


def _layout(request: HttpRequest) -> str:
    """Who is signed in keeps the navigation."""
    user = getattr(request, "user", None)
    return "shell.html" if user is not None and user.is_authenticated else "errors/bare.html"
