"""A desk with many mails of several kinds, without the mailbox's bytes: rows as the import leaves them."""

from __future__ import annotations

from datetime import timedelta

from apps.accounts.models import User
from apps.core.clock import now
from apps.mailboxes.models import MailFolder, Message, Participant
from apps.sync.bulk import ask_run, start_run
from apps.sync.listing import MessageFilter
from apps.sync.tending import tend, tend_runs
from apps.work.models import Function, Run
from tests.factories import NOON, CrmAccountFactory, MailFolderFactory


def inbox_of(user: User) -> MailFolder:
    known = MailFolder.objects.filter(mailbox__owner=user, kind=MailFolder.Kind.INBOX).first()
    return known or MailFolderFactory.create(mailbox__owner=user)


def desk_of(user: User) -> MailFolder:
    """The inbox of somebody who may transfer."""
    CrmAccountFactory(user=user)
    return inbox_of(user)


def add_mails(folder: MailFolder, count: int, *, sender: str = "jana@kovarna-morava.example", **fields: object) -> None:
    """Mails of one sender, each older than those before."""
    begin = Message.objects.filter(mailbox=folder.mailbox).count()
    rows = Message.objects.bulk_create(
        [
            Message(
                mailbox=folder.mailbox,
                folder=folder,
                graph_id=f"{folder.pk}-{number}",
                email_key=f"{folder.pk}-{number}@zakaznik.example",
                subject=f"Mail {number}",
                sender_address=sender,
                **{
                    "direction": "received",
                    "received_at": NOON - timedelta(minutes=number),
                    "sent_at": NOON - timedelta(minutes=number),
                    **fields,
                },
            )
            for number in range(begin, begin + count)
        ],
        batch_size=500,
    )
    Participant.objects.bulk_create(
        [Participant(message=row, role="from", written_address=sender, address=sender) for row in rows], batch_size=500
    )


def asked(user: User, function: Function = Function.SYNC, **wanted: object) -> Run:
    return ask_run(MessageFilter(**wanted), function=function, user=user, at=now())  # type: ignore[arg-type]


def begun(user: User, function: Function = Function.SYNC, **wanted: object) -> Run:
    """A run that has begun, before any worker came to it."""
    run = asked(user, function, **wanted)
    assert start_run(run, at=now())
    run.refresh_from_db()
    return run


def tended(run: Run, *, portions: int | None = None) -> Run:
    """The run after so many portions, or after all that a worker finds to do."""
    if portions is None:
        tend_runs(until=now() + timedelta(seconds=60))
    for _ in range(portions or 0):
        tend(run.pk, at=now())
    run.refresh_from_db()
    return run
