"""Which addresses are the owner's own: people with one of them are never looked up in CORIPO."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.accounts.models import User
from apps.core.addresses import canonical
from apps.graph.client import GraphClient
from apps.graph.parsing import GraphProfile
from apps.mailboxes.models import Mailbox

# Administrators give and take aliases rarely.
READ_EVERY = timedelta(days=1)


def own_addresses_of(profile: GraphProfile) -> list[str]:
    """Every address of the profile, canonical: its own, its sign-in name and its aliases."""
    return list(dict.fromkeys(own for address in profile.addresses if (own := canonical(address))))


def own_addresses_of_user(user: User) -> frozenset[str]:
    """Every address of all the person's mailboxes: whichever of them a mail lies in, these are nobody else's. One query."""
    found = Mailbox.objects.visible_to(user).values_list("own_addresses", flat=True)
    return frozenset(address for addresses in found for address in addresses)


def refresh_own_addresses(mailbox: Mailbox, client: GraphClient, *, at: datetime) -> None:
    """Read them again where they are a day old. One request then. Raises GraphError; nothing is changed then."""
    if mailbox.own_addresses_read_at is not None and mailbox.own_addresses_read_at > at - READ_EVERY:
        return
    mailbox.own_addresses = own_addresses_of(client.profile())
    mailbox.own_addresses_read_at = at
    mailbox.save(update_fields=["own_addresses", "own_addresses_read_at"])
