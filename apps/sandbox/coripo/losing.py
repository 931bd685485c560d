"""Losing rows for good, without the mark that CORIPO leaves on what somebody deleted. Each returns how many rows went."""

from collections.abc import Callable, Mapping

from django.db import transaction

from apps.sandbox.coripo.models import Email, EmailAddressOfEmail, EmailOfBean, EmailText, Note, NoteFile


def lose_links(email_id: str) -> int:
    lost, _by_model = EmailOfBean.objects.filter(email_id=email_id).delete()
    return lost


def lose_files(email_id: str) -> int:
    notes = Note.objects.filter(parent_type="Emails", parent_id=email_id)
    NoteFile.objects.filter(note_id__in=list(notes.values_list("pk", flat=True))).delete()
    lost, _by_model = notes.delete()
    return lost


@transaction.atomic
def lose_record(email_id: str) -> int:
    lost, _by_model = Email.objects.filter(pk=email_id).delete()
    EmailText.objects.filter(pk=email_id).delete()
    EmailAddressOfEmail.objects.filter(email_id=email_id).delete()
    lose_links(email_id)
    lose_files(email_id)
    return lost


LOSSES: Mapping[str, Callable[[str], int]] = {"record": lose_record, "links": lose_links, "files": lose_files}
