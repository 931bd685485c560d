"""Third stage of the proof: the records that the portal believes in exist, carry their links and files, and occur once.

Few requests: of 200 records one finds them by Message-ID (doubles included), two read them with their links, one lists their
files. Only what none of them shows is asked for by id, deleted ones too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from apps.accounts.models import CrmServer
from apps.crm.face import CrmClient, StoredEmail
from apps.mailboxes.letters import Attachment
from apps.mailboxes.models import Message
from apps.sync.deciding import is_same_mail
from apps.sync.models import CrmEmail, CrmFile, CrmLink, CrmSight, Finding, Outcome, Reconciliation, SyncRules
from apps.sync.reconciling_findings import ask_for_repair, keep_progress, name_finding
from apps.sync.rules import rules_of
from apps.sync.selecting import why_left_out
from apps.sync.states import Identity, writing_facts

RECORDS_AT_ONCE = 200
LEFT_MAILBOX = "left_mailbox"

Links = Mapping[int, list[CrmLink]]
Files = Mapping[int, frozenset[str]]
"""What the portal believes to have made, by the id of the CrmEmail."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What this login sees of some records: the records by id, all that is live by Message-ID, and note ids by record."""

    records: Mapping[str, StoredEmail]
    by_message_id: Mapping[str, tuple[StoredEmail, ...]]
    notes: Mapping[str, frozenset[str]]


def check_next_records(check: Reconciliation, *, crm: CrmClient, at: datetime) -> bool:
    """Check the next records of the mailbox and name what differs. False where none is left. Raises CrmError."""
    records = list(_believed_in(check).filter(pk__gt=check.position).order_by("pk")[:RECORDS_AT_ONCE])
    if not records:
        return False
    links, files = made_links(records), made_files(records)
    sight = _look(records, files, crm)
    copies, hidden = _copies(check, records), _known_as_hidden(check, records)
    ours, rules = _ids_of_ours(sight), rules_of(check.mailbox.owner)
    beyond_repair = _known_as_beyond_repair(check, [r for r in records if r.identity not in copies])
    for record in records:
        message = copies.get(record.identity)
        found = sight.records.get(record.record_id)
        if found is None:
            if record.pk not in hidden | beyond_repair:
                _name_unseen(check, record, message, at=at)
        elif found.is_deleted:
            _name_deleted(check, record, message, at=at)
        else:
            if record.pk in hidden:
                _show_again(check, record, message, at=at)
            _name_doubles(check, record, message, sight, ours, at=at)
            if missing_links(links.get(record.pk, ()), found):
                _name(check, Finding.Kind.LINKS_LOST, record, message, at=at)
            lost_files = files.get(record.pk, frozenset()) - sight.notes.get(record.record_id, frozenset())
            if lost_files and record.pk not in beyond_repair:
                _name_lost_files(check, record, message, lost_files, rules, at=at)
    keep_progress(check, position=records[-1].pk, records_checked=check.records_checked + len(records))
    return True


def made_links(records: Iterable[CrmEmail]) -> Links:
    found: dict[int, list[CrmLink]] = defaultdict(list)
    for link in CrmLink.objects.filter(crm_email__in=[record.pk for record in records], outcome=Outcome.MADE):
        found[link.crm_email_id].append(link)
    return found


def made_files(records: Iterable[CrmEmail]) -> Files:
    found: dict[int, set[str]] = defaultdict(set)
    made = CrmFile.objects.filter(crm_email__in=[record.pk for record in records], outcome=Outcome.MADE)
    for crm_email_id, note_id in made.values_list("crm_email_id", "note_id"):
        found[crm_email_id].add(note_id)
    return {pk: frozenset(note_ids) for pk, note_ids in found.items()}


def missing_links(made: Iterable[CrmLink], found: StoredEmail) -> list[CrmLink]:
    """Those that CORIPO does not show; of modules that a reading tells nothing about none is missing."""
    return [link for link in made if link.module in found.links and link.record_id not in found.links[link.module]]


