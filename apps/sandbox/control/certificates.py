"""The sandbox's own certificate authority, and the certificate that its https port shows.

Libraries of Microsoft talk to https alone. They are handed the authority's certificate, which `/_control/ca.pem` serves
too; it is made once and lies in the data folder beside the database.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
SERVER_DAYS = 390  # browsers refuse certificates that live longer than 398 days
KEY_USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)
NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Authority:
    """The certificate that signs, and its key."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def authority(folder: Path) -> Authority:
    """The authority of a data folder; made at the first call ever."""
    path = folder / "ca.pem"
    if not path.exists():
        made = _make_authority()
        _write(path, made.pem + _pem_of(made.key))
    content = path.read_bytes()
    key = serialization.load_pem_private_key(content, password=None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError(f"The key in {path} is not an elliptic curve key.")
    return Authority(x509.load_pem_x509_certificate(content), key)


def server_file(folder: Path, *names: str) -> Path:
    """A file with a fresh certificate for this machine and further `names`, followed by its key."""
    signer, key = authority(folder), generate_private_key(SECP256R1())
    certificate = (
        _builder("CORIPO Mail Portal sandbox", days=SERVER_DAYS)
        .issuer_name(signer.certificate.subject)
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in dict.fromkeys((*NAMES, *names))]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), False)
        .sign(signer.key, hashes.SHA256())
    )
    path = folder / "server.pem"
    _write(path, certificate.public_bytes(serialization.Encoding.PEM) + _pem_of(key))
    return path


def _make_authority() -> Authority:
    key = generate_private_key(SECP256R1())
    may_sign = {name: name in {"key_cert_sign", "crl_sign"} for name in KEY_USES}
    builder = _builder("CORIPO Mail Portal sandbox authority", days=AUTHORITY_DAYS)
    certificate = (
        builder.issuer_name(_subject("CORIPO Mail Portal sandbox authority"))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.KeyUsage(**may_sign), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _builder(common_name: str, *, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(common_name))
        .serial_number(x509.random_serial_number())
        # A clock that runs behind a little still trusts it.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _subject(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem_of(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, for the eyes of its owner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    unfinished.replace(path)
