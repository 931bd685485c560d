"""Linking the records with contacts and companies; each link has its own outcome, and a repeated one is harmless."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.crm.errors import CrmError, CrmUnauthorized
from apps.crm.face import LINKED_MODULES, CrmClient, Link, Linked
from apps.sync.claiming import Batch, save_alike
from apps.sync.deciding import Target
from apps.sync.models import STAMP_FIELDS, CrmEmail, CrmLink, Outcome
from apps.sync.parcels import Ending, Parcel, under_way


def link_parcels(batch: Batch, parcels: list[Parcel], *, crm: CrmClient, at: datetime) -> list[Parcel]:
    """Add the links that are missing in CORIPO; none is ever taken away. Returns the parcels of which it refused one.

    Raises CrmError where it concerns the whole batch, a login that was refused on the way included.
    """
    arriving = [parcel for parcel in under_way(parcels) if parcel.exists]
    wanted = [
        (parcel, target)
        for parcel in arriving
        for target in parcel.targets
        if (target.module, target.record_id) not in parcel.known_links
    ]
    outcomes = (
        crm.link([Link(parcel.crm_email.record_id, target.module, target.record_id) for parcel, target in wanted])
        if wanted
        else []
    )
    rows: list[CrmLink] = []
    refused: dict[int, Parcel] = {}
    made_now: set[tuple[int, Target]] = set()
    stamped: dict[int, CrmEmail] = {}
    for (parcel, target), outcome in zip(wanted, outcomes, strict=True):
        error = outcome if isinstance(outcome, CrmError) else None
        if isinstance(error, CrmUnauthorized):
            raise error
        if error is not None and error.is_retryable:
            parcel.end(Ending.RETRIES, error)
            continue
        if error is None:
            if isinstance(outcome, Linked) and not outcome.was_there:
                parcel.links_added += 1
                made_now.add((parcel.crm_email.pk, target))
            parcel.known_links |= {(target.module, target.record_id)}
            if isinstance(outcome, Linked) and outcome.stamp is not None and parcel.is_untouched:
                parcel.crm_email.note_stamp(outcome.stamp)
                stamped[parcel.crm_email.pk] = parcel.crm_email
        else:
            refused[parcel.crm_email.pk] = parcel
            rows.append(_row(batch, parcel, target, error, at=at))
    rows += [
        _row(
            batch,
            parcel,
            target,
            None,
            is_adopted=not parcel.is_fresh and (parcel.crm_email.pk, target) not in made_now,
            at=at,
        )
        for parcel in arriving
        for target in parcel.targets
        if (target.module, target.record_id) in parcel.known_links
    ]
    with transaction.atomic():
        list(CrmEmail.objects.filter(pk__in=stamped).order_by("pk").select_for_update(no_key=True).values_list("pk"))
        save_alike(stamped.values(), STAMP_FIELDS)
        _forget_what_is_no_more(batch, arriving)
        CrmLink.objects.bulk_create(
            sorted(rows, key=lambda row: (row.crm_email_id, row.module, row.record_id)),
            update_conflicts=True,
            unique_fields=["crm_email", "module", "record_id"],
            update_fields=["name", "outcome", "cause"],
        )
    return list(refused.values())


def _forget_what_is_no_more(batch: Batch, parcels: list[Parcel]) -> None:
    """Rows of this login's links that failed and are wanted no more, or that CORIPO has no more: the contact was merged
    or deleted by a colleague, which is no error."""
    here = {parcel.crm_email.pk: parcel.known_links for parcel in parcels}
    by_transfer = Q(outcome=Outcome.FAILED) | Q(outcome=Outcome.MADE, module__in=LINKED_MODULES)
    ours = CrmLink.objects.filter(by_transfer, crm_email__in=here, made_by=batch.mailbox.owner)
    gone = [link.pk for link in ours if (link.module, link.record_id) not in here[link.crm_email_id]]
    CrmLink.objects.filter(pk__in=gone).delete()


def _row(
    batch: Batch, parcel: Parcel, target: Target, error: CrmError | None, *, is_adopted: bool = False, at: datetime
) -> CrmLink:
    return CrmLink(
        crm_email=parcel.crm_email,
        module=target.module,
        record_id=target.record_id,
        name=target.name[:300],
        outcome=Outcome.FAILED if error else Outcome.MADE,
        cause=error.code if error else "",
        is_adopted=is_adopted,
        made_by=batch.mailbox.owner,
        made_at=at,
    )
