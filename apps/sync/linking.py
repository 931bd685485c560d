"""Linking the records with contacts and companies; each link has its own outcome, and a repeated one is harmless."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.crm.errors import CrmError, CrmUnauthorized
from apps.crm.face import CrmClient, Link
from apps.sync.claiming import Batch
from apps.sync.models import CrmLink, Outcome
from apps.sync.parcels import Ending, Parcel, under_way


def link_parcels(batch: Batch, parcels: list[Parcel], *, crm: CrmClient, at: datetime) -> None:
    """Add the links that are missing in CORIPO; none is ever taken away.

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
    rows = []
    for (parcel, target), outcome in zip(wanted, outcomes, strict=True):
        error = outcome if isinstance(outcome, CrmError) else None
        if isinstance(error, CrmUnauthorized):
            raise error
        if error is not None and error.is_retryable:
            parcel.end(Ending.RETRIES, error)
            continue
        parcel.links_added += error is None
        rows.append(_row(batch, parcel, target.module, target.record_id, target.name, error, at=at))
    rows += [
        _row(batch, parcel, target.module, target.record_id, target.name, None, at=at)
        for parcel in arriving
        for target in parcel.targets
        if (target.module, target.record_id) in parcel.known_links
    ]
    with transaction.atomic():
        # What failed once and is wanted no more, as a contact that was deleted meanwhile, is no error any longer.
        CrmLink.objects.filter(
            crm_email__in=[parcel.crm_email.pk for parcel in arriving],
            made_by=batch.mailbox.owner,
            outcome=Outcome.FAILED,
        ).delete()
        CrmLink.objects.bulk_create(
            sorted(rows, key=lambda row: (row.crm_email_id, row.module, row.record_id)),
            update_conflicts=True,
            unique_fields=["crm_email", "module", "record_id"],
            update_fields=["name", "outcome", "cause"],
        )


def _row(
    batch: Batch, parcel: Parcel, module: str, record_id: str, name: str, error: CrmError | None, *, at: datetime
) -> CrmLink:
    return CrmLink(
        crm_email=parcel.crm_email,
        module=module,
        record_id=record_id,
        name=name[:300],
        outcome=Outcome.FAILED if error else Outcome.MADE,
        cause=error.code if error else "",
        made_by=batch.mailbox.owner,
        made_at=at,
    )
