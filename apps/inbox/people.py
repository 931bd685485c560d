"""The people of a mail as the panel shows them: what CORIPO and the address book know, and the functions that apply."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import IntegerField, OuterRef, Subquery

from apps.accounts.models import User
from apps.contacts.correspondents import Correspondent, correspondents, main_people, proposed
from apps.contacts.functions import OfferedContactFunction, offered_for
from apps.contacts.models import OutlookContact
from apps.core.addresses import canonical
from apps.inbox.filters import query_of
from apps.mailboxes.models import Message, Participant
from apps.sync.listing import MessageFilter
from apps.sync.people import KnownPerson

# Counting a person's mails stops here, so that a panel costs the same whoever wrote.
MOST_MAILS = 100


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """`contact` is in Outlook; `functions` are empty for those who are not proposed as contacts. `is_main` says that the
    mail is theirs: the only one of its main people. `mails` are those of them in the lists, which `mails_query` shows."""

    known: KnownPerson
    role: str
    address: str
    contact: OutlookContact | None = None
    functions: tuple[OfferedContactFunction, ...] = ()
    is_main: bool = False
    mails: int = 0
    mails_query: str = ""

    @property
    def name(self) -> str:
        return self.known.name

    @property
    def mails_told(self) -> str:
        return f"{MOST_MAILS - 1}+" if self.mails >= MOST_MAILS else str(self.mails)


def shown_people(
    found: Sequence[KnownPerson], message: Message, *, user: User, is_connected: bool
) -> list[ShownPerson]:
    """In the order of `found`. As many queries for forty people as for one."""
    people = correspondents(message, user=user)
    by_address = {person.address: person for person in people if person.address}
    main = proposed(main_people(message, people))
    shown = {canonical(known.address) for known in found}
    mails = _mails_with([one.address for one in proposed(people) if one.address in shown], message)
    return [
        _shown(
            known,
            by_address.get(canonical(known.address)),
            message,
            mails,
            is_main=len(main) == 1 and main[0].address == canonical(known.address),
            is_connected=is_connected,
        )
        for known in found
    ]


def _shown(
    known: KnownPerson,
    person: Correspondent | None,
    message: Message,
    mails: dict[str, int],
    *,
    is_main: bool,
    is_connected: bool,
) -> ShownPerson:
    role = str(Participant.Role(known.role).label)
    if person is None or person.why_not:
        return ShownPerson(known, role, person.address if person else "", person.contact if person else None)
    return ShownPerson(
        known,
        role,
        person.address,
        contact=person.contact,
        functions=offered_for(person, message.pk, is_connected=is_connected),
        is_main=is_main,
        mails=mails.get(person.address, 0),
        mails_query=query_of(MessageFilter(mailbox=message.mailbox_id, text=person.address)),
    )


class _CountOf(Subquery):
    template = "(SELECT COUNT(DISTINCT capped.message_id) FROM (%(subquery)s) capped)"


def _mails_with(addresses: Collection[str], message: Message) -> dict[str, int]:
    """In how many mails of the mailbox's lists each of these people of a mail is named, counted up to MOST_MAILS headers.
    One query."""
    listed = Participant.objects.filter(
        address=OuterRef("address"),
        message__mailbox=message.mailbox_id,
        message__gone_at=None,
        message__folder__is_followed=True,
        message__folder__is_gone=False,
    )
    counted = _CountOf(listed.order_by().values("message_id")[:MOST_MAILS], output_field=IntegerField())
    named = Participant.objects.filter(message=message, address__in=addresses)
    return dict(named.annotate(mails=counted).values_list("address", "mails"))
