"""Finding by words: the same on both databases and in plain Python, whatever anybody types."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.mailboxes.models import MailFolder, Message
from apps.mailboxes.search import looked_up, matching, month_of, search_text
from apps.mailboxes.search_index import install_triggers
from apps.mailboxes.texts import storable, words_of
from apps.sync import listing
from apps.sync.listing import MessageFilter, count_messages, has_newer, newer_messages, older_messages
from tests.factories import NOON, MailboxFactory, MailFolderFactory, MessageFactory, UserFactory

MAIL = "Poptávka č. 42/2026: příruby Jan Novák <jan.novak@kovarna-morava.example> Łódź straße"


@pytest.fixture
def folder(db: None) -> MailFolder:
    return MailFolderFactory(mailbox__owner=UserFactory())


def message(folder: MailFolder, text: str, **words: object) -> Message:
    return MessageFactory(folder=folder, subject=storable(text), search_text=search_text(text), **words)


def subjects(user: User, text: str, *, most: int = 100, **wanted: object) -> list[str]:
    """What the list shows for a text, newest first."""
    return [m.subject for m in older_messages(user, MessageFilter(text=text, **wanted), None, most=most)]  # type: ignore[arg-type]


def look_up(messages: QuerySet[Message], words: list[str], folder: MailFolder) -> QuerySet[Message]:
    """By the text index, in the month of the factories' mail."""
    month = month_of(NOON)
    return looked_up(messages, words, mailbox_ids=[folder.mailbox_id], months=range(month, month + 1))


def both_ways(folder: MailFolder, text: str) -> list[set[int]]:
    """The ids found by reading the rows, and by the text index."""
    words = words_of(text)
    rows = Message.objects.all()
    return [
        set(matching(rows, words).values_list("pk", flat=True)),
        set(look_up(rows, words, folder).values_list("pk", flat=True)),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "poptavka",
        "POPTÁVKA",
        "popt",
        "novák příruby",
        "příruby novák",
        "jan.novak@kovarna-morava.example",
        "kovarna",
        "42",
        "42/2026",
        "lodz",
        "strasse",
        '"novak"',
        "c",
    ],
)
def test_a_mail_is_found_by(folder: MailFolder, text: str) -> None:
    message(folder, MAIL)
    message(folder, "Jídelníček")

    assert subjects(folder.mailbox.owner, text) == [MAIL]
    assert [len(found) for found in both_ways(folder, text)] == [1, 1]


@pytest.mark.parametrize("text", ["novakova", "ovak", "poptavka jidelnicek", "4 2 6", "%", "_", "…", "novak -novak x"])
def test_a_mail_is_not_found_by(folder: MailFolder, text: str) -> None:
    message(folder, MAIL)

    assert subjects(folder.mailbox.owner, text) == []


WORDS = st.sampled_from(
    ["novák", "NOVAK", "nov", "a", "ab", "1", "12", "řeka", "ß", "ﬁ", "e\u0301", "x_y", "日本語", "ж", "'"]
)
TEXTS = st.one_of(st.text(max_size=30), st.lists(WORDS, max_size=4).map(" ".join))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mails=st.lists(TEXTS, max_size=5), text=TEXTS)
def test_any_text_finds_what_plain_python_finds(folder: MailFolder, mails: list[str], text: str) -> None:
    Message.objects.all().delete()
    rows = {message(folder, mail).pk: mail for mail in mails}
    words = words_of(text)
    expected = {
        pk for pk, mail in rows.items() if words and all(any(w.startswith(x) for w in words_of(mail)) for x in words)
    }

    assert {
        m.pk for m in older_messages(folder.mailbox.owner, MessageFilter(text=text or " "), None, most=9)
    } == expected
    if words:
        assert both_ways(folder, text) == [expected, expected]


def test_the_index_follows_its_rows(folder: MailFolder) -> None:
    row = message(folder, "Poptávka")
    Message.objects.filter(pk=row.pk).update(search_text=search_text("Reklamace"), state="synced")

    assert both_ways(folder, "poptavka") == [set(), set()]
    assert both_ways(folder, "reklamace") == [{row.pk}, {row.pk}]
    assert _indexed(f"{folder.mailbox_id}:{month_of(NOON)}:reklamace") == [(row.pk,)]

    Message.objects.filter(pk=row.pk).delete()
    assert _indexed(f"{folder.mailbox_id}:{month_of(NOON)}:reklamace") == []


