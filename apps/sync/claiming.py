"""Which transfers go next: a batch of one mailbox, whose owner can deliver and whose services are not fenced off."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Min

from apps.accounts.models import CrmAccount, CrmServer
from apps.mailboxes.connection import GRAPH_KEY
from apps.mailboxes.models import Mailbox
from apps.sync.models import CrmEmail, Transfer, TransferQuerySet
from apps.sync.states import writing_facts
from apps.work.models import Fence, Run, Status

BATCH_SIZE = 50
CRM_FENCE = "crm:"


def crm_key(server: CrmServer) -> str:
    return f"{CRM_FENCE}{server.pk}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Transfers of one mailbox in our hands until the lease ends."""

    claim: UUID
    mailbox: Mailbox
    account: CrmAccount
    transfers: list[Transfer]

    def held(self) -> TransferQuerySet:
        return Transfer.objects.filter(status=Status.CLAIMED, claim=self.claim)

    def renew(self, *, at: datetime) -> bool:
        """Keep the batch; False when it is no longer ours, so that nothing more may be written for it."""
        until = at + timedelta(seconds=settings.LEASE_SECONDS)
        if not self.held().update(lease_until=until):
            return False
        creating = CrmEmail.objects.filter(creator_claim=self.claim)
        with transaction.atomic():
            # In the order in which everybody locks records.
            list(creating.order_by("pk").select_for_update(no_key=True).values_list("pk"))
            creating.update(creator_lease_until=until)
        return True


def deliverable(*, lane: str, at: datetime) -> TransferQuerySet:
    """Due transfers whose mailbox is connected, whose owner's login works, before which no fence stands, and whose run
    is not paused."""
    fences = set(Fence.objects.filter(until__gt=at).values_list("key", flat=True))
    due = Transfer.objects.filter(
        status=Status.QUEUED,
        lane=lane,
        not_before__lte=at,
        mailbox__status=Mailbox.Status.ACTIVE,
        mailbox__owner__is_active=True,
        mailbox__owner__crm_account__status=CrmAccount.Status.ACTIVE,
    )
    fenced_mailboxes = [key.removeprefix(GRAPH_KEY) for key in fences if key.startswith(GRAPH_KEY)]
    if fenced_mailboxes:
        due = due.exclude(mailbox__home_account_id__in=fenced_mailboxes)
    fenced_servers = [int(key.removeprefix(CRM_FENCE)) for key in fences if key.startswith(CRM_FENCE)]
    if fenced_servers:
        due = due.exclude(mailbox__owner__crm_account__server__in=fenced_servers)
    standing = list(Run.objects.standing().values_list("pk", flat=True))
    if standing:
        due = due.exclude(run__in=standing)
    return due


def next_mailbox(*, lane: str, at: datetime, served: Collection[int] = ()) -> Mailbox | None:
    """The mailbox whose oldest due transfer waits longest among those that have not had their turn."""
    waiting = (
        deliverable(lane=lane, at=at)
        .exclude(mailbox__in=served)
        .values("mailbox")
        .annotate(oldest=Min("pk"))
        .order_by("oldest")
    )
    first = waiting.first()
    return Mailbox.objects.select_related("owner").get(pk=first["mailbox"]) if first else None


def claim_batch(mailbox: Mailbox, *, lane: str, at: datetime) -> Batch | None:
    """Take due transfers of this mailbox; None when somebody else took them first.

    A transfer that once brought its carrier down travels alone, so that a poisoned one takes nobody along.
    """
    due = deliverable(lane=lane, at=at).filter(mailbox=mailbox).order_by("pk")
    oldest = due.values_list("crashes", flat=True).first()
    if oldest is None:
        return None
    company = due.filter(crashes__gt=0)[:1] if oldest else due.filter(crashes=0)[:BATCH_SIZE]
    chosen = list(company.values_list("pk", "message__email_key", "message__variant"))
    with writing_facts((key, variant) for _pk, key, variant in chosen):
        # Chosen without a lock: what somebody else took, or a person marked meanwhile, is due no more.
        still_due = Transfer.objects.due(lane=lane, at=at).filter(pk__in=[pk for pk, _key, _variant in chosen])
        claim, pks = still_due.claim(size=BATCH_SIZE, lease_until=at + timedelta(seconds=settings.LEASE_SECONDS))
        transfers = list(
            Transfer.objects.filter(pk__in=pks, claim=claim)
            .select_related("message", "run", "requested_by")
            .order_by("pk")
        )
    if not transfers:
        return None
    account = CrmAccount.objects.select_related("server", "user").get(user=mailbox.owner_id)
    return Batch(claim=claim, mailbox=mailbox, account=account, transfers=transfers)


def give_back_expired(*, at: datetime) -> int:
    """Return what silent carriers held, and write the states that follow."""
    silent = list(
        Transfer.objects.filter(status=Status.CLAIMED, lease_until__lt=at).values_list(
            "pk", "message__email_key", "message__variant"
        )
    )
    if not silent:
        return 0
    with writing_facts((key, variant) for _pk, key, variant in silent):
        return Transfer.objects.filter(pk__in=[pk for pk, _key, _variant in silent]).give_back_expired(at=at)
