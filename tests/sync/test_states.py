"""The state of a message: the table that users read, and the stored column against the facts behind it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.mailboxes.models import Message, MessageState
from apps.sync.actions import mark_not_synced, mark_synced, sync_messages
from apps.sync.facts import Facts, state_of
from apps.sync.models import CrmEmail, CrmLink, CrmSight, Mark, Outcome, Transfer
from apps.sync.states import refresh_states
from apps.work.models import Status
from tests.factories import NOON, CrmEmailFactory, MailFolderFactory, MessageFactory

TABLE = {
    # (mark, record, transfer, result): state; visible and without failures
    ("", "", "", ""): "not_synced",
    ("cleared", "", "", ""): "not_synced",
    ("", "exists", "", ""): "synced",
    ("synced", "exists", "", ""): "synced",
    ("synced", "", "", ""): "marked",
    ("cleared", "exists", "", ""): "resync",
    ("", "deleted", "", ""): "gone",
    ("synced", "deleted", "", ""): "gone",
    ("synced", "exists", "queued", ""): "queued",
    ("cleared", "", "claimed", ""): "running",
    ("synced", "exists", "failed", ""): "failed",
    ("", "", "done", "no_match"): "no_match",
    ("cleared", "", "done", "no_match"): "no_match",
    ("synced", "", "done", "no_match"): "marked",
    ("", "", "done", "skipped"): "skipped",
    ("", "exists", "done", "stored"): "synced",
}


@pytest.mark.parametrize(("facts", "state"), TABLE.items())
def test_the_table_of_states(facts, state):
    mark, record, transfer, result = facts

    assert state_of(Facts(mark=mark, record=record, transfer=transfer, result=result)) == state


@pytest.mark.parametrize("mark", ["", "synced", "cleared"])
def test_a_record_without_access_is_hidden_and_one_with_failures_partial(mark):
    assert state_of(Facts(mark=mark, record="exists", is_visible=False)) == "hidden"
    assert state_of(Facts(mark=mark, record="exists", has_failures=True)) == "partial"


def test_every_combination_of_facts_has_exactly_one_state():
    for mark, record, visible, failures, transfer, result in product(
        ("", *Mark.Value),
        ("", "exists", "deleted"),
        (True, False),
        (True, False),
        ("", *Status),
        ("", *Transfer.Result),
    ):
        assert state_of(Facts(mark, record, visible, failures, transfer, result)) in MessageState


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "sync",
                "mark",
                "unmark",
                "claim",
                "fail",
                "no_match",
                "stored",
                "deleted",
                "hidden",
                "seen",
                "link_failed",
            ]
        ),
        st.integers(0, 2),
    ),
    max_size=12,
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_stored_state_follows_the_facts_after_any_history(steps, db):
    """Two copies of one mail in one mailbox, and a colleague's copy in another one."""
    CrmEmail.objects.all().delete(), Mark.objects.all().delete(), Message.objects.all().delete()
    User.objects.all().delete()
    mine, theirs = MailFolderFactory(), MailFolderFactory()
    copies = [
        MessageFactory(folder=mine, email_key="one@x.example"),
        MessageFactory(folder=mine, email_key="one@x.example"),
        MessageFactory(folder=theirs, email_key="one@x.example"),
    ]

    for step, which in steps:
        _take(step, copies[which])

        for copy in copies:
            assert Message.objects.get(pk=copy.pk).state == _recomputed(copy), steps


def _take(step: str, message: Message) -> None:
    user = message.mailbox.owner
    active = Transfer.objects.active().filter(message=message)
    identity = {"email_key": message.email_key, "variant": ""}
    if step == "sync":
        sync_messages([message.pk], user=user, at=NOON, leave_out_marked=False)
    elif step == "mark":
        mark_synced([message.pk], user=user, at=NOON)
    elif step == "unmark":
        mark_not_synced([message.pk], user=user, at=NOON)
    elif step == "claim":
        active.update(status=Status.CLAIMED)
    elif step == "fail":
        active.update(status=Status.FAILED)
    elif step == "no_match":
        active.update(status=Status.DONE, result="no_match")
    else:
        record = CrmEmail.objects.filter(**identity).first() or CrmEmailFactory(**identity)
        if step == "stored":
            active.update(status=Status.DONE, result="stored")
            CrmEmail.objects.filter(pk=record.pk).update(status=CrmEmail.Status.EXISTS)
        elif step == "deleted":
            CrmEmail.objects.filter(pk=record.pk).update(status=CrmEmail.Status.DELETED)
        elif step in ("hidden", "seen"):
            CrmSight.objects.update_or_create(
                crm_email=record, user=user, defaults={"is_visible": step == "seen", "looked_at": NOON}
            )
        else:
            CrmLink.objects.update_or_create(
                crm_email=record,
                module="Contacts",
                record_id="1",
                defaults={"outcome": Outcome.FAILED, "made_at": NOON},
            )
    refresh_states([(message.email_key, "")])


def _recomputed(message: Message) -> str:
    mark = Mark.objects.filter(home_account_id=message.mailbox.home_account_id, email_key=message.email_key).first()
    record = CrmEmail.objects.filter(email_key=message.email_key).first()
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
