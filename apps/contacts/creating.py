"""A new contact in Outlook, made once whatever happens: it bears an id of our own, by which it is looked for before another
try. Should it come to CORIPO, it is made there under this id."""

from __future__ import annotations

from uuid import uuid4

from apps.contacts.cards import from_json
from apps.contacts.claiming import Batch
from apps.contacts.folders import folder_for_new
from apps.contacts.models import ContactChange, ContactFolder, ContactTransfer, OutlookContact, Side
from apps.contacts.rows import store_contacts
from apps.contacts.states import hold, refresh_states, writing_facts
from apps.contacts.waking import wake_contact_carrier
from apps.core.clock import now
from apps.graph.cards import GraphContact, NewContact
from apps.graph.contacts import ContactsClient
from apps.graph.errors import GraphError, GraphOutcomeUnknown, ItemGone
from apps.work.models import Status

Result = ContactTransfer.Result


def make_in_outlook(batch: Batch, transfer: ContactTransfer, graph: ContactsClient) -> None:
    """Make the contact that the transfer's card describes; one request, or two after a try that told nothing.

    Raises GraphError where it concerns the whole mailbox; the transfer waits then.
    """
    folder = transfer.folder or folder_for_new(batch.mailbox.address_book)
    if folder is None or folder.is_gone:
        _fail(batch, transfer, cause="folder_gone")
        return
    is_first_try = transfer.own_crm_id is None
    if is_first_try:
        transfer.own_crm_id, transfer.folder = uuid4(), folder
        # Kept before the first write: whoever comes after a crash looks for it.
        batch.ours([transfer]).update(own_crm_id=transfer.own_crm_id, folder=folder)
    made = None if is_first_try else _look_for(transfer, folder, graph)
    if made is None:
        wish = NewContact(folder.graph_id, from_json(transfer.card), crm_id=str(transfer.own_crm_id))
        [made] = graph.write([wish])
    if isinstance(made, GraphContact):
        _record(batch, transfer, folder, made)
    elif isinstance(made, GraphOutcomeUnknown) or made.is_retryable:
        batch.try_again([transfer], made, at=now())
    else:
        _fail(batch, transfer, cause="folder_gone" if isinstance(made, ItemGone) else made.code, detail=str(made))


def _look_for(
    transfer: ContactTransfer, folder: ContactFolder, graph: ContactsClient
) -> GraphContact | GraphError | None:
    [found] = graph.having(folder.graph_id, [str(transfer.own_crm_id)])
    if isinstance(found, GraphError):
        return found
    return found[0] if found else None


def _record(batch: Batch, transfer: ContactTransfer, folder: ContactFolder, made: GraphContact) -> None:
    at = now()
    with writing_facts([]):
        store_contacts(folder, [made], at=at)
        contact = OutlookContact.objects.get(mailbox=batch.mailbox, graph_id=made.id)
        hold([contact.pk])
        if batch.end(transfer, Status.DONE, at=at, result=Result.WRITTEN):
            ContactTransfer.objects.filter(pk=transfer.pk).update(contact=contact)
            ContactChange.objects.create(
                contact=contact,
                kind=ContactChange.Kind.CREATED,
                side=Side.OUTLOOK,
                at=at,
                actor=transfer.requested_by,
                transfer=transfer,
            )
            if transfer.syncs_then and not ContactTransfer.objects.active().filter(contact=contact).exists():
                ContactTransfer.objects.create(
                    mailbox=batch.mailbox,
                    contact=contact,
                    requested_by=transfer.requested_by,
                    purpose=ContactTransfer.Purpose.SYNC,
                    lane=transfer.lane,
                    run=transfer.run,
                    queued_at=at,
                    not_before=at,
                    wish=transfer.wish,
                )
                wake_contact_carrier(transfer.lane)
        refresh_states([contact.pk])


def _fail(batch: Batch, transfer: ContactTransfer, *, cause: str, detail: str = "") -> None:
    batch.end_alone(transfer, Status.FAILED, cause=cause, detail=detail)
