"""Which addresses of a mail count, which records it belongs with, and whether it goes into CORIPO.

Decides for transfers and for forecasts alike, so that the one keeps what the other says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.core.addresses import canonical, domain_of
from apps.crm.face import Address, CrmContact, StoredEmail
from apps.mailboxes.letters import Letter
from apps.mailboxes.models import Participant
from apps.sync.models import SyncRules

# Above this many people a mail is a mailing list in disguise; matching stops here and says so.
MOST_ADDRESSES = 200


@dataclass(frozen=True, slots=True)
class Target:
    """A record that the e-mail is to be linked with."""

    module: str
    record_id: str
    name: str


NOBODY: Mapping[str, tuple[Target, ...]] = {}


def counted_addresses(people: Iterable[tuple[str, str]], *, own: Collection[str], rules: SyncRules) -> list[str]:
    """The canonical addresses that are looked up in CORIPO, of people as (header, address)."""
    return all_counted_addresses(people, own=own, rules=rules)[:MOST_ADDRESSES]


def all_counted_addresses(people: Iterable[tuple[str, str]], *, own: Collection[str], rules: SyncRules) -> list[str]:
    """Everybody's in the headers that count, but the owner's own and internal ones; each once, also those beyond the limit."""
    internal = set(rules.internal_domains)
    found = dict.fromkeys(canonical(address) for role, address in people if role in rules.counted_roles)
    return [address for address in found if address and address not in own and domain_of(address) not in internal]


def people_of(letter: Letter) -> list[tuple[str, str]]:
    """Everybody in the headers of a letter, as (header, address)."""
    headers: dict[str, tuple[Address | None, ...]] = {
        Participant.Role.FROM: (letter.sender,),
        Participant.Role.TO: letter.to,
        Participant.Role.CC: letter.cc,
        Participant.Role.BCC: letter.bcc,
    }
    return [(role, person.address) for role, named in headers.items() for person in named if person is not None]


def is_stored(*, has_target: bool, is_known: bool, stores_without_match: bool) -> bool:
    """Whether a mail goes into CORIPO: somebody there has one of its addresses, its record is there already, or the
    rules or this one wish say that it goes anyway."""
    return has_target or is_known or stores_without_match


def is_same_mail(found: StoredEmail, *, sender: str, sent_at: datetime | None, subject: str) -> bool:
    """Whether a record under the Message-ID of a mail is this mail: only where sender, sent time and subject all differ
    it is another."""
    is_another = (
        bool(found.sender_address)
        and canonical(found.sender_address) != canonical(sender)
        and found.sent_at is not None
        and sent_at is not None
        and abs((found.sent_at - sent_at).total_seconds()) > 1
        and found.subject.strip()[:100] != subject.strip()[:100]
    )
    return not is_another


def targets_for(
    addresses: Iterable[str],
    contacts: Mapping[str, tuple[CrmContact, ...]],
    *,
    link_companies: bool,
    records: Mapping[str, tuple[Target, ...]] = NOBODY,
    chosen: Iterable[Target] = (),
    unwanted: Collection[tuple[str, str]] = (),
) -> list[Target]:
    """Every contact with one of these addresses, where the rule says so all their companies, the other records with an
    address, and what a person chose; each once, without those that a person took away. The first company becomes the
    record's parent, so those that were found come before those chosen."""
    addresses = list(addresses)
    people = {contact.id: contact for address in addresses for contact in contacts.get(address, ())}
    targets = {("Contacts", contact.id): Target("Contacts", contact.id, contact.name) for contact in people.values()}
    if link_companies:
        for contact in people.values():
            for company in contact.companies:
                targets[("Accounts", company.id)] = Target("Accounts", company.id, company.name)
    by_address = (target for address in addresses for target in records.get(address, ()))
    for target in (*by_address, *chosen):
        targets.setdefault((target.module, target.record_id), target)
    return [target for key, target in targets.items() if key not in unwanted]
