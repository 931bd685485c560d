"""The token endpoint, and the tokens as Graph reads them back."""

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.sandbox import TENANT
from apps.sandbox.control import weather
from apps.sandbox.control.models import Person
from apps.sandbox.entra import knobs, scopes, tokens
from apps.sandbox.entra.authorizing import AuthorizeRequest, grant
from apps.sandbox.entra.models import AuthorizationCode, RefreshToken

TOKEN = f"/{TENANT}/oauth2/v2.0/token"
REDIRECT = "http://127.0.0.1:8000/callback/"
CLIENT = {"client_id": settings.SANDBOX_CLIENT_ID, "client_secret": settings.SANDBOX_CLIENT_SECRET}
VERIFIER = "v" * 50
SCOPE = "openid profile email offline_access user.read https://graph.microsoft.com/mail.read"


def code_for(person: Person, scope: str = SCOPE) -> str:
    """What the pages give once the person has accepted."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = AuthorizeRequest(
        client_id=settings.SANDBOX_CLIENT_ID,
        redirect_uri=REDIRECT,
        scope=scope,
        nonce="n1",
        code_challenge=challenge,
        code_challenge_method="S256",
    )
    scopes.allow(asked.scope_names, person=person, client_id=asked.client_id)
    return grant(asked, person)["code"]


def redeem(client: Client, code: str, **changes: str) -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return client.post(TOKEN, {**CLIENT, **form, **changes})


def refresh(client: Client, refresh_token: str, **changes: str) -> Any:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return client.post(TOKEN, {**CLIENT, **form, **changes})


@pytest.fixture
def signed_in(client: Client, person: Callable[..., Person]) -> tuple[Person, dict[str, Any]]:
    jana = person()
    return jana, redeem(client, code_for(jana)).json()


def numbers(response: Any) -> list[int]:
    codes: list[int] = response.json()["error_codes"]
    return codes


def test_a_code_gives_all_tokens(client: Client, person: Callable[..., Person]) -> None:
    """Scopes come back short and in canonical spelling, without offline_access; the ID token holds by the keys."""
    jana = person()

    answer = redeem(client, code_for(jana), client_info="1").json()

    assert answer["scope"] == "User.Read Mail.Read openid profile email"
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    document = client.get(f"/{TENANT}/v2.0/.well-known/openid-configuration").json()
    key = jwt.PyJWKSet.from_dict(client.get(f"/{TENANT}/discovery/v2.0/keys").json())
    kid = jwt.get_unverified_header(answer["id_token"])["kid"]
    claims = jwt.decode(answer["id_token"], key[kid].key, algorithms=["RS256"], audience=settings.SANDBOX_CLIENT_ID)
    assert claims["iss"] == document["issuer"] == f"http://testserver/{TENANT}/v2.0"
    assert (claims["oid"], claims["tid"], claims["nonce"]) == (str(jana.oid), TENANT, "n1")
    assert (claims["preferred_username"], claims["email"], claims["ver"]) == (jana.mail, jana.mail, "2.0")
    bearer = tokens.identify(f"Bearer {answer['access_token']}")
    assert (bearer.mail, bearer.oid, bearer.scopes) == (jana.mail, str(jana.oid), {"User.Read", "Mail.Read"})
    assert "client_info" in answer


def test_secret_in_a_basic_header(client: Client, person: Callable[..., Person]) -> None:
    pair = base64.b64encode(":".join(CLIENT.values()).encode()).decode()
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}

    answer = client.post(TOKEN, {**form, "code": code_for(person())}, headers={"authorization": f"Basic {pair}"})

    assert answer.json()["access_token"]


def test_a_code_works_once(client: Client, person: Callable[..., Person]) -> None:
    code = code_for(person())

    redeem(client, code)

    assert numbers(redeem(client, code)) == [54005]


def test_a_code_lasts_ten_minutes(client: Client, person: Callable[..., Person]) -> None:
    code = code_for(person())
    AuthorizationCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert numbers(redeem(client, code)) == [70008]


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"code_verifier": "w" * 50}, 400, "invalid_grant", 501481),
        ({"code_verifier": ""}, 400, "invalid_grant", 501481),
        ({"redirect_uri": REDIRECT + "x"}, 400, "invalid_client", 50011),
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000218),
        ({"client_id": "another"}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "Nonsense"}, 400, "invalid_scope", 70011),
        ({"scope": "Contacts.Read"}, 400, "invalid_grant", 65001),
    ],
)
def test_refusals_spare_the_code(
    client: Client, person: Callable[..., Person], changes: dict[str, str], status: int, error: str, number: int
) -> None:
    """Each refusal has Entra's shape and number, and the right request still works afterwards."""
    code = code_for(person())

    refused = redeem(client, code, **changes)

    assert refused.status_code == status
    assert refused.json()["error"] == error
    assert numbers(refused) == [number]
    assert refused.json()["error_description"].startswith(f"AADSTS{number}: ")
    assert redeem(client, code).status_code == 200


