"""msgraph-sdk as an application uses it, at a sandbox instead of Microsoft."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphRequestAdapter, GraphServiceClient

Work = Callable[[GraphServiceClient], Coroutine[Any, Any, Any]]


class OneToken(AccessTokenProvider):
    """Hands the token to the sandbox's host and to no other."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.validator = AllowedHostsValidator(["127.0.0.1"])

    async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:
        return self.token if self.validator.is_url_host_valid(uri) else ""

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return self.validator


def calling(url: str, token: str) -> Callable[[Work], Any]:
    """Run coroutines with a client at a sandbox: `calling(url, token)(lambda g: g.me.get())`."""

    def run(work: Work) -> Any:
        async def with_client() -> Any:
            adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(OneToken(token)))
            adapter.base_url = f"{url}/v1.0"
            return await work(GraphServiceClient(request_adapter=adapter))

        return asyncio.run(with_client())

    return run


def configured(parameters: Any = None, *, prefer: str = 'IdType="ImmutableId"') -> RequestConfiguration[Any]:
    configuration = RequestConfiguration(query_parameters=parameters)
    configuration.headers.add("Prefer", prefer)
    return configuration
