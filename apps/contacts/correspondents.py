"""Whom of a mail's people functions 5 to 8 are offered for, and who of them is in the address book already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.contacts.companies import PUBLIC_DOMAINS
from apps.contacts.models import ContactAddress, OutlookContact
from apps.contacts.robots import is_robot
from apps.core.addresses import canonical, domain_of
from apps.mailboxes.models import Message, Participant
from apps.mailboxes.own_addresses import own_addresses_of_user
from apps.sync.rules import rules_of

OWN = _("This is you.")
INTERNAL = _("This is a colleague: people of your own company are not kept as contacts.")
ROBOT = _("Nobody reads at this address: a program or a mailing list writes from it.")
NO_ADDRESS = _("There is no e-mail address to make a contact of.")
NOBODY = _("The e-mail names nobody who could be a contact.")


@dataclass(frozen=True, slots=True)
class Refusals:
    """Why somebody is not proposed as a contact, for all mails of one user."""

    own: frozenset[str]
    internal: frozenset[str]

    @classmethod
    def of(cls, user: User) -> Refusals:
        """Two queries. Who has an address in the domain of one's own is a colleague, also where no setting says so."""
        own = own_addresses_of_user(user)
        near = frozenset(map(domain_of, own)) - PUBLIC_DOMAINS
        return cls(own, near | frozenset(rules_of(user).internal_domains))

    def why_not(self, address: str, *, kind: str = "") -> Promise | str:
        """ "" for somebody who is proposed. `address` is canonical; `kind` is that of a mail which came from it."""
        if not address:
            return NO_ADDRESS
        if address in self.own:
            return OWN
        if domain_of(address) in self.internal:
            return INTERNAL
        return ROBOT if is_robot(address, kind) else ""


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Somebody of a mail. `address` is canonical, "" for none; `why_not` is "" for those who are proposed; `contact` is the
    contact in Outlook with this address, in the mailbox of the mail."""

    name: str
    address: str
    written_address: str
    role: str
    why_not: Promise | str
    contact: OutlookContact | None = None

    @property
    def shown_name(self) -> str:
        return self.name or self.written_address


def correspondents(message: Message, *, user: User) -> list[Correspondent]:
    """The people of a mail in the order of its headers, each address once. Four queries, however many there are."""
    refusals = Refusals.of(user)
    named: dict[str, Participant] = {}
    for participant in message.participants.order_by("pk"):
        named.setdefault(participant.address or f"{participant.name} {participant.written_address}", participant)
    found = contacts_with(message.mailbox_id, [one.address for one in named.values() if one.address])
    sender = canonical(message.sender_address)
    return [
        Correspondent(
            name=one.name,
            address=one.address,
            written_address=one.written_address,
            role=one.role,
            why_not=refusals.why_not(one.address, kind=message.kind if one.address == sender else ""),
            contact=found.get(one.address),
        )
        for one in named.values()
    ]


def main_people(message: Message, people: Iterable[Correspondent]) -> list[Correspondent]:
    """Of a received mail the sender, of a sent one those whom it went to; of nobody else it is a mail."""
    is_sent = message.direction == Message.Direction.SENT
    return [one for one in people if (one.role != Participant.Role.FROM) == is_sent]


def proposed(people: Iterable[Correspondent]) -> list[Correspondent]:
    return [one for one in people if not one.why_not]


def why_nobody(people: Sequence[Correspondent]) -> Promise | str:
    """Why none of these is proposed: the reason of the only one, or that there is nobody."""
    return people[0].why_not if len(people) == 1 else NOBODY


def contacts_with(mailbox_id: int, addresses: Collection[str]) -> dict[str, OutlookContact]:
    """By canonical address the contact of this mailbox that has it; of several the one that was there first. One query."""
    rows = ContactAddress.objects.filter(mailbox=mailbox_id, address__in=addresses, contact__gone_at=None)
    found: dict[str, OutlookContact] = {}
    for row in rows.select_related("contact__link").order_by("contact_id"):
        found.setdefault(row.address, row.contact)
    return found
