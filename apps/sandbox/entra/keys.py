"""The RSA key pair of the sandbox's Entra ID, as the database holds it and as the world sees it."""

import base64
import hashlib
from functools import lru_cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from apps.sandbox.entra.models import SigningKey

RSA_BITS = 2048


def signing_key() -> tuple[str, RSAPrivateKey]:
    """Key id and private key; made at the first call ever."""
    row = SigningKey.objects.first() or _make()
    return row.kid, _load(row.private_pem)


def published_keys() -> list[dict[str, str]]:
    """The public halves as JSON Web Keys."""
    kid, private = signing_key()
    numbers = private.public_key().public_numbers()
    return [{"kty": "RSA", "use": "sig", "kid": kid, "alg": "RS256", "n": _base64(numbers.n), "e": _base64(numbers.e)}]


def _make() -> SigningKey:
    private = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    kid = hashlib.sha256(pem.encode()).hexdigest()[:32]
    # Two first requests at once: the loser takes the winner's key.
    row, _created = SigningKey.objects.get_or_create(slug="current", defaults={"kid": kid, "private_pem": pem})
    return row


@lru_cache(maxsize=2)
def _load(pem: str) -> RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("The stored signing key is not an RSA key.")
    return key


def _base64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
