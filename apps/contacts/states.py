"""The state of contacts, derived from the facts about them and written with these."""

from __future__ import annotations

from collections.abc import Iterable

from apps.contacts.models import ContactTransfer, OutlookContact
from apps.work.models import ACTIVE, Status

_RESULTS = {
    ContactTransfer.Result.CONFLICT: OutlookContact.State.CONFLICT,
    ContactTransfer.Result.ASKING: OutlookContact.State.ASKING,
}


def derive_states(pks: Iterable[int]) -> None:
    """Write the states of these contacts; inside the transaction that changes their facts. Queries do not grow with them."""
    contacts = list(
        OutlookContact.objects.filter(pk__in=list(pks)).select_related("link").prefetch_related("suggestions")
    )
    newest: dict[int, ContactTransfer] = {}
    for transfer in ContactTransfer.objects.filter(contact__in=contacts).order_by("pk"):
        newest[transfer.contact_id or 0] = transfer
    differing = set(
        OutlookContact.objects.filter(pk__in=[c.pk for c in contacts], link__differences__isnull=False).values_list(
            "pk", flat=True
        )
    )
    for contact in contacts:
        contact.state, contact.cause = _state(contact, newest.get(contact.pk), differs=contact.pk in differing)
    OutlookContact.objects.bulk_update(contacts, ["state", "cause"])


def _state(contact: OutlookContact, transfer: ContactTransfer | None, *, differs: bool) -> tuple[str, str]:
    State = OutlookContact.State
    if transfer and transfer.status in ACTIVE:
        return State.QUEUED, transfer.cause
    if transfer and transfer.status == Status.FAILED:
        return State.FAILED, transfer.cause
    if transfer and transfer.result == ContactTransfer.Result.ASKING:
        return State.ASKING, transfer.cause
    if hasattr(contact, "link"):
        return (State.CONFLICT if differs else State.LINKED), contact.link.problem
    has_suggestion = any(one.dismissed_at is None for one in contact.suggestions.all())
    return (State.SUGGESTED if has_suggestion else State.ALONE), ""
