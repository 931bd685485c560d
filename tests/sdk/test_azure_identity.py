"""azure-identity, which takes https alone."""

from azure.identity import AuthorizationCodeCredential

from tests.sandbox_server import Sandbox
from tests.sdk.browser import REDIRECT


def test_a_code_gives_one_token_that_is_kept(
    server: Sandbox, client: dict[str, str], certificate: str, code: str, jana: dict[str, str]
) -> None:
    credential = AuthorizationCodeCredential(
        client["tenant"],
        client["client_id"],
        code,
        REDIRECT,
        client_secret=client["client_secret"],
        authority=server.tls_url,
        disable_instance_discovery=True,
        connection_verify=certificate,
    )
    server.forget_requests()

    first = credential.get_token("User.Read")
    second = credential.get_token("User.Read")

    assert first.token == second.token
    assert server.requests()["by_part"]["entra:POST token"] == 1
    me = server.http.get(f"{server.url}/v1.0/me", headers={"Authorization": f"Bearer {first.token}"}, timeout=10)
    assert me.json()["mail"] == jana["mail"]
