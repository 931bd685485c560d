"""Doors of signing in and out. The way to Microsoft and back is in entra/views.py."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.utils import get_next_redirect_url
from allauth.account.views import LoginView, LogoutView
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh

from apps.accounts.forms import AdministratorForm


@never_cache
@require_GET
def sign_in(request: HttpRequest) -> HttpResponse:
    """The page with the one button. Who is signed in already goes on."""
    if request.headers.get("HX-Request"):
        # A fragment of a page was sent here because its session is over: the whole page goes through the sign-in.
        return HttpResponseClientRefresh()
    if _is_other_name(request.get_host()):
        return redirect(f"{settings.PORTAL_URL}{request.get_full_path()}")
    next_url = get_next_redirect_url(request) or ""
    if request.user.is_authenticated:
        return redirect(next_url or settings.LOGIN_REDIRECT_URL)
    return render(request, "account/login.html", {"next_url": next_url})


def _is_other_name(host: str) -> bool:
    """The same portal under another name, as localhost is for 127.0.0.1.

    Microsoft sends people back to the name in PORTAL_URL, where the cookies of this sign-in would be missing.
    """
    asked, meant = urlsplit(f"//{host}"), urlsplit(settings.PORTAL_URL)
    return asked.port == meant.port and asked.hostname != meant.hostname


@never_cache
@require_GET
def cancelled(request: HttpRequest) -> HttpResponse:
    """The person said no at Microsoft."""
    return render(request, "socialaccount/login_cancelled.html")


@never_cache
@require_GET
def inactive(request: HttpRequest) -> HttpResponse:
    """An administrator has switched the account off."""
    return render(request, "account/account_inactive.html", status=403)


class AdministratorSignIn(LoginView):
    """User name and password, for accounts made by `createsuperuser`. allauth counts the tries."""

    form_class = AdministratorForm
    template_name = "account/administrator.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"next_url": self.get_next_url() or ""}


class SignOut(LogoutView):
    """Signs out by POST; a GET asks first."""