def _indexed(word: str) -> list[tuple[int]]:
    """The ids under a word of the index, whether or not their messages are there."""
    key, condition = ("message_id", "words @@ %s::tsquery")
    if connection.vendor == "sqlite":
        key, condition = ("rowid", "mailboxes_message_words match %s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {key} from mailboxes_message_words where {condition}",
            [f'"{word}"' if key == "rowid" else f"'{word}'"],
        )
        return cursor.fetchall()


def test_a_rebuilt_table_gets_its_triggers_back(folder: MailFolder) -> None:
    """SQLite rebuilds a table for many changes, and forgets what hung on it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("drop trigger mailboxes_message_words_insert")
    install_triggers(folder._meta.app_config, using="default")  # type: ignore[arg-type]

    row = message(folder, "Poptávka")

    assert both_ways(folder, "poptavka") == [{row.pk}, {row.pk}]


def test_another_mailbox_is_not_looked_up(folder: MailFolder) -> None:
    foreign = message(MailFolderFactory(mailbox__owner=UserFactory()), "Poptávka")

    assert subjects(folder.mailbox.owner, "poptavka") == []
    assert subjects(foreign.mailbox.owner, "poptavka") == ["Poptávka"]


@pytest.fixture
def short_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows are read before the index is asked: a mailbox of ten is a large one."""
    monkeypatch.setattr(listing, "WALKED", 2)


@pytest.mark.usefixtures("short_walk")
def test_rare_and_common_words_are_listed_alike(folder: MailFolder) -> None:
    owner = folder.mailbox.owner
    sent = MailFolderFactory(mailbox=folder.mailbox, kind=MailFolder.Kind.SENT)
    for n in range(10):
        text = f"{n} společné" + (" vzácné" if n in (0, 9) else "")
        where, direction = (sent, "sent") if n % 2 else (folder, "received")
        message(where, text, direction=direction, received_at=NOON + timedelta(minutes=n))

    assert [s[0] for s in subjects(owner, "spolecne")] == list("9876543210")
    assert [s[0] for s in subjects(owner, "spolecne", most=3)] == list("987")
    assert [s[0] for s in subjects(owner, "vzacne")] == list("90")
    assert [s[0] for s in subjects(owner, "vzacne spolecne", direction="sent")] == list("9")
    assert [s[0] for s in subjects(owner, "vzacne", folder=folder.pk)] == list("0")
    assert count_messages(owner, MessageFilter(text="spolecne")) == 10
    assert count_messages(owner, MessageFilter(text="vzacne", state="not_synced")) == 2
    assert count_messages(owner, MessageFilter(text="?")) == 0


def test_words_are_counted_exactly_up_to_the_limit(folder: MailFolder) -> None:
    owner = folder.mailbox.owner
    for text, direction in (("nabídka", "sent"), ("nabídka", "received"), ("nabídka", "sent"), ("jiné", "sent")):
        message(folder, text, direction=direction)
    newest = listing.newest_message_id()
    message(MailFolderFactory(mailbox__owner=UserFactory()), "nabídka")

    assert count_messages(owner, MessageFilter(text="nabídka")) == 3
    assert count_messages(owner, MessageFilter(text="nabídka", direction="sent")) == 2
    assert count_messages(owner, MessageFilter(text="nabídka", up_to=newest - 2)) == 2
    assert count_messages(owner, MessageFilter(text="nabídka"), limit=2) == 2


