"""An e-mail to people about what automatic sync did for them: counts and links, and nothing of any mail.

A day is marked as told before its e-mail is sent. So nobody gets two of them whatever dies in between; one that could not be
sent is lost, and everything that it would have said stands on the pages that it links to.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, time

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.mailboxes.models import Message, MessageState
from apps.sync.models import Notice, Notify, OrganisationRules, SyncRules, Transfer
from apps.sync.outcomes import RunOutcome, outcome_of
from apps.sync.rules import under_locks

log = logging.getLogger(__name__)

MORNING = time(7)
_BY_HAND = Transfer.Origin.PERSON
_TOLD = (
    RunOutcome.STORED,
    RunOutcome.ALREADY,
    RunOutcome.NO_MATCH,
    RunOutcome.SKIPPED,
    RunOutcome.FAILED,
    RunOutcome.HIDDEN,
)


def can_notify() -> bool:
    """Whether this installation sends mail at all."""
    return bool(settings.EMAIL_URL)


def notify_due(*, at: datetime) -> int:
    """Write to everybody to whom it is time to write. Returns to how many. Never raises for trouble of one of them."""
    if not can_notify():
        return 0
    organisation = OrganisationRules.objects.first()
    switched_on = SyncRules.objects.filter(is_automatic=True, user__is_active=True).exclude(user__email="")
    told = 0
    for rules in switched_on.select_related("user").order_by("pk"):
        try:
            told += _notify(under_locks(rules, organisation), at=at)
        except Exception:
            # A mail server that refuses or is silent: the others are written to all the same.
            log.exception("no notice", extra={"user_id": rules.user_id})
    return told


def _notify(rules: SyncRules, *, at: datetime) -> bool:
    if rules.notify == Notify.NEVER:
        return False
    user = rules.user
    local = at.astimezone(user.zone)
    notice, _created = Notice.objects.get_or_create(user=user, defaults={"told_until": at})
    if notice.day is not None and notice.day >= local.date():
        return False
    if rules.notify == Notify.DAILY and local.time() < MORNING:
        return False
    if rules.notify == Notify.FAILURES and not _has_failures(user, since=notice.told_until):
        return False
    untold = Notice.objects.filter(Q(day=None) | Q(day__lt=local.date()), pk=notice.pk)
    if not untold.update(day=local.date(), told_until=at):
        return False
    counts = _counts(user, since=notice.told_until, until=at)
    if not counts:
        return False
    _letter(user, counts).send()
    return True


def _has_failures(user: User, *, since: datetime) -> bool:
    failed = Message.objects.visible_to(user).present().filter(state=MessageState.FAILED)
    return Transfer.objects.filter(message__in=failed, finished_at__gt=since).exclude(origin=_BY_HAND).exists()


def _counts(user: User, *, since: datetime, until: datetime) -> list[tuple[int, RunOutcome]]:
    """What automatic sync came to since then."""
    done = (
        Transfer.objects.visible_to(user).filter(finished_at__gt=since, finished_at__lte=until).exclude(origin=_BY_HAND)
    )
    rows = done.order_by().values_list("status", "result", "cause").annotate(count=Count("pk"))
    found: Counter[RunOutcome] = Counter()
    for status, result, cause, count in rows:
        found[outcome_of(status, result, cause)] += count
    return [(found[outcome], outcome) for outcome in _TOLD if found[outcome]]


def _letter(user: User, counts: list[tuple[int, RunOutcome]]) -> EmailMessage:
    with translation.override(user.language or settings.LANGUAGE_CODE):
        context = {
            "counts": [(number, outcome.label) for number, outcome in counts],
            "attention": f"{settings.PORTAL_URL}{reverse('attention')}",
            "rules": f"{settings.PORTAL_URL}{reverse('settings_automatic')}",
        }
        text = render_to_string("notices/automatic.txt", context)
        subject = _("CORIPO Mail Portal: what automatic sync did")
    return EmailMessage(subject, text, to=[user.email])
