"""Which addresses of a letter count, and which records it belongs with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from apps.core.addresses import canonical, domain_of
from apps.crm.face import Address, CrmContact
from apps.mailboxes.letters import Letter
from apps.mailboxes.models import Mailbox, Participant
from apps.sync.models import SyncRules

# Above this many people a mail is a mailing list in disguise; matching stops here and says so.
MOST_ADDRESSES = 200


@dataclass(frozen=True, slots=True)
class Target:
    """A record that the e-mail is to be linked with."""

    module: str
    record_id: str
    name: str


def counted_addresses(letter: Letter, *, mailbox: Mailbox, rules: SyncRules) -> list[str]:
    """The canonical addresses that are looked up in CORIPO: everybody's in the headers that count, but one's own and
    internal ones; each once."""
    own = set(mailbox.own_addresses)
    internal = {domain.lower().lstrip("@") for domain in rules.internal_domains}
    headers: dict[str, tuple[Address | None, ...]] = {
        Participant.Role.FROM: (letter.sender,),
        Participant.Role.TO: letter.to,
        Participant.Role.CC: letter.cc,
        Participant.Role.BCC: letter.bcc,
    }
    people = [person for role, named in headers.items() if role in rules.counted_roles for person in named]
    found = dict.fromkeys(canonical(person.address) for person in people if person is not None)
    counted = [address for address in found if address and address not in own and domain_of(address) not in internal]
    return counted[:MOST_ADDRESSES]


def targets_for(
    addresses: Iterable[str],
    contacts: Mapping[str, tuple[CrmContact, ...]],
    *,
    link_companies: bool,
    chosen: Iterable[Target] = (),
    unwanted: Collection[tuple[str, str]] = (),
) -> list[Target]:
    """Every contact with one of these addresses, where the rule says so all their companies, and what a person chose;
    each once, without those that a person took away. The first company becomes the record's parent, so those that were
    found come before those chosen."""
    people = {contact.id: contact for address in addresses for contact in contacts.get(address, ())}
    targets = {("Contacts", contact.id): Target("Contacts", contact.id, contact.name) for contact in people.values()}
    if link_companies:
        for contact in people.values():
            for company in contact.companies:
                targets[("Accounts", company.id)] = Target("Accounts", company.id, company.name)
    for target in chosen:
        targets.setdefault((target.module, target.record_id), target)
    return [target for key, target in targets.items() if key not in unwanted]
