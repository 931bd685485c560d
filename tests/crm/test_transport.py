"""One request and its outcome, against a server that answers whatever the test says. Real sockets, no CORIPO."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from apps.crm.errors import (
    CrmContractBroken,
    CrmError,
    CrmOutcomeUnknown,
    CrmRejected,
    CrmThrottled,
    CrmUnreachable,
)
from apps.crm.transport import Patience, Transport
from tests.services import free_port


@dataclass
class Script:
    """What the server answers, and what it was asked."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"null"
    hangs_up: bool = False
    is_silent: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def script() -> Iterator[Script]:
    words = Script()
    over = threading.Event()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            words.asked.append({"path": self.path, "headers": dict(self.headers), "body": body})
            if words.is_silent:
                over.wait(10)
            if words.is_silent or words.hangs_up:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response_only(words.status)
            for name, value in words.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(words.body)))
            self.end_headers()
            self.wfile.write(words.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    words.headers["X-Port"] = str(server.server_port)
    yield words
    over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def transport(script: Script) -> Transport:
    return Transport(f"http://127.0.0.1:{script.headers['X-Port']}/crm/", Patience(connect_seconds=1, read_seconds=0.5))


def test_a_call_is_a_form_with_its_arguments_in_order(transport: Transport, script: Script) -> None:
    script.body = b'{"id": "1"}'

    answer = transport.call("set_entry", {"session": "s", "module_name": "Emails", "name": "žluť & <x>"}, is_write=True)

    (asked,) = script.asked
    form = parse_qs(asked["body"].decode())
    assert answer == {"id": "1"}
    assert asked["path"] == "/crm/service/v4_1/rest.php"
    assert (form["method"], form["input_type"], form["response_type"]) == (["set_entry"], ["JSON"], ["JSON"])
    assert list(json.loads(form["rest_data"][0]).items()) == [
        ("session", "s"),
        ("module_name", "Emails"),
        ("name", "žluť & <x>"),
    ]


def test_a_large_form_goes_as_multipart(transport: Transport, script: Script) -> None:
    transport.call("set_note_attachment", {"file": "A" * 2_000_000}, is_write=True)

    assert script.asked[0]["headers"]["Content-Type"].startswith("multipart/form-data")


def test_no_cookie_is_kept(transport: Transport, script: Script) -> None:
    script.headers["Set-Cookie"] = "PHPSESSID=abc; path=/"

    transport.call("login", {}, is_write=False)
    transport.call("login", {}, is_write=False)

    assert "Cookie" not in script.asked[1]["headers"]


def test_a_redirect_is_not_followed(transport: Transport, script: Script) -> None:
    script.status = 302
    script.headers["Location"] = "http://127.0.0.1:9/elsewhere"

    with pytest.raises(CrmContractBroken):
        transport.call("login", {}, is_write=False)

    assert len(script.asked) == 1


@pytest.mark.parametrize(("is_write", "error"), [(True, CrmOutcomeUnknown), (False, CrmUnreachable)])
@pytest.mark.parametrize("trouble", ["hangs_up", "is_silent"])
def test_an_answer_that_never_came(
    transport: Transport, script: Script, trouble: str, is_write: bool, error: type[CrmError]
) -> None:
    setattr(script, trouble, True)

    with pytest.raises(error):
        transport.call("set_entry", {}, is_write=is_write)

    assert len(script.asked) == 1


def test_without_a_connection_nothing_was_sent() -> None:
    transport = Transport(f"http://127.0.0.1:{free_port()}", Patience(connect_seconds=1, read_seconds=1))

    with pytest.raises(CrmUnreachable):
        transport.call("set_entry", {}, is_write=True)


def test_an_unknown_host_is_unreachable() -> None:
    transport = Transport("http://crm.invalid", Patience(connect_seconds=1, read_seconds=1))

    with pytest.raises(CrmUnreachable):
        transport.call("set_entry", {}, is_write=True)


def test_trouble_with_tls_is_told_apart(script: Script) -> None:
    transport = Transport(f"https://127.0.0.1:{script.headers['X-Port']}", Patience(connect_seconds=1, read_seconds=1))

    with pytest.raises(CrmUnreachable) as caught:
        transport.call("login", {}, is_write=False)

    assert caught.value.is_tls


@pytest.mark.parametrize("address", ["", "crm.example", "ftp://crm.example", "http://", "http:///crm"])
def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(CrmRejected) as caught:
        Transport(address, Patience(connect_seconds=1, read_seconds=1))

    assert caught.value.field == "address"


def test_a_database_failure_is_told_apart_from_other_server_errors(transport: Transport, script: Script) -> None:
    def failure(body: bytes) -> CrmOutcomeUnknown:
        script.status, script.body = 500, body
        with pytest.raises(CrmOutcomeUnknown) as caught:
            transport.call("set_entry", {}, is_write=True)
        return caught.value

    assert failure(b"Database failure. Please refer to suitecrm.log for details.").is_database_failure
    assert not failure(b"").is_database_failure


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "7"}, 7),
        (429, {}, None),
        (503, {"Retry-After": "7"}, 7),
        (429, {"Retry-After": "999999"}, 3600),
        (429, {"Retry-After": "Wed, 06 May 2026 12:00:30 GMT", "Date": "Wed, 06 May 2026 12:00:00 GMT"}, 30),
        (429, {"Retry-After": "soon"}, None),
    ],
)
def test_a_wish_for_quiet(
    transport: Transport, script: Script, status: int, headers: dict[str, str], seconds: int | None
) -> None:
    script.status = status
    script.headers |= headers

    with pytest.raises(CrmThrottled) as caught:
        transport.call("set_entry", {}, is_write=True)

    assert caught.value.retry_after_seconds == seconds


@pytest.mark.parametrize("body", [b"", b"<html>Wartung</html>", b"Array\n(\n)", b"\xff\xfe"])
def test_an_answer_that_is_no_json(transport: Transport, script: Script, body: bytes) -> None:
    script.body = body

    with pytest.raises(CrmContractBroken):
        transport.call("get_server_info", {}, is_write=False)


def test_a_request_that_is_too_large_is_refused(transport: Transport, script: Script) -> None:
    script.status = 413

    with pytest.raises(CrmRejected):
        transport.call("set_note_attachment", {}, is_write=True)


def test_each_thread_has_its_own_connection(transport: Transport, script: Script) -> None:
    answers: list[Any] = []

    def call() -> None:
        answers.append(transport.call("get_user_id", {}, is_write=False))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [None] * 4
