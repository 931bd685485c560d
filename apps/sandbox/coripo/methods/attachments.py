"""Files of notes. Source: measured on SuiteCRM 7.14.6, "Attachments"."""

import base64
import binascii
import re
from typing import Any

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.access import hidden_ids, may_change
from apps.sandbox.coripo.arguments import as_text
from apps.sandbox.coripo.catalogue import module_named
from apps.sandbox.coripo.faults import NotAllowed, PhpFatal
from apps.sandbox.coripo.models import Note, NoteFile
from apps.sandbox.coripo.models.base import now
from apps.sandbox.coripo.sessions import session_of

UPLOAD_MAXSIZE = 30_000_000  # As installed; above it the request itself dies.
UNSAFE_ENDING = re.compile(r"\.(php\d?|phtml|phar|pl|cgi|py|asp|cfm|js|vbs|html?|xhtml|shtml|htaccess)$", re.IGNORECASE)
NAME_LIMIT = 255


def set_note_attachment(session: Any, note: Any) -> Any:
    """Put the file into the note; the id is -1 where there is no such note."""
    with session_of(session) as user:
        if not isinstance(note, dict):
            raise PhpFatal("note is no object")
        content = _decoded(as_text(note.get("file")))
        knobs.delay_upload(len(content))
        if len(content) > UPLOAD_MAXSIZE:
            raise PhpFatal("allowed memory size exhausted")
        record = Note.objects.filter(pk=as_text(note.get("id")), deleted=False).first()
        if record is None or not may_change(record, module_named("Notes"), user):
            return {"id": "-1"}
        record.filename = stored_name(as_text(note.get("filename")))
        record.file_mime_type = "application/octet-stream"
        record.date_modified = now()
        related_id, related_module = as_text(note.get("related_module_id")), as_text(note.get("related_module_name"))
        if related_id and related_module == "Contacts":
            record.contact_id = related_id
        elif related_id and related_module:
            record.parent_type, record.parent_id = related_module, related_id
        # One statement: a longer transaction with 30 MB in it would keep every other writer waiting.
        NoteFile.objects.bulk_create(
            [NoteFile(note_id=record.pk, content=content)],
            update_conflicts=True,
            unique_fields=["note_id"],
            update_fields=["content"],
        )
        record.save()
        return {"id": record.pk}


def get_note_attachment(session: Any, id: Any) -> Any:
    """The note's file; empty texts for a note that is unknown or has none."""
    with session_of(session) as user:
        note = Note.objects.filter(pk=as_text(id), deleted=False).first()
        if note is not None and hidden_ids([note], module_named("Notes"), user):
            raise NotAllowed
        file = NoteFile.objects.filter(pk=note.pk).first() if note else None
        return {
            "note_attachment": {
                "id": note.pk if note else "",
                "filename": note.filename if note else "",
                "file": base64.b64encode(file.content).decode() if file else "",
                "related_module_id": note.parent_id if note else "",
                "related_module_name": note.parent_type if note else "",
            }
        }


def stored_name(name: str) -> str:
    """
    >>> stored_name("page.html"), stored_name("a/b.txt")
    ('page.html.txt', 'a/b.txt')
    """
    if UNSAFE_ENDING.search(name):
        name += ".txt"
    return name[:NAME_LIMIT]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        # PHP's decoder skips what it does not know.
        return base64.b64decode(re.sub(r"[^A-Za-z0-9+/]", "", text) + "===")
