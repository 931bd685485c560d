"""How allauth behaves here: accounts come into being by a Microsoft sign-in, or by `createsuperuser`."""

from __future__ import annotations

import functools
import logging
from typing import Any

import requests
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.emailkit import valid_email_or_none
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import User

log = logging.getLogger(__name__)

# Connecting, then waiting for Microsoft's answer, in seconds: a person looks at an empty page meanwhile.
TIMEOUT_SECONDS = (5, 15)


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """The pages say what happened in their own words; allauth's announcements would repeat it in others."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Whoever may sign in at Microsoft, in a tenant that may sign in here, has an account from then on."""
        return True

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The one registration, from the settings. A row in the database would hold the secret in clear text."""
        if provider not in (None, "entra") or client_id not in (None, settings.MICROSOFT_CLIENT_ID):
            return []
        return [
            SocialApp(
                provider="entra",
                name="Microsoft 365",
                client_id=settings.MICROSOFT_CLIENT_ID,
                secret=settings.MICROSOFT_CLIENT_SECRET,
            )
        ]

    def get_requests_session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.request = functools.partial(  # type: ignore[method-assign]
            session.request, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
        return session

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, str]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        _copy_claims(sociallogin.account.extra_data, user)
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Who is known already is shown under the name and address that Microsoft gives today."""
        if sociallogin.is_existing:
            _copy_claims(sociallogin.account.extra_data, sociallogin.user)
            sociallogin.user.save(update_fields=["first_name", "last_name", "email"])

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        # The text of the error may quote Microsoft's answer, so only its kind is written down.
        kind = type(exception.__cause__ or exception).__name__ if exception else ""
        log.warning("sign-in failed", extra={"error": str(error), "kind": kind})


def _copy_claims(claims: dict[str, str], user: User) -> None:
    first, _, last = claims["name"].partition(" ")
    user.first_name, user.last_name = first[:150], last[:150]
    user.email = valid_email_or_none(claims["email"] or claims["preferred_username"]) or ""
