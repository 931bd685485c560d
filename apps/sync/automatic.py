"""What a person may ask of the automat: propose other settings, confirm them, pause, go on, switch off, run now.

Whatever changes, what waits under the former settings is taken back and decided anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from apps.accounts.models import User
from apps.mailboxes.actions import refresh_now
from apps.mailboxes.models import Mailbox
from apps.sync.automat import withdraw
from apps.sync.models import OrganisationRules, SyncRules
from apps.sync.rules import rules_of, stored_rules_of, under_locks
from apps.sync.waking import wake_asker, wake_automat

FIELDS = (
    "takes_received",
    "takes_sent",
    "left_out_folders",
    "taken_folders",
    "lone_folders",
    "since",
    "left_out_addresses",
    "left_out_kinds",
    "takes_private",
    "notify",
)


def propose(values: Mapping[str, Any], *, user: User) -> None:
    """Keep these settings until their owner has seen what they would do. Nothing follows from them before `confirm`."""
    kept = {name: values[name] for name in FIELDS}
    since = kept["since"]
    kept["since"] = since.isoformat() if since else ""
    with transaction.atomic():
        SyncRules.objects.filter(pk=stored_rules_of(user).pk).update(proposal=kept, is_asking=True)
        wake_asker()


def proposed_rules(user: User, *, at: datetime) -> SyncRules | None:
    """The settings as they would hold if the proposal was confirmed now, unsaved; None where nothing is proposed."""
    rules = rules_of(user)
    return _with_proposal(rules, at=at) if rules.proposal else None


def confirm(*, user: User, at: datetime) -> bool:
    """Let the proposed settings hold from now on, and switch the automat on. False where nothing is proposed."""
    with _changing(user) as rules:
        if not rules.proposal:
            return False
        _begin_again(_with_proposal(rules, at=at), [*FIELDS, "is_automatic", "switched_on_at"])
    return True


def keep_off(values: Mapping[str, Any], *, user: User) -> None:
    """Save settings for the day when the automat is switched on; runs by filter keep to the exclusions at once."""
    rules = stored_rules_of(user)
    for name in FIELDS:
        setattr(rules, name, values[name])
    rules.save(update_fields=FIELDS)


def discard(*, user: User) -> None:
    """Forget the proposal; the settings stay as they are."""
    SyncRules.objects.filter(user=user).update(proposal={}, is_asking=False)


def switch_off(*, user: User) -> None:
    with _changing(user) as rules:
        rules.is_automatic, rules.paused_until = False, None
        _begin_again(rules, ["is_automatic", "paused_until"])


def pause(*, user: User, until: datetime) -> None:
    """Decide nothing and begin nothing before that time; what is on its way finishes."""
    with _changing(user) as rules:
        rules.paused_until = until
        _begin_again(rules, ["paused_until"])


def run_now(*, user: User, at: datetime) -> None:
    """End a pause, look into the mailboxes as soon as a worker is free, and decide what is there."""
    with _changing(user) as rules:
        rules.paused_until = None
        _begin_again(rules, ["paused_until"])
    for mailbox in Mailbox.objects.visible_to(user):
        refresh_now(mailbox, at=at)


def recheck_all() -> None:
    """What the administrator set holds for everybody: their waiting and skipped mail is decided anew."""
    for rules in SyncRules.objects.filter(is_automatic=True).select_related("user"):
        with _changing(rules.user) as held:
            _begin_again(held, [])


@contextmanager
def _changing(user: User) -> Iterator[SyncRules]:
    rules = stored_rules_of(user)
    with transaction.atomic():
        # The settings before the messages, as the automat locks them.
        yield SyncRules.objects.select_for_update(no_key=True).get(pk=rules.pk)


def _begin_again(rules: SyncRules, changed: list[str]) -> None:
    rules.proposal, rules.is_rechecking, rules.recheck_place = {}, True, ""
    rules.is_asking = False
    rules.save(update_fields=[*changed, "proposal", "is_asking", "is_rechecking", "recheck_place"])
    withdraw(rules.user)
    wake_automat()


def _with_proposal(rules: SyncRules, *, at: datetime) -> SyncRules:
    proposed = copy(rules)
    for name in FIELDS:
        # One of an older version of the portal knows less.
        setattr(proposed, name, rules.proposal.get(name, getattr(rules, name)))
    # Microsoft 365 tells when a mail came in whole seconds, rounded down.
    moment = at.replace(microsecond=0)
    # Without a day of its own it begins with what comes from now on.
    proposed.since = parse_datetime(rules.proposal["since"]) or moment
    proposed.switched_on_at = rules.switched_on_at if rules.is_automatic else moment
    proposed.is_automatic = True
    return under_locks(proposed, OrganisationRules.objects.first())
