"""Taking a link away in CORIPO, while the person who asks for it waits: only one that they made themselves, by the portal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount, CrmServer, User
from apps.crm.errors import CrmError, CrmUnauthorized
from apps.crm.face import Link
from apps.mailboxes.models import Message
from apps.sync.finding import SEARCH_SECONDS
from apps.sync.models import ChosenLink, CrmEmail, CrmLink, Outcome, Transfer
from apps.sync.states import writing_facts
from apps.work.models import Status


class WhyNot(StrEnum):
    """Why a link stays in CORIPO."""

    ADOPTED = "adopted"  # it was there before us: somebody made it by hand, or another program
    COLLEAGUE = "colleague"  # a colleague's transfer made it
    MOVING = "moving"  # a transfer of the mail is on its way and may be making it
    NO_LOGIN = "no_login"
    GONE = "gone"  # there is no such link, as far as the portal knows


@dataclass(frozen=True, slots=True)
class LinkedRecord:
    """A record with which the mail is linked. `why_not` is None where this user can take the link away."""

    link: CrmLink
    url: str
    why_not: WhyNot | None


def linked_with(message: Message, *, user: User) -> list[LinkedRecord]:
    """The records with which the mail is linked in CORIPO, as far as the portal knows; asks nobody."""
    server = CrmServer.objects.current()
    links = _made(message, server).select_related("made_by").order_by("module", "name", "pk")
    return [
        LinkedRecord(link, url=server.record_url(link.module, link.record_id), why_not=_whose(link, user))
        for link in links
    ]


def unlink(message: Message, *, module: str, record_id: str, user: User, at: datetime) -> WhyNot | None:
    """Take the link away in CORIPO, and leave it out of every later transfer. None where that is done. Safe to repeat.

    Raises CrmError: then the word is kept, and the link may be there still.
    """
    server = CrmServer.objects.current()
    account = CrmAccount.objects.working_for(user).first()
    if account is None:
        return WhyNot.NO_LOGIN
    with writing_facts([message.identity]):
        link = _made(message, server).filter(module=module, record_id=record_id).select_related("crm_email").first()
        why_not = WhyNot.GONE if link is None else _whose(link, user)
        if link is None or why_not is not None:
            return why_not
        copies = Message.objects.visible_to(user).filter(email_key=message.email_key, variant=message.variant)
        if Transfer.objects.filter(message__in=copies, status=Status.CLAIMED).exists():
            return WhyNot.MOVING
        # Before the call: a transfer that begins now leaves it out, and a kill after the call repeats harmlessly.
        ChosenLink.objects.update_or_create(
            home_account_id=message.mailbox.home_account_id,
            email_key=message.email_key,
            variant=message.variant,
            module=module,
            record_id=record_id,
            defaults={"belongs": False, "chosen_by": user, "chosen_at": at},
            create_defaults={"belongs": False, "chosen_by": user, "chosen_at": at, "name": link.name},
        )
    try:
        with crm_login(account, read_seconds=SEARCH_SECONDS) as crm:
            (outcome,) = crm.unlink([Link(link.crm_email.record_id, module, record_id)])
    except CrmUnauthorized:
        return WhyNot.NO_LOGIN
    if isinstance(outcome, CrmError):
        raise outcome
    with writing_facts([message.identity]):
        CrmLink.objects.filter(pk=link.pk).delete()
    return None


def _made(message: Message, server: CrmServer) -> QuerySet[CrmLink]:
    return CrmLink.objects.filter(
        crm_email__server=server,
        crm_email__email_key=message.email_key,
        crm_email__variant=message.variant,
        crm_email__status=CrmEmail.Status.EXISTS,
        outcome=Outcome.MADE,
    )


def _whose(link: CrmLink, user: User) -> WhyNot | None:
    if link.is_adopted:
        return WhyNot.ADOPTED
    return None if link.made_by_id == user.pk else WhyNot.COLLEAGUE
