"""No state without a reason: after any history, each message tells why, and its changes lead to what it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from django.test.utils import CaptureQueriesContext
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import CrmAccount, User
from apps.core.clock import now
from apps.crm.errors import CrmRejected, CrmUnauthorized, CrmUnreachable
from apps.mailboxes.actions import disconnect_mailbox
from apps.mailboxes.models import Mailbox, Message, MessageState
from apps.sync import automatic, recording
from apps.sync.actions import mark_not_synced, mark_synced, sync_messages
from apps.sync.automat import decide_portion
from apps.sync.bulk import ask_run, cancel_run, start_run
from apps.sync.claiming import claim_batch
from apps.sync.facts import Facts, state_of
from apps.sync.history import KEPT, forget_old_changes
from apps.sync.listing import MessageFilter
from apps.sync.models import CrmEmail, CrmLink, CrmSight, Mark, Outcome, Rule, StateChange, SyncRules, Transfer
from apps.sync.parcels import Ending, Parcel
from apps.sync.reasons import why
from apps.sync.rules import rules_of
from apps.sync.states import decide_new_messages, refresh_states, writing_facts
from apps.work.models import Function, Lane, Run
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
    """Two colleagues, each with a mailbox; mails that both have. `acting` is who must stand behind the new changes of a
    step, by the mailbox of the message."""

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
        rules.is_automatic, rules.since, rules.paused_until = True, None, None
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

    def _carry(self, who: int, end: Callable[[recording.Batch], None]) -> None:
        mailbox = Mailbox.objects.filter(owner=self.users[who]).first()
        Transfer.objects.filter(mailbox=mailbox, status="queued").update(not_before=now())
        for lane in Lane:
            batch = claim_batch(mailbox, lane=lane, at=now()) if mailbox else None
            if batch is not None:
                end(batch)
                return

    def is_carried(self, who: int, which: int) -> None:
        self._carry(who, lambda batch: None)

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
                    recording.note_record(batch, parcel, at=now())
                parcels.append(parcel)
            recording.finish(batch, parcels, at=now())

        self._carry(who, end)

    def finds_nobody(self, who: int, which: int) -> None:
        self._carry(who, lambda batch: recording.no_match(batch, batch.transfers, at=now()))

    def fails(self, who: int, which: int) -> None:
        self._carry(who, lambda batch: recording.give_back(batch, error=CrmRejected("status", ""), at=now()))

    def waits(self, who: int, which: int) -> None:
        self._carry(who, lambda batch: recording.give_back(batch, error=CrmUnreachable("away"), at=now()))

    def is_parked(self, who: int, which: int) -> None:
        def end(batch: recording.Batch) -> None:
            batch.account.record_refusal(at=now())
            recording.give_back(batch, error=CrmUnauthorized("no"), at=now())

        self._carry(who, end)

    def login_mended(self, who: int, which: int) -> None:
        CrmAccount.objects.filter(user=self.users[who]).update(status=CrmAccount.Status.ACTIVE)

    def _says(self, which: int, **changes: object) -> None:
        """CORIPO says something about a record that is there."""
        for record in CrmEmail.objects.filter(email_key=KEYS[which], status=CrmEmail.Status.EXISTS):
            with writing_facts([(KEYS[which], "")]):
                CrmEmail.objects.filter(pk=record.pk).update(**changes)

    def is_deleted(self, who: int, which: int) -> None:
        self._says(which, status=CrmEmail.Status.DELETED)

    def is_hidden(self, who: int, which: int) -> None:
        with writing_facts([(KEYS[which], "")]):
            sight, _created = CrmSight.objects.get_or_create(
                crm_email=self.record(which), user=self.users[who], defaults={"looked_at": NOON, "is_visible": True}
            )
            CrmSight.objects.filter(pk=sight.pk).update(is_visible=not sight.is_visible)

    def link_fails(self, who: int, which: int) -> None:
        with writing_facts([(KEYS[which], "")]):
            links = CrmLink.objects.filter(crm_email=self.record(which))
            if not links.delete()[0]:
                CrmLink.objects.create(
                    crm_email=self.record(which), module="Contacts", record_id="1", outcome=Outcome.FAILED, made_at=NOON
                )

    def reconnects(self, who: int, which: int) -> None:
        disconnect_mailbox(self.folders[who].mailbox)
        self.folders[who] = self._connect(who)
        for number in (0, 1):
            self.arrives(who, number)


DEEDS = {
    # What a person does, and the rules under which a change of their own mail bears their name.
    "marks": {Rule.MARKED},
    "unmarks": {Rule.UNMARKED},
    "syncs": {Rule.ASKED},
    "runs": {Rule.ASKED},
    "cancels": {Rule.TAKEN_BACK},
}
STEPS = [
    name for name, verb in vars(World).items() if not name.startswith("_") and name not in ("own", "record") and verb
]


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1), st.integers(0, 1)), max_size=10))
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
        if name in DEEDS:
            assert {(it.rule, it.actor_id) for it in fresh} <= {(rule, world.users[who].pk) for rule in DEEDS[name]}
        for change in fresh:
            # Whose mail it is has no part in what a rule or a worker did.
            assert change.rule not in (Rule.CARRIED, Rule.AGAIN, Rule.AUTOMATIC, Rule.BY_ITSELF) or not change.actor_id
            assert change.rule != Rule.COLLEAGUE or change.actor_id not in (None, change.mailbox.owner_id)
        for message in Message.objects.select_related("mailbox__owner"):
            _check(message, steps)


def _check(message: Message, steps: object) -> None:
    assert message.state == _recomputed(message), steps
    changes = list(message.changes.order_by("pk"))
    assert (changes[-1].after if changes else MessageState.NOT_SYNCED) == message.state, steps
    assert all(one.after == other.before for one, other in pairwise(changes)), steps
    assert all(change.rule in Rule.values for change in changes), steps
    told = {}
    for language in ("en", "cs"):
        with translation.override(language):
            told[language] = why(message, user=message.mailbox.owner)
            assert told[language].sentence.strip(), (language, steps)
            assert "(?)" not in told[language].sentence, (language, steps)
            assert told[language].rule, (language, steps)
    assert told["en"].sentence != told["cs"].sentence, steps
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
