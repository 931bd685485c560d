"""Whom of CORIPO a contact is: by its CRM ID, else by its addresses, else nobody yet. Asked once for a whole batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from apps.accounts.models import User
from apps.contacts.cards import canonical_addresses
from apps.contacts.models import ContactLink, ContactTransfer, OutlookContact, Suggestion
from apps.contacts.wishes import Wish
from apps.crm.contact_face import StoredContact
from apps.crm.errors import CrmForbidden
from apps.crm.face import CrmClient
from apps.graph.cards import Card, GraphContact
from apps.work.models import Status

Origin = ContactLink.Origin


@dataclass(slots=True)
class Item:
    """One contact on its way: its transfer, Outlook's side as it was just read, and what was found out so far."""

    transfer: ContactTransfer
    contact: OutlookContact
    outlook: GraphContact
    wish: Wish
    stored: StoredContact | None = None
    origin: Origin = Origin.ADDRESS
    # The code of what a person should know, of one that goes on; and of one that does not.
    remark: str = ""
    asks: str = ""
    is_new: bool = False
    candidates: tuple[StoredContact, ...] = field(default=())

    @property
    def card(self) -> Card:
        return self.outlook.card

    @property
    def addresses(self) -> list[str]:
        return canonical_addresses(self.outlook.card)

    @property
    def is_by_hand(self) -> bool:
        return self.transfer.origin == ContactTransfer.Origin.PERSON

    @property
    def actor(self) -> User | None:
        """Who stands behind what happens, of a wish of the automat nobody."""
        return self.transfer.requested_by if self.is_by_hand else None

    @property
    def link(self) -> ContactLink | None:
        return getattr(self.contact, "link", None)


def find_people(items: Sequence[Item], crm: CrmClient) -> None:
    """Fill in `stored`, or that somebody is to be made, or what to ask. Two or three requests for all of them."""
    _remember_own_ids([item for item in items if item.link is None and not item.wish.crm_id and not item.wish.is_new])
    wanted = {item.transfer.pk: _ids(item) for item in items}
    by_id = crm.read_contacts(sorted({crm_id for ids in wanted.values() for crm_id in ids}))
    for item in items:
        _take_by_id(item, wanted[item.transfer.pk], by_id)
    open_items = [item for item in items if not item.asks]
    unlinked = [item for item in open_items if item.stored is None or item.origin == Origin.CRM_ID]
    addresses = sorted({address for item in unlinked for address in item.addresses})
    by_address = crm.contacts_with(addresses) if addresses else {}
    for item in unlinked:
        _take_by_address(item, by_address)
    _note_taken(open_items)
    _ask_about_leads([item for item in open_items if item.is_new and not item.wish.is_new], crm)


def _remember_own_ids(items: Sequence[Item]) -> None:
    """The id under which this contact may have been made in CORIPO by an earlier transfer, which was set aside before it knew,
    or is to be made since the contact itself was made by us."""
    alone = {item.contact.pk: item for item in items if item.transfer.own_crm_id is None}
    rows = ContactTransfer.objects.filter(contact__in=list(alone), own_crm_id__isnull=False).order_by("pk")
    given_up = set(
        Suggestion.objects.filter(contact__in=list(alone), dismissed_at__isnull=False).values_list("contact", "crm_id")
    )
    for row in rows.only("contact", "own_crm_id", "purpose", "status", "card"):
        item = alone[row.contact_id or 0]
        is_sync = row.purpose == ContactTransfer.Purpose.SYNC
        counts = row.status == Status.FAILED if is_sync else str(row.own_crm_id) == item.outlook.crm_id
        if counts and (item.contact.pk, str(row.own_crm_id)) not in given_up:
            item.transfer.own_crm_id, item.transfer.card = row.own_crm_id, row.card if is_sync else {}


