"""Which records the letters of a batch belong with: everybody of their headers is looked up together."""

from __future__ import annotations

from collections.abc import Collection

from apps.core.addresses import Address
from apps.core.clock import now
from apps.crm.face import CrmClient
from apps.mailboxes.own_addresses import own_addresses_of_user
from apps.sync.chosen import chosen_targets, unwanted_records
from apps.sync.claiming import Batch
from apps.sync.conversations import inherit_choices
from apps.sync.deciding import counted_addresses, people_of, targets_for
from apps.sync.leads import address_for_lead, find_or_make_leads
from apps.sync.matching import Matches, look_up, remember
from apps.sync.models import SyncRules
from apps.sync.parcels import Fetched
from apps.sync.states import Identity


def find_targets(batch: Batch, fetched: list[Fetched], crm: CrmClient, *, rules: SyncRules) -> Matches:
    """Look every distinct address up in CORIPO, and say of each letter which records it belongs with. Raises CrmError."""
    own = own_addresses_of_user(batch.mailbox.owner)
    addresses = [
        [*counted_addresses(people_of(item.letter), own=own, rules=rules), *item.transfer.also_addresses]
        for item in fetched
    ]
    matches = look_up(sorted({address for each in addresses for address in each}), crm=crm, rules=rules)
    remember(matches, user=batch.mailbox.owner, at=now())
    records = matches.linked(rules)
    identities = [item.transfer.identity for item in fetched]
    inherit_choices(batch.mailbox, [item.transfer.message for item in fetched], at=now())
    chosen = chosen_targets(batch.mailbox, identities)
    unwanted = unwanted_records(batch.mailbox, identities)
    for item, each in zip(fetched, addresses, strict=True):
        item.targets = targets_for(
            each,
            matches.contacts,
            link_companies=rules.link_companies,
            records=records,
            chosen=chosen.get(item.transfer.identity, ()),
            unwanted=unwanted.get(item.transfer.identity, ()),
        )
    return matches


def find_leads(
    batch: Batch,
    fetched: list[Fetched],
    matches: Matches,
    crm: CrmClient,
    *,
    known: Collection[Identity],
    rules: SyncRules,
) -> None:
    """A lead of the sender for each letter that matches nobody and is not among the `known`. Raises CrmError."""
    own = own_addresses_of_user(batch.mailbox.owner)
    waiting = [
        (item, address)
        for item in fetched
        if not item.targets and not item.transfer.store_without_match and item.transfer.identity not in known
        if (address := address_for_lead(item.transfer.message, own=own, rules=rules))
    ]
    if not waiting:
        return
    senders = {address: Address(item.transfer.message.sender_name, address) for item, address in reversed(waiting)}
    leads = find_or_make_leads(senders.values(), matches, crm=crm, account=batch.account, at=now())
    unwanted = unwanted_records(batch.mailbox, [item.transfer.identity for item, _address in waiting])
    for item, address in waiting:
        lead = leads[address]
        if isinstance(lead, str):
            item.no_lead = lead
        elif (lead.module, lead.record_id) not in unwanted.get(item.transfer.identity, ()):
            item.targets = [lead]
