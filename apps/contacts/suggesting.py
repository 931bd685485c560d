"""Who of CORIPO may be whom of an address book: pairs with an address or a name in common, with what speaks for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from apps.accounts.models import CrmAccount, User
from apps.contacts.automatic import queue_automatic
from apps.contacts.cards import from_json
from apps.contacts.evidence import LEAST, evidence
from apps.contacts.models import ContactAddress, OutlookContact, OutlookContactQuerySet, Suggestion
from apps.contacts.states import CHUNK, writing_facts
from apps.core.addresses import canonical
from apps.core.clock import now
from apps.crm.contact_face import StoredContact
from apps.crm.face import CrmClient
from apps.crm.portions import portions
from apps.mailboxes.models import Mailbox
from apps.mailboxes.texts import folded

# So many contacts are asked about in one turn; a request for each hundred addresses.
AT_ONCE = 500
# More alike than this are told by the search, not by suggestions.
MOST_FOR_ONE = 5


def unsought(user: User) -> OutlookContactQuerySet:
    """Contacts of the person of which CORIPO has not been asked who they may be."""
    return OutlookContact.objects.visible_to(user).there().filter(sought_at=None, crm_id__isnull=False)


def seek(account: CrmAccount, crm: CrmClient, *, until: datetime) -> bool:
    """Ask CORIPO who has the addresses of contacts that nobody has asked about. Returns whether there are more.

    What is known by address alone may then go by itself, where the owner has set it so.
    """
    while now() < until:
        contacts = list(unsought(account.user).order_by("pk")[:AT_ONCE])
        if not contacts:
            return False
        alone = [contact for contact in contacts if not hasattr(contact, "link")]
        addresses = dict(_addresses_of(alone))
        found = (
            crm.contacts_with(sorted({address for own in addresses.values() for address in own})) if addresses else {}
        )
        at = now()
        pairs = [
            (contact, stored)
            for contact in alone
            for stored in {
                one.id: one for address in addresses.get(contact.pk, ()) for one in found.get(address, ())
            }.values()
        ]
        with writing_facts([contact.pk for contact in contacts]):
            keep_pairs(pairs, at=at)
            OutlookContact.objects.filter(pk__in=[contact.pk for contact in contacts]).update(sought_at=at)
            queue_automatic(account.user, [contact.pk for contact in contacts], at=at)
    return True


def suggest_for(user: User, people: Sequence[StoredContact], *, at: datetime) -> None:
    """Pairs of these contacts of CORIPO with contacts of the person's books that have an address or the name in common.

    A few queries for a page of them.
    """
    by_address: dict[str, list[StoredContact]] = {}
    by_name: dict[str, list[StoredContact]] = {}
    for person in people:
        for address in filter(None, map(canonical, person.card.addresses)):
            by_address.setdefault(address, []).append(person)
        if person.card.last_name and person.card.first_name:
            by_name.setdefault(folded(f"{person.card.last_name} {person.card.first_name}"), []).append(person)
    mailboxes = list(Mailbox.objects.visible_to(user).filter(address_book__isnull=False).values_list("pk", flat=True))
    pairs: dict[tuple[int, str], tuple[OutlookContact, StoredContact]] = {}
    alone = OutlookContact.objects.there().filter(mailbox__in=mailboxes, link=None, sought_at__isnull=False)
    for part in portions(by_address, most=CHUNK):
        rows = ContactAddress.objects.filter(mailbox__in=mailboxes, address__in=part, contact__in=alone)
        for row in rows.select_related("contact"):
            pairs |= {(row.contact_id, it.id): (row.contact, it) for it in by_address[row.address]}
    for part in portions(by_name, most=CHUNK):
        for contact in alone.filter(sort_name__in=part):
            pairs |= {(contact.pk, it.id): (contact, it) for it in by_name[contact.sort_name]}
    if pairs:
        with writing_facts([contact.pk for contact, _stored in pairs.values()]):
            keep_pairs(pairs.values(), at=at)


def keep_pairs(pairs: Iterable[tuple[OutlookContact, StoredContact]], *, at: datetime) -> None:
    """Write the suggestions for these, within `writing_facts` of the contacts. What somebody has dismissed stays dismissed."""
    rows: dict[int, list[Suggestion]] = {}
    for contact, stored in pairs:
        told = evidence(from_json(contact.card), stored)
        if told.certainty < LEAST or stored.is_deleted:
            continue
        rows.setdefault(contact.pk, []).append(
            Suggestion(
                contact=contact,
                crm_id=stored.id,
                name=f"{stored.card.first_name} {stored.card.last_name}".strip()[:300],
                company=stored.companies[0].name[:300] if stored.companies else "",
                address=stored.card.addresses[0][:254] if stored.card.addresses else "",
                phone=(stored.card.phone_mobile or stored.card.phone_work)[:60],
                evidence=list(told.codes),
                certainty=told.certainty,
                found_at=at,
            )
        )
    best = [row for of_one in rows.values() for row in sorted(of_one, key=lambda it: -it.certainty)[:MOST_FOR_ONE]]
    Suggestion.objects.bulk_create(
        best,
        update_conflicts=True,
        unique_fields=["contact", "crm_id"],
        update_fields=["name", "company", "address", "phone", "evidence", "certainty", "found_at"],
        batch_size=100,
    )


def _addresses_of(contacts: Sequence[OutlookContact]) -> Iterable[tuple[int, list[str]]]:
    found: dict[int, list[str]] = {}
    for part in portions([contact.pk for contact in contacts], most=CHUNK):
        for pk, address in ContactAddress.objects.filter(contact__in=part).values_list("contact", "address"):
            found.setdefault(pk, []).append(address)
    return found.items()
