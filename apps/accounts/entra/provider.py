"""What allauth has to know about Entra ID."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.providers.base import AuthProcess, ProviderAccount
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from django.http import HttpRequest

from apps.accounts.entra.views import EntraAdapter


class EntraProvider(OAuth2Provider):
    id = "entra"
    name = "Microsoft 365"
    account_class = ProviderAccount
    oauth2_adapter_class = EntraAdapter
    pkce_enabled_default = True

    def get_default_scope(self) -> list[str]:
        return ["openid", "profile", "email", "User.Read"]

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Of what the browser says, only where to go afterwards counts.

        allauth would let it choose scopes, parameters and "connect this account to mine" as well. The nonce is kept in
        the state of this one sign-in and compared with the one in the ID token.
        """
        nonce = secrets.token_urlsafe(32)
        return {
            "process": AuthProcess.LOGIN,
            "next_url": get_next_redirect_url(request),
            "scope": self.get_scope(),
            "auth_params": {"nonce": nonce},
            "nonce": nonce,
        }

    def extract_uid(self, data: dict[str, str]) -> str:
        """Tenant and object id: the one pair that nobody can choose. E-mail and UPN are never identifiers."""
        return f"{data['tid']}.{data['oid']}"

    def extract_common_fields(self, data: dict[str, str]) -> dict[str, str]:
        """The name alone. The adapter sets the e-mail: given here, allauth would compare it with other accounts'."""
        return {"name": data["name"]}


provider_classes = [EntraProvider]
