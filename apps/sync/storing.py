"""Creating the records that are missing, and reading the outcomes that are none (docs/adr/0002)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apps.core.addresses import Address
from apps.crm.errors import CrmError, CrmIdOccupied, CrmOutcomeUnknown, CrmUnauthorized
from apps.crm.face import CrmClient, OutgoingEmail
from apps.mailboxes.letters import Letter
from apps.sync import recording
from apps.sync.claiming import Batch, update_records
from apps.sync.intents import begin_next_generation
from apps.sync.models import CrmEmail, SyncRules
from apps.sync.parcels import Ending, Parcel, under_way
from apps.sync.remarks import texts_of_record
from apps.sync.states import writing_facts

# A write that is still under way in CORIPO holds its id without being readable; after this time it is not.
SPOILT_AFTER = timedelta(minutes=10)
# A clock that was never set says 1970, and nothing arrives before it was sent: such a mail would lie at the wrong end
# of every list in CORIPO for ever.
FIRST_EMAILS = datetime(1990, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(days=1)


def create_missing(batch: Batch, parcels: list[Parcel], *, crm: CrmClient, rules: SyncRules, at: datetime) -> None:
    """Create in bulk what does not exist. Each parcel gets its own outcome; the rows are committed at once.

    Raises CrmError where it concerns the whole batch, a login that was refused on the way included.
    """
    missing = _ours_to_create(batch, [parcel for parcel in under_way(parcels) if not parcel.exists])
    if not missing:
        return
    doubts = _begin_doubt(missing, at=at)
    try:
        outcomes = crm.create_emails([outgoing_email(parcel, rules) for parcel in missing])
    except CrmError:
        # Raised for all of them, so nothing was sent.
        _end_doubt(missing, doubts)
        raise
    with writing_facts(parcel.identity for parcel in missing):
        for parcel, outcome in zip(missing, outcomes, strict=True):
            if isinstance(outcome, CrmError):
                _read_refusal(parcel, outcome, in_doubt_since=doubts[parcel.crm_email.pk], at=at)
            else:
                parcel.exists = parcel.is_fresh = parcel.is_untouched = True
                if outcome.stamp is not None:
                    parcel.crm_email.note_stamp(outcome.stamp)
                parcel.crm_email.created_by = batch.mailbox.owner
                parcel.crm_email.creator_name = batch.mailbox.owner.shown_name
        recording.note_records(batch, missing, at=at)
    for outcome in outcomes:
        if isinstance(outcome, CrmUnauthorized):
            raise outcome


def _ours_to_create(batch: Batch, parcels: list[Parcel]) -> list[Parcel]:
    """Those that nobody has relieved us of: a creator's right is a lease, which the batch has just renewed."""
    pks = [parcel.crm_email.pk for parcel in parcels]
    ours = set(CrmEmail.objects.filter(pk__in=pks, creator_claim=batch.claim).values_list("pk", flat=True))
    for parcel in parcels:
        if parcel.crm_email.pk not in ours:
            parcel.end(Ending.WAITS)
    return under_way(parcels)


def _begin_doubt(parcels: list[Parcel], *, at: datetime) -> dict[int, datetime | None]:
    """Say in the rows, before the write, that its outcome is open: a carrier that dies now cannot say so later.

    Returns since when each was in doubt already.
    """
    before = {parcel.crm_email.pk: parcel.crm_email.unknown_since for parcel in parcels}
    update_records(CrmEmail.objects.filter(pk__in=before, unknown_since=None), unknown_since=at)
    for parcel in parcels:
        parcel.crm_email.unknown_since = before[parcel.crm_email.pk] or at
    return before


def _end_doubt(parcels: list[Parcel], doubts: dict[int, datetime | None]) -> None:
    fresh = [pk for pk, since in doubts.items() if since is None]
    update_records(CrmEmail.objects.filter(pk__in=fresh), unknown_since=None)
    for parcel in parcels:
        parcel.crm_email.unknown_since = doubts[parcel.crm_email.pk]


def _read_refusal(parcel: Parcel, error: CrmError, *, in_doubt_since: datetime | None, at: datetime) -> None:
    mail = parcel.crm_email
    if isinstance(error, CrmIdOccupied) and error.is_deleted:
        mail.status = CrmEmail.Status.DELETED
        parcel.end(Ending.GONE)
    elif isinstance(error, CrmIdOccupied) and in_doubt_since is None:
        # Nothing of ours was ever in doubt under this id: the record is there, and this login may not see it.
        mail.status, mail.unknown_since = CrmEmail.Status.EXISTS, None
        parcel.end(Ending.HIDDEN)
    elif isinstance(error, CrmIdOccupied) and in_doubt_since is not None:
        if at - in_doubt_since >= SPOILT_AFTER:
            begin_next_generation(mail)
        parcel.end(Ending.RETRIES, CrmOutcomeUnknown("create e-mails"))
    elif isinstance(error, CrmOutcomeUnknown):
        parcel.end(Ending.RETRIES, error)
    else:
        mail.unknown_since = in_doubt_since
        parcel.end(Ending.RETRIES if error.is_retryable else Ending.FAILS, error)


def outgoing_email(parcel: Parcel, rules: SyncRules) -> OutgoingEmail:
    """The record to be, from the letter. Sender and recipients come from the mail's own headers."""
    letter = parcel.letter
    message = parcel.items[0].transfer.message
    text, html = texts_of_record(letter, message, rules)
    companies = [target.record_id for target in parcel.targets if target.module == "Accounts"]
    return OutgoingEmail(
        id=parcel.crm_email.record_id,
        message_id=stored_message_id(letter, parcel.crm_email.email_key),
        subject=letter.subject or message.subject,
        sent_at=believable_time(letter.sent_at or message.sent_at, received_at=message.received_at),
        text=text,
        html=html,
        sender=letter.sender or Address(message.sender_name, message.sender_address),
        to=letter.to,
        cc=letter.cc,
        bcc=letter.bcc,
        company_id=companies[0] if companies else None,
        assigned_user_id=None,
    )


def believable_time(sent_at: datetime, *, received_at: datetime) -> datetime:
    """When the mail was sent; the time of its arrival where the sender's clock cannot be right."""
    is_possible = FIRST_EMAILS <= sent_at <= received_at + CLOCKS_DIFFER
    return sent_at if is_possible else received_at


def stored_message_id(letter: Letter, email_key: str) -> str:
    """The Message-ID as written, bare; where it cannot serve as one, the key that stands in for it."""
    written = letter.message_id.strip().strip("<>").strip()
    return written if written.casefold() == email_key else email_key
