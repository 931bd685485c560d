"""How many at once: fewer in bad weather, more again after it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.work.pace import DRIFT, FEWEST, FIRST, MOST, note_turn, width
from tests.factories import NOON

pytestmark = pytest.mark.django_db

KEY = "crm:1"


def turns(number: int, *, seconds: float | None = 0.2, troubles: int = 0, minutes: float = 0) -> None:
    for _ in range(number):
        note_turn(KEY, quickest_seconds=seconds, troubles=troubles, at=NOON + timedelta(minutes=minutes))


def test_good_turns_widen_one_by_one_up_to_the_most():
    turns(FIRST - 1)
    assert width(KEY) == FIRST
    turns(1)
    assert width(KEY) == FIRST + 1
    turns(MOST * MOST)
    assert width(KEY) == MOST


def test_trouble_halves_and_never_closes():
    turns(MOST * MOST)

    widths = []
    for minutes in range(4):
        turns(1, troubles=1, minutes=minutes)
        widths.append(width(KEY))

    assert widths == [4, FEWEST, FEWEST, FEWEST]


def test_what_several_met_at_once_counts_once():
    turns(MOST * MOST)

    turns(5, seconds=None, troubles=1)

    assert width(KEY) == MOST // 2


def test_answers_that_take_several_times_as_long_halve_and_what_lasts_is_usual_in_the_end():
    turns(MOST * MOST, seconds=0.2)

    turns(1, seconds=2.0)
    assert width(KEY) == MOST // 2

    while_it_creeps = 0
    while width(KEY) < MOST:
        while_it_creeps += 1
        turns(1, seconds=2.0, minutes=while_it_creeps)
    assert DRIFT**while_it_creeps > 3


def test_nobody_minds_milliseconds():
    turns(MOST * MOST, seconds=0.005)

    turns(1, seconds=0.2)

    assert width(KEY) == MOST
