"""What people ask for with contacts. Each only writes rows, in one transaction; a worker carries them out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery

from apps.accounts.models import User
from apps.contacts.cards import canonical_addresses, from_json, to_json
from apps.contacts.correspondents import contacts_with
from apps.contacts.fields import Values, with_outlook_values
from apps.contacts.models import (
    AddressBook,
    ContactChange,
    ContactFolder,
    ContactLink,
    ContactTransfer,
    ContactTransferQuerySet,
    OutlookContact,
    Suggestion,
)
from apps.contacts.states import hold, refresh_states, writing_facts
from apps.contacts.waking import wake_contact_carrier
from apps.contacts.wishes import Wish
from apps.graph.cards import Card
from apps.mailboxes.models import Mailbox, Message
from apps.work.models import Function, Lane, Run, Status


@dataclass(frozen=True, slots=True)
class Asked:
    """`queued` new transfers; `already` were under way, and go first now."""

    queued: int
    already: int
    run: Run | None = None


def sync_contacts(
    pks: Collection[int],
    *,
    user: User,
    at: datetime,
    wish: Wish | None = None,
    wishes: Mapping[int, Wish] | None = None,
    lane: Lane = Lane.INTERACTIVE,
) -> Asked:
    """Take these contacts of the person to CORIPO and back. What is under way already is raised into the lane instead of
    doubled, and follows the new wish if nobody carries it yet. `wishes` are by contact, `wish` is that of the others."""
    wish, wishes = wish or Wish(), wishes or {}
    with transaction.atomic():
        contacts = list(
            OutlookContact.objects.visible_to(user)
            .there()
            .filter(pk__in=pks)
            .order_by("pk")
            .select_for_update(of=("self",))
        )
        active = ContactTransfer.objects.active().filter(contact__in=contacts)
        under_way = set(active.values_list("contact", flat=True))
        active.filter(status=Status.QUEUED).update(
            lane=lane, not_before=at, requested_by=user, wish=wish.to_json(), origin=ContactTransfer.Origin.PERSON
        )
        for pk in under_way & wishes.keys():
            active.filter(contact=pk, status=Status.QUEUED).update(wish=wishes[pk].to_json())
        wanted = [contact for contact in contacts if contact.pk not in under_way]
        run = _run(user, len(wanted), at=at, lane=lane)
        ContactTransfer.objects.bulk_create(
            ContactTransfer(
                mailbox_id=contact.mailbox_id,
                contact=contact,
                requested_by=user,
                purpose=ContactTransfer.Purpose.SYNC,
                lane=lane,
                run=run,
                queued_at=at,
                not_before=at,
                wish=wishes.get(contact.pk, wish).to_json(),
            )
            for contact in wanted
        )
        refresh_states([contact.pk for contact in contacts])
        wake_contact_carrier(lane)
    return Asked(queued=len(wanted), already=len(under_way), run=run)


def link_contact(pk: int, crm_id: str, *, user: User, at: datetime, wish: Wish) -> Asked:
    """Link this contact with this one of CORIPO, and bring them in step as `wish.picks` say where they differ.

    An earlier link is given up, and stands in the history.
    """
    return sync_contacts([pk], user=user, at=at, wish=replace(wish, crm_id=crm_id, may_create=False))


def link_contacts(pairs: Mapping[int, str], *, user: User, at: datetime) -> Asked:
    """Link each of these contacts with one of CORIPO, by id; where they differ, somebody is asked or the rules decide."""
    wishes = {pk: Wish(crm_id=crm_id, may_create=False) for pk, crm_id in pairs.items()}
    return sync_contacts(pairs.keys(), user=user, at=at, wishes=wishes)


def unlink_contact(pk: int, *, user: User, at: datetime) -> bool:
    """Both contacts stay as they are and go their own ways. False where there was no link."""
    with transaction.atomic():
        link = ContactLink.objects.visible_to(user).select_for_update(of=("self",)).filter(contact=pk).first()
        if link is None:
            return False
        ContactChange.objects.create(
            contact_id=pk, kind=ContactChange.Kind.UNLINKED, crm_id=link.crm_id, at=at, actor=user, cause="by_hand"
        )
        ContactTransfer.objects.filter(contact=pk, status=Status.QUEUED).delete()
        link.delete()
        # Its id stays in Outlook until the next writing; the automat is not to link it again by that.
        Suggestion.objects.update_or_create(
            contact_id=pk, crm_id=link.crm_id, defaults={"dismissed_at": at, "certainty": 0, "found_at": at}
        )
        refresh_states([pk])
    return True


def create_contact(
    book: AddressBook,
    card: Card,
    *,
    folder: ContactFolder | None,
    syncs_then: bool,
    user: User,
    at: datetime,
    message: Message | None = None,
) -> ContactTransfer:
    """Make a contact in Outlook. The page that waits for it follows the transfer, whose `contact` is filled in then."""
    return _outlook_wish(
        book,
        card,
        ContactTransfer.Purpose.CREATE,
        folder=folder,
        syncs_then=syncs_then,
        user=user,
        at=at,
        message=message,
    )


def create_contacts(
    book: AddressBook,
    cards: Sequence[Card],
    *,
    folder: ContactFolder | None = None,
    syncs_then: bool,
    user: User,
    at: datetime,
    message: Message | None = None,
) -> list[OutlookContact | ContactTransfer]:
    """Make contacts in Outlook, each address once: for each card, in order, the contact that has one of its addresses
    already, else the transfer that makes it. Asking twice finds the same transfer. The cost does not grow with the cards."""
    with transaction.atomic():
        # Whoever asks at the same moment waits here, and then finds what this one asked for.
        AddressBook.objects.select_for_update(no_key=True).get(pk=book.pk)
        there: dict[str, OutlookContact | ContactTransfer] = {}
        there.update(under_way(book.mailbox_id))
        there.update(contacts_with(book.mailbox_id, [it for card in cards for it in canonical_addresses(card)]))
        outcomes, new = [], []
        for card in cards:
            addresses = canonical_addresses(card)
            outcome = next((there[address] for address in addresses if address in there), None)
            if outcome is None:
                outcome = ContactTransfer(
                    mailbox_id=book.mailbox_id,
                    requested_by=user,
                    purpose=ContactTransfer.Purpose.CREATE,
                    lane=Lane.INTERACTIVE,
                    queued_at=at,
                    not_before=at,
                    card=to_json(card),
                    folder=folder or book.new_contacts_folder,
                    message_id_here=message.pk if message else None,
                    syncs_then=syncs_then,
                )
                new.append(outcome)
                there.update(dict.fromkeys(addresses, outcome))
            outcomes.append(outcome)
        ContactTransfer.objects.bulk_create(new)
        if new:
            wake_contact_carrier(Lane.INTERACTIVE)
    return outcomes


def under_way(mailbox_id: int) -> dict[str, ContactTransfer]:
    """By canonical address the transfers that are just making a contact in this mailbox. One query."""
    making = ContactTransfer.objects.active().filter(
        mailbox=mailbox_id, purpose=ContactTransfer.Purpose.CREATE, contact=None
    )
    return {
        address: transfer
        for transfer in making.order_by("-pk")
        for address in canonical_addresses(from_json(transfer.card))
    }


def bring_to_outlook(book: AddressBook, crm_id: str, values: Values, *, user: User, at: datetime) -> ContactTransfer:
    """Make a contact in Outlook of one of CORIPO, and link the two. Also for one that somebody deleted in Outlook.

    Asked for twice, it is made once.
    """
    wish = Wish(crm_id=crm_id, may_create=False, takes_over=True)
    with transaction.atomic():
        # One at a time for an address book: what another click has asked for is seen then.
        AddressBook.objects.select_for_update(no_key=True).get(pk=book.pk)
        waiting = ContactTransfer.objects.active().filter(
            mailbox=book.mailbox_id, purpose=ContactTransfer.Purpose.CREATE
        )
        for transfer in waiting:
            if transfer.wish.get("crm_id") == crm_id:
                return transfer
        card = with_outlook_values(Card(), values)
        transfer = create_contact(book, card, folder=None, syncs_then=True, user=user, at=at)
        transfer.wish = wish.to_json()
        transfer.save(update_fields=["wish"])
    return transfer


def change_contact(
    contact: OutlookContact,
    card: Card,
    *,
    syncs_then: bool,
    user: User,
    at: datetime,
    message: Message | None = None,
) -> ContactTransfer | None:
    """Write what the card says over the contact in Outlook, as it was when the person saw it; None while another transfer
    of the contact is under way."""
    with transaction.atomic():
        # A second click at the same moment waits here.
        hold([contact.pk])
        if ContactTransfer.objects.active().filter(contact=contact).exists():
            return None
        book = contact.mailbox.address_book
        return _outlook_wish(
            book,
            card,
            ContactTransfer.Purpose.CHANGE,
            contact=contact,
            syncs_then=syncs_then,
            user=user,
            at=at,
            message=message,
        )


def undo_transfers(transfers: ContactTransferQuerySet, *, user: User, at: datetime) -> Asked:
    """Take back what these transfers did, where each is the newest of its contact and nothing is under way for it."""
    with transaction.atomic():
        wanted = transfers.filter(mailbox__in=Mailbox.objects.visible_to(user), purpose=ContactTransfer.Purpose.SYNC)
        newest = ContactTransfer.objects.filter(contact=OuterRef("contact")).order_by("-pk").values("pk")[:1]
        going = wanted.filter(pk=Subquery(newest), status=Status.DONE, contact__gone_at=None)
        found = list(going.order_by("contact").select_related("contact"))
        run = _run(user, len(found), at=at, lane=Lane.INTERACTIVE)
        with writing_facts([transfer.contact_id for transfer in found if transfer.contact_id]):
            ContactTransfer.objects.bulk_create(
                ContactTransfer(
                    mailbox_id=transfer.mailbox_id,
                    contact=transfer.contact,
                    requested_by=user,
                    purpose=ContactTransfer.Purpose.UNDO,
                    lane=Lane.INTERACTIVE,
                    run=run,
                    queued_at=at,
                    not_before=at,
                    wish={"of": transfer.pk},
                )
                for transfer in found
            )
            wake_contact_carrier(Lane.INTERACTIVE)
    return Asked(queued=len(found), already=0, run=run)


def _run(user: User, count: int, *, at: datetime, lane: Lane) -> Run | None:
    """What holds several together; one alone needs none."""
    if count < 2:
        return None
    return Run.objects.create(
        requested_by=user,
        lane=lane,
        function=Function.CONTACTS,
        requested_at=at,
        started_at=at,
        moving_since=at,
        matched=count,
        asked=count,
        is_expanded=True,
    )


def dismiss_suggestion(pk: int, crm_id: str, *, user: User, at: datetime) -> None:
    """These two are not the same person."""
    with transaction.atomic():
        contacts = OutlookContact.objects.visible_to(user).filter(pk=pk)
        Suggestion.objects.filter(contact__in=contacts, crm_id=crm_id).update(dismissed_at=at)
        refresh_states([pk])


def _outlook_wish(
    book: AddressBook,
    card: Card,
    purpose: ContactTransfer.Purpose,
    *,
    syncs_then: bool,
    user: User,
    at: datetime,
    folder: ContactFolder | None = None,
    contact: OutlookContact | None = None,
    message: Message | None = None,
) -> ContactTransfer:
    with transaction.atomic():
        transfer = ContactTransfer.objects.create(
            mailbox_id=book.mailbox_id,
            contact=contact,
            requested_by=user,
            purpose=purpose,
            lane=Lane.INTERACTIVE,
            queued_at=at,
            not_before=at,
            card=to_json(card),
            folder=folder or book.new_contacts_folder,
            message_id_here=message.pk if message else None,
            syncs_then=syncs_then,
            # Written over this version alone.
            wish={"version": contact.version} if contact else {},
        )
        if contact:
            refresh_states([contact.pk])
        wake_contact_carrier(Lane.INTERACTIVE)
    return transfer