def _ids(item: Item) -> list[str]:
    """Under which ids this contact may stand in CORIPO, the most certain first."""
    ids = [item.wish.crm_id]
    if item.link and not item.wish.crm_id:
        ids.append(item.link.crm_id)
    elif not item.wish.crm_id:
        ids.append(str(item.transfer.own_crm_id or ""))
        ids.append(_id_in_outlook(item))
    return list(dict.fromkeys(filter(None, ids)))


def _id_in_outlook(item: Item) -> str:
    crm_id = item.outlook.crm_id or ""
    is_given_up = (
        crm_id and Suggestion.objects.filter(contact=item.contact, crm_id=crm_id, dismissed_at__isnull=False).exists()
    )
    # Somebody has unlinked the two: only a wish for this very contact links them again.
    return "" if is_given_up else crm_id


def _take_by_id(item: Item, ids: list[str], by_id: dict[str, StoredContact]) -> None:
    found = next((by_id[crm_id] for crm_id in ids if crm_id in by_id and not by_id[crm_id].is_deleted), None)
    if found is not None:
        item.stored = found
        if found.id == str(item.transfer.own_crm_id or ""):
            item.origin = Origin.CREATED
        elif item.wish.crm_id:
            item.origin = Origin.PERSON
        elif item.link is None:
            item.origin = Origin.CRM_ID
        return
    if str(item.transfer.own_crm_id) in by_id:
        # Deleted there since: whoever comes in its place has another id.
        item.transfer.own_crm_id = None
    if item.wish.crm_id:
        # Chosen by somebody a moment ago, and gone or out of sight since.
        item.asks = "crm_gone" if item.wish.crm_id in by_id else "crm_hidden"
    elif item.link:
        is_deleted = item.link.crm_id in by_id
        if not (item.is_by_hand and (is_deleted or item.wish.is_new)):
            item.asks = "crm_gone" if is_deleted else "crm_hidden"


def _take_by_address(item: Item, by_address: dict[str, tuple[StoredContact, ...]]) -> None:
    found = {contact.id: contact for address in item.addresses for contact in by_address.get(address, ())}
    dismissed = set(
        Suggestion.objects.filter(contact=item.contact, dismissed_at__isnull=False).values_list("crm_id", flat=True)
    )
    candidates = tuple(contact for crm_id, contact in sorted(found.items()) if crm_id not in dismissed)
    item.candidates = candidates
    if item.stored is not None:
        # The ID wins, and somebody should hear of it where the address belongs to others.
        if found and item.stored.id not in found:
            item.remark = "id_and_address_disagree"
        return
    if item.wish.is_new or not candidates:
        item.is_new = item.wish.may_create
        item.asks = "" if item.is_new else "no_match"
    elif len(candidates) > 1:
        item.asks = "several_matches"
    else:
        item.stored, item.origin = candidates[0], Origin.ADDRESS


def _note_taken(items: Iterable[Item]) -> None:
    """One contact of CORIPO belongs to one contact of an address book."""
    wanted = {item.stored.id: item for item in items if item.stored is not None}
    links = ContactLink.objects.filter(crm_id__in=list(wanted), mailbox__in={it.contact.mailbox_id for it in items})
    owners = {(link.mailbox_id, link.crm_id): link.contact_id for link in links}
    seen: set[str] = set()
    for item in items:
        if item.stored is None:
            continue
        owner = owners.get((item.contact.mailbox_id, item.stored.id), item.contact.pk)
        # Two of one batch may come to the same one by their addresses: the first has it.
        if (owner != item.contact.pk and not item.wish.takes_over) or item.stored.id in seen:
            item.asks = "taken"
        seen.add(item.stored.id)


def _ask_about_leads(items: Sequence[Item], crm: CrmClient) -> None:
    addresses = sorted({address for item in items for address in item.addresses})
    if not addresses:
        return
    try:
        leads = crm.find_leads(addresses)
    except CrmForbidden:
        return
    for item in items:
        if any(not lead.is_converted for address in item.addresses for lead in leads.get(address, ())):
            item.asks = "only_lead"
