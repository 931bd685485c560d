"""What changes among CORIPO's contacts: read page by page with each login, since what one person may see is nobody else's.

The first reading tells all of them, and so whom of an address book they may be; every later one is a single request while
nothing happens."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount
from apps.contacts.automatic import queue_automatic
from apps.contacts.fields import crm_values, empty, is_same
from apps.contacts.models import AddressBook, ContactLink, ContactTransfer, CrmWatch
from apps.contacts.states import CHUNK
from apps.contacts.suggesting import seek, suggest_for, unsought
from apps.core.clock import now
from apps.crm.contact_face import ContactPage, StoredContact
from apps.crm.errors import CrmError
from apps.crm.face import CrmClient
from apps.crm.portions import portions
from apps.sync.claiming import crm_key
from apps.work.fences import fence
from apps.work.heartbeat import heartbeat, lease
from apps.work.limits import LimitReached, slot
from apps.work.models import Status

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(minutes=2)
# Changes alone do not tell whom a login no longer sees.
ALL_EVERY = timedelta(days=1)
AFTER_TROUBLE = timedelta(minutes=1)
PAGE = 500


def plan_watches(*, at: datetime) -> bool:
    """Give every working login with an address book its watch. Returns whether one is due."""
    books = AddressBook.objects.filter(mailbox__owner=OuterRef("user"), refused_at=None, completed_at__isnull=False)
    new = CrmAccount.objects.filter(Exists(books), status=CrmAccount.Status.ACTIVE, contact_watch=None).values_list(
        "pk", flat=True
    )
    CrmWatch.objects.bulk_create(
        [CrmWatch(account_id=pk, next_look_at=at) for pk in new.order_by("pk")], ignore_conflicts=True
    )
    return _due(at=at).exists()


def watch_due(*, until: datetime) -> bool:
    """Look with each login whose time has come. Returns whether more is due. Never raises for trouble of one of them."""
    while (at := now()) < until:
        watch = _take(at=at)
        if watch is None:
            return False
        next_look_at = at + AFTER_TROUBLE
        try:
            with heartbeat(partial(_keep, watch)):
                next_look_at = _look(watch, at=at, until=until)
        except LimitReached:
            next_look_at = at + timedelta(seconds=2)
        except CrmError as error:
            log.info("no look at coripo's contacts", extra={"account_id": watch.pk, "error": error.code})
        except Exception:
            # A fault of ours, seen in the logs; the others are not held up by it.
            log.exception("look at coripo's contacts broke off", extra={"account_id": watch.pk})
        finally:
            _held(watch).update(look_claim=None, look_lease_until=None, next_look_at=next_look_at)
    return _due(at=now()).exists()


def _look(watch: CrmWatch, *, at: datetime, until: datetime) -> datetime:
    """One look: who changed since, then who those are that nobody has asked about. Returns when the next one is due."""
    account = CrmAccount.objects.select_related("server", "user").get(pk=watch.pk)
    if standing := fence(crm_key(account.server), at=at):
        return standing.until
    # Beside the carriers, which have their own places: one look at a time for each CORIPO.
    with slot(f"{crm_key(account.server)}:watch", (1,)), crm_login(account) as crm:
        if not _read_changes(watch, account, crm, until=until):
            return at
        if unsought(account.user).exists() and seek(account, crm, until=until):
            return at
    return at + LOOK_EVERY


def _read_changes(watch: CrmWatch, account: CrmAccount, crm: CrmClient, *, until: datetime) -> bool:
    """Read to the end of what changed; the place is kept page by page. False where time ran out."""
    if watch.full_since is None and (watch.full_at is None or watch.full_at <= now() - ALL_EVERY):
        watch.full_since, watch.seen_until, watch.seen_id = now(), None, ""
    while now() < until:
        page = crm.contacts_changed(watch.seen_until, after_id=watch.seen_id, limit=PAGE)
        _take_page(account, page)
        if not page.has_more:
            _end_full_reading(watch, account)
        watch.seen_until, watch.seen_id = page.next_since, page.next_after_id
        _held(watch).update(
            seen_until=watch.seen_until, seen_id=watch.seen_id, full_since=watch.full_since, full_at=watch.full_at
        )
        if not page.has_more:
            return True
    return False


def _end_full_reading(watch: CrmWatch, account: CrmAccount) -> None:
    """Linked contacts that a complete reading did not show: nobody has them any more, or this login may not see them."""
    if watch.full_since is None:
        return
    unseen = ContactLink.objects.visible_to(account.user).filter(crm_seen_at__lt=watch.full_since, problem="")
    queue_automatic(
        account.user,
        list(unseen.values_list("contact", flat=True)),
        at=now(),
        origin=ContactTransfer.Origin.PROOF,
    )
    watch.full_at, watch.full_since = watch.full_since, None


def _take_page(account: CrmAccount, page: ContactPage) -> None:
    at = now()
    people = {person.id: person for person in page.contacts}
    links: list[ContactLink] = []
    for part in portions(people, most=CHUNK):
        links += ContactLink.objects.visible_to(account.user).filter(crm_id__in=part)
    ContactLink.objects.filter(pk__in=[link.pk for link in links]).update(crm_seen_at=at)
    changed = [link.contact_id for link in links if _is_news(link, people[link.crm_id])]
    queue_automatic(account.user, changed, at=at)
    linked = {link.crm_id for link in links}
    if strangers := [person for crm_id, person in people.items() if crm_id not in linked]:
        # One of them may be in a carrier's hands, read and not linked yet.
        in_hand = ContactTransfer.objects.visible_to(account.user).filter(status=Status.CLAIMED, contact__link=None)
        in_hand.update(is_overtaken=True)
        suggest_for(account.user, strangers, at=at)


def _is_news(link: ContactLink, person: StoredContact) -> bool:
    """What we wrote ourselves, and what the link was read at, comes back as the link has it. The stamp alone does not tell: it
    is to the second, and somebody may have changed the contact in the second in which we wrote it."""
    if person.is_deleted:
        return not link.problem
    if (link.crm_modified_at, link.crm_modifier_id) != (person.modified_at, person.modifier_id):
        return True
    return any(
        not is_same(name, value, link.crm_values.get(name, empty(name)))
        for name, value in crm_values(person.card).items()
    )


def _due(*, at: datetime) -> QuerySet[CrmWatch]:
    free = Q(look_claim=None) | Q(look_lease_until__lt=at)
    return CrmWatch.objects.filter(
        free, next_look_at__lte=at, account__status=CrmAccount.Status.ACTIVE, account__user__is_active=True
    )


def _take(*, at: datetime) -> CrmWatch | None:
    for watch in _due(at=at).order_by("next_look_at", "pk")[:10]:
        claim = uuid4()
        if _due(at=at).filter(pk=watch.pk).update(look_claim=claim, look_lease_until=at + lease()):
            watch.look_claim = claim
            return watch
    return None


def _keep(watch: CrmWatch) -> bool:
    return bool(_held(watch).update(look_lease_until=now() + lease()))


def _held(watch: CrmWatch) -> QuerySet[CrmWatch]:
    return CrmWatch.objects.filter(pk=watch.pk, look_claim=watch.look_claim)
