"""What can be taken back of a mail's transfer, and why not: decides for the forecast and for the deed alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from apps.crm.face import CrmClient, StoredEmail
from apps.sync.models import CrmEmail, CrmFile, CrmLink, Outcome, Transfer
from apps.sync.recording import EXISTED
from apps.sync.states import Identity
from apps.sync.undo_scope import transfers_to_undo
from apps.work.models import ACTIVE, Run, Status

# Causes of transfers that left nothing of their own: the record was there, or nobody saw it.
_FOUND_ONLY = (EXISTED, "gone", "hidden")


class What(StrEnum):
    DELETE = "delete"
    UNLINK = "unlink"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`cause` says why something is kept, a key of causes.SENTENCES; `links` are those to be taken off."""

    what: What
    cause: str = ""
    links: tuple[CrmLink, ...] = ()


@dataclass(slots=True)
class Case:
    """What the rows say of one record: the transfers that are to be undone, everybody else's, and what they made."""

    record: CrmEmail
    user_id: int
    meant: list[Transfer] = field(default_factory=list)
    others: list[Transfer] = field(default_factory=list)
    links: list[CrmLink] = field(default_factory=list)
    note_ids: set[str] = field(default_factory=set)

    @property
    def creating(self) -> Transfer | None:
        """The one of these transfers that created the record, None where it was there before."""
        record = self.record
        if record.is_adopted or record.existed_at is None or record.created_by_id not in (None, self.user_id):
            return None
        created = (it for it in self.meant if it.cause not in _FOUND_ONLY and it.queued_at <= record.existed_at)
        return max(created, key=lambda transfer: transfer.pk, default=None)


@dataclass(frozen=True, slots=True)
class Sight:
    """What this login sees: e-mails by id, deleted ones too, with all their links; notes by e-mail."""

    emails: Mapping[str, StoredEmail]
    notes: Mapping[str, frozenset[str]]


def look(records: Collection[CrmEmail], crm: CrmClient) -> Sight:
    """Read all of them at once. Raises CrmError."""
    emails = crm.read_emails([record.record_id for record in records], with_deleted=True, all_links=True)
    live = [email.id for email in emails.values() if not email.is_deleted]
    return Sight(emails, crm.find_notes(live) if live else {})


def cases_of(records: Sequence[CrmEmail], run: Run) -> dict[int, Case]:
    """The case of each record by its id: four queries, however many they are."""
    cases = {record.pk: Case(record, run.requested_by_id) for record in records}
    by_identity: dict[Identity, Case] = {(case.record.email_key, case.record.variant): case for case in cases.values()}
    keys = {record.email_key for record in records}
    meant = set(transfers_to_undo(run).filter(message__email_key__in=keys).values_list("pk", flat=True))
    # What the proof repaired for this person is no wish of anybody's.
    repairs = Q(origin=Transfer.Origin.PROOF, mailbox__owner=run.requested_by_id)
    told = Transfer.objects.filter(message__email_key__in=keys).filter(
        Q(pk__in=meant) | Q(status__in=ACTIVE) | (Q(status=Status.DONE, result=Transfer.Result.STORED) & ~repairs)
    )
    for transfer in told.select_related("message", "mailbox").defer("message__search_text", "message__preview"):
        case = by_identity.get(transfer.identity)
        if case is not None:
            (case.meant if transfer.pk in meant else case.others).append(transfer)
    for link in CrmLink.objects.filter(crm_email__in=cases, outcome=Outcome.MADE).order_by("pk"):
        cases[link.crm_email_id].links.append(link)
    files = CrmFile.objects.filter(crm_email__in=cases).values_list("crm_email_id", "note_id")
    for crm_email_id, note_id in files:
        cases[crm_email_id].note_ids.add(note_id)
    return cases


def judge_by_rows(case: Case) -> Verdict | None:
    """The verdict, where CORIPO need not be asked."""
    record = case.record
    if record.status == CrmEmail.Status.DELETED:
        return Verdict(What.KEEP, "undo_gone")
    if record.status == CrmEmail.Status.INTENDED or any(other.status in ACTIVE for other in case.others):
        return Verdict(What.KEEP, "undo_asked_again")
    relying = _relying(case)
    if any(other.mailbox.owner_id != case.user_id for other in relying):
        return Verdict(What.KEEP, "undo_colleague")
    if relying:
        return Verdict(What.KEEP, "undo_other_run")
    if case.creating is None and not _links_added(case):
        return Verdict(What.KEEP, "undo_existed")
    if case.creating is not None and any(link.made_by_id not in (None, case.user_id) for link in case.links):
        return Verdict(What.KEEP, "undo_colleague")
    return None


def judge(case: Case, sight: Sight) -> Verdict:
    """What becomes of the record and of the links that were added to it, given what CORIPO shows now."""
    record = case.record
    found = sight.emails.get(record.record_id)
    if found is not None and found.is_deleted and record.status == CrmEmail.Status.UNDOING:
        # Asked for before, by an undo that died: it has come true, whoever asks for the mail again since.
        return Verdict(What.DELETE)
    if (verdict := judge_by_rows(case)) is not None:
        return verdict
    if found is None or found.is_deleted:
        return Verdict(What.KEEP, "undo_gone" if found else "undo_unseen")
    is_untouched = found.is_as_created if record.stamp is None else found.stamp == record.stamp
    if not is_untouched:
        return Verdict(What.KEEP, "undo_edited")
    creating = case.creating
    if creating is None:
        return Verdict(What.UNLINK, links=_links_added(case))
    linked = {(module, record_id) for module, ids in found.links.items() for record_id in ids}
    if linked - {(link.module, link.record_id) for link in case.links if _is_made_by(creating, link)}:
        return Verdict(What.KEEP, "undo_linked")
    if sight.notes.get(record.record_id, frozenset()) - case.note_ids:
        return Verdict(What.KEEP, "undo_noted")
    return Verdict(What.DELETE)


def _relying(case: Case) -> list[Transfer]:
    """Others who found the record there, or links on it: after it was made, or after the links were added to it."""
    if case.creating is not None:
        since: datetime | None = case.record.existed_at
    else:
        since = min((it.finished_at for it in case.meant if it.finished_at), default=None)
    return [
        other
        for other in case.others
        if other.status == Status.DONE and (since is None or other.finished_at is None or other.finished_at >= since)
    ]


def _links_added(case: Case) -> tuple[CrmLink, ...]:
    """Those that these transfers made, and that nobody had made before."""
    return tuple(
        link
        for link in case.links
        if link.made_by_id == case.user_id and not link.is_adopted and any(_spans(it, link) for it in case.meant)
    )


def _spans(transfer: Transfer, link: CrmLink) -> bool:
    return transfer.queued_at <= link.made_at and (transfer.finished_at is None or link.made_at <= transfer.finished_at)


def _is_made_by(creating: Transfer, link: CrmLink) -> bool:
    """A link of a try that broke off looks as if it had been there before; later than that, somebody made it by hand."""
    return not link.is_adopted or creating.finished_at is None or link.made_at <= creating.finished_at
