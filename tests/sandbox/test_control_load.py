"""Sixteen callers at once: whoever has to wait for the database waits, and nobody is refused."""

import base64
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox_server import Sandbox, mime

THREADS = 16
MEGABYTES = 6


@pytest.mark.timeout(240)
def test_large_files_and_small_records_of_sixteen_callers_are_all_written(server: Sandbox) -> None:
    person = server.person()
    file = base64.b64encode(os.urandom(MEGABYTES * 1_000_000)).decode()
    letter = mime(sender="zeman@kovarna.example", to=person["mail"], files=(("a.bin", os.urandom(3_000_000)),))

    def write(number: int) -> list[int]:
        """The statuses of one caller's requests: files into the CRM, mails into the mailbox, or many small records."""
        if number % 4 == 0:
            words, upload = {"mailbox": person["mail"]}, {"mime": letter}
            return [_posted(f"{server.url}/_control/mail", words, upload).status_code for _ in range(3)]
        session = _session(server, person)
        if number % 4 == 1:
            contact = [session, "Contacts", {"last_name": "Malý"}]
            return [_called(server, "set_entry", contact).status_code for _ in range(25)]
        note = _called(server, "set_entry", [session, "Notes", {"name": "Příloha"}]).json()["id"]
        attachment = [session, {"id": note, "filename": "a.bin", "file": file}]
        return [_called(server, "set_note_attachment", attachment).status_code for _ in range(3)]

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = list(pool.map(write, range(THREADS)))

    assert {status for one in statuses for status in one} == {200, 201}


def _session(server: Sandbox, person: dict[str, str]) -> str:
    digest = hashlib.md5(person["coripo_password"].encode(), usedforsecurity=False).hexdigest()
    user_auth = {"user_name": person["coripo_user"], "password": digest}
    return str(_called(server, "login", [user_auth, "tests", []]).json()["id"])


def _called(server: Sandbox, method: str, arguments: list[object]) -> requests.Response:
    form = {"method": method, "input_type": "JSON", "response_type": "JSON", "rest_data": json.dumps(arguments)}
    return _posted(f"{server.url}/service/v4_1/rest.php", {}, {name: (None, text) for name, text in form.items()})


def _posted(url: str, words: dict[str, str], files: dict[str, object]) -> requests.Response:
    """As a multipart form, which costs less to read than a quoted one."""
    with requests.Session() as http:
        http.trust_env = False
        return http.post(url, data=words, files=files, timeout=200)  # type: ignore[arg-type]  # texts and bytes