def test_unknown_code(client: Client, db: None) -> None:
    assert numbers(redeem(client, "0.AXnothing")) == [70000]


def test_refreshing_rotates(client: Client, signed_in: tuple[Person, dict[str, Any]]) -> None:
    """Each refresh gives a new token and the old one goes on working, as at Microsoft."""
    _jana, first = signed_in

    second = refresh(client, first["refresh_token"]).json()
    third = refresh(client, first["refresh_token"]).json()

    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert second["scope"] == first["scope"]
    assert "nonce" not in jwt.decode(second["id_token"], options={"verify_signature": False})


def test_without_rotation_the_token_stays(client: Client, signed_in: tuple[Person, dict[str, Any]]) -> None:
    knobs.turn({"rotate": False})

    assert refresh(client, signed_in[1]["refresh_token"]).json()["refresh_token"] == signed_in[1]["refresh_token"]


def test_revoke_old_ends_the_used_token(client: Client, signed_in: tuple[Person, dict[str, Any]]) -> None:
    knobs.turn({"revoke_old": True})

    second = refresh(client, signed_in[1]["refresh_token"]).json()

    assert numbers(refresh(client, signed_in[1]["refresh_token"])) == [50173]
    assert refresh(client, second["refresh_token"]).status_code == 200


def test_refresh_refusals(client: Client, signed_in: tuple[Person, dict[str, Any]]) -> None:
    token = signed_in[1]["refresh_token"]

    assert numbers(refresh(client, "1.AXnothing")) == [9002313]
    assert numbers(refresh(client, token, scope="Contacts.Read")) == [65001]
    RefreshToken.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert numbers(refresh(client, token)) == [700082]


def test_later_consent_widens_an_earlier_refresh_token(
    client: Client, signed_in: tuple[Person, dict[str, Any]]
) -> None:
    """Incremental consent: a refresh token is bound to user and client, not to the scopes of its day."""
    jana, first = signed_in
    scopes.allow(["Contacts.Read"], person=jana, client_id=settings.SANDBOX_CLIENT_ID)

    assert refresh(client, first["refresh_token"], scope="Contacts.Read").json()["scope"] == "Contacts.Read"


def test_without_offline_access_there_is_no_refresh_token(client: Client, person: Callable[..., Person]) -> None:
    assert "refresh_token" not in redeem(client, code_for(person(), "openid User.Read")).json()


def test_revoked_person(client: Client, person: Callable[..., Person], bearer: Callable[..., str]) -> None:
    """The fault ends all sign-ins of the one person for good; a new sign-in works, and others notice nothing."""
    jana, marek = person("Jana Svobodová"), person("Marek Novák")
    answer = redeem(client, code_for(jana)).json()
    marek_header = bearer(marek)
    weather.add(name="revoked token", target=f"graph:{jana.mail}")

    assert tokens.identify(marek_header).mail == marek.mail
    with pytest.raises(tokens.InvalidToken):
        tokens.identify(f"Bearer {answer['access_token']}")
    assert numbers(refresh(client, answer["refresh_token"])) == [50173]
    assert redeem(client, code_for(jana)).status_code == 200


def test_revoked_at_the_refresh(client: Client, signed_in: tuple[Person, dict[str, Any]]) -> None:
    """Whatever service the fault names, it hits where a token is next used, and the access token ends with it."""
    weather.add(name="revoked-token", target="entra")

    assert numbers(refresh(client, signed_in[1]["refresh_token"])) == [50173]
    with pytest.raises(tokens.InvalidToken):
        tokens.identify(f"Bearer {signed_in[1]['access_token']}")


@pytest.mark.parametrize(
    ("header", "said"),
    [("", "empty"), ("Basic abc", "empty"), ("Bearer ", "empty"), ("Bearer a.b.c", "CompactToken parsing failed")],
)
def test_headers_that_identify_nobody(db: None, header: str, said: str) -> None:
    with pytest.raises(tokens.InvalidToken, match=said):
        tokens.identify(header)


def test_an_expired_token_says_so(person: Callable[..., Person], bearer: Callable[..., str]) -> None:
    knobs.turn({"at_life": -10})

    with pytest.raises(tokens.InvalidToken, match="expired"):
        tokens.identify(bearer(person()))


def test_an_id_token_opens_nothing(signed_in: tuple[Person, dict[str, Any]]) -> None:
    with pytest.raises(tokens.InvalidToken, match="audience"):
        tokens.identify(f"Bearer {signed_in[1]['id_token']}")


