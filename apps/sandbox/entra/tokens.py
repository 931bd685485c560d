"""Tokens: written for clients, and read back by Graph."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.utils import timezone

from apps.sandbox import TENANT
from apps.sandbox.control import weather
from apps.sandbox.control.models import Person
from apps.sandbox.entra import keys, knobs
from apps.sandbox.entra.models import SignIn
from apps.sandbox.entra.scopes import OPENID

GRAPH_AUDIENCE = "https://graph.microsoft.com"
ID_TOKEN_SECONDS = 3600


class InvalidToken(Exception):
    """The bearer token opens nothing; the text is what Graph says about it."""


@dataclass(frozen=True)
class Bearer:
    """Who calls Graph, what the client may do for that person, and the sign-in (`sid`) that it all stems from."""

    mail: str
    oid: str
    scopes: frozenset[str]
    sign_in: str


def identify(authorization: str) -> Bearer:
    """The bearer of an `Authorization` header. Raises InvalidToken: none, malformed, expired or revoked.

    The fault `revoked-token` that hits here ends all of the person's sign-ins, as an administrator's *Revoke sessions*
    does: the refresh token is refused from then on as well.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidToken("Access token is empty.")
    _kid, private = keys.signing_key()
    try:
        claims = jwt.decode(token.strip(), private.public_key(), algorithms=["RS256"], audience=GRAPH_AUDIENCE)
    except jwt.ExpiredSignatureError as error:
        raise InvalidToken("Lifetime validation failed, the token is expired.") from error
    except jwt.InvalidAudienceError as error:
        raise InvalidToken("Access token validation failure. Invalid audience.") from error
    except jwt.PyJWTError as error:
        raise InvalidToken("CompactToken parsing failed with error code: 80049217") from error
    sign_in = SignIn.objects.select_related("person").filter(sid=claims["sid"]).first()
    if sign_in is None or is_revoked(sign_in):
        raise InvalidToken("Continuous access evaluation resulted in challenge with result: InteractionRequired.")
    return Bearer(sign_in.person.mail, str(sign_in.person.oid), frozenset(claims["scp"].split()), str(sign_in.sid))


def is_revoked(sign_in: SignIn) -> bool:
    """Whether the sign-in has ended. Asks the weather: the fault `revoked-token` ends it here and for good."""
    if sign_in.revoked_at is None and weather.strikes("revoked-token", [sign_in.person.mail, "token"]):
        revoke_sign_ins(sign_in.person)
        return True
    return sign_in.revoked_at is not None


def revoke_sign_ins(person: Person) -> None:
    """End every sign-in of the person; the next one starts afresh."""
    SignIn.objects.filter(person=person, revoked_at=None).update(revoked_at=timezone.now())


def access_token(sign_in: SignIn, scopes: Iterable[str]) -> str:
    """A token for Graph, opaque to the client; lives as long as the knob `at_life` says."""
    now = int(time.time())
    claims = {
        "aud": GRAPH_AUDIENCE,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "iat": now,
        "nbf": now,
        "exp": now + knobs.current().at_life,
        "appid": sign_in.client_id,
        "oid": str(sign_in.person.oid),
        "sid": str(sign_in.sid),
        "tid": TENANT,
        "upn": sign_in.person.mail,
        "name": sign_in.person.name,
        "scp": " ".join(scope for scope in scopes if scope not in OPENID),
        "uti": secrets.token_urlsafe(8),
    }
    return _signed(claims)


def id_token(sign_in: SignIn, scopes: Iterable[str], *, base_url: str, nonce: str) -> str:
    """The ID token of the client, spoiled where a knob asks for it. Claims follow the scopes profile and email."""
    knob, now, asked = knobs.current(), int(time.time()), set(scopes)
    tenant = knob.tid or TENANT
    claims: dict[str, Any] = {
        "aud": "somebody-else" if knob.bad_aud else sign_in.client_id,
        "iss": "https://login.evil.example/v2.0" if knob.bad_iss else f"{base_url}/{tenant}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": now + ID_TOKEN_SECONDS,
        "sub": subject(sign_in),
        "tid": tenant,
        "ver": "2.0",
        "uti": secrets.token_urlsafe(8),
    }
    if "profile" in asked:
        claims |= {
            "oid": str(sign_in.person.oid),
            "name": sign_in.person.name,
            "preferred_username": sign_in.person.mail,
        }
    if "email" in asked:
        claims["email"] = sign_in.person.mail
    if nonce:
        claims["nonce"] = "tampered" if knob.bad_nonce else nonce
    claims = {name: value for name, value in (claims | knob.claims).items() if name not in knob.omit}
    return _signed(claims, forged=knob.bad_signature)


def subject(sign_in: SignIn) -> str:
    """The pairwise `sub`: the same person has another one at another client."""
    return _base64(hashlib.sha256(f"{sign_in.person.oid}{sign_in.client_id}".encode()).digest())


def client_info(person: Person) -> str:
    """What MSAL makes its account id from."""
    return _base64(json.dumps({"uid": str(person.oid), "utid": TENANT}).encode())


def _signed(claims: dict[str, Any], *, forged: bool = False) -> str:
    kid, private = keys.signing_key()
    if forged:
        private = generate_private_key(public_exponent=65537, key_size=keys.RSA_BITS)
    return jwt.encode(claims, private, "RS256", headers={"kid": kid})


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
