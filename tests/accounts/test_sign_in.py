from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client

from apps.accounts.models import User
from portal.settings.logs import logging_for
from tests.accounts.signing_in import choose, go_to_microsoft, sign_in
from tests.factories import UserFactory
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


def test_the_page_offers_one_button_and_a_way_for_administrators(client: Client) -> None:
    page = client.get("/accounts/login/", {"next": "/status/"}).content.decode()

    assert "Sign in with Microsoft" in page
    assert 'action="/accounts/entra/login/"' in page
    assert 'name="next" value="/status/"' in page
    assert "/accounts/administrator/?next=%2Fstatus%2F" in page


def test_somebody_new_has_an_account_named_by_tenant_and_object_id(client: Client, sandbox: Sandbox) -> None:
    person = sandbox.person(name="Jana Dvořáková")

    answer = sign_in(client, sandbox, person["mail"])

    user = User.objects.get()
    assert answer["Location"] == "/"
    assert client.session["_auth_user_id"] == str(user.pk)
    assert (user.first_name, user.last_name, user.email) == ("Jana", "Dvořáková", person["mail"])
    assert SocialAccount.objects.get(user=user).uid.endswith(f".{person['oid']}")
    assert not user.has_usable_password()
    assert not SocialToken.objects.exists()


def test_the_way_out_carries_a_nonce_and_a_challenge_and_nothing_that_the_browser_chose(client: Client) -> None:
    answer = client.post("/accounts/entra/login/?scope=Mail.ReadWrite&auth_params=prompt%3Dnone&process=connect")

    query = parse_qs(urlsplit(answer["Location"]).query)
    assert set(query["scope"][0].split()) == {"openid", "profile", "email", "User.Read"}
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["nonce"][0]) > 30
    assert "prompt" not in query


def test_signing_in_again_is_the_same_account_under_the_name_of_today(client: Client, sandbox: Sandbox) -> None:
    person = sandbox.person(name="Jana Dvořáková")
    sign_in(client, sandbox, person["mail"])
    User.objects.update(first_name="Old", last_name="Name", email="old@example.com")

    sign_in(Client(), sandbox, person["mail"])

    user = User.objects.get()
    assert (user.first_name, user.last_name, user.email) == ("Jana", "Dvořáková", person["mail"])


def test_an_account_with_the_same_address_is_never_taken_over(client: Client, sandbox: Sandbox) -> None:
    person = sandbox.person()
    administrator = UserFactory(username="admin", email=person["mail"], is_superuser=True)

    sign_in(client, sandbox, person["mail"])

    assert User.objects.count() == 2
    assert client.session["_auth_user_id"] != str(administrator.pk)


def test_who_is_signed_in_as_somebody_else_becomes_the_one_who_signs_in(client: Client, sandbox: Sandbox) -> None:
    administrator = UserFactory(username="admin", is_superuser=True)
    client.force_login(administrator, backend="django.contrib.auth.backends.ModelBackend")

    sign_in(client, sandbox, sandbox.person()["mail"])

    assert client.session["_auth_user_id"] != str(administrator.pk)
    assert not SocialAccount.objects.filter(user=administrator).exists()


@pytest.mark.parametrize("target", ["/status/", "/inbox/?state=failed"])
def test_the_page_that_was_asked_for_comes_after_the_sign_in(client: Client, sandbox: Sandbox, target: str) -> None:
    answer = sign_in(client, sandbox, sandbox.person()["mail"], next=target)

    assert answer["Location"] == target


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere_after_the_sign_in(client: Client, sandbox: Sandbox, target: str) -> None:
    answer = sign_in(client, sandbox, sandbox.person()["mail"], next=target)

    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    "knob",
    [
        {"bad_aud": True},
        {"bad_iss": True},
        {"bad_nonce": True},
        {"bad_signature": True},
        {"tid": "11111111-2222-4333-8444-555555555555"},
        {"token_error": [400, "invalid_grant", 70008, "The code has expired."]},
        {"token_error": [500, "server_error", 90033, "A transient error has occurred."]},
    ],
)
def test_an_answer_that_is_not_good_signs_nobody_in(client: Client, sandbox: Sandbox, knob: dict[str, object]) -> None:
    sandbox.control("POST", "knobs", json=knob)

    answer = sign_in(client, sandbox, sandbox.person()["mail"])

    assert answer.status_code == 401
    assert "The sign-in did not work" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert not User.objects.exists()


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(client: Client, sandbox: Sandbox) -> None:
    way_back = choose(sandbox, go_to_microsoft(client), sandbox.person()["mail"])

    assert Client().get(way_back).status_code == 401
    assert client.get(way_back).status_code == 302
    assert client.get(way_back).status_code == 401


