"""The intent: the record's own id in a row, committed before the first write; and the look at what exists already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.crm.face import CrmClient, StoredEmail
from apps.mailboxes.letters import Letter
from apps.sync import recording
from apps.sync.claiming import Batch, save_alike
from apps.sync.deciding import is_same_mail, is_stored
from apps.sync.identity import crm_email_record_id
from apps.sync.models import CrmEmail, NoMatch, SyncRules
from apps.sync.parcels import Ending, Fetched, Parcel, under_way
from apps.sync.states import Identity, hold, refresh_states, writing_facts
from apps.work.models import Lane

Existing = Mapping[str, tuple[StoredEmail, ...]]
"""What CORIPO holds under a Message-ID (bare, case-folded), oldest first."""


def in_coripo(batch: Batch, fetched: list[Fetched], *, existing: Existing) -> set[Identity]:
    """The mails of these whose record is in CORIPO already, as the rows or CORIPO itself say."""
    stored = CrmEmail.objects.filter(
        server=batch.account.server,
        email_key__in={item.transfer.message.email_key for item in fetched},
        status=CrmEmail.Status.EXISTS,
    )
    found = {item.transfer.identity for item in fetched if _same_mail(existing, item.transfer.identity[0], item.letter)}
    return found | set(stored.values_list("email_key", "variant"))


def intend(
    batch: Batch,
    fetched: list[Fetched],
    *,
    known: Collection[Identity],
    rules: SyncRules,
    at: datetime,
    looked_at: datetime | None = None,
) -> list[Parcel]:
    """Settle the mails that match nobody, and commit a record id and the right to create it for all others.

    `known` are those in CORIPO already. `looked_at` is when CORIPO was asked about them: a record that was taken back since
    must not be found there.
    """
    by_identity: dict[Identity, list[Fetched]] = defaultdict(list)
    for item in fetched:
        by_identity[item.transfer.identity].append(item)
    going = {}
    unmatched: list[Fetched] = []
    for identity, items in by_identity.items():
        if is_stored(
            has_target=any(item.targets for item in items),
            is_known=identity in known,
            stores_without_match=rules.no_match == NoMatch.STORE
            or any(item.transfer.store_without_match for item in items),
        ):
            going[identity] = items
        else:
            unmatched += items
    if unmatched:
        recording.no_match(batch, unmatched, at=at)
    with transaction.atomic():
        hold(going)
        rows = _rows_for(batch, set(going))
        known_as = {identity: mail.status for identity, (mail, _is_new) in rows.items()}
        parcels = [
            _parcel(batch, rows[identity], items, at=at, looked_at=looked_at or at) for identity, items in going.items()
        ]
        _take_creating(batch, parcels, at=at)
        # An intent is no fact that a state follows from; a record that is made anew is.
        refresh_states(parcel.identity for parcel in parcels if parcel.crm_email.status != known_as[parcel.identity])
        return parcels


def _take_creating(batch: Batch, parcels: list[Parcel], *, at: datetime) -> None:
    """The right to create what is intended and nobody else has in hand."""
    mails = [parcel.crm_email for parcel in under_way(parcels) if parcel.crm_email.status == CrmEmail.Status.INTENDED]
    for mail in mails:
        mail.creator_claim = batch.claim
        mail.creator_lease_until = at + timedelta(seconds=settings.LEASE_SECONDS)
    save_alike(mails, ["creator_claim", "creator_lease_until"])


def _rows_for(batch: Batch, identities: set[Identity]) -> dict[Identity, tuple[CrmEmail, bool]]:
    """The one row of each mail, made where it is missing, locked until the commit; with whether it is new."""
    server = batch.account.server
    mails = CrmEmail.objects.filter(server=server, email_key__in={key for key, _variant in identities})
    known = {(mail.email_key, mail.variant) for mail in mails}
    CrmEmail.objects.bulk_create(
        [
            CrmEmail(
                server=server,
                email_key=key,
                variant=variant,
                record_id=crm_email_record_id(server, email_key=key, variant=variant, generation=0),
            )
            for key, variant in sorted(identities - known)
        ],
        ignore_conflicts=True,
    )
    return {
        (mail.email_key, mail.variant): (mail, (mail.email_key, mail.variant) not in known)
        for mail in mails.order_by("pk").select_for_update(no_key=True)
        if (mail.email_key, mail.variant) in identities
    }


def _parcel(
    batch: Batch, row: tuple[CrmEmail, bool], items: list[Fetched], *, at: datetime, looked_at: datetime
) -> Parcel:
    mail, is_new = row
    parcel = Parcel(mail, items, is_new_intent=is_new)
    is_leased = mail.creator_lease_until is not None and mail.creator_lease_until > at
    if mail.status == CrmEmail.Status.UNDOING:
        if is_leased:
            parcel.end(Ending.WAITS)
            return parcel
        # Whoever took it back fell silent. Whether it is there still is looked up by its id.
        mail.status = CrmEmail.Status.EXISTS
        mail.save(update_fields=["status"])
    if mail.undone_at is not None and mail.undone_at >= looked_at:
        parcel.end(Ending.WAITS)
        return parcel
    if mail.status == CrmEmail.Status.DELETED:
        if not any(item.transfer.lane == Lane.INTERACTIVE for item in items):
            parcel.end(Ending.GONE)
            return parcel
        begin_next_generation(mail)
        parcel.is_new_intent = True
    if mail.status == CrmEmail.Status.INTENDED and mail.creator_claim not in (None, batch.claim) and is_leased:
        parcel.end(Ending.WAITS)
    return parcel


def begin_next_generation(mail: CrmEmail) -> None:
    """A new id for the same mail: the record under the old one was deleted, or its id is spoilt in CORIPO."""
    mail.generation += 1
    mail.record_id = crm_email_record_id(
        mail.server, email_key=mail.email_key, variant=mail.variant, generation=mail.generation
    )
    mail.status = CrmEmail.Status.INTENDED
    mail.is_adopted, mail.unknown_since, mail.existed_at = False, None, None
    mail.created_by, mail.creator_name = None, ""
    mail.modified_at, mail.modifier_id = None, ""
    mail.undone_by, mail.undone_at = None, None
    mail.save()
    # Links and files belonged to the former record.
    mail.links.all().delete()
    mail.files.all().delete()
    mail.sights.all().delete()


def adopt_what_exists(batch: Batch, parcels: list[Parcel], *, existing: Existing, crm: CrmClient, at: datetime) -> None:
    """Find the records that are there: ours from an earlier try, a colleague's, or another program's."""
    going = under_way(parcels)
    for parcel in going:
        _adopt(parcel, _same_mail(existing, parcel.crm_email.email_key, parcel.letter))
    unseen = [parcel for parcel in going if not parcel.exists and not parcel.is_new_intent]
    if unseen:
        # By own id, deleted ones too: an answer was lost, or the record is not to be seen under its Message-ID.
        found = crm.read_emails([parcel.crm_email.record_id for parcel in unseen], with_deleted=True)
        for parcel in unseen:
            _judge(parcel, found.get(parcel.crm_email.record_id))
    # Of a record that is still to be made nothing was learned.
    noted = [parcel for parcel in going if parcel.exists or parcel.ending is not Ending.ARRIVES]
    if noted:
        with writing_facts(parcel.identity for parcel in noted):
            recording.note_records(batch, noted, at=at)


def _adopt(parcel: Parcel, candidates: list[StoredEmail]) -> None:
    mail = parcel.crm_email
    own = next((found for found in candidates if found.id == mail.record_id), None)
    found = own or (candidates[0] if candidates and mail.status == CrmEmail.Status.INTENDED else None)
    if found is None:
        return
    if own is None:
        mail.record_id, mail.is_adopted, mail.creator_name = found.id, True, found.creator_name
    elif not mail.creator_name:
        mail.creator_name = found.creator_name
    _is_there(parcel, found, is_new_here=own is None)


def _judge(parcel: Parcel, found: StoredEmail | None) -> None:
    if found is not None and found.is_deleted:
        parcel.crm_email.status = CrmEmail.Status.DELETED
        parcel.end(Ending.GONE)
    elif found is not None:
        _is_there(parcel, found)
    elif parcel.crm_email.status == CrmEmail.Status.EXISTS:
        parcel.end(Ending.HIDDEN)


def _is_there(parcel: Parcel, found: StoredEmail, *, is_new_here: bool = False) -> None:
    """Note the record, and whether somebody has changed it since our last write. One whose carrier died before that was
    read, and that is as it was created, is ours as it stands; so is one of another program that we meet now."""
    mail = parcel.crm_email
    parcel.exists, parcel.known_links = True, _links_of(found)
    if is_new_here or (mail.stamp is None and found.is_as_created):
        mail.note_stamp(found.stamp)
    parcel.is_untouched = mail.stamp == found.stamp


def _links_of(found: StoredEmail) -> frozenset[tuple[str, str]]:
    return frozenset((module, record_id) for module, ids in found.links.items() for record_id in ids)


def _same_mail(existing: Existing, email_key: str, letter: Letter) -> list[StoredEmail]:
    """Records under this Message-ID that are this mail."""
    sender = letter.sender.address if letter.sender else ""
    return [
        found
        for found in existing.get(email_key.casefold(), ())
        if is_same_mail(found, sender=sender, sent_at=letter.sent_at, subject=letter.subject)
    ]
