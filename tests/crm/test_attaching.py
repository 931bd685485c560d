"""Files of an e-mail arrive whole, once, whatever is lost on the way."""

from __future__ import annotations

import base64

import pytest

from apps.crm.attaching import LARGEST_FILE_BYTES
from apps.crm.errors import CrmIdOccupied, CrmOutcomeUnknown, CrmRejected
from apps.crm.face import Created, OutgoingFile
from apps.crm.rest_v4_1 import RestV41
from apps.crm.transport import Patience
from tests.crm.conftest import Line, an_email, new_id
from tests.sandbox_server import Sandbox

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def file(crm: RestV41) -> OutgoingFile:
    email = an_email()
    crm.create_emails([email])
    return OutgoingFile(
        note_id=new_id(), email_id=email.id, name="nabídka č. 1.pdf", content_type="application/pdf", content=CONTENT
    )


def in_coripo(line: Line, note_id: str) -> tuple[str, bytes]:
    """Name and content of a stored file."""
    attachment = line.caller.read("get_note_attachment", id=note_id)["note_attachment"]
    return attachment["filename"], base64.b64decode(attachment["file"])


def test_a_file_is_a_note_of_its_email(crm: RestV41, line: Line, file: OutgoingFile) -> None:
    assert crm.attach(file) == Created(file.note_id)

    note = line.fields("Notes", file.note_id)
    assert (note["parent_type"], note["parent_id"]) == ("Emails", file.email_id)
    assert note["name"] == file.name
    assert in_coripo(line, file.note_id) == (file.name, CONTENT)
    assert crm.find_files([file.email_id, new_id()])[file.email_id] == {file.note_id}


def test_every_email_asked_for_has_its_files_or_none(crm: RestV41, file: OutgoingFile) -> None:
    assert crm.find_files([file.email_id]) == {file.email_id: frozenset()}


def test_a_note_whose_upload_broke_off_does_not_count(crm: RestV41, file: OutgoingFile, sandbox: Sandbox) -> None:
    sandbox.fault("5xx", "coripo:set_note_attachment")

    with pytest.raises(CrmOutcomeUnknown):
        crm.attach(file)

    assert crm.find_files([file.email_id])[file.email_id] == frozenset()


@pytest.mark.parametrize("lost", ["set_entry", "set_note_attachment"])
def test_after_a_lost_answer_the_file_is_there_once(
    crm: RestV41, line: Line, file: OutgoingFile, sandbox: Sandbox, lost: str
) -> None:
    sandbox.fault("dropped", f"coripo:{lost}")

    try:
        crm.attach(file)
    except CrmOutcomeUnknown:
        crm.attach(file)

    assert line.ids("Notes", f"notes.parent_id='{file.email_id}'") == [file.note_id]
    assert in_coripo(line, file.note_id) == (file.name, CONTENT)


def test_a_file_costs_two_requests(crm: RestV41, file: OutgoingFile, sandbox: Sandbox) -> None:
    sandbox.forget_requests()

    crm.attach(file)

    assert sandbox.requests()["total"]["coripo"] == 2


def test_a_file_that_somebody_deleted_is_not_stored_again(crm: RestV41, line: Line, file: OutgoingFile) -> None:
    crm.attach(file)
    line.delete("Notes", file.note_id)

    with pytest.raises(CrmIdOccupied) as caught:
        crm.attach(file)

    assert caught.value.is_deleted


def test_a_file_of_some_megabytes(crm: RestV41, line: Line, file: OutgoingFile) -> None:
    large = OutgoingFile(file.note_id, file.email_id, "výkres.dwg", "application/octet-stream", CONTENT * 300)

    crm.attach(large)

    assert in_coripo(line, file.note_id) == ("výkres.dwg", CONTENT * 300)


def test_what_coripo_cannot_take_is_refused_before_it_is_sent(crm: RestV41, file: OutgoingFile) -> None:
    too_large = OutgoingFile(file.note_id, file.email_id, "x", "", b"x" * (LARGEST_FILE_BYTES + 1))

    with pytest.raises(CrmRejected) as caught:
        crm.attach(too_large)

    assert caught.value.field == "attachment"


def test_larger_files_are_given_more_time() -> None:
    """An upload of 20 MiB was measured to take 37 s."""
    patience = Patience(connect_seconds=5, read_seconds=30)

    assert patience.read_seconds_for(20_000_000 * 4 // 3) - patience.read_seconds_for(0) > 2 * 37
