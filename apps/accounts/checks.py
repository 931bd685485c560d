"""What must hold before the portal starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

# Authorities that sign in people of any tenant.
OPEN_TENANTS = {"common", "organizations", "consumers"}


@register()
def tenants_are_named(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """An authority of many tenants signs in the whole world, unless a list says whom we mean."""
    if settings.MICROSOFT_TENANT.lower() not in OPEN_TENANTS or settings.MICROSOFT_ALLOWED_TENANTS:
        return []
    return [
        Error(
            f"MICROSOFT_TENANT is {settings.MICROSOFT_TENANT!r}: anybody with a Microsoft account could sign in.",
            hint="Set it to the id of your tenant, or name those that may sign in with MICROSOFT_ALLOWED_TENANTS.",
            id="accounts.E001",
        )
    ]
