"""Carriers at one CORIPO: as many as it bears, and none of them in a click's way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

import pytest

from apps.accounts.models import CrmAccount
from apps.core.clock import now
from apps.sync.claiming import crm_key
from apps.sync.crm_sessions import MOST_OF_A_LOGIN, crm_session
from apps.sync.delivery import deliver_due
from apps.sync.models import Transfer
from apps.work.limits import LimitReached
from apps.work.models import Lane, Pace, Status
from apps.work.pace import FEWEST, FIRST, MOST, width
from tests.desk import Desk
from tests.factories import CrmAccountFactory


def accounts(number: int) -> list[CrmAccount]:
    return [CrmAccountFactory() for _ in range(number)]


def bears(account: CrmAccount, width: int) -> None:
    Pace.objects.create(key=crm_key(account.server), width=width)


def admitted(logins: list[CrmAccount], lane: Lane, *, held: ExitStack) -> int:
    """How many of these get a place, one after the other, while all of them stay."""
    places = 0
    for account in logins:
        try:
            held.enter_context(crm_session(account, lane=lane))
            places += 1
        except LimitReached:
            continue
    return places


@pytest.mark.django_db
@pytest.mark.parametrize("most", [FEWEST, FIRST, MOST])
def test_bulk_leaves_half_of_the_sessions_to_clicks(most: int) -> None:
    logins = accounts(MOST + 2)
    bears(logins[0], most)

    with ExitStack() as held:
        bulk = admitted(logins, Lane.BACKFILL, held=held)
        clicks = admitted(logins, Lane.INTERACTIVE, held=held)

    assert (bulk, clicks) == (most // 2, most // 2)


@pytest.mark.django_db
def test_one_login_leaves_places_to_the_others() -> None:
    heavy, light = accounts(2)
    bears(heavy, MOST)

    with ExitStack() as held:
        assert admitted([heavy] * MOST, Lane.INTERACTIVE, held=held) == MOST_OF_A_LOGIN
        assert admitted([heavy], Lane.AUTOMATIC, held=held) == 1, "one's own click does not wait for one's bulk run"
        assert admitted([light], Lane.INTERACTIVE, held=held) == 1


@pytest.mark.django_db(transaction=True)
def test_without_a_place_nothing_is_claimed_and_nothing_is_sent(desk: Desk) -> None:
    desk.sync(desk.receives())
    bears(desk.account, FEWEST)
    desk.sandbox.forget_requests()

    with crm_session(desk.account, lane=Lane.INTERACTIVE):
        is_more = deliver_due(Lane.INTERACTIVE, until=now() + timedelta(seconds=20))

    transfer = Transfer.objects.get()
    assert (is_more, transfer.status, transfer.attempts) == (False, Status.QUEUED, 0)
    assert desk.sandbox.requests()["total"]["coripo"] == 0


@pytest.mark.django_db(transaction=True)
def test_whoever_carries_calls_another_while_somebody_waits_behind(desk_for: Callable[..., Desk]) -> None:
    """The wake-up of a click must not end in a long batch of somebody else."""
    first, second = desk_for(), desk_for()
    first.sync(first.receives())
    second.sync(second.receives())
    called: list[int] = []

    def call_another() -> None:
        called.append(Transfer.objects.filter(status=Status.QUEUED).count())

    deliver_due(Lane.INTERACTIVE, until=now() + timedelta(seconds=20), call_another=call_another)

    assert called == [1], "called when the first had been claimed, and not when nobody was left"


@pytest.mark.django_db(transaction=True)
def test_after_an_outage_the_rest_comes_with_few_at_once(desk: Desk) -> None:
    """And with more again as CORIPO bears it."""
    bears(desk.account, MOST)
    desk.sync(desk.receives())
    desk.sandbox.fault("5xx", "coripo", times=0)
    desk.deliver()
    assert width(crm_key(desk.account.server)) == MOST // 2

    desk.sandbox.calm()
    for _ in range(MOST // 2):
        desk.sync(desk.receives())
        desk.deliver()

    assert set(Transfer.objects.values_list("status", flat=True)) == {Status.DONE}
    assert width(crm_key(desk.account.server)) == MOST // 2 + 1
