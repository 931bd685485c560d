"""ID tokens are checked here: MSAL checks neither signature nor audience nor issuer."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import jwt
from django.conf import settings

from apps.graph.authority import Authority, authority
from apps.graph.errors import InvalidIdToken

# Two machines' clocks differ; Microsoft's own libraries allow five minutes.
LEEWAY_SECONDS = 120
REQUIRED = ["exp", "iat", "iss", "aud", "sub", "tid", "oid"]


@dataclass(frozen=True, slots=True)
class Claims:
    """Who signed in. `tid` and `oid` name a person for ever; names and addresses are for display only."""

    tid: str
    oid: str
    name: str
    email: str
    preferred_username: str


def current_authority() -> Authority:
    return authority(login_url=settings.MICROSOFT_LOGIN_URL, tenant=settings.MICROSOFT_TENANT)


def validate_id_token(raw: str, *, nonce: str | None = None) -> Claims:
    """Check signature, audience, issuer, tenant, times and, if given, the nonce.

    Raises InvalidIdToken where the token is not good, GraphUnreachable or GraphServerTrouble where the keys cannot be
    had.
    """
    login = current_authority()
    try:
        key = login.signing_key(str(jwt.get_unverified_header(raw).get("kid", "")))
        claims = jwt.decode(
            raw,
            key.key,
            algorithms=["RS256"],
            audience=settings.MICROSOFT_CLIENT_ID,
            leeway=LEEWAY_SECONDS,
            # The issuer may be a template; it is compared below.
            options={"require": REQUIRED, "verify_iss": False},
        )
    except jwt.PyJWTError as error:
        raise InvalidIdToken(type(error).__name__) from error
    tenant = str(claims["tid"])
    if claims["iss"] != login.issuer.replace("{tenantid}", tenant):
        raise InvalidIdToken("another issuer")
    _check_tenant(tenant, is_one_tenant="{tenantid}" not in login.issuer)
    if nonce is not None and not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise InvalidIdToken("another nonce")
    return Claims(
        tid=tenant,
        oid=str(claims["oid"]),
        name=str(claims.get("name") or ""),
        email=str(claims.get("email") or ""),
        preferred_username=str(claims.get("preferred_username") or ""),
    )


def _check_tenant(tenant: str, *, is_one_tenant: bool) -> None:
    """An authority of one tenant vouches for it; one of many is believed only for the tenants in the list."""
    allowed = settings.MICROSOFT_ALLOWED_TENANTS
    if tenant not in allowed if allowed else not is_one_tenant:
        raise InvalidIdToken("a tenant that may not sign in")
