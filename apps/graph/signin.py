"""Sign-in at Microsoft for a mailbox: begin, finish, refresh. MSAL does the protocol, we check the ID token."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msal
import requests
from django.conf import settings
from msal.exceptions import MsalError

from apps.graph.errors import (
    Disconnection,
    GraphContractBroken,
    GraphError,
    GraphMisconfigured,
    GraphRejected,
    GraphServerTrouble,
    GraphThrottled,
    GraphUnreachable,
    InvalidIdToken,
    MailboxDisconnected,
)
from apps.graph.id_token import Claims, current_authority, validate_id_token

# A token with less life than this is replaced: MSAL's own limit, so that both look at it alike.
LEAST_LIFE_SECONDS = 300

# Microsoft's AADSTS codes, sorted by who can help.
_REASONS = {
    Disconnection.EXPIRED: {700082, 70008, 70043, 50132},
    Disconnection.REVOKED: {50173},
    Disconnection.CONSENT: {65001, 65004},
    Disconnection.ADMIN: {90094, 90095, 50105},
    Disconnection.EXTRA_STEP: {50076, 50079, 50074, 50078, 50158},
    Disconnection.BLOCKED: {53003, 53000, 530003},
    Disconnection.ACCOUNT: {50057, 50034, 50020},
}
_ASK_THE_PERSON = {"invalid_grant", "interaction_required", "consent_required", "login_required", "access_denied"}
_ASK_THE_OPERATOR = {"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "invalid_resource"}


class SignInMismatch(GraphRejected):
    """The answer does not belong to a sign-in that this browser began: replayed, forged or too old."""

    code = "sign_in_mismatch"


class ScopesMissing(MailboxDisconnected):
    """Microsoft granted less than we need."""

    code = "scopes_missing"


class GuestAccount(GraphRejected):
    """The person is a guest in this tenant: the mailbox is elsewhere."""

    code = "guest_account"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A finished sign-in: who, what was granted, and MSAL's cache, which holds the tokens."""

    claims: Claims
    home_account_id: str
    scopes: tuple[str, ...]
    cache: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """An access token, the scopes that Microsoft says it has (none where it says nothing), and the cache to keep where it
    changed."""

    access_token: str = field(repr=False)
    scopes: tuple[str, ...]
    cache: str = field(repr=False)
    has_changed: bool


def begin(*, scopes: Sequence[str], redirect_uri: str, address: str = "") -> dict[str, Any]:
    """Start a sign-in. Keep the answer in the server-side session; send the browser to its `auth_uri`.

    The person picks an account, whoever is signed in there; with an `address`, that account is proposed. Raises GraphError
    where the sign-in service cannot be asked.
    """
    flow: dict[str, Any] = _app(msal.SerializableTokenCache()).initiate_auth_code_flow(
        list(scopes),
        redirect_uri=redirect_uri,
        # Both at once would show the picker to somebody who has picked already.
        **({"login_hint": address} if address else {"prompt": "select_account"}),
        response_mode="query",
    )
    return flow


def finish(flow: Mapping[str, Any], params: Mapping[str, str], *, scopes: Sequence[str]) -> SignedIn:
    """Redeem the code that Microsoft sent the browser back with. Works once.

    Raises SignInMismatch, ScopesMissing, GuestAccount, InvalidIdToken, MailboxDisconnected with the reason of a
    refusal, or another GraphError. Nothing is kept unless every check has passed.
    """
    cache = msal.SerializableTokenCache()
    try:
        answer = _app(cache).acquire_token_by_auth_code_flow(dict(flow), dict(params))
    except (ValueError, RuntimeError) as error:
        raise SignInMismatch("state or nonce") from error
    except (requests.RequestException, MsalError) as error:
        raise _outage(error) from error
    if "error" in answer:
        raise _refusal(answer)
    if "id_token" not in answer:
        raise InvalidIdToken("missing")
    claims = validate_id_token(str(answer["id_token"]))
    home_account_id = str(next(iter(cache.search(cache.CredentialType.ACCOUNT)))["home_account_id"])
    if home_account_id != f"{claims.oid}.{claims.tid}":
        raise GuestAccount("the account's home is another tenant")
    granted = str(answer.get("scope", "")).split()
    if not {scope.lower() for scope in scopes} <= {scope.lower() for scope in granted}:
        raise ScopesMissing("not every scope was granted", reason=Disconnection.CONSENT)
    return SignedIn(claims=claims, home_account_id=home_account_id, scopes=tuple(granted), cache=cache.serialize())


