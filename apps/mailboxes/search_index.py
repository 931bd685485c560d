"""The text index: a table of words beside the messages, kept in step by the database itself (ADR 0008).

A word stands there with its mailbox and month before it, "12:322:novak", so that what is rare in a mailbox is rare in the
index however often others write it, and that a frequent word is looked up for a part of the time only. The words of a message
do not change, its state does, and often: in a table of their own they are not written again with it.
"""

# ruff: noqa: S608  # every word of SQL here is a constant of this file
from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "mailboxes_message_words"


def create(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the table and fill it from the messages that there are."""
    for statement in _STATEMENTS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take away what there is of it."""
    for statement in _UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def install_triggers(sender: AppConfig, using: str, **_: Any) -> None:
    """After every migrate: where SQLite rebuilds the table of messages, it drops the triggers with the old one."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if TABLE in connection.introspection.table_names(cursor):
            for statement in _TRIGGERS[connection.vendor]:
                cursor.execute(statement)


def _month(row: str, vendor: str) -> str:
    """SQL for `search.month_of` the time when it was received. SQLite keeps times as text, in UTC."""
    if vendor == "sqlite":
        year, month = f"substr({row}.received_at, 1, 4)", f"substr({row}.received_at, 6, 2)"
        return f"max(0, ({year} - 2000) * 12 + {month} - 1)"
    year, month = (f"extract({part} from {row}.received_at at time zone 'UTC')::int" for part in ("year", "month"))
    return f"greatest(0, ({year} - 2000) * 12 + {month} - 1)"


def _words(row: str, vendor: str) -> str:
    """SQL for the words of a message with mailbox and month before each; its text has a space before each word."""
    place = f"{row}.mailbox_id || ':' || {_month(row, vendor)} || ':'"
    prefixed = f"replace({row}.search_text, ' ', ' ' || {place})"
    if vendor == "sqlite":
        return prefixed
    # No parser of PostgreSQL's between: a word is what `texts.words_of` says, on both databases.
    return f"array_to_tsvector(string_to_array(ltrim({prefixed}), ' '))"


_SQLITE_WORDS = f"insert into {TABLE}(rowid, words) values (new.id, {_words('new', 'sqlite')})"
# A table without content is told what it held.
_SQLITE_FORGET = f"insert into {TABLE}({TABLE}, rowid, words) values ('delete', old.id, {_words('old', 'sqlite')})"
_SQLITE_TRIGGER = f"create trigger if not exists {TABLE}_"

_STATEMENTS = {
    "sqlite": [
        # The tokenizer takes everything beyond ASCII as a letter; which signs are letters has been decided before.
        f"create virtual table {TABLE} using fts5("
        "words, content='', detail=none, columnsize=0, tokenize=\"ascii tokenchars ':'\")",
        f"insert into {TABLE}(rowid, words) select id, {_words('message', 'sqlite')} from mailboxes_message message",
    ],
    "postgresql": [
        f"create table {TABLE} (message_id bigint primary key, words tsvector not null)",
        f"insert into {TABLE} select id, {_words('message', 'postgresql')} from mailboxes_message message",
        f"create index {TABLE}_gin on {TABLE} using gin (words)",
        # How many rows hold a beginning of a word is what PostgreSQL cannot know and would guess far too high: a function
        # with settings of its own is planned by itself, and its callers believe the number of rows that it names.
        f"create or replace function {TABLE}_found(query tsquery) returns setof bigint language sql stable "
        f"set enable_seqscan = off rows 50 as 'select message_id from {TABLE} where words @@ query'",
    ],
}
_TRIGGERS = {
    "sqlite": [
        f"{_SQLITE_TRIGGER}insert after insert on mailboxes_message begin {_SQLITE_WORDS}; end",
        f"{_SQLITE_TRIGGER}delete after delete on mailboxes_message begin {_SQLITE_FORGET}; end",
        f"{_SQLITE_TRIGGER}update after update of search_text, mailbox_id, received_at on mailboxes_message "
        f"begin {_SQLITE_FORGET}; {_SQLITE_WORDS}; end",
    ],
    "postgresql": [
        f"""
        create or replace function {TABLE}_keep() returns trigger language plpgsql as $$
        begin
            if tg_op = 'TRUNCATE' then
                truncate {TABLE};
                return null;
            end if;
            if tg_op <> 'INSERT' then
                delete from {TABLE} where message_id = old.id;
            end if;
            if tg_op <> 'DELETE' then
                insert into {TABLE} values (new.id, {_words("new", "postgresql")});
            end if;
            return null;
        end $$
        """,
        f"create or replace trigger {TABLE}_rows "
        "after insert or delete or update of search_text, mailbox_id, received_at on mailboxes_message "
        f"for each row execute function {TABLE}_keep()",
        f"create or replace trigger {TABLE}_all "
        f"after truncate on mailboxes_message for each statement execute function {TABLE}_keep()",
    ],
}
_UNDO = {
    "sqlite": [
        *(f"drop trigger if exists {TABLE}_{event}" for event in ("insert", "delete", "update")),
        f"drop table if exists {TABLE}",
    ],
    "postgresql": [
        f"drop trigger if exists {TABLE}_rows on mailboxes_message",
        f"drop trigger if exists {TABLE}_all on mailboxes_message",
        f"drop function if exists {TABLE}_keep",
        f"drop function if exists {TABLE}_found",
        f"drop table if exists {TABLE}",
    ],
}
