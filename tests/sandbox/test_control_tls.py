"""The https port: the same process as the http one, trusted by its own authority's certificate."""

import ssl
from pathlib import Path

import pytest
import requests

from apps.sandbox.control.certificates import authority, server_file
from tests.sandbox_server import Sandbox


@pytest.fixture
def trusted(server: Sandbox, tmp_path: Path) -> str:
    """A file with the authority's certificate."""
    path = tmp_path / "ca.pem"
    path.write_bytes(server.http.get(f"{server.url}/_control/ca.pem", timeout=10).content)
    return str(path)


def test_both_ports_are_one_service(server: Sandbox, trusted: str) -> None:
    server.fault("slow", "entra", times=0, seconds=0)

    by_tls = requests.get(f"{server.tls_url}/_control/faults", verify=trusted, timeout=10).json()

    assert by_tls == server.control("GET", "faults") != {"faults": []}
    server.calm()


def test_addresses_follow_the_port(server: Sandbox, trusted: str) -> None:
    path = "/organizations/v2.0/.well-known/openid-configuration"

    plain = requests.get(server.url + path, timeout=10).json()
    secure = requests.get(server.tls_url + path, verify=trusted, timeout=10).json()

    assert plain["token_endpoint"].startswith(f"{server.url}/")
    assert secure["token_endpoint"].startswith(f"{server.tls_url}/")


def test_strangers_are_not_trusted(server: Sandbox) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{server.tls_url}/_control/health", timeout=10)


def test_the_authority_is_made_once_and_its_key_never_served(tmp_path: Path) -> None:
    first, second = authority(tmp_path), authority(tmp_path)

    assert first.certificate == second.certificate
    assert b"PRIVATE" not in first.pem
    assert (tmp_path / "ca.pem").stat().st_mode & 0o077 == 0


def test_a_strict_client_takes_the_chain(tmp_path: Path) -> None:
    """What Python 3.13 demands by default: key usage, key identifiers."""
    context = ssl.create_default_context(cadata=authority(tmp_path).pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(server_file(tmp_path, "sandbox.test"))
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname="sandbox.test")
    server = server_context.wrap_bio(to_server, to_client, server_side=True)

    for _round in range(3):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue

    assert client.getpeercert()
