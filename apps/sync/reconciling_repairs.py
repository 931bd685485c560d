"""Last stage of the proof: the transfers that repair have ended, links are made again, and everything is read once more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from apps.accounts.models import CrmServer
from apps.crm.errors import CrmError, CrmUnauthorized
from apps.crm.face import CrmClient, Link, StoredEmail
from apps.sync.models import CrmEmail, CrmFile, CrmLink, Finding, Outcome, Reconciliation
from apps.sync.reconciling_findings import settle_finding
from apps.sync.reconciling_records import made_files, made_links, missing_links
from apps.sync.states import writing_facts
from apps.work.models import ACTIVE

FINDINGS_AT_ONCE = 100
# A repair that waits for a login or the end of an outage goes on by itself; the check does not wait for it so long.
LONGEST_WAIT = timedelta(hours=1)
KINDS = (Finding.Kind.RECORD_FORGOTTEN, Finding.Kind.RECORD_LOST, Finding.Kind.LINKS_LOST, Finding.Kind.FILES_LOST)


def leave_open_repairs(check: Reconciliation, *, reason: str, at: datetime) -> None:
    """Say that these are not settled by this check: CORIPO is not to be had for this owner."""
    _leave_all(_open(check), reason=reason, at=at)


def has_running_repairs(check: Reconciliation, *, at: datetime) -> bool:
    """Whether transfers that repair are still under way; those that take too long go on without the check."""
    running = _open(check).filter(transfer__status__in=ACTIVE)
    _leave_all(running.filter(found_at__lt=at - LONGEST_WAIT), reason="repair_waits", at=at)
    return running.exists()


def settle_next(check: Reconciliation, *, crm: CrmClient, at: datetime) -> bool:
    """Mend and settle the next findings; their transfers have ended. False where none is left. Raises CrmError."""
    findings = list(_open(check).select_related("transfer", "message").order_by("pk")[:FINDINGS_AT_ONCE])
    if not findings:
        return False
    records = _records_of(findings)
    ids = sorted({record.record_id for record in records.values()})
    reasons = _link_again(list(records.values()), crm.read_emails(ids), crm=crm)
    found = crm.read_emails(ids)
    links, files = made_links(records.values()), made_files(records.values())
    notes = crm.find_files(ids) if files or any(finding.note_ids for finding in findings) else {}
    for finding in findings:
        record = records.get(finding.pk)
        email = found.get(record.record_id) if record else None
        if record is None or email is None:
            _leave(finding, at=at)
            continue
        lost_files = (files.get(record.pk, frozenset()) | set(finding.note_ids)) - notes.get(
            record.record_id, frozenset()
        )
        is_whole = not lost_files and not missing_links(links.get(record.pk, ()), email) and record.pk not in reasons
        reason = reasons.get(record.pk) or _why_left_out(record, lost_files) or "still_missing"
        settle_finding(finding, is_repaired=is_whole, reason=reason, at=at)
    return True


def _open(check: Reconciliation) -> QuerySet[Finding]:
    return check.findings.filter(kind__in=KINDS, outcome=Finding.Outcome.UNDER_WAY)


def _leave_all(findings: QuerySet[Finding], *, reason: str, at: datetime) -> None:
    """In one statement: where CORIPO has lost much, they are many."""
    findings.update(outcome=Finding.Outcome.LEFT, reason=reason, settled_at=at)


def _records_of(findings: Sequence[Finding]) -> dict[int, CrmEmail]:
    """The record of each finding as the rows know it now, by the finding's id."""
    keys = {finding.message.email_key for finding in findings if finding.message}
    server = CrmServer.objects.current()
    by_identity = {record.identity: record for record in CrmEmail.objects.filter(server=server, email_key__in=keys)}
    by_pk = CrmEmail.objects.in_bulk([finding.crm_email_id for finding in findings if finding.crm_email_id])
    found = {}
    for finding in findings:
        message = finding.message
        record = by_identity.get(message.identity) if message else None
        record = record or by_pk.get(finding.crm_email_id or 0)
        if record is not None:
            found[finding.pk] = record
    return found


def _link_again(records: Sequence[CrmEmail], found: Mapping[str, StoredEmail], *, crm: CrmClient) -> dict[int, str]:
    """Make the links that CORIPO does not show. Returns why not, by record, where one could not be made."""
    made = made_links(records)
    wanted = {
        Link(record.record_id, link.module, link.record_id): link
        for record in records
        if record.record_id in found
        for link in missing_links(made.get(record.pk, ()), found[record.record_id])
    }
    reasons: dict[int, str] = {}
    for (asked, link), outcome in zip(wanted.items(), crm.link(list(wanted)) if wanted else (), strict=True):
        if isinstance(outcome, CrmUnauthorized):
            raise outcome
        if not isinstance(outcome, CrmError):
            continue
        reasons[link.crm_email_id] = outcome.code
        if not outcome.is_retryable:
            is_there = crm.read_record(asked.module, asked.record_id).is_visible
            reasons[link.crm_email_id] = outcome.code if is_there else "target_gone"
            _give_up(link, outcome, is_there=is_there)
    return reasons


def _give_up(link: CrmLink, error: CrmError, *, is_there: bool) -> None:
    """The link is not made any more: a failure, or nothing to link with as the record is gone from CORIPO."""
    mail = CrmEmail.objects.get(pk=link.crm_email_id)
    with writing_facts([mail.identity]):
        CrmLink.objects.filter(pk=link.pk).update(
            outcome=Outcome.FAILED if is_there else Outcome.LEFT_OUT, cause=error.code if is_there else "target_gone"
        )


def _why_left_out(record: CrmEmail, note_ids: Collection[str]) -> str:
    """The rule of the owner that kept a lost file from being stored again, or ""."""
    left_out = CrmFile.objects.filter(crm_email=record, note_id__in=note_ids, outcome=Outcome.LEFT_OUT)
    return (left_out.values_list("cause", flat=True).first() or "") if note_ids else ""


def _leave(finding: Finding, *, at: datetime) -> None:
    """Its record is not to be seen: the transfer says why."""
    cause = finding.transfer.cause if finding.transfer else ""
    if cause == "hidden":
        finding.kind = Finding.Kind.RECORD_UNSEEN
        finding.save(update_fields=["kind"])
    settle_finding(finding, is_repaired=False, reason=cause or "still_missing", at=at)
