"""What every page owes to its reader: language and time zone, no trace in a cache, and a page where there is none."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _


def preferences(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Language and time zone: the user's choice, else the cookie's, else the browser's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.LANGUAGE_CODE = language = language_of(request)
        with translation.override(language), timezone.override(time_zone_of(request)):
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        if request.user.is_authenticated:
            # Mail of one person: neither a proxy nor the next one at this browser finds it again.
            response.headers.setdefault("Cache-Control", "private, no-store")
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return middleware


def pages_only(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A form that was sent without a session leads through the sign-in back to its own address, which has no page.

    The browser then goes on to the inbox and says that nothing was done, instead of showing an empty 405.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405 or request.method != "GET" or not request.user.is_authenticated:
            return response
        messages.info(request, _("Nothing was done yet. Please press the button once more."))
        return redirect("home")

    return middleware


def language_of(request: HttpRequest) -> str:
    chosen = request.user.language if request.user.is_authenticated else ""
    return chosen if chosen in dict(settings.LANGUAGES) else translation.get_language_from_request(request)


def time_zone_of(request: HttpRequest) -> ZoneInfo:
    return request.user.zone if request.user.is_authenticated else ZoneInfo(settings.TIME_ZONE)
