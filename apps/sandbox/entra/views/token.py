"""The token endpoint and the profile behind a token."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from apps.sandbox.control.refusals import entra_refusal
from apps.sandbox.entra import accounts, assertions, clients, knobs, scopes, tokens
from apps.sandbox.entra.models import AuthorizationCode, RefreshToken, SignIn
from apps.sandbox.entra.views.discovery import base_url, is_tenant, unknown_tenant

REFRESH_TOKEN_DAYS = 90


class Refused(Exception):
    """The token request is answered with an error: status, `error`, AADSTS number, text and maybe a suberror."""

    def __init__(self, status: int, error: str, number: int, text: str, suberror: str = "") -> None:
        super().__init__(text)
        self.answer = (status, error, number, text, suberror)


@csrf_exempt
@require_POST
def token(request: HttpRequest, tenant: str) -> HttpResponse:
    if not is_tenant(tenant):
        return unknown_tenant(tenant)
    if ordered := knobs.current().token_error:
        return entra_refusal(*ordered)
    form = request.POST.dict()
    try:
        client_id = _authenticated_client(form, request)
        match form.get("grant_type"):
            case "authorization_code":
                answer = _redeem_code(form, client_id=client_id, base=base_url(request))
            case "refresh_token":
                answer = _refresh(form, client_id=client_id, base=base_url(request))
            case other:
                text = f"The app requested an unsupported grant type '{other or ''}'."
                raise Refused(400, "unsupported_grant_type", 70003, text)
    except Refused as refusal:
        return entra_refusal(*refusal.answer)
    if form.get("client_info") != "1":
        del answer["client_info"]
    answer = {name: value for name, value in answer.items() if name not in knobs.current().omit}
    return JsonResponse(answer, headers={"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})


@csrf_exempt
@require_http_methods(["GET", "POST"])
def userinfo(request: HttpRequest) -> HttpResponse:
    try:
        bearer = tokens.identify(request.headers.get("Authorization", ""))
    except tokens.InvalidToken as error:
        refusal = entra_refusal(401, "invalid_token", 50000, str(error))
        refusal["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return refusal
    sign_in = SignIn.objects.select_related("person").get(sid=bearer.sign_in)
    profile = {"sub": tokens.subject(sign_in), "name": sign_in.person.name, "email": bearer.mail}
    return JsonResponse(profile)


def _authenticated_client(form: Mapping[str, str], request: HttpRequest) -> str:
    """The client, proven by its secret or by an assertion of its certificate's key. Raises Refused."""
    if "client_assertion" in form:
        try:
            return assertions.client_of(form, token_path=request.path)
        except assertions.AssertionRefused as refusal:
            raise Refused(401, "invalid_client", refusal.number, refusal.text) from refusal
    try:
        client_id, secret = clients.credentials(form, request.headers.get("Authorization", ""))
    except ValueError as error:
        raise Refused(401, "invalid_client", 7000215, "Invalid client secret provided.") from error
    if not clients.is_registered(client_id):
        text = f"Application with identifier '{client_id}' was not found in the directory."
        raise Refused(400, "unauthorized_client", 700016, text)
    if not secret:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise Refused(401, "invalid_client", 7000218, text)
    if not clients.is_secret(secret):
        raise Refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
    if knobs.current().secret_expired:
        raise Refused(401, "invalid_client", 7000222, "The provided client secret keys are expired.")
    return client_id


# A refused request has changed nothing: Refused leaves the transaction as well.
@transaction.atomic
def _redeem_code(form: Mapping[str, str], *, client_id: str, base: str) -> dict[str, Any]:
    now = timezone.now()
    codes = AuthorizationCode.objects.select_related("sign_in__person").filter(sign_in__client_id=client_id)
    code = codes.filter(code=form.get("code", "")).first()
    if code is None:
        raise Refused(400, "invalid_grant", 70000, "The provided value for the 'code' parameter is not valid.")
    if code.redeemed_at:
        raise Refused(400, "invalid_grant", 54005, "OAuth2 Authorization code was already redeemed.")
    if code.expires_at <= now:
        raise Refused(400, "invalid_grant", 70008, "The provided authorization code has expired.")
    if code.redirect_uri != form.get("redirect_uri", ""):
        raise Refused(400, "invalid_client", 50011, "The redirect URI is not the one of the authorization request.")
    if code.code_challenge and code.code_challenge != _challenge_of(form.get("code_verifier", "")):
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise Refused(400, "invalid_grant", 501481, text)
    _require_account(accounts.obstacle_of(code.sign_in.person))
    code.redeemed_at = now
    code.save(update_fields=["redeemed_at"])
    asked = _asked(form.get("scope") or code.scope)
    _require_consent(asked, code.sign_in)
    issue_refresh = "offline_access" in _asked(code.scope)
    refresh_token = _new_refresh_token(code.sign_in, scope=code.scope) if issue_refresh else ""
    words = (form.get("scope") or code.scope).split()
    return _answer(code.sign_in, asked, words, base=base, nonce=code.nonce, refresh_token=refresh_token)


