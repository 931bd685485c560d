"""Attachments: a note under the e-mail, then its file. Each of the two steps may be repeated."""

from base64 import b64encode
from collections.abc import Sequence

from apps.crm import shapes, texts
from apps.crm.calling import Caller
from apps.crm.errors import CrmError, CrmIdOccupied, CrmOutcomeUnknown, CrmRejected, CrmUnauthorized
from apps.crm.face import Created, OutgoingFile
from apps.crm.portions import portions
from apps.crm.reading import read_record

# 31 MB end in HTTP 500 with an empty body: the upload limit is 30 MB by default.
LARGEST_FILE_BYTES = 30_000_000
# As many as e-mails: each costs the server as much as one of them.
NOTES_PER_WRITE = 50


def make_notes(caller: Caller, files: Sequence[OutgoingFile]) -> None:
    """Whether CORIPO made them is not asked: the upload to a note that is not there tells."""
    for portion in portions(files, most=NOTES_PER_WRITE):
        try:
            caller.write(
                "set_entries",
                module_name="Notes",
                name_value_lists=[shapes.name_values(_note_fields(file)) for file in portion],
            )
        except CrmUnauthorized:
            raise
        except CrmError:
            return


def attach(caller: Caller, file: OutgoingFile, *, has_note: bool) -> Created:
    if len(file.content) > LARGEST_FILE_BYTES:
        raise CrmRejected(field="attachment", reason="it is larger than CORIPO takes")
    if has_note and _has_uploaded(caller, file):
        return Created(file.note_id)
    _have_note(caller, file)
    if not _has_uploaded(caller, file):
        raise CrmRejected(field="attachment", reason="CORIPO did not keep the file")
    return Created(file.note_id)


def _has_uploaded(caller: Caller, file: OutgoingFile) -> bool:
    """False where the note is not there: the answer is then the id -1, with HTTP 200."""
    content = b64encode(file.content).decode("ascii")
    note = {"id": file.note_id, "filename": texts.file_name(file.name), "file": content}
    return shapes.id_in(caller.write("set_note_attachment", note=note)) == file.note_id


def _note_fields(file: OutgoingFile) -> dict[str, str]:
    return {
        "id": file.note_id,
        "new_with_id": "1",
        "name": texts.file_name(file.name),
        "parent_type": "Emails",
        "parent_id": file.email_id,
    }


def _have_note(caller: Caller, file: OutgoingFile) -> None:
    try:
        answer = caller.write(
            "set_entry", module_name="Notes", name_value_list=shapes.name_values(_note_fields(file)), track_view=False
        )
    except CrmOutcomeUnknown as error:
        sight = read_record(caller, "Notes", file.note_id)
        if sight.is_visible:
            return
        if error.is_database_failure:
            raise CrmIdOccupied(file.note_id, is_deleted=sight.is_deleted) from error
        raise
    if shapes.id_in(answer) != file.note_id:
        raise CrmRejected(field="id", reason="CORIPO refused the note without a word")
