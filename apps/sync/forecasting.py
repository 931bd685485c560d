"""What a run would do, before it does anything: from rows, and from one look at CORIPO for what they do not say.

`policy` and `deciding` answer here as they will when the letters are read. What differs by then was changed meanwhile, or
stands in the letter alone.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount, CrmServer, User
from apps.crm.errors import CrmError
from apps.crm.face import StoredEmail
from apps.mailboxes.models import Message
from apps.mailboxes.own_addresses import own_addresses_of_user
from apps.sync.cases import cases_of
from apps.sync.deciding import is_same_mail, is_stored
from apps.sync.foreseeing import counted_people, with_choice
from apps.sync.leads import address_for_lead
from apps.sync.marks import holds_back, marks_of, synced_by
from apps.sync.matching import has_match, look_up, remember, tells
from apps.sync.models import CrmEmail, CrmSight, KnownAddress, Mark, NoMatch, SyncRules, Transfer
from apps.sync.outcomes import RunOutcome
from apps.sync.people import FRESH_FOR
from apps.sync.policy import left_out_by
from apps.sync.rules import rules_of
from apps.sync.states import Identity
from apps.work.models import Function, Lane, Run

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Known:
    """What is known of the messages of a portion. `matched` says of an address whether a mail is linked because of it;
    `records` are those that CORIPO holds under a Message-ID. `None` in place of either: nobody could ask."""

    matched: dict[str, bool]
    records: dict[str, tuple[StoredEmail, ...]] | None


def foresee(messages: Collection[Message], run: Run, *, at: datetime, is_repair: bool = False) -> Counter[str]:
    """What becomes of these messages, counted. Calls CORIPO for addresses and Message-IDs that no row tells of; where it
    does not answer, what depends on it is UNKNOWN."""
    if run.function != Function.SYNC:
        value = Mark.Value.SYNCED if run.function == Function.MARK else Mark.Value.CLEARED
        marks = marks_of(messages)
        return Counter(
            str(RunOutcome.UNCHANGED if marks.get(message.pk) == value else RunOutcome.MARKED) for message in messages
        )
    return Counter(str(outcome) for outcome in _foresee_sync(messages, run, at=at, is_repair=is_repair))


def _foresee_sync(messages: Collection[Message], run: Run, *, at: datetime, is_repair: bool) -> Iterable[RunOutcome]:
    user = run.requested_by
    rules = rules_of(user)
    lane = Lane(run.lane)
    cases = cases_of(messages, lane=lane, rules=rules)
    marked = synced_by(messages)
    active = Transfer.objects.active().filter(message__in=[message.pk for message in messages])
    waiting = set(active.values_list("message", flat=True))
    recorded = _recorded(messages, user=user, lane=lane)
    open_ones: list[Message] = []
    for message in messages:
        case = replace(cases[message.pk], is_repair=is_repair or message.pk in marked)
        if message.pk in marked and holds_back(message, marked[message.pk]):
            yield RunOutcome.LEFT_OUT
        elif message.pk in waiting and lane != Lane.INTERACTIVE:
            yield RunOutcome.ELSEWHERE
        elif left_out_by(case, rules):
            yield RunOutcome.SKIPPED
        elif _identity(message) in recorded:
            yield recorded[_identity(message)]
        else:
            open_ones.append(message)
    addresses = counted_people(open_ones, rules=rules)
    known = _ask(open_ones, addresses, run=run, rules=rules, at=at)
    chosen = with_choice(open_ones)
    own = own_addresses_of_user(user)
    for message in open_ones:
        has_target = message.pk in chosen or any(known.matched.get(address) for address in addresses[message.pk])
        outcome = _decide(message, known, has_target=has_target, rules=rules)
        if outcome == RunOutcome.NO_MATCH and address_for_lead(message, own=own, rules=rules):
            # Whether a person wrote it, the letter alone may tell.
            outcome = RunOutcome.STORED if message.kind_read_at else RunOutcome.UNKNOWN
        yield outcome


def _decide(message: Message, known: _Known, *, has_target: bool, rules: SyncRules) -> RunOutcome:
    if known.records is None:
        stores = is_stored(has_target=has_target, is_known=False, stores_without_match=rules.no_match == NoMatch.STORE)
        return RunOutcome.STORED if stores else RunOutcome.UNKNOWN
    is_known = any(
        is_same_mail(found, sender=message.sender_address, sent_at=message.sent_at, subject=message.subject)
        for found in known.records.get(message.email_key, ())
    )
    if is_known:
        return RunOutcome.ALREADY
    stores = is_stored(has_target=has_target, is_known=is_known, stores_without_match=rules.no_match == NoMatch.STORE)
    return RunOutcome.STORED if stores else RunOutcome.NO_MATCH


def _recorded(messages: Collection[Message], *, user: User, lane: Lane) -> dict[Identity, RunOutcome]:
    """The mails whose record the portal knows. What was deleted there begins anew by hand, and is left alone by the rest."""
    records = (
        CrmEmail.objects.filter(
            server=CrmServer.objects.current(), email_key__in={message.email_key for message in messages}
        )
        .exclude(status=CrmEmail.Status.INTENDED)
        .only("email_key", "variant", "status")
    )
    unseen = set(
        CrmSight.objects.filter(crm_email__in=records, user=user, is_visible=False).values_list("crm_email", flat=True)
    )
    found = {}
    for record in records:
        if record.status == CrmEmail.Status.EXISTS:
            outcome = RunOutcome.HIDDEN if record.pk in unseen else RunOutcome.ALREADY
        elif lane == Lane.INTERACTIVE:
            continue
        else:
            outcome = RunOutcome.GONE
        found[record.email_key, record.variant] = outcome
    return found


def _identity(message: Message) -> Identity:
    return message.email_key, message.variant


def _ask(
    messages: Collection[Message], addresses: dict[int, list[str]], *, run: Run, rules: SyncRules, at: datetime
) -> _Known:
    """Ask CORIPO about all of them at once. A nobody is asked about again unless this very forecast has asked."""
    user = run.requested_by
    wanted = {address for each in addresses.values() for address in each}
    rows = KnownAddress.objects.filter(user=user, address__in=wanted, looked_at__gt=at - FRESH_FOR)
    matched = {
        row.address: has_match(row, rules)
        for row in rows
        if tells(row, rules) and (has_match(row, rules) or row.looked_at >= run.requested_at)
    }
    account = CrmAccount.objects.select_related("server", "user").filter(user=user).first()
    if account is None or account.status != CrmAccount.Status.ACTIVE or RunOutcome.UNKNOWN in run.forecast:
        # Also where it did not answer a moment ago: each further try would cost its whole time-out.
        return _Known(matched, None)
    if not messages:
        return _Known(matched, {})
    try:
        with crm_login(account) as crm:
            found = look_up(sorted(wanted - set(matched)), crm=crm, rules=rules)
            records = crm.find_emails(sorted({message.email_key for message in messages}))
    except CrmError as error:
        log.warning("forecast without CORIPO", extra={"run_id": run.pk, "error": error.code})
        return _Known(matched, None)
    rows_now = remember(found, user=user, at=at)
    return _Known(matched | {address: has_match(row, rules) for address, row in rows_now.items()}, records)
