"""Links by hand to all kinds of records, taken away again, and chosen for a whole conversation, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.accounts.models import CrmAccount
from apps.core.clock import now
from apps.crm.errors import CrmError
from apps.crm.face import FoundRecord
from apps.mailboxes.models import Message
from apps.sync.actions import choose_records, disconnect, forget_choice, forget_later_link, mark_synced
from apps.sync.chosen import chosen_for, suggested_for
from apps.sync.conversations import conversation_of, later_links
from apps.sync.finding import related_to_people
from apps.sync.models import ChosenLink, ConversationLink, CrmLink, Transfer
from apps.sync.unlinking import WhyNot, linked_with, unlink
from apps.work.models import Status
from tests.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)

LINKS = {
    "Accounts": "accounts",
    "Contacts": "contacts",
    "Leads": "leads",
    "Opportunities": "opportunities",
    "Cases": "cases",
    "Project": "project",
    "ProjectTask": "projecttask",
    "Bugs": "bugs",
}


def record_of(desk: Desk, module: str, name: str = "Lis na míru") -> FoundRecord:
    field = "last_name" if module in ("Contacts", "Leads") else "name"
    return FoundRecord(module, desk.coripo.create(module, **{field: name}), name)


def delivered(desk: Desk, *messages: Message) -> list[str]:
    desk.deliver()
    for message in messages:
        message.refresh_from_db()
    return [message.state for message in messages]


def linked(desk: Desk, message: Message, module: str) -> list[str]:
    (record,) = desk.coripo.emails(message.email_key)
    return sorted(found["id"] for found in desk.coripo.linked(record["id"], LINKS[module]))


def conversation(desk: Desk, number: int) -> list[Message]:
    """That many mails, each of them an answer to the first, the oldest first."""
    message_id = f"<{uuid4().hex}@kovarna-morava.example>"
    at = now() - timedelta(hours=9)
    first = desk.receives(message_id=message_id, date=at, received_at=at)
    return [first, *(answer_to(first, desk, hours=number - position) for position in range(1, number))]


def answer_to(message: Message, desk: Desk, *, hours: float = 0) -> Message:
    at = now() - timedelta(hours=hours)
    return desk.receives(reply_to=message.internet_message_id, date=at, received_at=at)


def synced_with(desk: Desk, record: FoundRecord) -> Message:
    message = desk.receives()
    choose_records(message.pk, [record], user=desk.user, at=now())
    assert delivered(desk, message) == ["synced"]
    return message


def unlinked(desk: Desk, message: Message, record: FoundRecord) -> WhyNot | None:
    return unlink(message, module=record.module, record_id=record.id, user=desk.user, at=now())


# ── Linking ───────────────────────────────────────────────────────────────
def test_one_mail_is_linked_with_all_eight_kinds_at_once(desk: Desk) -> None:
    message = desk.receives()
    records = [record_of(desk, module) for module in LINKS]

    choose_records(message.pk, records, user=desk.user, at=now())

    assert delivered(desk, message) == ["synced"]
    for record in records:
        assert linked(desk, message, record.module) == [record.id]
    assert Transfer.objects.get().links_added == 8
    assert {shown.why_not for shown in linked_with(message, user=desk.user)} == {None}


def test_links_that_are_not_read_with_the_mail_are_not_counted_twice(desk: Desk) -> None:
    message = synced_with(desk, record_of(desk, "Opportunities"))

    desk.sync(message)
    delivered(desk, message)

    assert Transfer.objects.order_by("-pk")[0].links_added == 0


# ── Unlinking ─────────────────────────────────────────────────────────────
@pytest.mark.parametrize("module", LINKS)
def test_a_link_of_each_kind_is_taken_away_and_no_later_transfer_makes_it_again(desk: Desk, module: str) -> None:
    record, kept = record_of(desk, module), record_of(desk, module, "Zůstává")
    message = desk.receives()
    choose_records(message.pk, [record, kept], user=desk.user, at=now())
    delivered(desk, message)

    assert unlinked(desk, message, record) is None

    assert linked(desk, message, module) == [kept.id]
    assert [shown.link.record_id for shown in linked_with(message, user=desk.user)] == [kept.id]
    desk.sync(message)
    assert delivered(desk, message) == ["synced"]
    assert linked(desk, message, module) == [kept.id]
    assert [choice.record.id for choice in chosen_for(message)] == [kept.id]


def test_the_contact_that_an_address_found_is_taken_away_for_good(desk: Desk) -> None:
    contact = FoundRecord("Contacts", desk.coripo.contact(desk.customer), "Jana")
    message = desk.receives()
    desk.sync(message)
    delivered(desk, message)

    assert unlinked(desk, message, contact) is None
    desk.sync(message)
    delivered(desk, message)

    assert linked(desk, message, "Contacts") == []
    other = desk.receives()
    desk.sync(other)
    delivered(desk, other)
    assert linked(desk, other, "Contacts") == [contact.id]


def test_the_company_is_no_parent_any_more(desk: Desk) -> None:
    company = record_of(desk, "Accounts")
    message = synced_with(desk, company)

    unlinked(desk, message, company)

    (record,) = desk.coripo.emails(message.email_key)
    assert desk.coripo.email(record["id"]).get("parent_id", "") == ""


def test_what_was_taken_away_can_be_picked_again(desk: Desk) -> None:
    record = record_of(desk, "Opportunities")
    message = synced_with(desk, record)
    unlinked(desk, message, record)
    assert suggested_for(desk.receives(), user=desk.user) == []

    choose_records(message.pk, [record], user=desk.user, at=now())
    delivered(desk, message)

    assert linked(desk, message, "Opportunities") == [record.id]


def test_a_link_that_was_in_coripo_before_us_stays(desk: Desk) -> None:
    message = synced_with(desk, record_of(desk, "Accounts"))
    (stored,) = desk.coripo.emails(message.email_key)
    found = [record_of(desk, "Contacts"), record_of(desk, "Cases")]
    for record in found:
        desk.coripo.call(
            "set_relationship",
            module_name="Emails",
            module_id=stored["id"],
            link_field_name=LINKS[record.module],
            related_ids=[record.id],
            name_value_list=[],
            delete=0,
        )
    choose_records(message.pk, found, user=desk.user, at=now())
    delivered(desk, message)

    for record in found:
        assert unlinked(desk, message, record) == WhyNot.ADOPTED
        assert linked(desk, message, record.module) == [record.id]
    assert not ChosenLink.objects.filter(belongs=False).exists()


def test_a_link_of_a_colleague_stays(desk: Desk, desk_for) -> None:
    contact = FoundRecord("Contacts", desk.coripo.contact(desk.customer), "Jana")
    colleague = desk_for()
    message_id = f"<{uuid4().hex}@kovarna-morava.example>"
    theirs, mine = (
        one.receives(message_id=message_id, sender=desk.customer, to=desk.person["mail"]) for one in (colleague, desk)
    )
    for one, message in ((colleague, theirs), (desk, mine)):
        one.sync(message)
        delivered(one, message)

    assert unlinked(desk, mine, contact) == WhyNot.COLLEAGUE
    assert unlinked(colleague, theirs, contact) is None
    assert linked(desk, mine, "Contacts") == []


def test_nothing_is_taken_away_while_a_transfer_may_be_making_it(desk: Desk) -> None:
    record = record_of(desk, "Accounts")
    message = synced_with(desk, record)
    desk.sync(message)
    Transfer.objects.filter(status=Status.QUEUED).update(status=Status.CLAIMED)

    assert unlinked(desk, message, record) == WhyNot.MOVING
    assert linked(desk, message, "Accounts") == [record.id]


def test_what_is_not_linked_and_who_has_no_login_are_told_so(desk: Desk) -> None:
    record = record_of(desk, "Accounts")
    message = synced_with(desk, record)

    assert unlinked(desk, message, record_of(desk, "Bugs")) == WhyNot.GONE
    CrmAccount.objects.filter(user=desk.user).update(status=CrmAccount.Status.REFUSED)
    assert unlinked(desk, message, record) == WhyNot.NO_LOGIN


def test_a_silent_coripo_leaves_a_link_that_can_be_unlinked_later(desk: Desk) -> None:
    record = record_of(desk, "Accounts")
    message = synced_with(desk, record)
    desk.sandbox.fault("5xx", "coripo:set_relationships", times=0)
    desk.sandbox.fault("5xx", "coripo:set_entry", times=0)
    with pytest.raises(CrmError):
        unlinked(desk, message, record)
    assert [shown.why_not for shown in linked_with(message, user=desk.user)] == [None]

    desk.sandbox.calm()

    assert unlinked(desk, message, record) is None
    assert linked(desk, message, "Accounts") == []


def test_a_kill_after_the_call_repeats_harmlessly(desk: Desk) -> None:
    record = record_of(desk, "Cases")
    message = synced_with(desk, record)
    kept = CrmLink.objects.get()
    unlinked(desk, message, record)
    # The row is still there: the process died between the call and its deletion.
    kept.save(force_insert=True)

    assert unlinked(desk, message, record) is None
    assert not CrmLink.objects.exists()


# ── A whole conversation ──────────────────────────────────────────────────
def test_all_mails_of_a_conversation_are_linked(desk: Desk) -> None:
    first, second, third = conversation(desk, 3)
    foreign = desk.receives()
    record = record_of(desk, "Opportunities")
    assert conversation_of(second, user=desk.user).others == 2

    asked = choose_records(second.pk, [record], user=desk.user, at=now(), for_others=True)

    assert asked.queued == 3
    assert delivered(desk, first, second, third, foreign) == ["synced"] * 3 + ["not_synced"]
    for message in (first, second, third):
        assert linked(desk, message, "Opportunities") == [record.id]


def test_marked_mails_of_a_conversation_are_left_out_and_counted(desk: Desk) -> None:
    first, second = conversation(desk, 2)
    mark_synced([first.pk], user=desk.user, at=now())

    counted = conversation_of(second, user=desk.user)
    choose_records(second.pk, [record_of(desk, "Accounts")], user=desk.user, at=now(), for_others=True)

    assert (counted.others, counted.marked) == (0, 1)
    assert delivered(desk, first, second) == ["marked", "synced"]


def test_a_conversation_reaches_into_no_other_mailbox(desk: Desk, desk_for) -> None:
    (first,), other = conversation(desk, 1), desk_for()
    theirs = other.receives(reply_to=first.internet_message_id)
    Message.objects.filter(pk=theirs.pk).update(conversation_id=first.conversation_id)

    choose_records(first.pk, [record_of(desk, "Accounts")], user=desk.user, at=now(), for_others=True, for_later=True)
    assert delivered(desk, first, theirs) == ["synced", "not_synced"]
    other.sync(theirs)

    assert delivered(other, theirs) == ["no_match"]


# ── Later replies ─────────────────────────────────────────────────────────
def test_later_replies_get_the_links_when_they_are_synced_and_earlier_mails_do_not(desk: Desk) -> None:
    earlier, message = conversation(desk, 2)
    record = record_of(desk, "Project")
    choose_records(message.pk, [record], user=desk.user, at=now(), for_later=True)
    delivered(desk, message)
    later = answer_to(earlier, desk)

    desk.sync(earlier, later)

    assert delivered(desk, earlier, later) == ["no_match", "synced"]
    assert linked(desk, later, "Project") == [record.id]
    assert [choice.record.id for choice in chosen_for(later)] == [record.id]


def test_what_was_stopped_is_inherited_no_more(desk: Desk) -> None:
    (message,), record = conversation(desk, 1), record_of(desk, "Project")
    choose_records(message.pk, [record], user=desk.user, at=now(), for_later=True)
    assert [link.name for link in later_links(message)] == ["Lis na míru"]

    forget_later_link(message.pk, module=record.module, record_id=record.id, user=desk.user)
    later = answer_to(message, desk)
    desk.sync(later)

    assert later_links(message) == []
    assert delivered(desk, message, later) == ["synced", "no_match"]


def test_a_reply_whose_link_was_taken_away_does_not_inherit_it_again(desk: Desk) -> None:
    (message,), record = conversation(desk, 1), record_of(desk, "Project")
    choose_records(message.pk, [record, record_of(desk, "Bugs")], user=desk.user, at=now(), for_later=True)
    delivered(desk, message)
    later = answer_to(message, desk)
    desk.sync(later)
    delivered(desk, later)
    unlinked(desk, later, record)

    desk.sync(later)
    delivered(desk, later)

    assert linked(desk, later, "Project") == []


def test_a_choice_that_was_inherited_and_taken_back_before_the_transfer_stays_away(
    desk: Desk,
) -> None:
    (message,), record = conversation(desk, 1), record_of(desk, "Project")
    choose_records(message.pk, [record], user=desk.user, at=now(), for_later=True)
    delivered(desk, message)
    later = answer_to(message, desk)
    desk.sync(later)
    # CORIPO refuses after the choice was inherited, so it is there and not linked.
    desk.sandbox.fault("5xx", "coripo:set_entries", times=0)
    desk.sandbox.fault("5xx", "coripo:set_entry", times=0)
    delivered(desk, later)
    assert [choice.record.id for choice in chosen_for(later)] == [record.id]

    forget_choice(later.pk, module=record.module, record_id=record.id, user=desk.user)
    desk.sandbox.calm()
    delivered(desk, later)

    assert [choice.record.id for choice in chosen_for(later)] == []


def test_nobody_changes_what_somebody_else_chose_for_a_conversation(desk: Desk, desk_for) -> None:
    (message,), record, other = conversation(desk, 1), record_of(desk, "Project"), desk_for()

    choose_records(message.pk, [record], user=other.user, at=now(), for_others=True, for_later=True)
    assert not ConversationLink.objects.exists()
    choose_records(message.pk, [record], user=desk.user, at=now(), for_later=True)
    forget_later_link(message.pk, module=record.module, record_id=record.id, user=other.user)

    assert ConversationLink.objects.visible_to(desk.user).count() == 1
    assert not ConversationLink.objects.visible_to(other.user).exists()


@pytest.mark.parametrize(("forget", "kept"), [(False, 1), (True, 0)])
def test_it_outlives_the_connection_unless_it_is_to_be_forgotten(desk: Desk, forget: bool, kept: int) -> None:
    (message,) = conversation(desk, 1)
    choose_records(message.pk, [record_of(desk, "Project")], user=desk.user, at=now(), for_later=True)

    disconnect(desk.mailbox, forget_marks=forget, at=now())

    assert ConversationLink.objects.count() == kept


# ── Suggestions ───────────────────────────────────────────────────────────
def test_what_belongs_to_the_people_is_asked_once_a_minute(desk: Desk) -> None:
    company = desk.coripo.company("Kovárna Morava a.s.")
    desk.coripo.contact(desk.customer, company=company)
    message, next_one = desk.receives(), desk.receives()
    desk.sandbox.forget_requests()

    found = related_to_people(message, user=desk.user, at=now())
    asked = desk.sandbox.requests()["total"]["coripo"]

    assert found is not None
    assert [record.id for record in found.records] == [company]
    # A login, the people, their companies, what is open.
    assert asked <= 4
    assert related_to_people(next_one, user=desk.user, at=now()) == found
    assert desk.sandbox.requests()["total"]["coripo"] == asked


def test_people_whom_nobody_knows_have_nothing(desk: Desk) -> None:
    found = related_to_people(desk.receives(), user=desk.user, at=now())

    assert found is not None
    assert found.records == ()
