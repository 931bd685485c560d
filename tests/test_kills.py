"""Scenarios 1 to 3 of a killed worker: at each named step of a delivery, from outside, everything started as `./run` does."""

from __future__ import annotations

import random

import pytest

from bench import kill_contacts
from bench.kill import LEASE_SECONDS, STEPS, run
from tests.installation import Installation, Profile


@pytest.mark.whole
@pytest.mark.timeout(400)
@pytest.mark.parametrize("profile", ["small", "large"])
def test_scenario_1_2_3_a_kill_at_each_step_loses_and_doubles_nothing(profile: Profile):
    with Installation(profile=profile, environment={"LEASE_SECONDS": str(LEASE_SECONDS)}) as installation:
        count, _seconds = run(
            installation, kills=len(STEPS), mails=len(STEPS) * 3, chance=random.Random(7), only_steps=True
        )

    assert (count.lost, count.doubled, count.wrong_links, count.wrong_files, count.not_synced) == (0, 0, 0, 0, 0)


@pytest.mark.whole
@pytest.mark.timeout(200)
def test_kills_while_contacts_go_both_ways_lose_and_double_nobody():
    with Installation(environment={"LEASE_SECONDS": "3"}) as installation:
        count, _seconds = kill_contacts.run(
            installation, kills=4, contacts=12, chance=random.Random(7), only_steps=True, steps=kill_contacts.WRITING
        )

    assert (count.lost, count.doubled, count.apart, count.untied) == (0, 0, 0, 0)
