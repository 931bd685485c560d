"""The list: every message once, in one order, whatever the filter, at a cost that does not grow."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.mailboxes.models import MailFolder, Message
from apps.sync.listing import Cursor, MessageFilter
from apps.sync.models import Mark
from apps.sync.queries import MessagePage, count_by_state, message_page
from tests.factories import NOON

from .conftest import make_message, minutes, second_mailbox

ALL = MessageFilter()


def subjects(page: MessagePage) -> list[str]:
    return [row.message.subject for row in page.rows]


def older_pages(user: User, wanted: MessageFilter, *, size: int) -> list[MessagePage]:
    pages = [message_page(user, wanted, size=size)]
    while pages[-1].older:
        pages.append(message_page(user, wanted, before=Cursor.parse(pages[-1].older), size=size))
    return pages


def test_newest_comes_first(owner: User) -> None:
    make_message(owner, subject="old", received_at=NOON - minutes(2))
    make_message(owner, subject="new", received_at=NOON)

    assert subjects(message_page(owner, ALL)) == ["new", "old"]


def test_only_own_messages_of_followed_folders_are_listed(owner: User, teammate: User) -> None:
    make_message(owner, subject="mine")
    make_message(owner, subject="not followed", folder=MailFolder.Kind.ORDINARY)
    make_message(owner, subject="gone", gone_at=NOON)
    make_message(teammate, subject="foreign")

    assert subjects(message_page(owner, ALL)) == ["mine"]
    assert message_page(User.objects.get(username="administrator"), ALL).rows == ()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (MessageFilter(state="synced"), ["Termín předání"]),
        (MessageFilter(direction="sent"), ["Podklady"]),
        (MessageFilter(text="PREDANI"), ["Termín předání"]),
        (MessageFilter(text="dvorakova termin"), ["Termín předání"]),
        (MessageFilter(text="termin podklady"), []),
        (MessageFilter(text="100%"), []),
        (MessageFilter(state="no_such_state"), []),
        (MessageFilter(folder=0), []),
    ],
)
def test_filters(owner: User, wanted: MessageFilter, found: list[str]) -> None:
    make_message(owner, subject="Termín předání", state="synced")
    make_message(owner, subject="Podklady", folder=MailFolder.Kind.SENT)

    assert subjects(message_page(owner, wanted)) == found


def test_folder_filter(owner: User) -> None:
    make_message(owner, subject="in")
    sent = make_message(owner, subject="out", folder=MailFolder.Kind.SENT)

    assert subjects(message_page(owner, MessageFilter(folder=sent.folder_id))) == ["out"]


def test_a_foreign_folder_shows_nothing(owner: User, teammate: User) -> None:
    foreign = make_message(teammate)

    assert message_page(owner, MessageFilter(folder=foreign.folder_id)).rows == ()


def test_sent_mail_names_its_recipients_and_marks_are_read(owner: User) -> None:
    message = make_message(owner, folder=MailFolder.Kind.SENT)
    Mark.objects.create(
        home_account_id=message.mailbox.home_account_id,
        email_key=message.email_key,
        value=Mark.Value.SYNCED,
        source=Mark.Source.PERSON,
        set_at=NOON,
    )

    (row,) = message_page(owner, ALL).rows

    assert row.recipients == ("Owner",)
    assert row.mark == "synced"


def test_counts_by_state(owner: User) -> None:
    make_message(owner, state="failed")
    make_message(owner, state="failed")
    make_message(owner, state="synced")

    assert count_by_state(owner, ALL, ["failed", "no_match"]) == {"failed": 2, "no_match": 0}


def test_the_cost_does_not_grow_with_the_rows(owner: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            message_page(owner, ALL)
        return len(queries)

    make_message(owner, folder=MailFolder.Kind.SENT)
    cost_of_one = cost()
    for number in range(49):
        make_message(owner, received_at=NOON + minutes(number), folder=MailFolder.Kind.SENT)

    assert cost() == cost_of_one


def test_a_page_walks_an_index_and_sorts_nothing(owner: User) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the plan of SQLite")
    make_message(owner)
    with CaptureQueriesContext(connection) as queries:
        message_page(owner, ALL, before=Cursor(NOON + minutes(1), 1))
        message_page(owner, MessageFilter(state="synced"))
    plans = []
    for query in queries.captured_queries:
        if '"search_text"' in query["sql"] or "mailboxes_message" in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN QUERY PLAN " + query["sql"])
                plans.append(" ".join(row[3] for row in cursor.fetchall()))

    assert plans
    assert not [plan for plan in plans if "TEMP B-TREE" in plan]


@pytest.mark.parametrize("text", ["", "x", "AAAA", "!!!!", "é", "A" * 400, "f" * 22, "_" * 22, "-1", "None"])
def test_a_cursor_that_is_none_is_none(text: str) -> None:
    cursor = Cursor.parse(text)

    assert cursor is None or str(cursor) == text


@given(st.datetimes(), st.integers(0, 2**63 - 1))
def test_a_cursor_reads_back(moment: object, pk: int) -> None:
    cursor = Cursor(moment.replace(tzinfo=NOON.tzinfo), pk)  # type: ignore[attr-defined]

    assert Cursor.parse(str(cursor)) == cursor


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ages=st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=25),
    size=st.integers(1, 7),
)
def test_every_message_is_shown_exactly_once_however_equal_the_times(
    owner: User, ages: list[tuple[int, bool]], size: int
) -> None:
    Message.objects.all().delete()
    second = second_mailbox(owner)
    first = owner.mailboxes.exclude(pk=second.pk).get()
    for age, is_in_second in ages:
        make_message(owner, received_at=NOON - timedelta(seconds=age), mailbox=second if is_in_second else first)
    expected = list(Message.objects.order_by("-received_at", "-pk").values_list("pk", flat=True))

    pages = older_pages(owner, ALL, size=size)
    seen = [row.message.pk for page in pages for row in page.rows]
    back = [pages[-1]]
    while back[-1].newer:
        back.append(message_page(owner, ALL, after=Cursor.parse(back[-1].newer), size=size))

    assert seen == expected
    assert [row.message.pk for page in reversed(back) for row in page.rows] == expected


def test_beyond_either_end_the_first_page_is_shown(owner: User) -> None:
    message = make_message(owner)

    assert message_page(owner, ALL, before=Cursor(NOON - minutes(9), 1)).rows[0].message == message
    assert message_page(owner, ALL, after=Cursor(NOON + minutes(9), 1)).rows[0].message == message
