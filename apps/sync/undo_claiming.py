"""Which items of an undo go next: a batch of one run, whose person can reach CORIPO."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from apps.accounts.models import CrmAccount
from apps.sync.claiming import ALONE_AFTER, BATCH_SIZE, CRM_FENCE, update_records
from apps.sync.models import CrmEmail, Undoing, UndoingQuerySet
from apps.sync.states import Identity
from apps.work.models import Fence, Run, Status, WorkItemQuerySet


@dataclass(frozen=True, slots=True)
class UndoBatch:
    """Items of one run in our hands until the lease ends."""

    claim: UUID
    account: CrmAccount
    run: Run
    items: list[Undoing]

    def held(self) -> UndoingQuerySet:
        return Undoing.objects.filter(status=Status.CLAIMED, claim=self.claim)

    def renew(self, *, at: datetime) -> bool:
        """Keep the batch, and the records that wait for its end; False when it is no longer ours."""
        until = at + timedelta(seconds=settings.LEASE_SECONDS)
        if not self.held().update(lease_until=until):
            return False
        update_records(CrmEmail.objects.filter(creator_claim=self.claim), creator_lease_until=until)
        return True

    @property
    def identities(self) -> list[Identity]:
        return [(item.crm_email.email_key, item.crm_email.variant) for item in self.items]


def due_items(*, lane: str, at: datetime) -> WorkItemQuerySet[Undoing]:
    """Items whose time has come, whose run goes on, and whose person's login works behind no fence."""
    due = Undoing.objects.due(lane=lane, at=at).filter(
        requested_by__is_active=True, requested_by__crm_account__status=CrmAccount.Status.ACTIVE
    )
    if standing := list(Run.objects.standing().values_list("pk", flat=True)):
        # What was intended is not left half done, whatever became of its run.
        due = due.exclude(run__in=standing, intended_at=None)
    keys = Fence.objects.filter(until__gt=at, key__startswith=CRM_FENCE).values_list("key", flat=True)
    servers = [int(number) for key in keys if (number := key.removeprefix(CRM_FENCE)).isdecimal()]
    return due.exclude(requested_by__crm_account__server__in=servers) if servers else due


def next_account(*, lane: str, at: datetime, served: Collection[int] = ()) -> CrmAccount | None:
    """The login whose first due item waits longest among those that have not had their turn."""
    due = due_items(lane=lane, at=at).exclude(requested_by__crm_account__in=served)
    account = due.order_by("not_before", "pk").values_list("requested_by__crm_account", flat=True).first()
    return CrmAccount.objects.select_related("server", "user").filter(pk=account).first() if account else None


def claim_undo_batch(account: CrmAccount, *, lane: str, at: datetime) -> UndoBatch | None:
    """Take due items of one run of this person; None when somebody else took them first. What failed often goes alone."""
    due = due_items(lane=lane, at=at).filter(requested_by=account.user_id)
    first = due.order_by("not_before", "pk").first()
    if first is None:
        return None
    company = (
        due.filter(pk=first.pk)
        if first.failures >= ALONE_AFTER
        else due.filter(run=first.run_id, failures__lt=ALONE_AFTER)
    )
    chosen = list(company.order_by("not_before", "pk").values_list("pk", flat=True)[:BATCH_SIZE])
    until = at + timedelta(seconds=settings.LEASE_SECONDS)
    # Chosen without a lock: what somebody else took meanwhile is due no more.
    queued = Undoing.objects.filter(pk__in=chosen, status=Status.QUEUED)
    claim, pks = queued.claim(size=BATCH_SIZE, lease_until=until)
    items = Undoing.objects.filter(pk__in=pks, claim=claim).select_related("crm_email__server", "run__requested_by")
    mine = list(items.order_by("pk"))
    return UndoBatch(claim, account, mine[0].run, mine) if mine and mine[0].run else None
