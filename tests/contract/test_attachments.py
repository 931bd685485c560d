"""Attachments: a note under the e-mail, then its file."""

from __future__ import annotations

import base64
import os

import pytest
import requests

from tests.contract.v4_1 import NAME, Line, token


@pytest.fixture
def note(line: Line) -> str:
    return line.save("Notes", name=NAME, parent_type="Emails", parent_id=line.email())


def attach(line: Line, note: str, name: str, content: bytes) -> object:
    file = base64.b64encode(content).decode()
    return line.call("set_note_attachment", {"id": note, "filename": name, "file": file})


def test_a_file_goes_up_and_comes_back(line: Line, note: str) -> None:
    content = os.urandom(100_000)

    assert attach(line, note, "smlouva.pdf", content) == {"id": note}
    answer = line.call("get_note_attachment", note)["note_attachment"]
    assert base64.b64decode(answer["file"]) == content
    assert answer["filename"] == "smlouva.pdf"


def test_the_id_is_minus_1_for_an_unknown_note(line: Line) -> None:
    assert attach(line, token(), "a.txt", b"x") == {"id": "-1"}


def test_an_unknown_note_has_an_empty_file(line: Line) -> None:
    answer = line.call("get_note_attachment", token())["note_attachment"]

    assert not any(answer.values())


def test_the_filename_is_set_when_the_file_has_arrived(line: Line, note: str) -> None:
    """By that the portal tells an attachment from an upload that broke off."""
    before = line.read("Notes", note, "filename")["filename"]
    attach(line, note, "a.txt", b"x")

    assert (before, line.read("Notes", note, "filename")["filename"]) == ("", "a.txt")


def test_file_mime_type_is_always_octet_stream(line: Line, note: str) -> None:
    attach(line, note, "smlouva.pdf", b"%PDF-1.4")

    assert line.read("Notes", note, "file_mime_type") == {"file_mime_type": "application/octet-stream"}


@pytest.mark.parametrize("name", ["a.php", "a.html", "a.js"])
def test_unsafe_endings_get_txt_appended(line: Line, note: str, name: str) -> None:
    attach(line, note, name, b"x")

    assert line.read("Notes", note, "filename") == {"filename": f"{name}.txt"}


@pytest.mark.parametrize("name", ["a/b.txt", "..\\c.txt", "Příloha č. 3.txt"])
def test_names_are_stored_as_given(line: Line, note: str, name: str) -> None:
    attach(line, note, name, b"x")

    assert line.read("Notes", note, "filename") == {"filename": name}


def test_names_are_cut_at_255_ending_included(line: Line, note: str) -> None:
    attach(line, note, "x" * 300 + ".pdf", b"x")

    assert line.read("Notes", note, "filename") == {"filename": "x" * 255}


def test_a_second_file_takes_the_place_of_the_first(line: Line, note: str) -> None:
    """So an upload may be repeated."""
    attach(line, note, "a.txt", b"first")
    attach(line, note, "a.txt", b"second")

    assert base64.b64decode(line.call("get_note_attachment", note)["note_attachment"]["file"]) == b"second"


def test_the_parent_can_be_named_with_the_file(line: Line) -> None:
    email, note = line.email(), line.save("Notes", name=NAME)
    named = {"related_module_id": email, "related_module_name": "Emails"}

    line.call("set_note_attachment", {"id": note, "filename": "a.txt", "file": "YQ==", **named})

    assert line.read("Notes", note, "parent_type", "parent_id") == {"parent_type": "Emails", "parent_id": email}


def test_31_mb_are_http_500_with_an_empty_body(line: Line, note: str) -> None:
    """Memory and filter limits; a web server in front may say 413 before."""
    file = base64.b64encode(bytes(31_000_000)).decode()

    try:
        answer = line.send("set_note_attachment", line.session, {"id": note, "filename": "a.bin", "file": file})
    except requests.ConnectionError:
        # A web server in front may hang up while the request is still being sent.
        assert not line.server.is_stand_in
    else:
        assert answer.status_code == 413 or (answer.status_code, answer.content) == (500, b"")
    assert line.read("Notes", note, "filename") == {"filename": ""}
