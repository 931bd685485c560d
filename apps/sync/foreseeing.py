"""Whether somebody in CORIPO has an address of a mail, from what was asked before: nobody is asked here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.crm.portions import portions
from apps.mailboxes.models import Message, Participant
from apps.mailboxes.own_addresses import own_addresses_of_user
from apps.sync.chosen import chosen_targets
from apps.sync.deciding import counted_addresses
from apps.sync.leads import address_for_lead
from apps.sync.matching import has_match, tells
from apps.sync.models import KnownAddress, NoMatch, SyncRules
from apps.sync.states import CHUNK

# People are entered into CORIPO by hand: what was true an hour ago tells enough of what will be.
KNOWN_FOR = timedelta(hours=1)


class Foreseen(models.TextChoices):
    MATCH = "match", _("with a match in CORIPO")
    LEAD = "lead", _("with a lead of the sender")
    NO_MATCH = "no_match", _("without a match")
    UNASKED = "unasked", _("CORIPO not asked yet")


def foreseen(messages: Collection[Message], *, rules: SyncRules, at: datetime) -> dict[int, Foreseen]:
    """For each message whether it will go into CORIPO, as far as that depends on what is there; by its id.

    Empty where it does not depend on that, since what matches nobody is stored.
    """
    if rules.no_match == NoMatch.STORE:
        return {}
    addresses = counted_people(messages, rules=rules)
    known = known_matches({address for each in addresses.values() for address in each}, rules=rules, at=at)
    chosen = with_choice(messages)
    own = own_addresses_of_user(rules.user)
    found = {}
    for message in messages:
        said = [known.get(address) for address in addresses[message.pk]]
        if message.pk in chosen or any(said):
            found[message.pk] = Foreseen.MATCH
        elif address_for_lead(message, own=own, rules=rules):
            found[message.pk] = Foreseen.LEAD
        else:
            found[message.pk] = Foreseen.UNASKED if None in said else Foreseen.NO_MATCH
    return found


def known_matches(addresses: Collection[str], *, rules: SyncRules, at: datetime) -> dict[str, bool]:
    """Whether somebody has each of these addresses; those that nobody asked about lately have no entry."""
    return {
        row.address: has_match(row, rules)
        for part in portions(sorted(addresses), most=CHUNK)
        for row in KnownAddress.objects.filter(user=rules.user, address__in=part, looked_at__gt=at - KNOWN_FOR)
        if tells(row, rules)
    }


def counted_people(messages: Collection[Message], *, rules: SyncRules) -> dict[int, list[str]]:
    """The addresses of each message that are looked up in CORIPO, by its id; from its rows."""
    people: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for part in portions((message.pk for message in messages), most=CHUNK):
        named = Participant.objects.filter(message__in=part).order_by("pk")
        for message_id, role, address in named.values_list("message", "role", "address"):
            people[message_id].append((role, address))
    own = own_addresses_of_user(rules.user)
    return {message.pk: counted_addresses(people[message.pk], own=own, rules=rules) for message in messages}


def with_choice(messages: Collection[Message]) -> set[int]:
    """The messages for which a person chose a record."""
    found: set[int] = set()
    for mailbox in {message.mailbox for message in messages}:
        of_it = [message for message in messages if message.mailbox_id == mailbox.pk]
        chosen = chosen_targets(mailbox, [(message.email_key, message.variant) for message in of_it])
        found |= {message.pk for message in of_it if (message.email_key, message.variant) in chosen}
    return found
