"""Which transfers go next: a batch of one mailbox, whose owner can deliver and whose services are not fenced off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import CrmAccount, CrmServer
from apps.mailboxes.connection import GRAPH_KEY
from apps.mailboxes.models import Mailbox, MailboxQuerySet
from apps.sync.models import CrmEmail, Transfer, TransferQuerySet
from apps.sync.states import hold, writing_facts
from apps.work.models import Fence, Run, Status, WorkItemQuerySet

# Looking up and reading back cost the same requests for 50; more letters would wait in memory for their outcome.
BATCH_SIZE = 100
# A transfer that has failed so often may be what its companions fail for.
ALONE_AFTER = 3
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
        with transaction.atomic():
            # The sign of life comes at any moment: without the copies it would meet our own writing in the middle.
            hold(transfer.identity for transfer in self.transfers)
            if not self.held().update(lease_until=until):
                return False
            update_records(CrmEmail.objects.filter(creator_claim=self.claim), creator_lease_until=until)
        return True

    def is_ours(self, *, at: datetime) -> bool:
        """Whether something may be written for it. Where half of the lease is left, as the heartbeat sees to, this is a
        reading: whoever writes between all steps keeps the others waiting."""
        half = timedelta(seconds=settings.LEASE_SECONDS / 2)
        return self.held().filter(lease_until__gte=at + half).exists() or self.renew(at=at)


def update_records(records: QuerySet[CrmEmail], **changes: Any) -> None:
    """Write the same to several records, which are locked in one order before: nobody waits in a circle for them."""
    with transaction.atomic():
        list(records.order_by("pk").select_for_update(no_key=True).values_list("pk"))
        records.update(**changes)


def save_alike(records: Iterable[CrmEmail], fields: Sequence[str]) -> None:
    """Save these fields of records that are locked: one statement for all that say the same, which after a batch are most."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for record in records:
        alike[tuple(getattr(record, field) for field in fields)].append(record.pk)
    for values, pks in alike.items():
        CrmEmail.objects.filter(pk__in=pks).update(**dict(zip(fields, values, strict=True)))


def mailboxes_with_due(*, lane: str, at: datetime) -> MailboxQuerySet:
    """Connected mailboxes with a due transfer, whose owner's login works, and before which no fence stands.

    The index answers for each mailbox, however many transfers wait in it.
    """
    fences = set(Fence.objects.filter(until__gt=at).values_list("key", flat=True))
    mailboxes = Mailbox.objects.filter(
        Exists(_due_in_it(lane=lane, at=at)),
        status=Mailbox.Status.ACTIVE,
        owner__is_active=True,
        owner__crm_account__status=CrmAccount.Status.ACTIVE,
    )
    fenced_mailboxes = [key.removeprefix(GRAPH_KEY) for key in fences if key.startswith(GRAPH_KEY)]
    if fenced_mailboxes:
        mailboxes = mailboxes.exclude(home_account_id__in=fenced_mailboxes)
    fenced_servers = [int(key.removeprefix(CRM_FENCE)) for key in fences if key.startswith(CRM_FENCE)]
    if fenced_servers:
        mailboxes = mailboxes.exclude(owner__crm_account__server__in=fenced_servers)
    return mailboxes


def next_mailbox(*, lane: str, at: datetime, served: Collection[int] = ()) -> Mailbox | None:
    """The mailbox whose first due transfer waits longest among those that have not had their turn."""
    waits_since = _due_in_it(lane=lane, at=at).order_by("not_before").values("not_before")[:1]
    waiting = mailboxes_with_due(lane=lane, at=at).exclude(pk__in=served)
    return waiting.select_related("owner__crm_account__server").order_by(Subquery(waits_since), "pk").first()


def _due_in_it(*, lane: str, at: datetime) -> WorkItemQuerySet[Transfer]:
    return _due(lane=lane, at=at).filter(mailbox=OuterRef("pk"))


def _due(*, lane: str, at: datetime) -> WorkItemQuerySet[Transfer]:
    """Transfers whose time has come and whose run goes on. The index holds their run as well, so that those of a run that
    stands are passed over without being read."""
    due = Transfer.objects.due(lane=lane, at=at)
    standing = list(Run.objects.standing().values_list("pk", "status"))
    if paused := [pk for pk, status in standing if status == Run.Status.PAUSED]:
        due = due.exclude(run__in=paused)
    if ending := [pk for pk, status in standing if status == Run.Status.CANCELLING]:
        due = due.exclude(~has_begun(), run__in=ending)
    return due


def has_begun() -> Exists:
    """Of a transfer: that it waits half-way, with a record made or perhaps made. Such a one is on its way, and finishes."""
    record = CrmEmail.objects.filter(email_key=OuterRef("message__email_key"), variant=OuterRef("message__variant"))
    made = Q(status=CrmEmail.Status.EXISTS, existed_at__gte=OuterRef("queued_at"))
    return Exists(record.filter(made | Q(unknown_since__isnull=False)))


def claim_batch(mailbox: Mailbox, *, lane: str, at: datetime) -> Batch | None:
    """Take due transfers of this mailbox; None when somebody else took them first.

    A transfer that once brought its carrier down, or that failed again and again, travels alone: it takes nobody along.
    """
    due = _due(lane=lane, at=at).filter(mailbox=mailbox).order_by("not_before", "pk")
    first = due.values_list("crashes", "failures").first()
    if first is None:
        return None
    crashes, failures = first
    goes_alone = crashes > 0 or failures >= ALONE_AFTER
    company = due[:1] if goes_alone else due.filter(crashes=0, failures__lt=ALONE_AFTER)[:BATCH_SIZE]
    chosen = list(company.values_list("pk", "message__email_key", "message__variant"))
    with writing_facts((key, variant) for _pk, key, variant in chosen):
        # Chosen without a lock: what somebody else took, or a person marked or held back meanwhile, is due no more.
        still_due = _due(lane=lane, at=at).filter(pk__in=[pk for pk, _key, _variant in chosen])
        claim, pks = still_due.claim(size=BATCH_SIZE, lease_until=at + timedelta(seconds=settings.LEASE_SECONDS))
        transfers = list(
            Transfer.objects.filter(pk__in=pks, claim=claim)
            .select_related("message__folder", "run", "requested_by")
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
