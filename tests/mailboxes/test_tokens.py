"""Access tokens of a mailbox: one refresh for everybody, a rotated token is kept, a repair is never overlooked."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Event, Thread
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.db import connection
from django.utils import timezone

from apps.graph.errors import Disconnection, GraphServerTrouble, GraphTokenAwaited, MailboxDisconnected
from apps.mailboxes import tokens
from apps.mailboxes.models import Mailbox, MailboxToken
from apps.mailboxes.tokens import MailboxTokens, record_disconnection
from tests.mailboxes.conftest import Post
from tests.mailboxes.signing_in import connect

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_token_with_life_left_costs_no_request(post: Post) -> None:
    source = MailboxTokens(post.mailbox.pk)
    first = source.access_token()
    post.sandbox.forget_requests()

    assert source.access_token() == first

    assert post.sandbox.requests()["total"].get("entra", 0) == 0


def test_scenario_12_eight_at_once_are_one_refresh(post: Post, settings: Any) -> None:
    """The old refresh token ends at its use, so a second refresh with it would lose the connection.

    Microsoft takes longer than a lease, which whoever refreshes keeps up.
    """
    settings.LEASE_SECONDS = 0.6
    post.sandbox.control("POST", "knobs", json={"revoke_old": True})
    post.sandbox.fault("slow", "entra:token", times=1, seconds=1.2)
    source = MailboxTokens(post.mailbox.pk)
    dead = source.access_token()
    post.sandbox.forget_requests()
    start = Barrier(8)

    def ask(_number: int) -> str:
        try:
            start.wait()
            return MailboxTokens(post.mailbox.pk).access_token(rejected=dead)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(ask, range(8)))

    assert len(answers) == 1
    assert dead not in answers
    asked = post.sandbox.requests()["by_part"]
    assert sum(count for part, count in asked.items() if part.startswith("entra:") and "token" in part) == 1


def test_scenario_11_every_refresh_is_kept(post: Post) -> None:
    post.sandbox.control("POST", "knobs", json={"revoke_old": True})
    source = MailboxTokens(post.mailbox.pk)
    seen = [source.access_token()]

    for _times in range(3):
        seen.append(source.access_token(rejected=seen[-1]))

    assert len(set(seen)) == 4
    assert MailboxToken.objects.get().generation == 4
    assert MailboxToken.objects.get().refresh_claim is None


def test_a_token_near_its_end_is_replaced(post: Post) -> None:
    post.sandbox.control("POST", "knobs", json={"at_life": 60})
    source = MailboxTokens(post.mailbox.pk)
    short = source.access_token(rejected=source.access_token())
    post.sandbox.calm()

    assert source.access_token() != short


def test_a_refresher_that_died_is_relieved_after_its_lease(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    source = MailboxTokens(post.mailbox.pk)
    dead = source.access_token()
    MailboxToken.objects.update(refresh_claim=uuid4(), refresh_lease_until=timezone.now() + timedelta(seconds=1))
    with monkeypatch.context() as patched:
        patched.setattr(tokens, "LONGEST_WAIT_SECONDS", 0.2)
        with pytest.raises(GraphTokenAwaited) as awaited:
            source.access_token(rejected=dead)

    assert awaited.value.again_after_seconds <= 1
    assert source.access_token(rejected=dead) != dead


@pytest.mark.parametrize(
    "has_answered", [False, True], ids=["before Microsoft heard of it", "with the answer on its way"]
)
def test_a_refresher_that_hung_and_wakes_late_loses_no_token(
    post: Post, settings: Any, monkeypatch: pytest.MonkeyPatch, has_answered: bool
) -> None:
    """Of two with the same refresh token Microsoft refuses the second: its word never parts the mailbox."""
    settings.LEASE_SECONDS = 0.5
    monkeypatch.setattr(tokens, "LONGEST_REFRESH_SECONDS", 0.0)
    post.sandbox.control("POST", "knobs", json={"revoke_old": True})
    dead = MailboxTokens(post.mailbox.pk).access_token()

    def ask() -> str:
        try:
            return MailboxTokens(post.mailbox.pk).access_token(rejected=dead)
        finally:
            connection.close()

    with login_that_hangs(settings, seconds=1.5, has_answered=has_answered) as hangs, ThreadPoolExecutor(1) as pool:
        hung = pool.submit(ask)
        assert hangs.wait(5)
        if has_answered:
            with pytest.raises(MailboxDisconnected):
                ask()
        else:
            ask()
        kept = hung.result()

    assert MailboxTokens(post.mailbox.pk).access_token() == kept != dead
    post.mailbox.refresh_from_db()
    assert post.mailbox.status == Mailbox.Status.ACTIVE


def test_a_revoked_grant_asks_for_the_owner_and_says_why(post: Post) -> None:
    source = MailboxTokens(post.mailbox.pk)
    dead = source.access_token()
    post.sandbox.fault("revoked-token", post.person["mail"])

    with pytest.raises(MailboxDisconnected) as refusal:
        source.access_token(rejected=dead)

    assert refusal.value.reason == Disconnection.REVOKED
    post.mailbox.refresh_from_db()
    assert (post.mailbox.status, post.mailbox.status_reason) == (Mailbox.Status.RECONNECT, "revoked")
    with pytest.raises(MailboxDisconnected):
        source.access_token()


def test_an_outage_of_the_sign_in_service_blames_nobody(post: Post) -> None:
    source = MailboxTokens(post.mailbox.pk)
    dead = source.access_token()
    post.sandbox.control("POST", "knobs", json={"token_error": [503, "server_error", 90006, "later"]})

    with pytest.raises(GraphServerTrouble):
        source.access_token(rejected=dead)

    post.mailbox.refresh_from_db()
    assert post.mailbox.status == Mailbox.Status.ACTIVE
    assert MailboxToken.objects.get().refresh_claim is None


def test_the_word_of_an_old_sign_in_does_not_part_a_new_one(post: Post) -> None:
    old = MailboxToken.objects.select_related("mailbox").get()
    connect(post.person, user=post.mailbox.owner, at=timezone.now())

    assert not record_disconnection(old, reason=Disconnection.REVOKED, at=timezone.now())

    post.mailbox.refresh_from_db()
    assert post.mailbox.status == Mailbox.Status.ACTIVE


def test_tokens_are_encrypted_and_unseen(post: Post) -> None:
    token = MailboxTokens(post.mailbox.pk).access_token()
    row = MailboxToken.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("select cache from mailboxes_mailboxtoken")
        (stored,) = cursor.fetchone()

    assert token in row.cache
    assert token not in stored
    assert token not in repr(row) + str(row)


@contextmanager
def login_that_hangs(settings: Any, *, seconds: float, has_answered: bool) -> Iterator[Event]:
    """Entra ID whose first answer to a refresh comes so much later, before it has heard of it or after. The event tells when."""
    entra, hangs = settings.MICROSOFT_LOGIN_URL, Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on(b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_first = not hangs.is_set()
            if is_first and not has_answered:
                hangs.set()
                Event().wait(seconds)
            answer = self._ask(body)
            if is_first and has_answered:
                hangs.set()
                Event().wait(seconds)
            self._answer(answer)

        def _pass_on(self, body: bytes) -> None:
            self._answer(self._ask(body))

        def _ask(self, body: bytes) -> requests.Response:
            return requests.request(self.command, entra + self.path, data=body, headers=dict(self.headers), timeout=10)

        def _answer(self, answer: requests.Response) -> None:
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.MICROSOFT_LOGIN_URL = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hangs
    finally:
        server.shutdown()
        server.server_close()
        settings.MICROSOFT_LOGIN_URL = entra
