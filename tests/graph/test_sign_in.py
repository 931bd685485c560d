"""Sign-in at Entra ID for a mailbox: what is believed, what is refused, and what a refresh says."""

from __future__ import annotations

import pytest

from apps.graph import signin
from apps.graph.errors import (
    Disconnection,
    GraphMisconfigured,
    GraphServerTrouble,
    GraphThrottled,
    GraphUnreachable,
    InvalidIdToken,
    MailboxDisconnected,
)
from apps.graph.id_token import validate_id_token
from apps.graph.signin import SignInMismatch
from tests.mailboxes.signing_in import CALLBACK, SCOPES, answer_to, sign_in
from tests.sandbox_server import Sandbox


def test_a_finished_sign_in_names_the_person_and_what_was_granted(sandbox: Sandbox) -> None:
    person = sandbox.person(name="Jana Zkušební")

    found = sign_in(person)

    assert found.claims.oid == person["oid"]
    assert found.home_account_id == f"{found.claims.oid}.{found.claims.tid}"
    assert {"User.Read", "Mail.Read"} <= set(found.scopes)
    token = signin.cached_token(found.cache, home_account_id=found.home_account_id, scopes=SCOPES)
    assert token
    assert token not in repr(found)


def test_an_answer_serves_once(sandbox: Sandbox) -> None:
    flow = signin.begin(scopes=SCOPES, redirect_uri=CALLBACK)
    answer = answer_to(flow["auth_uri"], sandbox.person())
    signin.finish(flow, answer, scopes=SCOPES)

    with pytest.raises(MailboxDisconnected):
        signin.finish(flow, answer, scopes=SCOPES)


def test_an_answer_to_another_sign_in_is_refused(sandbox: Sandbox) -> None:
    flow = signin.begin(scopes=SCOPES, redirect_uri=CALLBACK)
    other = signin.begin(scopes=SCOPES, redirect_uri=CALLBACK)

    with pytest.raises(SignInMismatch):
        signin.finish(flow, answer_to(other["auth_uri"], sandbox.person()), scopes=SCOPES)


def test_whoever_declines_is_told_so(sandbox: Sandbox) -> None:
    flow = signin.begin(scopes=SCOPES, redirect_uri=CALLBACK)
    answer = answer_to(flow["auth_uri"], sandbox.person(), consent="Cancel")

    with pytest.raises(MailboxDisconnected) as refusal:
        signin.finish(flow, answer, scopes=SCOPES)

    assert refusal.value.reason == Disconnection.CONSENT


def test_an_administrator_must_approve(sandbox: Sandbox) -> None:
    flow = signin.begin(scopes=SCOPES, redirect_uri=CALLBACK)
    answer = answer_to(flow["auth_uri"], sandbox.person(), consent="Ask the administrator")

    with pytest.raises(MailboxDisconnected) as refusal:
        signin.finish(flow, answer, scopes=SCOPES)

    assert refusal.value.reason == Disconnection.ADMIN


@pytest.mark.parametrize("knob", ["bad_aud", "bad_iss", "bad_signature"])
def test_a_spoiled_id_token_signs_nobody_in(sandbox: Sandbox, knob: str) -> None:
    sandbox.control("POST", "knobs", json={knob: True})

    with pytest.raises(InvalidIdToken):
        sign_in(sandbox.person())


def test_a_foreign_nonce_signs_nobody_in(sandbox: Sandbox) -> None:
    sandbox.control("POST", "knobs", json={"bad_nonce": True})

    with pytest.raises(SignInMismatch):
        sign_in(sandbox.person())


def test_another_tenant_signs_nobody_in(sandbox: Sandbox) -> None:
    sandbox.control("POST", "knobs", json={"tid": "11111111-2222-4333-8444-555555555555"})

    with pytest.raises(InvalidIdToken):
        sign_in(sandbox.person())


def test_an_authority_of_many_tenants_is_believed_for_the_listed_ones(sandbox: Sandbox, settings) -> None:  # type: ignore[no-untyped-def]
    tenant = settings.MICROSOFT_TENANT
    settings.MICROSOFT_TENANT = "organizations"
    settings.MICROSOFT_ALLOWED_TENANTS = [tenant]
    person = sandbox.person()

    assert sign_in(person).claims.tid == tenant

    settings.MICROSOFT_ALLOWED_TENANTS = []
    with pytest.raises(InvalidIdToken):
        sign_in(person)


@pytest.mark.parametrize("raw", ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_invalid(sandbox: Sandbox, raw: str) -> None:
    with pytest.raises(InvalidIdToken):
        validate_id_token(raw)


def test_a_refresh_gives_another_token_and_keeps_the_rotated_grant(sandbox: Sandbox) -> None:
    sandbox.control("POST", "knobs", json={"revoke_old": True})
    found = sign_in(sandbox.person())
    account = found.home_account_id
    first = signin.refresh(found.cache, home_account_id=account, scopes=SCOPES, force=True)

    second = signin.refresh(first.cache, home_account_id=account, scopes=SCOPES, force=True)

    assert first.has_changed
    assert second.access_token != first.access_token
    assert second.access_token not in repr(second)


def test_a_revoked_grant_asks_for_the_person(sandbox: Sandbox) -> None:
    person = sandbox.person()
    found = sign_in(person)
    sandbox.fault("revoked-token", person["mail"])

    with pytest.raises(MailboxDisconnected) as refusal:
        signin.refresh(found.cache, home_account_id=found.home_account_id, scopes=SCOPES, force=True)

    assert refusal.value.reason == Disconnection.REVOKED


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([401, "invalid_client", 7000222, "The client secret has expired."], GraphMisconfigured),
        ([400, "temporarily_unavailable", 90033, "Try later."], GraphThrottled),
        ([503, "server_error", 90006, "Try later."], GraphServerTrouble),
        ([400, "invalid_grant", 53003, "Blocked by Conditional Access."], MailboxDisconnected),
        ([400, "interaction_required", 50076, "Use multi-factor authentication."], MailboxDisconnected),
    ],
)
def test_refusals_are_sorted_by_who_can_act(sandbox: Sandbox, answer: list[object], expected: type[Exception]) -> None:
    found = sign_in(sandbox.person())
    sandbox.control("POST", "knobs", json={"token_error": answer})

    with pytest.raises(expected):
        signin.refresh(found.cache, home_account_id=found.home_account_id, scopes=SCOPES, force=True)


def test_a_mended_refusal_is_not_remembered(sandbox: Sandbox) -> None:
    found = sign_in(sandbox.person())
    sandbox.control("POST", "knobs", json={"token_error": [400, "invalid_grant", 50076, "Extra step."]})
    with pytest.raises(MailboxDisconnected):
        signin.refresh(found.cache, home_account_id=found.home_account_id, scopes=SCOPES, force=True)

    sandbox.control("DELETE", "knobs")

    assert signin.refresh(found.cache, home_account_id=found.home_account_id, scopes=SCOPES, force=True).access_token


def test_no_connection_is_no_refusal(sandbox: Sandbox, settings) -> None:  # type: ignore[no-untyped-def]
    found = sign_in(sandbox.person())
    settings.MICROSOFT_LOGIN_URL = "http://127.0.0.1:9"

    with pytest.raises(GraphUnreachable):
        signin.refresh(found.cache, home_account_id=found.home_account_id, scopes=SCOPES, force=True)