def cached_token(cache_text: str, *, home_account_id: str, scopes: Sequence[str]) -> str | None:
    """The access token in the cache, if it lives long enough. No network."""
    cache = _cache(cache_text)
    entries = cache.search(
        cache.CredentialType.ACCESS_TOKEN, target=list(scopes), query={"home_account_id": home_account_id}
    )
    for entry in entries:
        if int(entry["expires_on"]) - time.time() > LEAST_LIFE_SECONDS:
            return str(entry["secret"])
    return None


def refresh(cache_text: str, *, home_account_id: str, scopes: Sequence[str], force: bool) -> Refreshed:
    """A fresh access token. `scopes` must always be the same list in the same casing, else every call is a refresh.

    Raises MailboxDisconnected where only the person can help, else a GraphError that can be tried again.
    """
    cache = _cache(cache_text)
    app = _app(cache)
    account = next((found for found in app.get_accounts() if found["home_account_id"] == home_account_id), None)
    if account is None:
        raise MailboxDisconnected("the stored sign-in names another account", reason=Disconnection.REFUSED)
    try:
        answer = app.acquire_token_silent_with_error(list(scopes), account, force_refresh=force)
    except (requests.RequestException, MsalError) as error:
        raise _outage(error) from error
    if answer is None:
        raise MailboxDisconnected("no refresh token was granted", reason=Disconnection.REFUSED)
    if "access_token" not in answer:
        raise _refusal(answer)
    # Asked first: writing the cache down counts as keeping it.
    has_changed = bool(cache.has_state_changed)
    return Refreshed(
        access_token=str(answer["access_token"]),
        scopes=tuple(str(answer.get("scope") or "").split()),
        cache=cache.serialize(),
        has_changed=has_changed,
    )


def _cache(text: str) -> msal.SerializableTokenCache:
    cache = msal.SerializableTokenCache()
    cache.deserialize(text)
    return cache


def _app(cache: msal.SerializableTokenCache) -> msal.ConfidentialClientApplication:
    """New for every use: an application repeats a refusal for a minute from its memory, even after it was mended."""
    login = current_authority()
    try:
        return msal.ConfidentialClientApplication(
            settings.MICROSOFT_CLIENT_ID,
            client_credential=settings.MICROSOFT_CLIENT_SECRET,
            authority=login.public_url,
            http_client=login,
            token_cache=cache,
        )
    except ValueError as error:
        raise GraphContractBroken("the sign-in service's description cannot be used") from error


def _outage(error: Exception) -> GraphError:
    if isinstance(error, requests.RequestException):
        return GraphUnreachable("the sign-in service")
    return GraphServerTrouble("the sign-in service")


def _refusal(answer: Mapping[str, Any]) -> GraphError:
    """The service's word, sorted by who can act on it. AADSTS numbers only choose the sentence, never the class."""
    error = str(answer.get("error", ""))
    numbers = {int(number) for number in answer.get("error_codes", []) if str(number).isdigit()}
    # An answer by way of the browser has its number in the text alone.
    numbers |= {int(number) for number in re.findall(r"AADSTS(\d{4,9})", str(answer.get("error_description", "")))}
    request_id = str(answer.get("correlation_id", ""))
    if error in _ASK_THE_PERSON:
        reason = next((reason for reason, known in _REASONS.items() if known & numbers), Disconnection.REFUSED)
        if error == "consent_required" and not numbers:
            reason = Disconnection.ADMIN
        return MailboxDisconnected(error, reason=reason, request_id=request_id)
    if error in _ASK_THE_OPERATOR:
        return GraphMisconfigured(f"{error} {sorted(numbers)}", request_id=request_id)
    if error == "temporarily_unavailable":
        return GraphThrottled("the sign-in service", request_id=request_id)
    return GraphServerTrouble(f"the sign-in service: {error}", request_id=request_id)
