"""Which contacts go next: a batch of one mailbox, whose owner can deliver and whose services are not fenced off."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, OuterRef

from apps.accounts.models import CrmAccount
from apps.contacts.automatic import queue_automatic
from apps.contacts.models import ContactTransfer, ContactTransferQuerySet
from apps.contacts.states import writing_facts
from apps.core.clock import now
from apps.crm.errors import CrmError
from apps.graph.errors import GraphError
from apps.mailboxes.connection import GRAPH_KEY
from apps.mailboxes.models import Mailbox, MailboxQuerySet
from apps.sync.claiming import CRM_FENCE
from apps.work.heartbeat import lease
from apps.work.models import POISON_CRASHES, Fence, Run, Status, WorkItemQuerySet
from apps.work.retry import next_attempt_at

# Three batches of Graph: what CORIPO is asked for a batch is shared by so many.
BATCH_SIZE = 60
# One that has failed so often may be what its companions fail for.
ALONE_AFTER = 3
# Some three hours: trouble that lasts so long is the contact's own.
MOST_FAILURES = 20


@dataclass(frozen=True, slots=True)
class Batch:
    """Transfers of one mailbox in our hands until the lease ends."""

    claim: UUID
    mailbox: Mailbox
    account: CrmAccount
    transfers: list[ContactTransfer]
    # What we have ended or given back ourselves.
    let_go: set[int] = field(default_factory=set)

    def held(self) -> ContactTransferQuerySet:
        return ContactTransfer.objects.filter(status=Status.CLAIMED, claim=self.claim)

    def ours(self, transfers: Iterable[ContactTransfer]) -> ContactTransferQuerySet:
        return self.held().filter(pk__in=[transfer.pk for transfer in transfers])

    def renew(self, *, at: datetime) -> bool:
        """Keep the batch; False when it is no longer ours, so that nothing more may be written for it."""
        return self.held().update(lease_until=at + lease()) >= len(self.transfers) - len(self.let_go)

    def end(
        self,
        transfer: ContactTransfer,
        status: Status,
        *,
        at: datetime,
        result: str = "",
        cause: str = "",
        detail: str = "",
    ) -> bool:
        """The end of one transfer, within `writing_facts` of its contact. False where it is no longer ours."""
        self.let_go.add(transfer.pk)
        ended = self.ours([transfer]).update(
            status=status,
            claim=None,
            lease_until=None,
            finished_at=at,
            result=result,
            cause=cause,
            detail=detail[:300],
        )
        if ended and ContactTransfer.objects.filter(pk=transfer.pk, is_overtaken=True).exists():
            queue_automatic(self.mailbox.owner, _contacts([transfer]), at=at)
        return bool(ended)

    def end_alone(
        self, transfer: ContactTransfer, status: Status, *, result: str = "", cause: str = "", detail: str = ""
    ) -> None:
        """The end of a transfer with which no other fact is written."""
        with writing_facts(_contacts([transfer])):
            self.end(transfer, status, at=now(), result=result, cause=cause, detail=detail)

    def give_back(self, transfers: Iterable[ContactTransfer], *, not_before: datetime, cause: str = "") -> None:
        """They wait, and it counts against none of them."""
        waiting = list(transfers)
        self.let_go.update(transfer.pk for transfer in waiting)
        with writing_facts(_contacts(waiting)):
            self.ours(waiting).update(
                status=Status.QUEUED, claim=None, lease_until=None, not_before=not_before, cause=cause
            )

    def try_again(self, transfers: Iterable[ContactTransfer], error: CrmError | GraphError, *, at: datetime) -> None:
        """Trouble at these: they come again, until they have come often enough to be set aside."""
        for transfer in transfers:
            self.let_go.add(transfer.pk)
            with writing_facts(_contacts([transfer])):
                if transfer.failures + 1 >= MOST_FAILURES:
                    self.end(transfer, Status.FAILED, at=at, cause="tried_often", detail=str(error))
                    continue
                not_before = next_attempt_at(
                    failures=transfer.failures + 1,
                    at=at,
                    asked_for_seconds=error.retry_after_seconds,
                    longest_seconds=settings.LEASE_SECONDS,
                )
                self.ours([transfer]).update(
                    status=Status.QUEUED,
                    claim=None,
                    lease_until=None,
                    not_before=not_before,
                    cause=error.code,
                    failures=F("failures") + 1,
                )

    def give_back_crashed(self, *, at: datetime) -> None:
        """A fault of ours: they travel one by one from now on, and the third time sets the culprit aside."""
        with writing_facts(_contacts(self.transfers)):
            self.held().filter(crashes__gte=POISON_CRASHES - 1).update(
                status=Status.FAILED,
                cause="poison",
                crashes=F("crashes") + 1,
                claim=None,
                lease_until=None,
                finished_at=at,
            )
            self.held().update(
                status=Status.QUEUED,
                crashes=F("crashes") + 1,
                claim=None,
                lease_until=None,
                not_before=next_attempt_at(failures=1, at=at),
                cause="crashed",
            )


def mailboxes_with_due(*, lane: str, at: datetime) -> MailboxQuerySet:
    """Connected mailboxes with something due, whose contacts may be written, and before which no fence stands."""
    fences = set(Fence.objects.filter(until__gt=at).values_list("key", flat=True))
    fenced_servers = [int(key.removeprefix(CRM_FENCE)) for key in fences if key.startswith(CRM_FENCE)]
    return (
        Mailbox.objects.filter(
            Exists(_due(lane=lane, at=at).filter(mailbox=OuterRef("pk"))),
            status=Mailbox.Status.ACTIVE,
            owner__is_active=True,
            owner__crm_account__status=CrmAccount.Status.ACTIVE,
            address_book__refused_at=None,
            address_book__isnull=False,
        )
        .exclude(home_account_id__in=[key.removeprefix(GRAPH_KEY) for key in fences if key.startswith(GRAPH_KEY)])
        .exclude(owner__crm_account__server__in=fenced_servers)
    )


def next_mailbox(*, lane: str, at: datetime, served: Collection[int]) -> Mailbox | None:
    """A mailbox that has not had its turn."""
    waiting = mailboxes_with_due(lane=lane, at=at).exclude(pk__in=served)
    return waiting.select_related("owner__crm_account__server", "address_book").order_by("pk").first()


def claim_batch(mailbox: Mailbox, *, lane: str, at: datetime) -> Batch | None:
    """Take due transfers of this mailbox; None when somebody else took them first."""
    due = _due(lane=lane, at=at).filter(mailbox=mailbox).order_by("not_before", "pk")
    first = due.values_list("crashes", "failures").first()
    if first is None:
        return None
    goes_alone = first[0] > 0 or first[1] >= ALONE_AFTER
    company = due[:1] if goes_alone else due.filter(crashes=0, failures__lt=ALONE_AFTER)[:BATCH_SIZE]
    chosen = ContactTransfer.objects.filter(pk__in=list(company.values_list("pk", flat=True)), status=Status.QUEUED)
    claim, pks = chosen.claim(size=BATCH_SIZE, lease_until=at + lease())
    transfers = list(
        ContactTransfer.objects.filter(pk__in=pks, claim=claim)
        .select_related("contact__folder", "contact__link", "requested_by", "folder", "run")
        .order_by("pk")
    )
    if not transfers:
        return None
    account = CrmAccount.objects.select_related("server", "user").get(user=mailbox.owner_id)
    return Batch(claim=claim, mailbox=mailbox, account=account, transfers=transfers)


def give_back_expired(*, at: datetime) -> int:
    """Return what silent carriers held, and write the states that follow."""
    silent = ContactTransfer.objects.filter(status=Status.CLAIMED, lease_until__lt=at)
    rows = dict(silent.values_list("pk", "contact_id"))
    if not rows:
        return 0
    with writing_facts(pk for pk in rows.values() if pk is not None):
        return ContactTransfer.objects.filter(pk__in=list(rows)).give_back_expired(at=at)


def _due(*, lane: str, at: datetime) -> WorkItemQuerySet[ContactTransfer]:
    """What nobody has paused. Of a run that is being cancelled, only what is half-way goes on."""
    due = ContactTransfer.objects.due(lane=lane, at=at)
    standing = list(Run.objects.standing().values_list("pk", "status"))
    if paused := [pk for pk, status in standing if status == Run.Status.PAUSED]:
        due = due.exclude(run__in=paused)
    if ending := [pk for pk, status in standing if status == Run.Status.CANCELLING]:
        due = due.exclude(run__in=ending, attempts=0)
    return due


def _contacts(transfers: Iterable[ContactTransfer]) -> list[int]:
    return [transfer.contact_id for transfer in transfers if transfer.contact_id is not None]
