"""The records that people chose for e-mails: for the transfer that links them, and for the page on which they choose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.accounts.models import CrmServer, User
from apps.core.addresses import canonical
from apps.crm.face import FoundRecord
from apps.mailboxes.models import Mailbox, Message, Participant
from apps.sync.deciding import Target
from apps.sync.models import ChosenLink, ChosenLinkQuerySet, CrmEmail, CrmLink, Outcome
from apps.sync.states import Identity

MOST_SUGGESTED = 5
# Somebody may have chosen the same record for each of many mails.
_MOST_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Chosen:
    """A record chosen for a mail. `outcome` is that of its link: made, failed, or "" while no transfer has tried."""

    record: FoundRecord
    url: str
    outcome: str


def chosen_targets(mailbox: Mailbox, identities: Iterable[Identity]) -> dict[Identity, list[Target]]:
    """What was chosen for each of these mails of a mailbox, in the order of choosing; one query."""
    wanted = set(identities)
    targets: dict[Identity, list[Target]] = defaultdict(list)
    for row in _said(mailbox, wanted).wanted().order_by("pk"):
        if (row.email_key, row.variant) in wanted:
            targets[(row.email_key, row.variant)].append(Target(row.module, row.record_id, row.name))
    return targets


def unwanted_records(mailbox: Mailbox, identities: Iterable[Identity]) -> dict[Identity, set[tuple[str, str]]]:
    """Module and id of the records that do not belong with these mails although an address may match; one query."""
    wanted = set(identities)
    records: dict[Identity, set[tuple[str, str]]] = defaultdict(set)
    for row in _said(mailbox, wanted).filter(belongs=False):
        if (row.email_key, row.variant) in wanted:
            records[(row.email_key, row.variant)].add((row.module, row.record_id))
    return records


def chosen_for(message: Message) -> list[Chosen]:
    """What was chosen for the mail, and what became of it."""
    server = CrmServer.objects.current()
    links = CrmLink.objects.filter(crm_email__in=CrmEmail.objects.of(message))
    outcomes = {
        (module, record_id): outcome
        for module, record_id, outcome in links.values_list("module", "record_id", "outcome")
    }
    return [
        Chosen(
            record=_record(row),
            url=server.record_url(row.module, row.record_id),
            outcome=outcomes.get((row.module, row.record_id), ""),
        )
        for row in ChosenLink.objects.of(message).wanted()
    ]


def linked_records(message: Message) -> set[tuple[str, str]]:
    """Module and id of the records with which the mail is linked in CORIPO, as far as the portal knows."""
    made = CrmLink.objects.filter(crm_email__in=CrmEmail.objects.of(message), outcome=Outcome.MADE)
    return set(made.values_list("module", "record_id"))


def suggested_for(message: Message, *, user: User) -> list[FoundRecord]:
    """What the user chose lately for other mails from or to the same person, the newest first."""
    address = correspondent_of(message)
    if not address:
        return []
    others = ChosenLink.objects.wanted().filter(chosen_by=user, address=address).exclude(email_key=message.email_key)
    rows = others.order_by("-pk")[:_MOST_LOOKED_AT]
    found: dict[tuple[str, str], FoundRecord] = {}
    for row in rows:
        found.setdefault((row.module, row.record_id), _record(row))
    return list(found.values())[:MOST_SUGGESTED]


def correspondent_of(message: Message) -> str:
    """Whom the mail is from, or of sent mail the first whom it is to; "" for nobody with an address."""
    return correspondents_of([message])[message.pk]


def correspondents_of(messages: Sequence[Message]) -> dict[int, str]:
    """The same for many messages; one query."""
    found = {message.pk: canonical(message.sender_address) for message in messages}
    sent = [message.pk for message in messages if message.direction != Message.Direction.RECEIVED]
    if sent:
        found |= dict.fromkeys(sent, "")
        people = Participant.objects.filter(message__in=sent, role=Participant.Role.TO).order_by("-position", "-pk")
        found |= dict(people.values_list("message_id", "address"))
    return found


def _said(mailbox: Mailbox, identities: Iterable[Identity]) -> ChosenLinkQuerySet:
    return ChosenLink.objects.filter(
        home_account_id=mailbox.home_account_id, email_key__in={key for key, _variant in identities}
    )


def _record(row: ChosenLink) -> FoundRecord:
    return FoundRecord(row.module, row.record_id, row.name, company=row.company)
