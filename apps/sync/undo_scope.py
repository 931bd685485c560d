"""What an undo is about: the transfers of a run, of one mail, or of the automat in a span of time, as rows of that person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from apps.accounts.models import CrmServer
from apps.mailboxes.models import Message
from apps.sync.models import CrmEmail, Transfer, TransferQuerySet
from apps.sync.states import Identity
from apps.work.models import Run, Status

OF_RUN, OF_MESSAGE, OF_AUTOMAT = "run", "message", "automat"
PORTION = 500
BY_ITSELF = (Transfer.Origin.AUTOMAT, Transfer.Origin.REMATCH)


@dataclass(frozen=True, slots=True)
class Portion:
    """Records with the copy by which each is shown. `place` is the transfer up to which all are dealt with."""

    records: list[tuple[CrmEmail, Message]]
    place: str
    is_last: bool


def of_run(run: Run) -> dict[str, object]:
    return {"undo": OF_RUN, "run": run.pk}


def of_message(message: Message) -> dict[str, object]:
    return {"undo": OF_MESSAGE, "message": message.pk, "email_key": message.email_key, "variant": message.variant}


def of_automat(since: datetime, until: datetime) -> dict[str, object]:
    return {"undo": OF_AUTOMAT, "since": since.isoformat(), "until": until.isoformat()}


def span_of(run: Run) -> tuple[datetime | None, datetime | None]:
    """The span of an undo of the automat."""
    return parse_datetime(str(run.wanted.get("since", ""))), parse_datetime(str(run.wanted.get("until", "")))


def undone_run(run: Run) -> Run | None:
    """The run that this one takes back, where it is about one."""
    if run.wanted.get("undo") != OF_RUN:
        return None
    return Run.objects.visible_to(run.requested_by).filter(pk=run.wanted["run"]).first()


def transfers_to_undo(run: Run) -> TransferQuerySet:
    """The ended transfers that may have left something in CORIPO."""
    own = Transfer.objects.visible_to(run.requested_by).filter(
        Q(status=Status.DONE, result=Transfer.Result.STORED) | Q(status=Status.FAILED)
    )
    wanted = run.wanted
    if wanted["undo"] == OF_RUN:
        return own.filter(run=wanted["run"])
    if wanted["undo"] == OF_MESSAGE:
        return own.filter(message__email_key=wanted["email_key"], message__variant=wanted["variant"])
    since, until = span_of(run)
    return own.filter(run=None, origin__in=BY_ITSELF, finished_at__gte=since, finished_at__lt=until)


def next_portion(run: Run) -> Portion:
    """The mails of the next transfers behind the run's place, each mail once, those without a record left out."""
    meant = transfers_to_undo(run)
    place = int(run.place or 0)
    transfers = meant.filter(pk__gt=place).select_related("message").order_by("pk")
    found = list(transfers.defer("message__search_text", "message__preview")[:PORTION])
    keys = {transfer.message.email_key for transfer in found}
    earlier = meant.filter(pk__lte=place, message__email_key__in=keys)
    told: set[Identity] = set(earlier.values_list("message__email_key", "message__variant"))
    known = CrmEmail.objects.filter(server=CrmServer.objects.current(), email_key__in=keys)
    records = {(record.email_key, record.variant): record for record in known}
    portion = []
    for transfer in found:
        record = records.get(transfer.identity)
        if transfer.identity not in told and record is not None and record.existed_at is not None:
            portion.append((record, transfer.message))
        told.add(transfer.identity)
    return Portion(portion, place=str(found[-1].pk) if found else run.place, is_last=len(found) < PORTION)
