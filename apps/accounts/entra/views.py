"""The two doors of the sign-in: out to Microsoft, and back with a code that is exchanged for an ID token."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter, OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from apps.graph.errors import GraphError, InvalidIdToken
from apps.graph.id_token import validate_id_token


class EntraAdapter(OAuth2Adapter):
    provider_id = "entra"
    # Set by the callback from the state of this sign-in.
    nonce: str | None = None

    @property
    def authorize_url(self) -> str:
        return f"{settings.MICROSOFT_LOGIN_URL}/{settings.MICROSOFT_TENANT}/oauth2/v2.0/authorize"

    @property
    def access_token_url(self) -> str:
        return f"{settings.MICROSOFT_LOGIN_URL}/{settings.MICROSOFT_TENANT}/oauth2/v2.0/token"

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """The address that is registered with Microsoft, whatever name the browser used."""
        return f"{settings.PORTAL_URL}{reverse('entra_callback')}"

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        raw = kwargs["response"].get("id_token")
        if not raw or not self.nonce:
            raise OAuth2Error("no ID token, or no nonce to compare")
        try:
            claims = validate_id_token(raw, nonce=self.nonce)
        except (InvalidIdToken, GraphError) as error:
            raise OAuth2Error("the ID token was not accepted") from error
        return self.get_provider().sociallogin_from_response(request, asdict(claims))


class EntraCallbackView(OAuth2CallbackView):
    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[dict[str, Any] | None, Any]:
        # The one place where allauth hands the state out before the token is looked at.
        state, response = super()._get_state(request, provider)
        if state:
            self.adapter.nonce = state.get("nonce")
        return state, response


entra_login = OAuth2LoginView.adapter_view(EntraAdapter)
entra_callback = EntraCallbackView.adapter_view(EntraAdapter)
