"""Mails that matched nobody, when somebody appears in CORIPO after all: they go by themselves, or are offered.

Each login asks for itself, since what one person may see is nobody else's. A look asks CORIPO one question: which contacts
changed. Only where an address of theirs is waited for is there a second one. Every few hours all addresses are asked about,
which finds what a date did not tell: a merge, an import with old dates, a right that was given.

What a look finds is kept in KnownAddress, and a mail goes where that is newer than its own transfer. So a kill between the two
loses nothing, and a mail that comes back without a match does not go round in a circle.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount, User
from apps.core.clock import now
from apps.crm.errors import CrmError, CrmUnauthorized
from apps.crm.face import CrmClient
from apps.crm.portions import portions
from apps.mailboxes.models import Mailbox, Message, MessageQuerySet, MessageState, Participant
from apps.mailboxes.own_addresses import own_addresses_of_user
from apps.sync.claiming import crm_key
from apps.sync.matching import ids_of, linked_modules, look_up, remember
from apps.sync.models import KnownAddress, MatchLook, NoMatchLater, SyncRules, Transfer
from apps.sync.rules import rules_of
from apps.sync.states import writing_facts
from apps.sync.waking import wake_carrier
from apps.work.fences import fence

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(minutes=2)
ALL_EVERY = timedelta(hours=6)
# A change is written a moment after the time that it bears, and within a second there may be several.
OVERLAP = timedelta(minutes=2)
# The addresses of so many of the newest waiting mails are asked about when all are.
NEWEST_WAITING = 2_000
GOING_AT_ONCE = 200
# Far below SQLite's limit of parameters.
CHUNK = 400


def plan_looks(*, at: datetime) -> bool:
    """Give every working login its turn. Returns whether one is due."""
    new = CrmAccount.objects.filter(status=CrmAccount.Status.ACTIVE, user__match_look=None).values_list(
        "user", flat=True
    )
    MatchLook.objects.bulk_create(
        [MatchLook(user_id=user_id, next_look_at=at) for user_id in new.order_by("user")], ignore_conflicts=True
    )
    return _due(at=at).exists()


def look_for_due_matches(*, until: datetime) -> bool:
    """Look for each user whose time has come. Returns whether more is due. Never raises for trouble of one of them."""
    while (at := now()) < until:
        look = _take(at=at)
        if look is None:
            return False
        next_look_at = at + LOOK_EVERY
        try:
            next_look_at = _look(look, at=at) or next_look_at
        except CrmError as error:
            log.info("no look for matches", extra={"user_id": look.user_id, "error": error.code})
        finally:
            _held(look).update(claim=None, lease_until=None, next_look_at=next_look_at)
    return _due(at=now()).exists()


def matched_messages(user: User) -> MessageQuerySet:
    """Waiting mails with an address that counts and of which a contact has become known since their transfer."""
    rules = rules_of(user)
    known = KnownAddress.objects.filter(
        user=user, address=OuterRef("address"), looked_at__gt=OuterRef(OuterRef("decided_at"))
    ).exclude(contacts=[], **({"records": []} if linked_modules(rules) else {}))
    people = _counted(rules.counted_roles, rules.internal_domains, own=own_addresses_of_user(user))
    matched = Exists(people.filter(Exists(known), message=OuterRef("pk")))
    newest = Transfer.objects.filter(message=OuterRef("pk")).order_by("-pk").values("finished_at")[:1]
    return _waiting(user).annotate(decided_at=Subquery(newest)).filter(matched)


def count_offered(user: User, rules: SyncRules) -> int:
    """How many waiting mails a person may send now that somebody is known, counted up to GOING_AT_ONCE; none where they
    go by themselves."""
    # Mostly there is none, and then no page goes through all that wait.
    has_matches = MatchLook.objects.filter(user=user, has_matches=True)
    if rules.no_match_later != NoMatchLater.OFFER or not has_matches.exists():
        return 0
    return matched_messages(user)[:GOING_AT_ONCE].count()


def ask_for_matched(user: User, *, at: datetime, most: int = GOING_AT_ONCE) -> int:
    """Ask once more for matched mails, in the lanes in which they came. Returns how many there were."""
    found = list(matched_messages(user).order_by("pk").values_list("pk", "email_key", "variant")[:most])
    if not found:
        return 0
    with writing_facts((key, variant) for _pk, key, variant in found):
        # Somebody may have asked for them meanwhile.
        going = list(_waiting(user).filter(pk__in=[pk for pk, _key, _variant in found]).order_by("pk"))
        former = {
            transfer.message_id: transfer
            for transfer in Transfer.objects.filter(message__in=[message.pk for message in going]).order_by("pk")
        }
        Transfer.objects.bulk_create(
            [
                Transfer(
                    message=message,
                    mailbox_id=message.mailbox_id,
                    requested_by=user,
                    lane=former[message.pk].lane,
                    origin=Transfer.Origin.REMATCH,
                    queued_at=at,
                    not_before=at,
                    also_addresses=former[message.pk].also_addresses,
                )
                for message in going
            ]
        )
        for lane in {former[message.pk].lane for message in going}:
            wake_carrier(lane)
    return len(going)


def _due(*, at: datetime) -> QuerySet[MatchLook]:
    free = Q(claim=None) | Q(lease_until__lt=at)
    return MatchLook.objects.filter(
        free, next_look_at__lte=at, user__is_active=True, user__crm_account__status=CrmAccount.Status.ACTIVE
    )


def _take(*, at: datetime) -> MatchLook | None:
    for look in _due(at=at).order_by("next_look_at", "pk")[:10]:
        claim = uuid4()
        lease_until = at + timedelta(seconds=settings.LEASE_SECONDS)
        if _due(at=at).filter(pk=look.pk).update(claim=claim, lease_until=lease_until):
            look.claim = claim
            return look
    return None


def _look(look: MatchLook, *, at: datetime) -> datetime | None:
    """One look. Returns when the next one may be, where that is not as usual."""
    account = CrmAccount.objects.select_related("server", "user").get(user=look.user_id)
    if not _waiting(account.user).exists():
        return None
    if standing := fence(crm_key(account.server), at=at):
        return standing.until
    try:
        with crm_login(account) as crm:
            _ask(look, account.user, crm, at=at)
    except CrmUnauthorized:
        return None
    if rules_of(account.user).no_match_later == NoMatchLater.SYNC:
        return at if ask_for_matched(account.user, at=at) == GOING_AT_ONCE else None
    _held(look).update(has_matches=matched_messages(account.user).exists())
    return None


def _ask(look: MatchLook, user: User, crm: CrmClient, *, at: datetime) -> None:
    """Bring up to date what is known of the addresses that are waited for."""
    changed = crm.changed_contacts(look.seen_until - OVERLAP if look.seen_until else None)
    # Without a moment to go by, as in a CORIPO that had no contact yet, nothing is told of what changed.
    is_blind = look.seen_until is None or changed.has_more
    asks_all = is_blind or look.all_asked_at is None or look.all_asked_at <= at - ALL_EVERY
    wanted = _waiting_addresses(user, among=None if asks_all else changed.addresses)
    if wanted:
        found = look_up(sorted(wanted), crm=crm, rules=rules_of(user))
        known = {
            row.address: ids_of(row)
            for part in portions(sorted(found.matched), most=CHUNK)
            for row in KnownAddress.objects.filter(user=user, address__in=part)
        }
        # What is known already says nothing new, and would send the same mails again at every look.
        news = [it for it in found.matched if known.get(it, set()) != found.ids(it)]
        remember(found.of(news), user=user, at=now())
    # A contact with a date of the future must not hide all that change until then.
    seen_until = min(changed.newest, at) if changed.newest else look.seen_until
    _held(look).update(seen_until=seen_until, **({"all_asked_at": at} if asks_all else {}))


def _held(look: MatchLook) -> QuerySet[MatchLook]:
    return MatchLook.objects.filter(pk=look.pk, claim=look.claim)


def _waiting(user: User) -> MessageQuerySet:
    return (
        Message.objects.visible_to(user)
        .present()
        .filter(state=MessageState.NO_MATCH, mailbox__status=Mailbox.Status.ACTIVE)
    )


def _waiting_addresses(user: User, *, among: Iterable[str] | None) -> set[str]:
    """Addresses that count, of the newest waiting mails; or those `among` the given ones that any waiting mail names."""
    rules = rules_of(user)
    people = _counted(rules.counted_roles, rules.internal_domains, own=())
    if among is None:
        newest = _waiting(user).order_by("-received_at", "-pk").values_list("pk", flat=True)[:NEWEST_WAITING]
        chunks = [Q(message__in=part) for part in portions(newest, most=CHUNK)]
    else:
        chunks = [Q(address__in=part, message__in=_waiting(user)) for part in portions(sorted(among), most=CHUNK)]
    return {address for chunk in chunks for address in people.filter(chunk).values_list("address", flat=True)}


def _counted(roles: Iterable[str], internal_domains: Iterable[str], *, own: Iterable[str]) -> QuerySet[Participant]:
    people = Participant.objects.filter(role__in=list(roles)).exclude(address="").exclude(address__in=list(own))
    for domain in internal_domains:
        people = people.exclude(address__endswith=f"@{domain}")
    return people
