"""msal over https, with nothing adapted but the certificate that it trusts."""

from typing import Any

import jwt
import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.utils import timezone

from tests.sandbox_server import Sandbox
from tests.sdk.browser import REDIRECT, Browser

SCOPES = ["User.Read", "Mail.Read"]


def application(
    server: Sandbox,
    client: dict[str, str],
    certificate: str,
    *,
    cache: msal.TokenCache | None = None,
    credential: Any = None,
    tenant: str = "organizations",
) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        client["client_id"],
        client_credential=credential or client["client_secret"],
        authority=f"{server.tls_url}/{tenant}",
        instance_discovery=False,
        verify=certificate,
        token_cache=cache,
    )


def signed_in(app: msal.ConfidentialClientApplication, browser: Browser, person: dict[str, str]) -> dict[str, Any]:
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    result: dict[str, Any] = app.acquire_token_by_auth_code_flow(
        flow, browser.sign_in(flow["auth_uri"], person["mail"])
    )
    assert "error" not in result, result
    return result


def test_sign_in(
    server: Sandbox, client: dict[str, str], certificate: str, browser: Browser, jana: dict[str, str]
) -> None:
    app = application(server, client, certificate)

    result = signed_in(app, browser, jana)

    claims = result["id_token_claims"]
    assert (claims["oid"], claims["tid"]) == (jana["oid"], client["tenant"])
    assert claims["preferred_username"] == jana["mail"]
    assert set(result["scope"].split()) == {"User.Read", "Mail.Read", "openid", "profile"}
    assert app.get_accounts()[0]["home_account_id"] == f"{jana['oid']}.{client['tenant']}"
    # The issuer belongs to the port that was asked, and the keys there open the token.
    document = server.http.get(
        f"{server.tls_url}/organizations/v2.0/.well-known/openid-configuration", verify=certificate, timeout=10
    ).json()
    assert claims["iss"] == document["issuer"].replace("{tenantid}", client["tenant"])
    keys = jwt.PyJWKSet.from_dict(server.http.get(document["jwks_uri"], verify=certificate, timeout=10).json())
    key = keys[jwt.get_unverified_header(result["id_token"])["kid"]]
    assert jwt.decode(result["id_token"], key.key, algorithms=["RS256"], audience=client["client_id"])


def test_refresh_rotates_and_the_used_token_is_revoked(
    server: Sandbox, client: dict[str, str], certificate: str, browser: Browser, jana: dict[str, str]
) -> None:
    """Of two copies of one cache the second one that refreshes is told invalid_grant 50173."""
    server.control("POST", "knobs", json={"at_life": 200, "revoke_old": True})
    cache = msal.SerializableTokenCache()
    app = application(server, client, certificate, cache=cache)
    first = signed_in(app, browser, jana)
    copied = msal.SerializableTokenCache()
    copied.deserialize(cache.serialize())
    late = application(server, client, certificate, cache=copied)

    renewed = app.acquire_token_silent_with_error(SCOPES, app.get_accounts()[0])
    again = app.acquire_token_silent_with_error(SCOPES, app.get_accounts()[0])
    refused = late.acquire_token_silent_with_error(SCOPES, late.get_accounts()[0])

    assert len({first["access_token"], renewed["access_token"], again["access_token"]}) == 3
    [stored] = cache.search(msal.TokenCache.CredentialType.REFRESH_TOKEN)
    assert stored["secret"] != first["refresh_token"]
    assert (refused["error"], refused["error_codes"]) == ("invalid_grant", [50173])


def test_a_fresh_token_comes_from_the_cache(
    server: Sandbox, client: dict[str, str], certificate: str, browser: Browser, jana: dict[str, str]
) -> None:
    app = application(server, client, certificate)
    signed_in(app, browser, jana)

    assert app.acquire_token_silent_with_error(SCOPES, app.get_accounts()[0])["token_source"] == "cache"


def test_a_certificate_in_the_place_of_the_secret(
    server: Sandbox, client: dict[str, str], certificate: str, browser: Browser, jana: dict[str, str]
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name.from_rfc4514_string("CN=portal"), timezone.now()
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    own = builder.not_valid_before(now).not_valid_after(now.replace(year=now.year + 1)).sign(key, hashes.SHA256())
    pem = own.public_bytes(Encoding.PEM).decode()
    server.control("POST", "client/certificates", json={"pem": pem})
    private_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    credential = {"private_key": private_pem, "public_certificate": pem}

    result = signed_in(application(server, client, certificate, credential=credential), browser, jana)

    assert result["access_token"]


@pytest.mark.parametrize(
    ("trouble", "error", "number"),
    [("disabled", "invalid_grant", 50057), ("mfa", "interaction_required", 50076), ("blocked", "invalid_grant", 53003)],
)
def test_why_a_refresh_was_refused(
    server: Sandbox,
    client: dict[str, str],
    certificate: str,
    browser: Browser,
    jana: dict[str, str],
    trouble: str,
    error: str,
    number: int,
) -> None:
    server.control("POST", "knobs", json={"at_life": 200})
    app = application(server, client, certificate)
    signed_in(app, browser, jana)
    server.control("POST", f"people/{jana['mail']}/account", json={"state": trouble})

    refused = app.acquire_token_silent_with_error(SCOPES, app.get_accounts()[0])

    assert (refused["error"], refused["error_codes"]) == (error, [number])
