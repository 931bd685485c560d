"""Asking CORIPO about the people of a dry run, in a worker: its page shows what is known, and says what was not asked.

What is found is kept in KnownAddress, so a kill in the middle loses nothing, and the next turn goes on where it ended.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db.models import QuerySet

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount
from apps.core.clock import now
from apps.crm.errors import CrmError
from apps.crm.portions import portions
from apps.mailboxes.models import Message
from apps.sync.automatic import proposed_rules
from apps.sync.claiming import crm_key
from apps.sync.dry_run import dry_run
from apps.sync.foreseeing import Foreseen, counted_people, known_matches
from apps.sync.matching import look_up, remember
from apps.sync.models import SyncRules
from apps.sync.rules import rules_of
from apps.work.fences import fence
from apps.work.limits import LimitReached, slot

log = logging.getLogger(__name__)

# Of the newest mails. Twenty questions, or a few seconds of CORIPO's time.
MOST_ASKED = 2_000
ASKED_AT_ONCE = 400


def has_asking() -> bool:
    return _asking().exists()


def ask_due(*, until: datetime) -> bool:
    """Ask for everybody who waits. Returns whether more is due. Never raises for trouble of one of them."""
    for rules in _asking().order_by("pk"):
        if now() >= until:
            return True
        try:
            with slot(f"dry-run:{rules.user_id}", (1,)):
                is_done = _ask(rules, until=until)
        except LimitReached:
            continue
        except CrmError as error:
            # Who looks at the page reads that nobody was asked; the next proposal asks again.
            log.info("dry run without CORIPO", extra={"user_id": rules.user_id, "error": error.code})
            is_done = True
        if is_done:
            _asking().filter(pk=rules.pk, proposal=rules.proposal).update(is_asking=False)
    return False


def _asking() -> QuerySet[SyncRules]:
    return SyncRules.objects.filter(is_asking=True, user__is_active=True).select_related("user")


def _ask(rules: SyncRules, *, until: datetime) -> bool:
    """Ask about those who are not known yet. Returns False where the time ended before the questions did."""
    at = now()
    account = CrmAccount.objects.select_related("server", "user").filter(user=rules.user).first()
    proposed = proposed_rules(rules.user, at=at)
    if proposed is None or account is None or account.status != CrmAccount.Status.ACTIVE:
        return True
    if fence(crm_key(account.server), at=at):
        return True
    shown = dry_run(proposed, rules_of(rules.user), at=at)
    unasked = [pk for pk, outcome in shown.matches.items() if outcome == Foreseen.UNASKED]
    messages = Message.objects.visible_to(rules.user).filter(pk__in=unasked[:MOST_ASKED])
    named = counted_people(messages.select_related("mailbox").order_by("-received_at", "-pk"), rules=proposed)
    wanted = list(dict.fromkeys(address for each in named.values() for address in each))[:MOST_ASKED]
    known = known_matches(wanted, rules=proposed, at=at)
    with crm_login(account) as crm:
        for portion in portions((address for address in wanted if address not in known), most=ASKED_AT_ONCE):
            if now() >= until:
                return False
            remember(look_up(portion, crm=crm, rules=proposed), user=rules.user, at=now())
    return True
