"""What libraries read before anything else. Every address is built from the request, so it holds on any port."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from apps.sandbox import TENANT
from apps.sandbox.control.refusals import entra_refusal
from apps.sandbox.entra import keys, knobs

MANY_TENANTS = {"common", "organizations"}


def is_tenant(tenant: str) -> bool:
    return tenant in MANY_TENANTS or tenant == TENANT


def unknown_tenant(tenant: str) -> HttpResponse:
    return entra_refusal(400, "invalid_tenant", 90002, f"Tenant '{tenant}' not found.")


def base_url(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


@require_GET
def openid_configuration(request: HttpRequest, tenant: str) -> HttpResponse:
    if not is_tenant(tenant):
        return unknown_tenant(tenant)
    base = base_url(request)
    # Whoever signs in through "organizations" learns the tenant from the token: the issuer is a template there.
    issuer_tenant = "{tenantid}" if tenant in MANY_TENANTS else tenant
    document = {
        "issuer": f"{base}/{issuer_tenant}/v2.0",
        "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
        "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
        "userinfo_endpoint": f"{base}/oidc/userinfo",
        "end_session_endpoint": f"{base}/{tenant}/oauth2/v2.0/logout",
        "response_modes_supported": ["query", "form_post"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "oid"],
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": request.get_host(),
    }
    return JsonResponse({name: value for name, value in document.items() if name not in knobs.current().omit})


@require_GET
def published_keys(request: HttpRequest, tenant: str) -> HttpResponse:
    return JsonResponse({"keys": keys.published_keys()}) if is_tenant(tenant) else unknown_tenant(tenant)


@require_GET
def instances(request: HttpRequest) -> HttpResponse:
    """Which hosts are one cloud; asked by libraries for a host that they do not know."""
    host = request.get_host()
    return JsonResponse(
        {
            "tenant_discovery_endpoint": f"{base_url(request)}/common/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
    )