@pytest.mark.usefixtures("short_walk")
def test_a_text_is_found_through_years_of_mail(folder: MailFolder) -> None:
    """Whatever the months hold: none, one or many, and dates that nobody believes."""
    owner = folder.mailbox.owner
    other = MailFolderFactory(mailbox=MailboxFactory(owner=owner))
    years = [1601, 1970, 1999, 2000, 2001, 2014, 2015, 2024, 2025, 2031]
    for year in years:
        received_at = NOON.replace(year=year)
        message(other if year % 2 else folder, f"{year} vzácné", received_at=received_at)
        message(folder, f"{year} jiné", received_at=received_at + timedelta(days=1))
        message(folder, f"{year} jiné", received_at=received_at - timedelta(days=40))
    newest_first = [f"{year} vzácné" for year in reversed(years)]

    assert subjects(owner, "vzacne") == newest_first
    assert subjects(owner, "vzacne", most=4) == newest_first[:4]
    assert subjects(owner, "vzacne", mailbox=other.mailbox_id) == [s for s in newest_first if int(s[:4]) % 2]
    assert count_messages(owner, MessageFilter(text="vzacne")) == len(years)
    assert [m.subject for m in newer_messages(owner, MessageFilter(text="vzacne"), None, most=9)] == newest_first[:0:-1]


@pytest.mark.parametrize(
    ("at", "month"),
    [
        ("2000-01-01T00:00:00+00:00", 0),
        ("1601-05-01T00:00:00+00:00", 0),
        ("2026-11-30T23:59:59+00:00", 322),
        ("2026-12-01T00:30:00+01:00", 322),
    ],
)
def test_a_word_stands_in_the_month_of_its_mail(folder: MailFolder, at: str, month: int) -> None:
    received_at = datetime.fromisoformat(at)
    row = message(folder, "Poptávka", received_at=received_at)

    assert month_of(received_at) == month
    assert _indexed(f"{folder.mailbox_id}:{month}:poptavka") == [(row.pk,)]

    Message.objects.filter(pk=row.pk).update(received_at=NOON)
    assert _indexed(f"{folder.mailbox_id}:{month}:poptavka") == ([(row.pk,)] if month == month_of(NOON) else [])


@pytest.mark.usefixtures("short_walk")
def test_news_of_a_text_are_seen_however_old_its_newest_mail_is(folder: MailFolder) -> None:
    owner, wanted = folder.mailbox.owner, MessageFilter(text="vzácné")
    for n in range(6):
        message(folder, "vzácné" if n == 0 else "jiné", received_at=NOON + timedelta(minutes=n))
    (oldest,) = older_messages(owner, wanted, None, most=5)
    top = listing.Cursor.of(oldest)

    assert not has_newer(owner, wanted, top)

    message(folder, "jiné", received_at=NOON + timedelta(hours=1))
    late = message(folder, "vzácné", received_at=NOON + timedelta(minutes=4, seconds=30))

    assert has_newer(owner, wanted, top)
    assert [m.pk for m in newer_messages(owner, wanted, top, most=5)] == [late.pk]


def test_the_look_up_uses_the_text_index(folder: MailFolder) -> None:
    """Coarse: whatever the planner thinks of the joins, rows are found by words and not by reading them all."""
    Message.objects.bulk_create(
        MessageFactory.build(folder=folder, mailbox=folder.mailbox, search_text=f" slovo{n} poptavka")
        for n in range(3000)
    )
    rows = look_up(Message.objects.filter(gone_at=None), ["slovo77"], folder)
    assert rows.count() == 11
    if connection.vendor == "sqlite":
        plan = rows.order_by("-received_at", "-pk")[:50].explain()
        assert "VIRTUAL TABLE INDEX" in plan
        assert "SEARCH mailboxes_message USING INTEGER PRIMARY KEY" in plan
        return
    with connection.cursor() as cursor:
        cursor.execute("analyze mailboxes_message, mailboxes_message_words")
        # So few rows it would rightly read; what matters is that the indexes can serve.
        cursor.execute("set local enable_seqscan = off")
        plan = rows.order_by("-received_at", "-pk")[:50].explain()
        assert "mailboxes_message_pkey" in plan
        cursor.execute(
            "explain select message_id from mailboxes_message_words where words @@ %s::tsquery",
            [f"'{folder.mailbox_id}:{month_of(NOON)}:slovo77':*"],
        )
        assert "mailboxes_message_words_gin" in str(cursor.fetchall())