def _refresh(form: Mapping[str, str], *, client_id: str, base: str) -> dict[str, Any]:
    now, knob = timezone.now(), knobs.current()
    rows = RefreshToken.objects.select_related("sign_in__person").filter(sign_in__client_id=client_id)
    row = rows.filter(token=form.get("refresh_token", "")).first()
    if row is None:
        raise Refused(400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
    if row.revoked_at or tokens.is_revoked(row.sign_in):
        raise Refused(400, "invalid_grant", 50173, "The provided grant has expired due to it being revoked.")
    if row.expires_at <= now:
        raise Refused(400, "invalid_grant", 700082, "The refresh token has expired due to inactivity.")
    _require_account(accounts.obstacle_at_refresh(row.sign_in))
    asked = _asked(form.get("scope") or row.scope)
    _require_consent(asked, row.sign_in)
    with transaction.atomic():
        # Of two who use the same token at once, with revoke_old only one may win.
        if knob.revoke_old and not rows.filter(pk=row.pk, revoked_at=None).update(revoked_at=now):
            raise Refused(400, "invalid_grant", 50173, "The provided grant has expired due to it being revoked.")
        kept = not knob.rotate
        refresh_token = row.token if kept else _new_refresh_token(row.sign_in, scope=row.scope)
    words = (form.get("scope") or row.scope).split()
    return _answer(row.sign_in, asked, words, base=base, nonce="", refresh_token=refresh_token)


def _asked(scope: str) -> list[str]:
    try:
        return scopes.parse(scope)
    except scopes.UnknownScope as error:
        text = f"The provided request must include a 'scope' that exists; '{error}' does not."
        raise Refused(400, "invalid_scope", 70011, text) from error


def _require_account(obstacle: accounts.Obstacle | None) -> None:
    if obstacle:
        raise Refused(400, obstacle.error, obstacle.number, obstacle.text, obstacle.suberror)


def _require_consent(asked: list[str], sign_in: SignIn) -> None:
    if scopes.missing(asked, sign_in.person, sign_in.client_id):
        text = "The user or administrator has not consented to use the application."
        raise Refused(400, "invalid_grant", 65001, text)


def _answer(
    sign_in: SignIn, asked: list[str], words: list[str], *, base: str, nonce: str, refresh_token: str
) -> dict[str, Any]:
    """The tokens for the scopes `asked`, which the client spelt as in `words`."""
    knob = knobs.current()
    names = scopes.granted(asked, sign_in.person, sign_in.client_id)
    answer: dict[str, Any] = {
        "token_type": "Bearer",
        "expires_in": knob.at_life,
        "ext_expires_in": knob.at_life,
        "access_token": tokens.access_token(sign_in, names),
        "client_info": tokens.client_info(sign_in.person),
    }
    if knob.scope_mode != "none":
        in_url_form = set(names) if knob.scope_mode == "url" else set()
        if knob.scope_mode == "echo":
            in_url_form = {
                name for name in names if f"{scopes.GRAPH}{name}".lower() in {word.lower() for word in words}
            }
        answer["scope"] = _shown(names, in_url_form=in_url_form)
    if refresh_token:
        answer["refresh_token"] = refresh_token
    if "openid" in names:
        answer["id_token"] = tokens.id_token(sign_in, names, base_url=base, nonce=nonce)
    return answer


def _shown(names: list[str], *, in_url_form: set[str]) -> str:
    """The `scope` of the answer: those of the resource first; offline_access is never listed."""
    resource = [name for name in names if name not in scopes.OPENID]
    identity = [name for name in names if name in scopes.OPENID and name != "offline_access"]
    return " ".join([*(f"{scopes.GRAPH}{name}" if name in in_url_form else name for name in resource), *identity])


def _new_refresh_token(sign_in: SignIn, *, scope: str) -> str:
    row = RefreshToken.objects.create(
        token=f"1.AX{secrets.token_urlsafe(80)}",
        sign_in=sign_in,
        scope=scope,
        expires_at=timezone.now() + timedelta(days=REFRESH_TOKEN_DAYS),
    )
    return row.token


def _challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
