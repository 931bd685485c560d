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
        # One that is running already is started for contacts no second time.
        contacts = _contacts_killed(installation) if profile == "small" else None

    assert (count.lost, count.doubled, count.wrong_links, count.wrong_files, count.not_synced) == (0, 0, 0, 0, 0)
    assert contacts is None or (contacts.lost, contacts.doubled, contacts.apart, contacts.untied) == (0, 0, 0, 0)


def _contacts_killed(installation: Installation) -> kill_contacts.Count:
    """The same of contacts, after each of the two that make something."""
    steps, chance = kill_contacts.WRITING, random.Random(7)
    return kill_contacts.run(installation, kills=len(steps), contacts=8, chance=chance, only_steps=True, steps=steps)[0]