def test_who_declines_reads_that_nothing_has_changed(client: Client, sandbox: Sandbox) -> None:
    answer = client.get(choose(sandbox, go_to_microsoft(client), ""), follow=True)

    assert answer.status_code == 200
    assert "Nothing has changed" in answer.content.decode()
    assert not User.objects.exists()


def test_microsoft_out_of_reach_is_a_page_and_not_a_crash(client: Client, sandbox: Sandbox, settings) -> None:
    way_back = choose(sandbox, go_to_microsoft(client), sandbox.person()["mail"])
    settings.MICROSOFT_LOGIN_URL = "http://127.0.0.1:9"

    assert client.get(way_back).status_code == 401


def test_a_tenant_outside_the_list_may_not_sign_in(client: Client, sandbox: Sandbox, settings) -> None:
    settings.MICROSOFT_ALLOWED_TENANTS = ["11111111-2222-4333-8444-555555555555"]

    assert sign_in(client, sandbox, sandbox.person()["mail"]).status_code == 401
    assert not User.objects.exists()


def test_an_account_that_was_switched_off_stays_out(client: Client, sandbox: Sandbox) -> None:
    person = sandbox.person()
    sign_in(Client(), sandbox, person["mail"])
    User.objects.update(is_active=False)

    sign_in(client, sandbox, person["mail"])
    page = client.get("/accounts/inactive/")

    assert "_auth_user_id" not in client.session
    assert page.status_code == 403


def test_signing_out_asks_by_link_and_acts_by_button(client: Client, sandbox: Sandbox) -> None:
    sign_in(client, sandbox, sandbox.person()["mail"])

    asked = client.get("/accounts/logout/")
    still_in = "_auth_user_id" in client.session
    client.post("/accounts/logout/")

    assert "Sign out of the portal?" in asked.content.decode()
    assert still_in
    assert "_auth_user_id" not in client.session


def test_a_fragment_without_a_session_reloads_its_page(client: Client) -> None:
    answer = client.get("/status/", headers={"HX-Request": "true"}, follow=True)

    assert answer["HX-Refresh"] == "true"


def test_another_name_of_the_portal_leads_to_the_one_that_microsoft_knows(client: Client, settings) -> None:
    settings.PORTAL_URL = "http://127.0.0.1:8000"

    answer = client.get("/accounts/login/", {"next": "/status/"}, headers={"Host": "localhost:8000"})

    assert answer["Location"] == "http://127.0.0.1:8000/accounts/login/?next=%2Fstatus%2F"


def test_the_log_of_a_sign_in_holds_no_code_and_no_secret(
    client: Client, sandbox: Sandbox, settings, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.control("POST", "knobs", json={"bad_aud": True})
    way_back = choose(sandbox, go_to_microsoft(client), sandbox.person()["mail"])
    code = parse_qs(urlsplit(way_back).query)["code"][0]

    with caplog.at_level("INFO"):
        page = client.get(way_back).content.decode()

    shape = dict(logging_for(level="INFO", as_json=False)["formatters"]["structured"])
    as_written = shape.pop("()")(**shape)
    log = "\n".join(as_written.format(record) for record in caplog.records)
    assert "sign-in failed" in log
    for secret in (code, settings.MICROSOFT_CLIENT_SECRET):
        assert secret not in log
        assert secret not in page
