"""Clients that prove themselves by a certificate: a token signed with its key takes the place of the secret."""

import base64
from collections.abc import Mapping
from urllib.parse import urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from django.db.models import Q

from apps.sandbox.entra.models import ClientCertificate

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ["RS256", "PS256"]
CLOCK_SKEW_SECONDS = 300


class BadCertificate(ValueError):
    """The text is no certificate in PEM."""


class AssertionRefused(Exception):
    """The assertion proves nothing: AADSTS number and text."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.number, self.text = number, text


def register(pem: str, *, client_id: str) -> ClientCertificate:
    """Let the client prove itself with the key of a certificate (which may be signed by anybody). Raises BadCertificate."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise BadCertificate("The text is no certificate in PEM.") from error
    row, _created = ClientCertificate.objects.update_or_create(
        x5t_s256=_base64(certificate.fingerprint(hashes.SHA256())),
        defaults={
            "client_id": client_id,
            "x5t": _base64(certificate.fingerprint(hashes.SHA1())),  # noqa: S303  the thumbprint of RFC 7515
            "pem": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        },
    )
    return row


def forget_all(*, client_id: str) -> None:
    ClientCertificate.objects.filter(client_id=client_id).delete()


def client_of(form: Mapping[str, str], *, token_path: str) -> str:
    """The client id that an assertion proves. Raises AssertionRefused.

    The audience is compared by its path alone: a proxy in between knows the host under another name.
    """
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise AssertionRefused(50027, "JWT token is invalid or malformed: the client_assertion_type is not known.")
    assertion = form.get("client_assertion", "")
    try:
        public_key = x509.load_pem_x509_certificate(_certificate_named_in(assertion).pem.encode()).public_key()
        claims = jwt.decode(
            assertion,
            public_key,  # type: ignore[arg-type]  # an RSA key, or the decoding fails
            algorithms=ALGORITHMS,
            leeway=CLOCK_SKEW_SECONDS,
            options={"require": ["exp", "iss", "sub", "aud", "jti"], "verify_aud": False},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise AssertionRefused(700024, "Client assertion is not within its valid time range.") from error
    except (jwt.PyJWTError, TypeError) as error:
        raise AssertionRefused(700027, "Client assertion failed signature validation.") from error
    if urlsplit(str(claims["aud"])).path != token_path:
        raise AssertionRefused(700023, "Client assertion audience claim does not match Realm issuer.")
    client_id = form.get("client_id") or claims["sub"]
    if not claims["iss"] == claims["sub"] == client_id:
        text = "Client assertion application identifier doesn't match 'client_id' parameter."
        raise AssertionRefused(700021, text)
    return str(client_id)


def _certificate_named_in(assertion: str) -> ClientCertificate:
    header = jwt.get_unverified_header(assertion)
    # msal pads its thumbprints.
    sha256, sha1 = (str(header.get(name, "")).rstrip("=") for name in ("x5t#S256", "x5t"))
    found = ClientCertificate.objects.filter(Q(x5t_s256=sha256) | Q(x5t=sha1)).first()
    if found is None:
        text = "The certificate with identifier used to sign the client assertion is not registered on application."
        raise AssertionRefused(700027, text)
    return found


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
