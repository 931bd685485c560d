"""Every page that allauth could show is ours, or it is not there."""

import importlib

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

OURS = {
    "account_login",
    "account_logout",
    "administrator_sign_in",
    "account_inactive",
    "socialaccount_login_cancelled",
    "entra_login",
    "entra_callback",
}


def names_under(patterns: list[URLPattern | URLResolver]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        found |= names_under(pattern.url_patterns) if isinstance(pattern, URLResolver) else {str(pattern.name)}
    return found


def test_below_accounts_there_is_nothing_but_what_is_listed_here() -> None:
    accounts = [
        entry
        for entry in get_resolver().url_patterns
        if isinstance(entry, URLResolver) and str(entry.pattern) == "accounts/"
    ]

    assert names_under(list(accounts)) == OURS


@pytest.mark.django_db
@pytest.mark.parametrize("module", ["allauth.account.urls", "allauth.socialaccount.urls"])
def test_what_allauth_offers_elsewhere_answers_404(client: Client, module: str) -> None:
    for pattern in importlib.import_module(module).urlpatterns:
        if pattern.name in OURS:
            continue
        path = f"/accounts/{str(pattern.pattern).lstrip('^').rstrip('$')}"
        for address in (path, path.replace("(?P<key>[-:\\w]+)", "key"), f"/accounts/3rdparty{path[9:]}"):
            assert client.get(address).status_code == 404, address


@pytest.mark.django_db
def test_the_start_of_them_is_not_there_either(client: Client) -> None:
    assert client.get("/accounts/").status_code == 404
