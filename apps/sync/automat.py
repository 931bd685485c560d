"""The automat: every mail that its owner's settings cover gets a transfer, or the rule that leaves it out, by itself.

What has no decision is found by its state, in portions; each is decided in one transaction, so that whoever comes after a
kill finds exactly what was not decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core.clock import now
from apps.mailboxes.models import Message, MessageState
from apps.sync.cases import cases_of
from apps.sync.facts import Because
from apps.sync.listing import Cursor
from apps.sync.models import Mark, OrganisationRules, Rule, SyncRules, Transfer, TransferQuerySet
from apps.sync.policy import Decision, decide
from apps.sync.rules import under_locks
from apps.sync.scope import cleared, in_scope, skipped_by_rule
from apps.sync.states import decide_new_messages, writing_facts
from apps.sync.waking import wake_automat, wake_carrier
from apps.sync.wishes import identities
from apps.work.limits import LimitReached, slot
from apps.work.models import Lane, Status

PORTION = 500
# So much older mail waits at most: the rest stays undecided, and a change of the settings reaches it at once.
MOST_OLDER_WAITING = 1000
LANES = (Lane.AUTOMATIC, Lane.BACKFILL)


def take_in(message_ids: Iterable[int]) -> None:
    """New rows, inside the transaction that wrote them: their state, and a word to the automat for after the commit."""
    decide_new_messages(message_ids)
    wake_automat()


def has_undecided(*, at: datetime) -> bool:
    """Whether a mail waits for the automat, or what was skipped is to be looked at again."""
    return any(rules.is_rechecking or _undecided(rules)[:1] for rules in _switched_on(at=at))


def decide_due(*, until: datetime) -> bool:
    """Decide for everybody in turn, a portion each, until nothing is left or the time is up. Returns whether more is due."""
    while True:
        moved = False
        for rules in _switched_on(at=now()):
            if now() >= until:
                return True
            try:
                with slot(f"automat:{rules.user_id}", (1,)):
                    moved = decide_portion(rules.user, at=now()) or moved
            except LimitReached:
                continue
        if not moved:
            return False


def decide_portion(user: User, *, at: datetime) -> bool:
    """Decide a portion of one person's mail. Returns whether anything was left to do."""
    with transaction.atomic():
        # The settings before the messages: whoever changes them waits, and takes back what was decided by the old ones.
        rules = _switched_on(at=at).select_for_update(no_key=True, of=("self",)).filter(user=user).first()
        if rules is None:
            return False
        under_locks(rules, OrganisationRules.objects.first())
        return _recheck(rules, at=at) if rules.is_rechecking else _decide_new(rules, at=at)


def withdraw(user: User) -> int:
    """Take back what the automat asked for and nobody carries yet: those mails are again what they were before."""
    taken_back = 0
    # Within one transaction, portion after portion: in the order in which everybody locks messages.
    waiting = own_waiting(user).order_by("message").values_list("pk", "message__email_key", "message__variant")
    while queued := list(waiting[:PORTION]):
        because = Because(Rule.WITHDRAWN)
        with writing_facts(((key, variant) for _pk, key, variant in queued), because=because):
            mine = own_waiting(user).filter(pk__in=[pk for pk, _key, _variant in queued])
            taken_back += mine.delete()[0]
    return taken_back


def own_waiting(user: User) -> TransferQuerySet:
    """What waits for no other wish than the automat's: one that a person raised or a run took over is theirs."""
    asked = Transfer.objects.visible_to(user).filter(origin=Transfer.Origin.AUTOMAT, run=None)
    return asked.filter(status=Status.QUEUED, lane__in=LANES)


def _switched_on(*, at: datetime) -> QuerySet[SyncRules]:
    on = SyncRules.objects.filter(is_automatic=True, user__is_active=True).exclude(paused_until__gt=at)
    return on.select_related("user").order_by("pk")


