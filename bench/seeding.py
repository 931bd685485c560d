"""Mailboxes of any size as rows, straight into the database: a large one of somebody, and smaller ones of others.

The mail is spread as in life: twelve folders, a third sent, most of it synced, one a minute. A fifth holds the word COMMON, a
hundredth the word SOMETIMES, but at least as many as fill a page; ten messages hold the word RARE and ten are in the state
RARE_STATE, however many there are: pages of a small and of a large mailbox then show as many rows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice

from django.db import connection, transaction

from apps.accounts.models import User
from apps.mailboxes import search_index
from apps.mailboxes.models import Mailbox, MailFolder, Message, Participant
from apps.mailboxes.search import search_text
from tests.factories import NOON, CrmAccountFactory, MailboxFactory, MailFolderFactory, UserFactory

COMMON, SOMETIMES, RARE = "poptávka", "rekvalifikace", "protipožární"
RARE_STATE = "failed"
FILLS_A_PAGE = 60
OTHERS = 3
AT_ONCE = 10_000
FOLDERS = ["Zakázky", "Reklamace", "Servis", "Nabídky", "Banka", "Mzdy", "Doprava", "Veletrh", "Nákup", "Archiv"]
# Shares of the folders in percent: inbox, sent, and what is left for the others together.
IN_INBOX, IN_SENT = 45, 33
STATES = ["synced"] * 12 + ["not_synced"] * 4 + ["no_match"] * 2 + ["skipped", "marked"]
SENTENCES = [
    "Dobrý den, posíláme výkres dílu a prosíme o potvrzení termínu dodání.",
    "V příloze najdete dodací list a fakturu za minulý měsíc.",
    "Technik přijede ve čtvrtek dopoledne, počítejte prosím s odstávkou linky.",
    "Změnili jsme bankovní spojení, nové číslo účtu platí od ledna.",
    "Děkuji za rychlé vyřízení, s pozdravem oddělení nákupu.",
    "Cenová nabídka platí třicet dní, záruka je dvacet čtyři měsíců.",
    "Please find attached the signed order confirmation and the customs papers.",
    "Hydraulický agregát hlásí chybu, ložisko vřetena se přehřívá.",
    "Schůzku jsme přesunuli na příští týden do zasedací místnosti v Ostravě.",
    "Objednávka byla odeslána dopravcem, očekávaná doba doručení jsou dva dny.",
]
NAMES = ["Novák", "Dvořáková", "Svoboda", "Černá", "Procházka", "Kučerová", "Veselý", "Horáková", "Němec", "Marková"]

MESSAGE_COLUMNS = [field.column for field in Message._meta.concrete_fields]
PERSON_COLUMNS = [field.column for field in Participant._meta.concrete_fields if not field.primary_key]


def seed(messages: int) -> User:
    """Write the rows; the owner of the large mailbox."""
    with transaction.atomic(), _indexes_made_afterwards():
        owner = _mailbox(messages, first_id=1)
        for number in range(OTHERS):
            _mailbox(messages // 50, first_id=messages + 1 + number * (messages // 50))
    # PostgreSQL gathers statistics by itself within minutes, SQLite in the portal never does.
    if connection.vendor == "postgresql":
        _execute("select setval(pg_get_serial_sequence('mailboxes_message', 'id'), max(id)) from mailboxes_message")
        _execute("vacuum analyze")
    return owner


@contextmanager
def _indexes_made_afterwards() -> Iterator[None]:
    """Rows for PostgreSQL are loaded as a restored dump is: without triggers and, but for the unique ones, indexes."""
    if connection.vendor != "postgresql":
        yield
        return
    _execute("set local session_replication_role = replica")
    _execute("set local maintenance_work_mem = '1GB'")
    with connection.cursor() as cursor:
        cursor.execute(
            "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index where not indisunique"
            " and indrelid in ('mailboxes_message'::regclass, 'mailboxes_participant'::regclass)"
        )
        indexes = cursor.fetchall()
    for name, _definition in indexes:
        _execute(f"drop index {name}")
    yield
    for _name, definition in indexes:
        _execute(definition)
    # Made by `migrate` over an empty table, and its triggers slept: the words are gathered at once.
    with connection.schema_editor() as editor:
        search_index.drop(editor)
        search_index.create(editor)
    search_index.install_triggers(Message._meta.app_config, using=connection.alias)


def _mailbox(messages: int, *, first_id: int) -> User:
    mailbox: Mailbox = MailboxFactory(owner=UserFactory())
    CrmAccountFactory(user=mailbox.owner)
    folders = [
        MailFolderFactory(mailbox=mailbox, completed_at=NOON, name=name, kind=kind)
        for name, kind in [
            ("Doručená pošta", MailFolder.Kind.INBOX),
            ("Odeslaná pošta", MailFolder.Kind.SENT),
            *((name, MailFolder.Kind.ORDINARY) for name in FOLDERS),
        ]
    ]
    rows = _messages(mailbox.pk, [folder.pk for folder in folders], messages, first_id=first_id)
    while batch := list(islice(rows, AT_ONCE)):
        _insert(
            Message._meta.db_table, MESSAGE_COLUMNS, [tuple(row[name] for name in MESSAGE_COLUMNS) for row in batch]
        )
        people = [_recipient(int(str(row["id"]))) for row in batch if row["direction"] == "sent"]
        _insert(Participant._meta.db_table, PERSON_COLUMNS, people)
    return mailbox.owner


def _messages(mailbox_id: int, folder_ids: list[int], count: int, *, first_id: int) -> Iterator[dict[str, object]]:
    """The oldest first, as mail arrives."""
    chance = random.Random(count)
    inbox, sent, *others = folder_ids
    sometimes, rare = max(count // max(FILLS_A_PAGE, count // 100), 1), max(count // 10, 1)
    texts = [" ".join(chance.sample(SENTENCES, 3)) for _ in range(200)]
    words_of_texts = [search_text(text) for text in texts]
    defaults = {
        field.column: field.get_default()
        for field in Message._meta.concrete_fields
        if field.has_default() or field.null
    }
    for n in range(count):
        roll = chance.randrange(100)
        is_sent = IN_INBOX <= roll < IN_INBOX + IN_SENT
        subject = f"{COMMON if n % 5 == 0 else 'Zakázka'} {n}"
        subject += f" {SOMETIMES}" * (n % sometimes == 1) + f" {RARE}" * (n % rare == 5)
        name, preview = f"Jana {NAMES[n % 10]}", texts[n % 200]
        address = f"jana{n % 2000}@firma{n % 300}.example"
        received_at = NOON - timedelta(minutes=count - n)
        yield {
            **defaults,
            "id": first_id + n,
            "mailbox_id": mailbox_id,
            "folder_id": inbox if roll < IN_INBOX else sent if is_sent else chance.choice(others),
            "graph_id": f"AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A{mailbox_id:08}{n:056}",
            "change_key": f"CQAAABYAAAC{n:021}",
            "internet_message_id": f"<{n}.{mailbox_id}@firma.example>",
            "email_key": f"{n}.{mailbox_id}@firma.example",
            "variant": "",
            "conversation_id": f"AAQkAGI{n // 3:060}",
            "direction": "sent" if is_sent else "received",
            "subject": subject,
            "preview": preview,
            "sender_name": name,
            "sender_address": address,
            "received_at": received_at,
            "sent_at": received_at,
            "web_link": f"https://outlook.office365.com/owa/?ItemID={n:0120}",
            "search_text": search_text(f"{subject} {name} {address}") + words_of_texts[n % 200],
            "state": RARE_STATE if n % rare == 6 else chance.choice(STATES),
        }


def _recipient(message_id: int) -> tuple[object, ...]:
    person = Participant(
        message_id=message_id, role="to", name="Eva Malá", written_address="eva@x.example", address="eva@x.example"
    )
    return tuple(getattr(person, field.attname) for field in Participant._meta.concrete_fields if not field.primary_key)


def _insert(table: str, columns: list[str], rows: list[tuple[object, ...]]) -> None:
    listed = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"copy {table} ({listed}) from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            adapted = [tuple(_adapted(value) for value in row) for row in rows]
            cursor.executemany(f"insert into {table} ({listed}) values ({', '.join(['%s'] * len(columns))})", adapted)


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _adapted(value: object) -> object:
    return connection.ops.adapt_datetimefield_value(value) if hasattr(value, "tzinfo") else value
