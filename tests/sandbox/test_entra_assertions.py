"""Clients that prove themselves by a certificate instead of a secret."""

import base64
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.sandbox import TENANT

TOKEN = f"/{TENANT}/oauth2/v2.0/token"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Known client, senseless token: what is refused next shows that the client was let in.
LET_IN = [9002313]


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def certificate(key: rsa.RSAPrivateKey, control: Callable[..., Any]) -> x509.Certificate:
    """A certificate of the client, registered."""
    name, now = x509.Name.from_rfc4514_string("CN=portal"), timezone.now()
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = builder.not_valid_before(now).not_valid_after(now.replace(year=now.year + 1)).sign(key, hashes.SHA256())
    assert control("POST", "client/certificates", pem=made.public_bytes(Encoding.PEM).decode()).status_code == 201
    return made


def numbers(client: Client, key: rsa.RSAPrivateKey, certificate: x509.Certificate, **changes: Any) -> list[int]:
    """The AADSTS numbers for a refresh with an assertion whose claims may be changed."""
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
    claims = {
        "aud": f"https://login.example{TOKEN}",
        "iss": settings.SANDBOX_CLIENT_ID,
        "sub": settings.SANDBOX_CLIENT_ID,
        "jti": "1",
        "exp": int(time.time()) + 600,
        **changes,
    }
    assertion = jwt.encode(claims, key, "PS256", headers={"x5t#S256": thumbprint})
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": settings.SANDBOX_CLIENT_ID}
    answer = client.post(TOKEN, {**form, "client_assertion_type": TYPE, "client_assertion": assertion})
    found: list[int] = answer.json()["error_codes"]
    return found


def test_an_assertion_takes_the_place_of_the_secret(
    client: Client, key: rsa.RSAPrivateKey, certificate: x509.Certificate
) -> None:
    assert numbers(client, key, certificate) == LET_IN


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"exp": 1}, 700024),
        ({"aud": "https://login.example/other/oauth2/v2.0/token"}, 700023),
        ({"iss": "another", "sub": "another"}, 700021),
    ],
)
def test_claims_that_prove_nothing(
    client: Client, key: rsa.RSAPrivateKey, certificate: x509.Certificate, changes: dict[str, Any], number: int
) -> None:
    assert numbers(client, key, certificate, **changes) == [number]


def test_another_key(client: Client, certificate: x509.Certificate) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assert numbers(client, stranger, certificate) == [700027]


def test_a_certificate_that_is_not_registered_any_more(
    client: Client, control: Callable[..., Any], key: rsa.RSAPrivateKey, certificate: x509.Certificate
) -> None:
    assert control("DELETE", "client/certificates").status_code == 204

    assert numbers(client, key, certificate) == [700027]


def test_no_certificate_at_all(control: Callable[..., Any]) -> None:
    assert control("POST", "client/certificates", pem="-----BEGIN").status_code == 400
