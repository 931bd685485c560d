"""Attachments: a note under the e-mail, then its file. Each of the two steps may be repeated."""

from base64 import b64encode

from apps.crm import shapes, texts
from apps.crm.calling import Caller
from apps.crm.errors import CrmIdOccupied, CrmOutcomeUnknown, CrmRejected
from apps.crm.face import Created, OutgoingFile
from apps.crm.reading import read_record

# 31 MB end in HTTP 500 with an empty body: the upload limit is 30 MB by default.
LARGEST_FILE_BYTES = 30_000_000


def attach(caller: Caller, file: OutgoingFile) -> Created:
    if len(file.content) > LARGEST_FILE_BYTES:
        raise CrmRejected(field="attachment", reason="it is larger than CORIPO takes")
    name = texts.file_name(file.name)
    _have_note(caller, file, name)
    answer = caller.write(
        "set_note_attachment",
        note={"id": file.note_id, "filename": name, "file": b64encode(file.content).decode("ascii")},
    )
    # For a note that is not there the answer is the id -1, with HTTP 200.
    if shapes.id_in(answer) != file.note_id:
        raise CrmRejected(field="attachment", reason="CORIPO did not keep the file")
    return Created(file.note_id)


def _have_note(caller: Caller, file: OutgoingFile, name: str) -> None:
    fields = {
        "id": file.note_id,
        "new_with_id": "1",
        "name": name,
        "parent_type": "Emails",
        "parent_id": file.email_id,
    }
    try:
        answer = caller.write(
            "set_entry", module_name="Notes", name_value_list=shapes.name_values(fields), track_view=False
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