def _believed_in(check: Reconciliation) -> QuerySet[CrmEmail]:
    """Records that exist, as far as the rows say, of mails that this mailbox has."""
    copies = Message.objects.filter(
        mailbox=check.mailbox_id, email_key=OuterRef("email_key"), variant=OuterRef("variant")
    )
    server = CrmServer.objects.current()
    return CrmEmail.objects.filter(Exists(copies), server=server, status=CrmEmail.Status.EXISTS)


def _look(records: list[CrmEmail], files: Files, crm: CrmClient) -> Sight:
    by_message_id = crm.find_emails(sorted({record.email_key for record in records}))
    live = {email.id: email for emails in by_message_id.values() for email in emails}
    seen = {record.record_id: live[record.record_id] for record in records if record.record_id in live}
    unseen = [record.record_id for record in records if record.record_id not in seen]
    if unseen:
        seen |= crm.read_emails(unseen, with_deleted=True)
    with_files = [record.record_id for record in records if record.pk in files and record.record_id in seen]
    return Sight(seen, by_message_id, crm.find_files(with_files) if with_files else {})


def _copies(check: Reconciliation, records: list[CrmEmail]) -> dict[Identity, Message]:
    """The copy of each mail that is still in the mailbox."""
    keys = {record.email_key for record in records}
    rows = Message.objects.filter(mailbox=check.mailbox_id, email_key__in=keys, gone_at=None)
    return {row.identity: row for row in rows.select_related("mailbox__owner").order_by("pk")}


def _known_as_hidden(check: Reconciliation, records: list[CrmEmail]) -> set[int]:
    """What this login could not see before either is no loss."""
    sights = CrmSight.objects.filter(
        crm_email__in=[record.pk for record in records], user=check.mailbox.owner_id, is_visible=False
    )
    return set(sights.values_list("crm_email_id", flat=True))


def _known_as_beyond_repair(check: Reconciliation, records: list[CrmEmail]) -> set[int]:
    """What an earlier check has said of mails that are in the mailbox no more: nothing can be done, so it is said once."""
    if not records:
        return set()
    earlier = Finding.objects.filter(reconciliation__mailbox=check.mailbox_id, reason=LEFT_MAILBOX)
    told = earlier.exclude(reconciliation=check).filter(crm_email__in=[record.pk for record in records])
    return {pk for pk in told.values_list("crm_email_id", flat=True) if pk}


def _ids_of_ours(sight: Sight) -> set[str]:
    """Records that stand in rows of ours: under one Message-ID there may be several variants."""
    ids = [email.id for emails in sight.by_message_id.values() if len(emails) > 1 for email in emails]
    return set(CrmEmail.objects.filter(record_id__in=ids).values_list("record_id", flat=True)) if ids else set()


def _name_unseen(check: Reconciliation, record: CrmEmail, message: Message | None, *, at: datetime) -> None:
    """Neither a live nor a deleted record: lost, or taken from the eyes of this login.

    Only an attempt to store it under the same id tells (docs/adr/0002): a hidden record keeps its id, a lost one is back.
    A record of another program has an id that is not ours to give, so it is not stored a second time.
    """
    if record.is_adopted:
        with writing_facts([record.identity]):
            CrmSight.objects.update_or_create(
                crm_email=record, user=check.mailbox.owner, defaults={"is_visible": False, "looked_at": at}
            )
            _name(check, Finding.Kind.RECORD_UNSEEN, record, message, at=at, left="hidden")
    elif message is None:
        _name(check, Finding.Kind.RECORD_LOST, record, message, at=at, left=LEFT_MAILBOX)
    else:
        with writing_facts([record.identity]):
            doubted = _unchanged(record).update(status=CrmEmail.Status.INTENDED, unknown_since=None)
            if doubted:
                _name(check, Finding.Kind.RECORD_LOST, record, message, at=at, repairs=True)


