"""Mail while Microsoft is throttling, down, forgetful or done with us: nothing is lost and nobody hammers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.mailboxes.connection import graph_key
from apps.mailboxes.importing import has_due_mailboxes, look_at_due_mailboxes
from apps.mailboxes.models import Mailbox, Message
from apps.mailboxes.turns import take_turn
from apps.work.fences import fence
from apps.work.limits import slot
from apps.work.models import Fence
from tests.factories import MailboxFactory, UserFactory
from tests.mailboxes.conftest import Post
from tests.mailboxes.signing_in import connect

pytestmark = pytest.mark.django_db(transaction=True)


def test_scenario_5_an_expired_cursor_lists_the_folder_afresh_and_deletes_nothing(post: Post) -> None:
    post.arrive("Zůstává")
    gone = post.arrive("Smazaná")
    post.look()
    rows = dict(Message.objects.values_list("subject", "pk"))
    post.sandbox.control("DELETE", f"messages/{gone}")
    post.arrive("Nová")
    post.sandbox.fault("expired-cursor", post.person["mail"], times=1)

    post.look()

    assert sorted(post.subjects()) == ["Nová", "Zůstává"]
    assert Message.objects.get(subject="Zůstává").pk == rows["Zůstává"]
    assert Message.objects.get(subject="Smazaná").gone_at is not None
    assert len(post.decided) == 3
    assert not post.folder("inbox").is_rechecking


def test_scenario_5_a_cursor_that_never_holds_is_trouble_not_a_loop(post: Post) -> None:
    post.arrive("Poptávka")
    post.look()
    post.sandbox.fault("expired-cursor", post.person["mail"], times=0)
    post.sandbox.forget_requests()

    post.look()

    assert post.subjects() == ["Poptávka"]
    assert post.sandbox.requests()["total"]["graph"] < 10


def test_scenario_7_a_throttled_mailbox_is_left_alone_for_as_long_as_graph_asks(post: Post) -> None:
    other = Post(post.sandbox, other_person := post.sandbox.person(), connect_for(other_person))
    other.arrive("Ostatní")
    post.arrive("Poptávka")
    post.sandbox.fault("throttle", f"graph:{post.person['mail']}", times=0, seconds=60)
    post.look()
    post.sandbox.forget_requests()

    for _times in range(3):
        post.look()

    assert post.sandbox.requests()["total"]["graph"] == 0
    standing = fence(graph_key(post.mailbox))
    assert standing is not None
    assert standing.until > timezone.now() + timedelta(seconds=50)
    assert post.mailbox.next_look_at >= standing.until
    assert post.mailbox.status == Mailbox.Status.ACTIVE
    assert other.subjects() == ["Ostatní"]

    post.sandbox.calm()
    time_passes()
    post.look()
    assert post.subjects() == ["Poptávka"]
    assert fence(graph_key(post.mailbox)) is None


@pytest.mark.parametrize("trouble", ["5xx", "dropped"])
def test_an_outage_delays_and_loses_nothing(post: Post, trouble: str) -> None:
    post.arrive("Poptávka")
    post.sandbox.fault(trouble, f"graph:{post.person['mail']}", times=0)

    post.look()

    assert post.subjects() == []
    assert post.mailbox.status == Mailbox.Status.ACTIVE
    assert fence(graph_key(post.mailbox)) is not None

    post.sandbox.calm()
    time_passes()
    post.look()
    assert post.subjects() == ["Poptávka"]


def test_one_lost_answer_is_asked_for_again(post: Post) -> None:
    post.arrive("Poptávka")
    post.look()
    post.arrive("Objednávka")
    post.sandbox.fault("dropped", f"graph:{post.person['mail']}", times=1)

    post.look()

    assert sorted(post.subjects()) == ["Objednávka", "Poptávka"]


def test_scenario_10_a_revoked_grant_parks_the_mailbox_and_a_new_sign_in_resumes(post: Post) -> None:
    post.arrive("Poptávka")
    post.look()
    post.arrive("Objednávka")
    post.sandbox.fault("revoked-token", post.person["mail"], times=1)

    post.look()

    assert post.mailbox.status == Mailbox.Status.RECONNECT
    assert post.mailbox.status_reason == "revoked"
    assert post.subjects() == ["Poptávka"]
    assert not has_due_mailboxes(at=timezone.now() + timedelta(days=1))

    connect(post.person, user=post.mailbox.owner, at=timezone.now())
    post.look()
    assert post.mailbox.status == Mailbox.Status.ACTIVE
    assert sorted(post.subjects()) == ["Objednávka", "Poptávka"]


def test_scenario_3_rows_and_cursor_are_one_transaction(post: Post) -> None:
    post.arrive("Poptávka")
    post.look()
    cursor = post.folder("inbox").cursor
    post.arrive("Objednávka")

    def crash(_ids: list[int]) -> None:
        raise RuntimeError("killed between rows and cursor")

    Mailbox.objects.filter(pk=post.mailbox.pk).update(next_look_at=timezone.now())
    look_at_due_mailboxes(until=timezone.now() + timedelta(seconds=5), decide=crash)

    assert post.subjects() == ["Poptávka"]
    assert post.folder("inbox").cursor == cursor

    post.look()
    assert sorted(post.subjects()) == ["Objednávka", "Poptávka"]
    assert len(post.decided) == 2


def test_a_fault_of_ours_in_one_mailbox_holds_nobody_up(post: Post) -> None:
    other = Post(post.sandbox, other_person := post.sandbox.person(), connect_for(other_person))
    other.arrive("Ostatní")
    post.arrive("Poptávka")

    def decide(ids: list[int]) -> None:
        if Message.objects.filter(pk__in=ids, mailbox=post.mailbox).exists():
            raise RuntimeError("poison")

    now = timezone.now()
    Mailbox.objects.update(next_look_at=now)
    look_at_due_mailboxes(until=now + timedelta(seconds=20), decide=decide)

    assert post.subjects() == []
    assert other.subjects() == ["Ostatní"]
    assert not has_due_mailboxes(at=timezone.now())


def test_a_carrier_whose_lease_ran_out_writes_nothing_more(post: Post) -> None:
    post.arrive("Poptávka")

    def too_slow(_ids: list[int]) -> None:
        Mailbox.objects.filter(pk=post.mailbox.pk).update(look_lease_until=timezone.now() - timedelta(seconds=1))
        assert take_turn(at=timezone.now()) is not None
        Message.objects.filter(mailbox=post.mailbox).update(subject="pozdě")

    Mailbox.objects.filter(pk=post.mailbox.pk).update(next_look_at=timezone.now())
    look_at_due_mailboxes(until=timezone.now() + timedelta(seconds=5), decide=too_slow)

    # The page itself was ours; the next one was not, and neither was the end of the turn.
    assert post.folder("sentitems").cursor == ""
    post.mailbox.refresh_from_db()
    assert post.mailbox.look_claim is not None


def test_scenario_38_an_account_without_mailbox_is_asked_once_a_day(post: Post) -> None:
    Mailbox.objects.filter(pk=post.mailbox.pk).update(status=Mailbox.Status.UNAVAILABLE)

    post.look()

    assert post.mailbox.status == Mailbox.Status.ACTIVE


def test_scenario_9_no_free_slot_means_a_little_later(post: Post) -> None:
    with slot(graph_key(post.mailbox), [2]), slot(graph_key(post.mailbox), [3]):
        post.look()
    assert post.subjects() == []
    assert post.mailbox.next_look_at <= timezone.now() + timedelta(seconds=5)


def test_a_mailbox_of_somebody_who_left_is_not_looked_at() -> None:
    MailboxFactory.create(owner=UserFactory.create(is_active=False), next_look_at=timezone.now())

    assert not has_due_mailboxes(at=timezone.now())


def connect_for(person: dict[str, str]) -> Mailbox:
    return connect(person, user=UserFactory.create(), at=timezone.now())


def time_passes() -> None:
    """So that the fence has come down."""
    Fence.objects.update(until=timezone.now() - timedelta(seconds=1))
