"""Contacts of a batch as Outlook has them now, with what a delta never tells of them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from apps.contacts.agreeing import record_problem
from apps.contacts.claiming import Batch
from apps.contacts.finding import Item
from apps.contacts.models import ContactFolder, ContactLink, ContactTransfer, OutlookContact
from apps.contacts.rows import store_contacts
from apps.contacts.states import writing_facts
from apps.contacts.wishes import Wish
from apps.core.clock import now
from apps.graph.cards import GraphContact
from apps.graph.contacts import ContactsClient
from apps.graph.errors import GraphError, ItemGone
from apps.graph.sending import BATCH_LIMIT
from apps.work.models import Status


def read_fresh(batch: Batch, transfers: Sequence[ContactTransfer], graph: ContactsClient) -> list[Item]:
    """The contacts that are there, with their rows brought up to date; a request for each twenty.

    One that is gone ends its transfer, one that Graph refuses fails. Raises GraphError where it concerns all of them.
    """
    folders = {row.graph_id: row for row in ContactFolder.objects.filter(mailbox=batch.mailbox, is_gone=False)}
    found: list[tuple[ContactTransfer, GraphContact]] = []
    for start in range(0, len(transfers), BATCH_LIMIT):
        part = transfers[start : start + BATCH_LIMIT]
        answers = graph.read([_contact(transfer).graph_id for transfer in part])
        for transfer, answer in zip(part, answers, strict=True):
            if isinstance(answer, ItemGone) or (isinstance(answer, GraphContact) and answer.folder_id not in folders):
                _end_gone(batch, transfer)
            elif isinstance(answer, GraphError):
                _fail(batch, transfer, answer)
            else:
                found.append((transfer, answer))
    return [
        Item(transfer, contact, answer, Wish.from_json(transfer.wish))
        for (transfer, answer), contact in zip(found, _stored(batch, found, folders), strict=True)
    ]


def _stored(
    batch: Batch, found: Sequence[tuple[ContactTransfer, GraphContact]], folders: dict[str, ContactFolder]
) -> list[OutlookContact]:
    by_folder: dict[str, list[GraphContact]] = {}
    for _transfer, answer in found:
        by_folder.setdefault(answer.folder_id, []).append(answer)
    at = now()
    with transaction.atomic():
        for folder_id, contacts in by_folder.items():
            store_contacts(folders[folder_id], contacts, at=at)
    pks = [transfer.contact_id for transfer, _answer in found]
    rows = OutlookContact.objects.select_related("folder", "link", "mailbox").in_bulk([pk for pk in pks if pk])
    return [rows[pk] for pk in pks if pk]


def _contact(transfer: ContactTransfer) -> OutlookContact:
    if transfer.contact is None:
        raise ValueError(f"{transfer} has no contact")
    return transfer.contact


def _end_gone(batch: Batch, transfer: ContactTransfer) -> None:
    """Deleted in Outlook: nothing is deleted in CORIPO for it."""
    contact, at = _contact(transfer), now()
    with writing_facts([contact.pk]):
        OutlookContact.objects.there().filter(pk=contact.pk).update(gone_at=at, missing_since=None)
        link = ContactLink.objects.filter(contact=contact).first()
        if link:
            record_problem(link, ContactLink.Problem.OUTLOOK_GONE, at=at, transfer=transfer)
        batch.end(transfer, Status.DONE, at=at, result=ContactTransfer.Result.SKIPPED, cause="outlook_gone")


def _fail(batch: Batch, transfer: ContactTransfer, error: GraphError) -> None:
    if error.is_retryable:
        batch.try_again([transfer], error, at=now())
        return
    batch.end_alone(transfer, Status.FAILED, cause=error.code, detail=str(error))