def _undecided(rules: SyncRules) -> list[int]:
    """New mail first, then what was marked as not synced, then older mail while little of that waits."""
    new = in_scope(rules, [MessageState.NOT_SYNCED])
    older = new.filter(received_at__lt=rules.switched_on_at)
    for messages in (new.filter(received_at__gte=rules.switched_on_at), cleared(rules)):
        if found := list(messages.values_list("pk", flat=True)[:PORTION]):
            return found
    waiting = own_waiting(rules.user).filter(lane=Lane.BACKFILL)
    if waiting[:MOST_OLDER_WAITING].count() >= MOST_OLDER_WAITING:
        return []
    return list(older.values_list("pk", flat=True)[:PORTION])


def _decide_new(rules: SyncRules, *, at: datetime) -> bool:
    chosen = Message.objects.visible_to(rules.user).filter(pk__in=_undecided(rules)).select_related("mailbox")
    with writing_facts(identities(chosen)):
        # Read again under the lock: a run or a click may have taken some meanwhile.
        waiting = [
            message
            for message in chosen.order_by("pk")
            if message.state in (MessageState.NOT_SYNCED, MessageState.RESYNC)
        ]
        decisions = _decisions(waiting, rules)
        _write(waiting, decisions, rules=rules, at=at)
    return any(decision.goes or decision.is_stored for decision in decisions.values())


def _recheck(rules: SyncRules, *, at: datetime) -> bool:
    """Look again at a portion of what was skipped, after the settings have changed."""
    skipped = in_scope(rules, [MessageState.SKIPPED])
    if (place := Cursor.parse(rules.recheck_place)) is not None:
        skipped = skipped.filter(received_at__lte=place.received_at).exclude(
            received_at=place.received_at, pk__gte=place.pk
        )
    portion = list(skipped.order_by("-received_at", "-pk")[:PORTION])
    with writing_facts((message.email_key, message.variant) for message in portion):
        held = Message.objects.filter(pk__in=[message.pk for message in portion], state=MessageState.SKIPPED)
        messages = list(held.select_related("mailbox").order_by("pk"))
        former = skipped_by_rule(messages)
        ours = [message for message in messages if message.pk in former]
        decisions = _decisions(ours, rules)
        changed = [
            message
            for message in ours
            if decisions[message.pk].goes or decisions[message.pk].rule != former[message.pk].cause
        ]
        _write(changed, decisions, rules=rules, at=at)
    if portion:
        rules.recheck_place = str(Cursor.of(portion[-1]))
    rules.is_rechecking = len(portion) == PORTION
    SyncRules.objects.filter(pk=rules.pk).update(
        is_rechecking=rules.is_rechecking, recheck_place=rules.recheck_place if rules.is_rechecking else ""
    )
    return True


def _decisions(messages: Collection[Message], rules: SyncRules) -> dict[int, Decision]:
    cases = cases_of(messages, lane=Lane.AUTOMATIC, rules=rules)
    return {pk: decide(case, rules) for pk, case in cases.items()}


def _write(messages: Collection[Message], decisions: dict[int, Decision], *, rules: SyncRules, at: datetime) -> None:
    rows = []
    for message in messages:
        decision = decisions[message.pk]
        if not decision.goes and not decision.is_stored:
            continue
        is_older = rules.switched_on_at is not None and message.received_at < rules.switched_on_at
        row = Transfer(
            message=message,
            mailbox_id=message.mailbox_id,
            requested_by=rules.user,
            lane=Lane.BACKFILL if is_older and decision.rule != Mark.Value.CLEARED else Lane.AUTOMATIC,
            origin=Transfer.Origin.AUTOMAT,
            queued_at=at,
            not_before=at,
        )
        if decision.is_stored:
            row.status, row.result, row.cause = Status.DONE, Transfer.Result.SKIPPED, decision.rule
            row.finished_at = at
        rows.append(row)
    Transfer.objects.bulk_create(rows, batch_size=100)
    for lane in sorted({row.lane for row in rows if row.status == Status.QUEUED}):
        wake_carrier(lane)
