"""Measured on SuiteCRM 7.14.6: "Attachments"."""

import base64
from typing import Any

import pytest

from tests.sandbox.coripo.conftest import Crm


def attach(crm: Crm, note: str, filename: str, content: bytes = b"x", **more: str) -> Any:
    file = base64.b64encode(content).decode()
    return crm.call("set_note_attachment", {"id": note, "filename": filename, "file": file, **more})


def test_a_file_goes_up_and_comes_down(crm: Crm) -> None:
    """Create a Note, then set_note_attachment; get_note_attachment gives it back; always octet-stream."""
    email = crm.save("Emails", name="E")
    note = crm.save("Notes", name="n", parent_type="Emails", parent_id=email, file_mime_type="application/pdf")

    assert attach(crm, note, "nabídka.pdf", b"%PDF\x00") == {"id": note}
    assert attach(crm, note, "nabídka.pdf", b"%PDF\x01") == {"id": note}
    assert crm.call("get_note_attachment", note)["note_attachment"] == {
        "id": note,
        "filename": "nabídka.pdf",
        "file": base64.b64encode(b"%PDF\x01").decode(),
        "related_module_id": email,
        "related_module_name": "Emails",
    }
    assert crm.read("Notes", note, "file_mime_type") == {"file_mime_type": "application/octet-stream"}


def test_an_unknown_note(crm: Crm) -> None:
    """{"id":"-1"} for an unknown note; empty strings for unknown on reading."""
    assert attach(crm, "none", "a.txt") == {"id": "-1"}
    assert set(crm.call("get_note_attachment", "none")["note_attachment"].values()) == {""}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a.php", "a.php.txt"),
        ("a.HTML", "a.HTML.txt"),
        ("a.js", "a.js.txt"),
        ("a/b.txt", "a/b.txt"),
        ("..\\c.txt", "..\\c.txt"),
        ("x" * 300 + ".pdf", "x" * 255),
    ],
)
def test_names(crm: Crm, sent: str, stored: str) -> None:
    """unsafe endings get .txt appended; a/b.txt is stored as given; names are cut at 255, ending included."""
    note = crm.save("Notes", name="n")
    attach(crm, note, sent)

    assert crm.call("get_note_attachment", note)["note_attachment"]["filename"] == stored


def test_the_parent_can_be_named_with_the_file(crm: Crm) -> None:
    """related_module_id/name in it sets the parent."""
    note = crm.save("Notes", name="n")
    attach(crm, note, "a.txt", related_module_id="e1", related_module_name="Emails")

    assert crm.read("Notes", note, "parent_type", "parent_id") == {"parent_type": "Emails", "parent_id": "e1"}


def test_thirty_megabytes_go_in_and_thirty_one_do_not(crm: Crm) -> None:
    """31 MB: HTTP 500, empty body; upload_maxsize is 30 MB."""
    note = crm.save("Notes", name="n")
    assert attach(crm, note, "big.bin", bytes(30_000_000)) == {"id": note}

    too_big = {"id": note, "filename": "big.bin", "file": base64.b64encode(bytes(31_000_000)).decode()}
    response = crm.send("set_note_attachment", crm.session, too_big)

    assert (response.status_code, response.content) == (500, b"")