def _show_again(check: Reconciliation, record: CrmEmail, message: Message | None, *, at: datetime) -> None:
    """This login sees the record now, whatever it saw before."""
    with writing_facts([record.identity]):
        sights = CrmSight.objects.filter(crm_email=record, user=check.mailbox.owner_id, is_visible=False)
        if sights.update(is_visible=True, looked_at=at):
            name_finding(
                check,
                Finding.Kind.STATE_WRONG,
                f"sight {record.pk}",
                outcome=Finding.Outcome.REPAIRED,
                at=at,
                message=message,
                crm_email=record,
            )


def _name_deleted(check: Reconciliation, record: CrmEmail, message: Message | None, *, at: datetime) -> None:
    with writing_facts([record.identity]):
        if _unchanged(record).update(status=CrmEmail.Status.DELETED):
            _name(check, Finding.Kind.RECORD_DELETED, record, message, at=at, left="gone")


def _name_lost_files(
    check: Reconciliation,
    record: CrmEmail,
    message: Message | None,
    note_ids: frozenset[str],
    rules: SyncRules,
    *,
    at: datetime,
) -> None:
    """What the owner's rules leave out by now is not stored again, and missed no more; a transfer repairs the others."""
    if message is None:
        _name(check, Finding.Kind.FILES_LOST, record, message, at=at, left=LEFT_MAILBOX)
        return
    with writing_facts([record.identity]):
        lost = CrmFile.objects.filter(crm_email=record, note_id__in=note_ids, outcome=Outcome.MADE)
        causes = {file.pk: why_left_out(_as_listed(file), rules) for file in lost}
        for pk, cause in causes.items():
            if cause:
                lost.filter(pk=pk).update(outcome=Outcome.LEFT_OUT, cause=cause)
        if causes and all(causes.values()):
            _name(check, Finding.Kind.FILES_LOST, record, message, at=at, left=min(causes.values()))
        elif causes:
            _name(check, Finding.Kind.FILES_LOST, record, message, at=at, repairs=True, note_ids=note_ids)


def _as_listed(file: CrmFile) -> Attachment:
    return Attachment(name=file.name, content_type="", content=b"", listed_size=file.size)


def _name_doubles(
    check: Reconciliation,
    record: CrmEmail,
    message: Message | None,
    sight: Sight,
    ours: Collection[str],
    *,
    at: datetime,
) -> None:
    """Another live record of the same mail. It may be wanted, so it is named and never deleted."""
    emails = sight.by_message_id.get(record.email_key, ())
    own = sight.records[record.record_id]
    if any(
        email.id not in ours
        and email.id != own.id
        and is_same_mail(email, sender=own.sender_address, sent_at=own.sent_at, subject=own.subject)
        for email in emails
    ):
        _name(check, Finding.Kind.RECORD_DOUBLED, record, message, at=at, left="doubled")


def _unchanged(record: CrmEmail) -> QuerySet[CrmEmail]:
    """The row as it was when CORIPO was asked."""
    return CrmEmail.objects.filter(pk=record.pk, record_id=record.record_id, status=CrmEmail.Status.EXISTS)


def _name(
    check: Reconciliation,
    kind: Finding.Kind,
    record: CrmEmail,
    message: Message | None,
    *,
    at: datetime,
    left: str = "",
    repairs: bool = False,
    note_ids: Iterable[str] = (),
) -> None:
    """`left` is the reason why nothing is done; `repairs` asks for a transfer, inside `writing_facts` of the mail."""
    name_finding(
        check,
        kind,
        str(record.pk),
        outcome=Finding.Outcome.LEFT if left else Finding.Outcome.UNDER_WAY,
        at=at,
        subject="" if message else record.email_key,
        message=message,
        crm_email=record,
        transfer=ask_for_repair(message, at=at) if repairs and message else None,
        note_ids=note_ids,
        reason=left,
    )
