"""Mails that match nobody wait, and go when somebody appears in CORIPO after all; every case over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.mailboxes.models import Message
from apps.sync.actions import sync_matched
from apps.sync.models import ChosenLink, KnownAddress, MatchLook, Transfer
from apps.sync.people import known_people
from apps.sync.rematching import ALL_EVERY, count_offered, look_for_due_matches, matched_messages, plan_looks
from apps.sync.rules import rules_of
from apps.sync.tasks import sweep
from apps.work.models import Lane
from tests.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)


def waiting(desk: Desk, **words: object) -> Message:
    """A mail that was asked for, and matched nobody."""
    message = desk.receives(**words)
    desk.sync(message)
    assert delivered(desk, message) == "no_match"
    return message


def delivered(desk: Desk, message: Message, lane: Lane = Lane.INTERACTIVE) -> str:
    desk.deliver(lane)
    message.refresh_from_db()
    return message.state


def look() -> None:
    """As the scheduler does it, when the time has come."""
    plan_looks(at=now())
    MatchLook.objects.update(next_look_at=now())
    look_for_due_matches(until=now() + timedelta(seconds=20))


def state_after_look(desk: Desk, message: Message) -> str:
    look()
    message.refresh_from_db()
    return message.state


def asked(desk: Desk) -> int:
    return int(desk.sandbox.requests()["total"].get("coripo", 0))


def test_a_contact_appears_and_the_mail_is_synced_without_a_click(desk: Desk) -> None:
    message = waiting(desk)
    assert state_after_look(desk, message) == "no_match"
    contact = desk.coripo.contact(desk.customer)

    assert state_after_look(desk, message) == "queued"
    assert delivered(desk, message) == "synced"

    (record,) = desk.coripo.emails(message.email_key)
    assert [one["id"] for one in desk.coripo.linked(record["id"], "contacts")] == [contact]


def test_the_sweep_gives_every_login_its_turn(desk: Desk) -> None:
    sweep()

    assert MatchLook.objects.get().user == desk.user


def test_an_old_contact_gets_the_address(desk: Desk) -> None:
    contact = desk.coripo.contact(f"other-{desk.customer}")
    message = waiting(desk)
    look()
    row = desk.coripo.create("EmailAddresses", email_address=desk.customer, email_address_caps=desk.customer.upper())
    desk.coripo.call(
        "set_relationship",
        module_name="Contacts",
        module_id=contact,
        link_field_name="email_addresses",
        related_ids=[row],
        name_value_list=[],
        delete=0,
    )

    assert state_after_look(desk, message) == "queued"


def test_what_no_date_tells_is_found_when_all_are_asked_about(desk: Desk) -> None:
    message = waiting(desk)
    look()
    desk.coripo.contact(desk.customer)
    # As if its dates were long past: a look at what changed since tomorrow sees nothing.
    MatchLook.objects.update(seen_until=now() + timedelta(days=1))
    assert state_after_look(desk, message) == "no_match"

    MatchLook.objects.update(all_asked_at=now() - ALL_EVERY, seen_until=now() + timedelta(days=1))

    assert state_after_look(desk, message) == "queued"


def test_a_contact_of_the_future_hides_nobody(desk: Desk) -> None:
    message = waiting(desk)
    future = desk.coripo.create(
        "Contacts", last_name="Budoucí", date_modified="2099-01-01 00:00:00", update_date_modified="0"
    )
    look()
    desk.coripo.delete("Contacts", future)
    seen_until = MatchLook.objects.get().seen_until
    assert seen_until is not None
    assert seen_until <= now()
    desk.coripo.contact(desk.customer)

    assert state_after_look(desk, message) == "queued"


def test_a_look_is_one_request_and_none_where_nothing_waits(desk: Desk) -> None:
    desk.sandbox.forget_requests()
    look()
    assert asked(desk) == 0
    waiting(desk)
    look()
    desk.sandbox.forget_requests()

    look()

    assert asked(desk) == 1


def test_many_that_wait_cost_no_more_requests(desk: Desk) -> None:
    for number in range(5):
        waiting(desk, sender=f"nikdo-{number}@{desk.customer.rpartition('@')[2]}")
    look()
    desk.sandbox.forget_requests()

    look()

    assert asked(desk) == 1


def test_what_comes_back_without_a_match_does_not_go_in_a_circle(desk: Desk) -> None:
    message = waiting(desk)
    look()
    contact = desk.coripo.contact(desk.customer)
    # Its reader said that this contact is not meant.
    ChosenLink.objects.create(
        home_account_id=desk.mailbox.home_account_id,
        email_key=message.email_key,
        module="Contacts",
        record_id=contact,
        belongs=False,
        chosen_at=now(),
    )
    assert state_after_look(desk, message) == "queued"
    assert delivered(desk, message) == "no_match"

    for _ in range(2):
        assert state_after_look(desk, message) == "no_match"


def test_addresses_that_do_not_count_wake_nobody(desk: Desk) -> None:
    message = waiting(desk, cc=f"kopie-{desk.customer}")
    desk.rule(counted_roles=["from"])
    look()
    desk.coripo.contact(f"kopie-{desk.customer}")

    assert state_after_look(desk, message) == "no_match"
    desk.rule(counted_roles=["from", "to", "cc", "bcc"], internal_domains=["kovarna-morava.example"])
    assert state_after_look(desk, message) == "no_match"


def test_it_is_offered_by_setting(desk: Desk) -> None:
    desk.rule(no_match_later="offer")
    message = waiting(desk)
    look()
    assert count_offered(desk.user, rules_of(desk.user)) == 0
    desk.coripo.contact(desk.customer)

    assert state_after_look(desk, message) == "no_match"
    assert count_offered(desk.user, rules_of(desk.user)) == 1
    assert sync_matched(user=desk.user, at=now()) == 1
    assert sync_matched(user=desk.user, at=now()) == 0
    assert delivered(desk, message) == "synced"


def test_what_the_panel_found_meanwhile_counts_as_well(desk: Desk) -> None:
    message = waiting(desk)
    look()
    desk.coripo.contact(desk.customer)
    KnownAddress.objects.all().delete()
    known_people(message, user=desk.user, at=now(), ask=True)

    assert state_after_look(desk, message) == "queued"


def test_it_goes_in_the_lane_in_which_it_came(desk: Desk) -> None:
    message = desk.receives()
    desk.wait_in(Lane.AUTOMATIC, message)
    assert delivered(desk, message, Lane.AUTOMATIC) == "no_match"
    desk.coripo.contact(desk.customer)

    look()

    assert Transfer.objects.order_by("-pk")[0].lane == Lane.AUTOMATIC
    assert delivered(desk, message, Lane.AUTOMATIC) == "synced"


def test_a_kill_after_the_asking_loses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    message = waiting(desk)
    look()
    desk.coripo.contact(desk.customer)

    def dies(*args: object, **words: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("apps.sync.rematching.ask_for_matched", dies)
        with pytest.raises(KeyboardInterrupt):
            look()

    assert state_after_look(desk, message) == "queued"


def test_a_silent_coripo_and_a_refused_login_harm_nobody(desk: Desk) -> None:
    message = waiting(desk)
    desk.sandbox.fault("5xx", "coripo:", times=0)
    assert state_after_look(desk, message) == "no_match"
    desk.sandbox.calm()
    desk.coripo.contact(desk.customer)

    assert state_after_look(desk, message) == "queued"


def test_one_login_tells_nothing_to_another(desk: Desk, desk_for) -> None:
    mine, other = waiting(desk), desk_for()
    theirs = waiting(other)
    look()
    desk.coripo.contact(desk.customer)
    look()

    assert list(matched_messages(other.user)) == []
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.state, theirs.state) == ("queued", "no_match")


def test_two_carriers_do_not_ask_twice(desk: Desk) -> None:
    waiting(desk)
    plan_looks(at=now())
    MatchLook.objects.update(claim="00000000-0000-4000-8000-000000000001", lease_until=now() + timedelta(minutes=1))
    desk.sandbox.forget_requests()

    assert look_for_due_matches(until=now() + timedelta(seconds=5)) is False

    assert asked(desk) == 0