@pytest.mark.parametrize(
    ("knob", "claim", "value"),
    [
        ({"bad_aud": True}, "aud", "somebody-else"),
        ({"bad_iss": True}, "iss", "https://login.evil.example/v2.0"),
        ({"bad_nonce": True}, "nonce", "tampered"),
        ({"tid": "11111111-1111-1111-1111-111111111111"}, "tid", "11111111-1111-1111-1111-111111111111"),
    ],
)
def test_knobs_spoil_the_id_token(
    client: Client, person: Callable[..., Person], knob: dict[str, Any], claim: str, value: str
) -> None:
    knobs.turn(knob)

    answer = redeem(client, code_for(person())).json()

    assert jwt.decode(answer["id_token"], options={"verify_signature": False})[claim] == value


def test_knob_for_a_forged_signature(client: Client, person: Callable[..., Person]) -> None:
    knobs.turn({"bad_signature": True})

    id_token = redeem(client, code_for(person())).json()["id_token"]

    keys = jwt.PyJWKSet.from_dict(client.get("/common/discovery/v2.0/keys").json())
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(id_token, keys.keys[0].key, algorithms=["RS256"], audience=settings.SANDBOX_CLIENT_ID)


def test_knobs_of_the_answer(client: Client, person: Callable[..., Person]) -> None:
    jana = person()

    knobs.turn({"scope_mode": "url"})
    assert "https://graph.microsoft.com/Mail.Read" in redeem(client, code_for(jana)).json()["scope"]
    knobs.turn({"scope_mode": "none"})
    assert "scope" not in redeem(client, code_for(jana)).json()
    knobs.turn({"token_error": [400, "invalid_grant", 50076, "Multi-factor authentication is needed."]})
    assert numbers(redeem(client, code_for(jana))) == [50076]


def test_scopes_may_be_echoed_as_they_were_asked_for(client: Client, person: Callable[..., Person]) -> None:
    """In the spelling of Microsoft all the same: SCOPE asks for mail.read in the form of a URL."""
    knobs.turn({"scope_mode": "echo"})

    answer = redeem(client, code_for(person())).json()

    assert answer["scope"] == "User.Read https://graph.microsoft.com/Mail.Read openid profile email"


def test_any_claim_can_be_anything_or_nothing(client: Client, person: Callable[..., Person]) -> None:
    knobs.turn({"claims": {"oid": "x", "exp": 1}, "omit": ["nonce", "refresh_token", "jwks_uri"]})

    answer = redeem(client, code_for(person())).json()

    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
    assert (claims["oid"], claims["exp"]) == ("x", 1)
    assert "nonce" not in claims
    assert "refresh_token" not in answer
    assert "jwks_uri" not in client.get(f"/{TENANT}/v2.0/.well-known/openid-configuration").json()


def test_codes_may_live_shorter(client: Client, person: Callable[..., Person]) -> None:
    knobs.turn({"code_life": 0})

    assert numbers(redeem(client, code_for(person()))) == [70008]


def test_what_the_token_endpoint_is_ordered_to_say(client: Client, person: Callable[..., Person]) -> None:
    """Refusals that no state of an account brings about."""
    for status, error, number in ((400, "invalid_grant", 70043), (400, "invalid_grant", 50196), (503, "x", 90033)):
        knobs.turn({"token_error": [status, error, number, "As ordered."]})

        answer = redeem(client, code_for(person()))

        assert (answer.status_code, answer.json()["error"], numbers(answer)) == (status, error, [number])


def test_userinfo(client: Client, signed_in: tuple[Person, dict[str, Any]]) -> None:
    jana, answer = signed_in

    profile = client.get("/oidc/userinfo", headers={"authorization": f"Bearer {answer['access_token']}"}).json()

    assert (profile["name"], profile["email"]) == (jana.name, jana.mail)
    assert profile["sub"] == jwt.decode(answer["id_token"], options={"verify_signature": False})["sub"]
    assert client.get("/oidc/userinfo").status_code == 401


def test_discovery(client: Client, db: None) -> None:
    """The issuer is a template where the tenant is not known beforehand; all addresses follow the request's host."""
    common = client.get("/common/v2.0/.well-known/openid-configuration", headers={"host": "localhost:9999"}).json()
    instances = client.get("/common/discovery/instance", {"api-version": "1.1"}).json()

    assert common["issuer"] == "http://localhost:9999/{tenantid}/v2.0"
    assert common["token_endpoint"] == "http://localhost:9999/common/oauth2/v2.0/token"
    assert instances["metadata"][0]["aliases"] == ["testserver"]
