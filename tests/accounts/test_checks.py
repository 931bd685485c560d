import pytest

from apps.accounts.checks import tenants_are_named


@pytest.mark.parametrize("tenant", ["organizations", "common", "Common", "consumers"])
def test_a_sign_in_for_the_whole_world_needs_a_list(settings, tenant: str) -> None:
    settings.MICROSOFT_TENANT, settings.MICROSOFT_ALLOWED_TENANTS = tenant, []

    assert [message.id for message in tenants_are_named(None)] == ["accounts.E001"]


@pytest.mark.parametrize(
    ("tenant", "allowed"), [("8f2c6a1e-5b7d-4c39-9e04-d1a6b3f0c752", []), ("organizations", ["8f2c6a1e"])]
)
def test_one_tenant_or_a_list_is_in_order(settings, tenant: str, allowed: list[str]) -> None:
    settings.MICROSOFT_TENANT, settings.MICROSOFT_ALLOWED_TENANTS = tenant, allowed

    assert tenants_are_named(None) == []
