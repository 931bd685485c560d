"""No state without a reason: after any history, each message tells why, and its changes lead to what it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise, product
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import CrmAccount, User
from apps.core.clock import now
from apps.crm.errors import CrmRejected, CrmUnauthorized, CrmUnreachable
from apps.mailboxes.actions import disconnect_mailbox
from apps.mailboxes.clearing import clear_away
from apps.mailboxes.models import Mailbox, Message, MessageState
from apps.sync import automatic, recording
from apps.sync.actions import mark_not_synced, mark_synced, sync_messages
from apps.sync.automat import decide_portion
from apps.sync.bulk import ask_run, cancel_run, start_run
from apps.sync.claiming import claim_batch, give_back_expired
from apps.sync.facts import Facts, state_of
from apps.sync.history import KEPT, forget_old_changes
from apps.sync.listing import MessageFilter
from apps.sync.models import CrmEmail, CrmLink, CrmSight, Mark, Outcome, Rule, StateChange, SyncRules, Transfer
from apps.sync.parcels import Parcel
from apps.sync.reasons import why
from apps.sync.rules import rules_of
from apps.sync.states import decide_new_messages, writing_facts
from apps.work.models import Function, Run
from tests.factories import NOON, CrmAccountFactory, CrmEmailFactory, MailboxFactory, MailFolderFactory, MessageFactory

KEYS = ("one@x.example", "two@x.example")
# The states of which the documentation names a way out.
WITH_A_WAY_OUT = {
    MessageState.NOT_SYNCED,
    MessageState.PARTIAL,
    MessageState.MARKED,
    MessageState.RESYNC,
    MessageState.FAILED,
    MessageState.NO_MATCH,
    MessageState.SKIPPED,
    MessageState.GONE,
    MessageState.HIDDEN,
}


class World:
    """Two colleagues with a mailbox each, and mails that both have. Each verb is a step: `who` of them, `which` mail."""

    def __init__(self) -> None:
        self.accounts = [CrmAccountFactory(user__first_name=name) for name in ("Anna", "Petr")]
        self.users = [account.user for account in self.accounts]
        self.ids = [f"oid-{uuid4().hex}" for _ in self.users]
        self.folders = [self._connect(number) for number in (0, 1)]

    def _connect(self, number: int):
        mailbox = MailboxFactory(owner=self.users[number], home_account_id=self.ids[number])
        return MailFolderFactory(mailbox=mailbox)

    def arrives(self, who: int, which: int) -> None:
        decide_new_messages([MessageFactory(folder=self.folders[who], email_key=KEYS[which], received_at=now()).pk])

    def own(self, who: int, which: int) -> list[int]:
        mine = Message.objects.visible_to(self.users[who]).filter(email_key=KEYS[which])
        return list(mine.values_list("pk", flat=True))

    def record(self, which: int) -> CrmEmail:
        return CrmEmail.objects.filter(email_key=KEYS[which]).first() or CrmEmailFactory(
            email_key=KEYS[which], status=CrmEmail.Status.INTENDED
        )

    def marks(self, who: int, which: int) -> None:
        mark_synced(self.own(who, which), user=self.users[who], at=now())

    def unmarks(self, who: int, which: int) -> None:
        mark_not_synced(self.own(who, which), user=self.users[who], at=now())

    def syncs(self, who: int, which: int) -> None:
        sync_messages(self.own(who, which), user=self.users[who], at=now(), leave_out_marked=False)

    def runs(self, who: int, which: int) -> None:
        run = ask_run(MessageFilter(), function=Function.SYNC, user=self.users[who], at=now())
        start_run(run, at=now())

    def cancels(self, who: int, which: int) -> None:
        for run in Run.objects.filter(requested_by=self.users[who], status__in=("expanding", "running")):
            cancel_run(run, at=now())

    def automat_on(self, who: int, which: int) -> None:
        rules = rules_of(self.users[who])
        rules.is_automatic, rules.since, rules.paused_until = True, NOON, None
        rules.switched_on_at = now()
        rules.save()
        decide_portion(self.users[who], at=now())

    def automat_off(self, who: int, which: int) -> None:
        rules_of(self.users[who])
        automatic.switch_off(user=self.users[who])

    def rules_change(self, who: int, which: int) -> None:
        rules = rules_of(self.users[who])
        rules.left_out_kinds = [] if rules.left_out_kinds else ["mail"]
        rules.takes_received = not rules.takes_received
        rules.save()
        automatic.run_now(user=self.users[who], at=now())
        decide_portion(self.users[who], at=now())

    def _carry(self, who: int, which: int, end: Callable[[recording.Batch], None]) -> None:
        """What waits, or else what is asked for now, goes one batch further."""
        waiting = Transfer.objects.filter(mailbox=self.folders[who].mailbox, status="queued")
        if not waiting.exists():
            self.syncs(who, which)
        waiting.update(not_before=now())
        lane = waiting.values_list("lane", flat=True).first()
        batch = claim_batch(self.folders[who].mailbox, lane=lane, at=now()) if lane else None
        if batch is not None:
            end(batch)

    def is_carried(self, who: int, which: int) -> None:
        self._carry(who, which, lambda batch: None)

    def falls_silent(self, who: int, which: int) -> None:
        give_back_expired(at=now() + timedelta(hours=1))

    def is_stored(self, who: int, which: int) -> None:
        def end(batch: recording.Batch) -> None:
            parcels = []
            for transfer in batch.transfers:
                mail = CrmEmail.objects.filter(email_key=transfer.message.email_key).first() or CrmEmailFactory(
                    email_key=transfer.message.email_key, status=CrmEmail.Status.INTENDED
                )
                parcel = Parcel(mail, [recording.Fetched(transfer, letter=None)], is_new_intent=True)
                if mail.status != CrmEmail.Status.EXISTS:
                    mail.created_by, mail.creator_name = self.users[who], self.users[who].shown_name
                parcel.exists = True
                with writing_facts([parcel.identity]):
                    recording.note_records(batch, [parcel], at=now())
                parcels.append(parcel)
            recording.finish(batch, parcels, at=now())

        self._carry(who, which, end)

    def finds_nobody(self, who: int, which: int) -> None:
        def end(batch: recording.Batch) -> None:
            recording.no_match(batch, [recording.Fetched(it, letter=None) for it in batch.transfers], at=now())

        self._carry(who, which, end)

    def fails(self, who: int, which: int) -> None:
        self._carry(
            who, which, lambda batch: recording.give_back(batch, error=CrmRejected(field="status", reason=""), at=now())
        )

    def waits(self, who: int, which: int) -> None:
        self._carry(who, which, lambda batch: recording.give_back(batch, error=CrmUnreachable("away"), at=now()))

    def is_parked(self, who: int, which: int) -> None:
        def end(batch: recording.Batch) -> None:
            batch.account.record_refusal(at=now())
            recording.give_back(batch, error=CrmUnauthorized("no"), at=now())

        self._carry(who, which, end)

    def login_mended(self, who: int, which: int) -> None:
        CrmAccount.objects.filter(user=self.users[who]).update(status=CrmAccount.Status.ACTIVE)

    def _stored(self, who: int, which: int) -> CrmEmail:
        """The record of the mail, stored now if CORIPO has none."""
        stored = CrmEmail.objects.filter(email_key=KEYS[which], status=CrmEmail.Status.EXISTS)
        if not stored.exists():
            self.syncs(who, which)
            self.is_stored(who, which)
        return stored.first() or self.record(which)

    def is_deleted(self, who: int, which: int) -> None:
        record = self._stored(who, which)
        with writing_facts([(KEYS[which], "")]):
            CrmEmail.objects.filter(pk=record.pk).update(status=CrmEmail.Status.DELETED)

    def is_hidden(self, who: int, which: int) -> None:
        record = self._stored(who, which)
        with writing_facts([(KEYS[which], "")]):
            sight, _created = CrmSight.objects.get_or_create(
                crm_email=record, user=self.users[who], defaults={"looked_at": NOON, "is_visible": True}
            )
            CrmSight.objects.filter(pk=sight.pk).update(is_visible=not sight.is_visible)

    def link_fails(self, who: int, which: int) -> None:
        record = self._stored(who, which)
        with writing_facts([(KEYS[which], "")]):
            links = CrmLink.objects.filter(crm_email=record)
            if not links.delete()[0]:
                CrmLink.objects.create(
                    crm_email=record, module="Contacts", record_id="1", outcome=Outcome.FAILED, made_at=NOON
                )

    def reconnects(self, who: int, which: int) -> None:
        disconnect_mailbox(self.folders[who].mailbox, at=now())
        clear_away(until=now() + timedelta(seconds=5))
        self.folders[who] = self._connect(who)
        for number in (0, 1):
            self.arrives(who, number)


# What a person does to their own mail, and the rule under which it bears their name.
DEEDS = {
    "marks": Rule.MARKED,
    "unmarks": Rule.UNMARKED,
    "syncs": Rule.ASKED,
    "runs": Rule.ASKED,
    "cancels": Rule.TAKEN_BACK,
}
BY_NOBODY = (Rule.CARRIED, Rule.AGAIN, Rule.AUTOMATIC, Rule.BY_ITSELF, Rule.WITHDRAWN, Rule.NO_MATCH, Rule.FAILED)
VERBS = [name for name in vars(World) if not name.startswith("_") and name not in ("own", "record")]
# Drawn without repetition, so that histories differ from one another.
STEPS = list(product(VERBS, (0, 1), (0, 1)))
LENGTH = 12


@pytest.mark.django_db
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.permutations(STEPS).map(lambda steps: steps[:LENGTH]))
def test_after_any_history_every_message_tells_why_and_its_changes_lead_there(steps, db):
    for model in (Mailbox, CrmEmail, Mark, SyncRules, Run, CrmAccount, User):
        model.objects.all().delete()
    world = World()
    for who, which in ((0, 0), (0, 1), (1, 0)):
        world.arrives(who, which)

    for name, who, which in steps:
        newest = StateChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        getattr(world, name)(who, which)

        fresh = StateChange.objects.filter(pk__gt=newest).select_related("mailbox")
        for change in fresh:
            _check_actor(change, name, world.users[who], steps)
        for message in Message.objects.filter(changes__in=fresh).select_related("mailbox__owner").distinct():
            _check(message, steps)
    for message in Message.objects.select_related("mailbox__owner"):
        _check(message, steps)


def _check_actor(change: StateChange, step: str, person: User, steps: object) -> None:
    if step in DEEDS:
        assert (change.rule, change.actor_id) == (DEEDS[step], person.pk), steps
    if change.rule in BY_NOBODY:
        assert change.actor_id is None, steps
    if change.rule == Rule.COLLEAGUE:
        assert change.actor_id not in (None, change.mailbox.owner_id), steps


def _check(message: Message, steps: object) -> None:
    assert message.state == _recomputed(message), steps
    changes = list(message.changes.order_by("pk"))
    assert (changes[-1].after if changes else MessageState.NOT_SYNCED) == message.state, steps
    assert all(one.after == other.before for one, other in pairwise(changes)), steps
    told = {}
    for language in ("en", "cs"):
        with translation.override(language):
            told[language] = why(message, user=message.mailbox.owner)
            assert told[language].sentence.strip(), (language, steps)
            assert told[language].rule, (language, steps)
    assert told["en"].sentence != told["cs"].sentence, steps
    is_open = message.state == MessageState.NOT_SYNCED and not rules_of(message.mailbox.owner).is_automatic
    if changes and changes[-1].rule == Rule.TAKEN_BACK and is_open:
        assert told["en"].actor == changes[-1].actor.shown_name, steps
    assert told["en"].remedy or message.state not in WITH_A_WAY_OUT, steps


def _recomputed(message: Message) -> str:
    mark = Mark.objects.filter(home_account_id=message.mailbox.home_account_id, email_key=message.email_key).first()
    record = CrmEmail.objects.filter(email_key=message.email_key).exclude(status=CrmEmail.Status.INTENDED).first()
    newest = Transfer.objects.filter(message=message).order_by("-pk").first()
    sight = CrmSight.objects.filter(crm_email=record, user=message.mailbox.owner).first()
    return state_of(
        Facts(
            mark=mark.value if mark else "",
            record=record.status if record else "",
            is_visible=sight.is_visible if sight else True,
            has_failures=CrmLink.objects.filter(crm_email=record, outcome=Outcome.FAILED).exists(),
            transfer=newest.status if newest else "",
            result=newest.result if newest else "",
        )
    )


@pytest.mark.django_db
def test_the_reasons_of_a_batch_are_written_at_once():
    user, folder = CrmAccountFactory().user, MailFolderFactory()
    Mailbox.objects.filter(pk=folder.mailbox_id).update(owner=user)

    def queries(number: int) -> list[str]:
        pks = [MessageFactory(folder=folder).pk for _ in range(number)]
        with CaptureQueriesContext(connection) as asked:
            sync_messages(pks, user=user, at=NOON, leave_out_marked=False)
        return [query["sql"] for query in asked.captured_queries]

    few, many = queries(2), queries(40)

    assert len(few) == len(many)
    assert sum('INSERT INTO "sync_statechange"' in sql for sql in many) == 1


@pytest.mark.django_db
def test_the_newest_changes_of_each_message_are_kept():
    restless, quiet = MessageFactory(), MessageFactory()
    for message, number in ((restless, KEPT + 7), (quiet, 3)):
        for change in range(number):
            StateChange.objects.create(
                message=message, mailbox=message.mailbox, at=NOON, before="queued", after="running", cause=str(change)
            )

    forget_old_changes(until=now() + timedelta(seconds=5))

    kept = restless.changes.order_by("pk").values_list("cause", flat=True)
    assert list(kept) == [str(number) for number in range(7, KEPT + 7)]
    assert quiet.changes.count() == 3
