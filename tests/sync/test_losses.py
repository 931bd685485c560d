"""A hundred random losses, in our rows and in CORIPO: one check names and repairs exactly those, and doubles none."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.core.clock import now
from apps.mailboxes.models import Message
from apps.sync.models import CrmEmail, Reconciliation, Transfer
from apps.sync.proof_asking import request_check
from apps.sync.reconciling import give_back_silent
from apps.work.models import ACTIVE, Slot
from tests.desk import Desk
from tests.sandbox_server import mime
from tests.sync.carrier import LEASE_SECONDS, carrier
from tests.sync.proving import finish, prove
from tests.visitor import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

MAILS, LOSSES = 150, 100
WITH_FILES = 30
ROWS_LOST = 30

PROVE = """
from datetime import timedelta
from apps.core.clock import now
from apps.sync.reconciling import reconcile_due
reconcile_due(until=now() + timedelta(seconds=30))
"""


def fill(desk: Desk, count: int, *, with_files: int = 0) -> dict[str, Message]:
    """Mails of ten known customers over eighty days, all in CORIPO, by their keys."""
    company = desk.coripo.company("Kovárna Morava a.s.")
    customers = [f"jana-{uuid4().hex[:8]}@kovarna-morava.example" for _ in range(10)]
    for address in customers:
        desk.coripo.contact(address, company=company)
    for number in range(count):
        at = now() - timedelta(days=1 + number % 80, minutes=number)
        desk.sandbox.deliver(
            desk.person["mail"],
            mime(
                sender=customers[number % 10],
                to=desk.person["mail"],
                subject=f"Zpráva {number}",
                message_id=f"<{uuid4().hex}@kovarna-morava.example>",
                date=at,
                files=((f"{number}.txt", f"soubor {number}".encode()),) if number < with_files else (),
            ),
            received_at=at,
        )
    desk.look()
    messages = {message.email_key: message for message in Message.objects.filter(mailbox=desk.mailbox)}
    desk.sync(*messages.values())
    while Transfer.objects.filter(status__in=ACTIVE).exists():
        desk.deliver()
    return messages


def records_by_key(desk: Desk, messages: Collection[str]) -> Counter[str]:
    """How many live records CORIPO has of each of these mails; the sandbox holds those of other tests as well."""
    keys = (found["message_id"].casefold() for found in desk.coripo.emails())
    return Counter(key for key in keys if key in messages)


def named(check: Reconciliation) -> Counter[tuple[str, str, str]]:
    """Kind, mail and outcome of every finding."""
    keys = {
        finding.pk: finding.crm_email.email_key if finding.crm_email else finding.message.email_key
        for finding in check.findings.select_related("crm_email", "message")
    }
    return Counter((finding.kind, keys[finding.pk], finding.outcome) for finding in check.findings.all())


def test_a_hundred_random_losses_are_named_and_repaired_and_nothing_is_doubled(desk):
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    messages = fill(desk, MAILS, with_files=WITH_FILES)
    record_ids = dict(CrmEmail.objects.values_list("email_key", "record_id"))
    with_files = set(CrmEmail.objects.filter(files__outcome="made").values_list("email_key", flat=True))
    assert (len(messages), len(record_ids), len(with_files)) == (MAILS, MAILS, WITH_FILES)
    expected: Counter[tuple[str, str, str]] = Counter()

    deleted_there = set()
    for key in chance.sample(sorted(messages), LOSSES - ROWS_LOST):
        what = chance.choice(["record", "links", "deleted", *(["files"] if key in with_files else [])])
        if what == "deleted":
            desk.coripo.delete("Emails", record_ids[key])
            deleted_there.add(key)
            expected[("record_deleted", key, "left")] += 1
        else:
            desk.sandbox.control("POST", "coripo/lose", json={"id": record_ids[key], "what": what})
            expected[(f"{what}_lost", key, "repaired")] += 1
    for key in chance.sample(sorted(messages), ROWS_LOST):
        messages[key].delete()
        expected[("row_lost", key, "repaired")] += 1

    check = prove(desk)

    assert named(check) == expected
    assert sum(expected.values()) == LOSSES
    assert (check.in_microsoft, check.here) == (MAILS, MAILS)
    assert check.states == {"synced": MAILS - len(deleted_there), "gone": len(deleted_there)}
    assert records_by_key(desk, messages) == Counter(messages.keys() - deleted_there)
    assert dict(CrmEmail.objects.values_list("email_key", "record_id")) == record_ids
    assert not prove(desk).findings.exists()


def test_a_check_that_is_killed_at_its_calls_goes_on_and_names_each_loss_once(desk):
    messages = fill(desk, 12, with_files=2)
    record_ids = dict(CrmEmail.objects.values_list("email_key", "record_id"))
    keys = sorted(messages)
    expected: Counter[tuple[str, str, str]] = Counter()
    for what, lost in (("record", keys[:3]), ("links", keys[3:6])):
        for key in lost:
            desk.sandbox.control("POST", "coripo/lose", json={"id": record_ids[key], "what": what})
            expected[(f"{what}_lost", key, "repaired")] += 1
    for key in keys[4:9]:
        messages[key].delete()
        expected[("row_lost", key, "repaired")] += 1
    request_check(desk.mailbox, user=desk.user, at=now())

    for target in ("graph:$batch", "coripo:get_entries", "coripo:get_entry_list"):
        desk.sandbox.fault("slow", target, seconds=8)
        with carrier(PROVE) as process:
            wait_until(lambda: Reconciliation.objects.filter(claim__isnull=False).exists(), seconds=30, what="claimed")
            wait_until(
                lambda: desk.sandbox.control("GET", "faults")["faults"][0]["left"] == 0, seconds=30, what="at the call"
            )
            process.kill()
        Reconciliation.objects.update(lease_until=now() - timedelta(seconds=LEASE_SECONDS))
        # What the dead still hold: their turn at the mailbox, and their place among Graph's requests.
        type(desk.mailbox).objects.update(look_lease_until=now() - timedelta(seconds=1))
        Slot.objects.update(lease_until=now() - timedelta(seconds=1))
        desk.sandbox.calm()
        assert give_back_silent(at=now()) == 1
    check = finish(desk)

    assert named(check) == expected
    assert records_by_key(desk, messages) == Counter(messages.keys())
    assert not prove(desk).findings.exists()
