"""The proof on the status page: the sum in words, what differed, and the button."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import translation

from apps.accounts.models import User
from apps.inbox.proving import PARTS, REPAIRS
from apps.mailboxes.models import Mailbox, MessageState
from apps.sync.causes import SENTENCES
from apps.sync.models import Finding, Reconciliation
from apps.work.models import Lane, Status
from tests.factories import NOON, MailboxFactory
from tests.inbox.conftest import make_message

pytestmark = pytest.mark.django_db

STATES = {"synced": 9700, "partial": 101, "no_match": 2100, "skipped": 579}


@pytest.fixture
def mailbox(owner: User) -> Mailbox:
    return owner.mailboxes.get()


def checked(mailbox: Mailbox, **words: object) -> Reconciliation:
    words = {"in_microsoft": 12480, "here": 12480, "states": STATES, "status": Status.DONE, **words}
    return Reconciliation.objects.create(
        mailbox=mailbox, lane=Lane.AUTOMATIC, queued_at=NOON, not_before=NOON, finished_at=NOON, **words
    )


def find(check: Reconciliation, kind: str, outcome: str, **words: object) -> Finding:
    key = str(check.findings.count())
    return Finding.objects.create(reconciliation=check, kind=kind, key=key, outcome=outcome, found_at=NOON, **words)


def page_of(people: dict[str, Client], who: str = "owner") -> str:
    return people[who].get("/status/").content.decode()


def test_before_the_first_check_it_is_said_when_that_comes(people: dict[str, Client], mailbox: Mailbox) -> None:
    page = page_of(people)

    assert "Not checked yet" in page
    assert "The first check comes tonight by itself." in page


def test_the_sum_of_a_mailbox_where_nothing_is_missing(people: dict[str, Client], mailbox: Mailbox) -> None:
    checked(mailbox)

    page = page_of(people)

    assert "Nothing is missing" in page
    assert (
        "12,480 e-mails in Microsoft 365 = 12,480 in the portal = 9,801 in CORIPO + 2,100 without match + 579 skipped"
        in page
    )


def test_numbers_that_differ_are_not_called_equal(people: dict[str, Client], mailbox: Mailbox) -> None:
    checked(mailbox, here=12479)

    page = page_of(people)

    assert "The numbers differ" in page
    assert "12,480 e-mails in Microsoft 365 ≠ 12,479 in the portal" in page


def test_every_state_stands_in_one_part_of_the_sum_and_every_reason_has_its_words() -> None:
    assert sorted(state for _words, states in PARTS for state in states) == sorted(MessageState)
    left = {Finding.Kind.RECORD_DELETED, Finding.Kind.RECORD_UNSEEN, Finding.Kind.RECORD_DOUBLED}
    assert REPAIRS.keys() == set(Finding.Kind) - left
    assert {
        "gone",
        "hidden",
        "doubled",
        "still_missing",
        "repair_waits",
        "target_gone",
        "left_mailbox",
    } <= SENTENCES.keys()


def test_differences_are_named_with_what_was_done_the_open_ones_first(
    people: dict[str, Client], owner: User, mailbox: Mailbox
) -> None:
    check = checked(mailbox)
    message = make_message(owner, subject="Nabídka lisu")
    find(check, "record_lost", "repaired", subject="Nabídka lisu", message=message)
    find(check, "record_deleted", "left", subject="Poptávka", reason="gone")

    page = page_of(people)

    assert "1 difference is left" in page
    assert f'<a href="/inbox/{message.pk}/">Nabídka lisu</a>' in page
    assert "Repaired. It was stored again." in page
    assert "Left as it is. Its record was deleted in CORIPO." in page
    assert page.index("Poptávka") < page.index("Nabídka lisu")


def test_what_was_repaired_leaves_nothing_missing(people: dict[str, Client], mailbox: Mailbox) -> None:
    find(checked(mailbox), "row_lost", "repaired", subject="Nabídka")

    assert "Nothing is missing: 1 difference was repaired" in page_of(people)


def test_a_check_without_coripo_says_so(people: dict[str, Client], mailbox: Mailbox) -> None:
    checked(mailbox, cause="crm_not_connected")

    assert "CORIPO was not checked" in page_of(people)


def test_the_button_asks_for_a_check_once_and_shows_how_far_it_is(people: dict[str, Client], mailbox: Mailbox) -> None:
    for _ in range(2):
        people["owner"].post(f"/status/{mailbox.pk}/check/")

    check = Reconciliation.objects.get()
    assert (check.mailbox, check.lane, check.asked_by) == (mailbox, Lane.INTERACTIVE, mailbox.owner)
    page = page_of(people)
    assert "The check begins in a moment." in page
    assert "Check now" not in page
    assert 'hx-trigger="every 3s"' in page
    Reconciliation.objects.update(started_at=NOON, stage="coripo", status=Status.CLAIMED)
    assert "Comparing with CORIPO…" in page_of(people)


def test_a_mailbox_that_is_not_connected_cannot_be_checked(people: dict[str, Client], mailbox: Mailbox) -> None:
    Mailbox.objects.update(status=Mailbox.Status.RECONNECT)

    assert "Check now" not in page_of(people)


def test_nobody_sees_the_checks_of_somebody_else(people: dict[str, Client], mailbox: Mailbox) -> None:
    find(checked(mailbox), "record_lost", "repaired", subject="Nabídka lisu")

    for who in ("teammate", "administrator"):
        page = page_of(people, who)
        assert "12,480" not in page
        assert "Nabídka lisu" not in page


def test_the_page_asks_no_more_of_the_database_with_more_mailboxes_checks_and_findings(
    people: dict[str, Client], owner: User, mailbox: Mailbox, django_assert_num_queries
) -> None:
    from apps.sync.proof_queries import proofs

    find(checked(mailbox), "row_lost", "repaired", subject="Nabídka")
    with django_assert_num_queries(5):
        assert len(proofs(owner)) == 1
    for _ in range(2):
        other = MailboxFactory(owner=owner)
        for _ in range(2):
            check = checked(other)
            for number in range(120):
                find(check, "links_lost", "left", subject=f"Nabídka {number}", reason="still_missing")

    with django_assert_num_queries(5):
        found = proofs(owner)

    assert [len(proof.findings) for proof in found] == [1, 100, 100]
    assert [proof.outcomes.total() for proof in found] == [1, 120, 120]
    assert "and 20 more" in page_of(people)


def test_in_czech_the_numbers_are_written_as_there(people: dict[str, Client], owner: User, mailbox: Mailbox) -> None:
    checked(mailbox)
    owner.language = "cs"
    owner.save(update_fields=["language"])

    with translation.override("cs"):
        assert "12\xa0480" in page_of(people)
