"""Texts as words, for the index of ADR 0008 (0006), and list indexes by direction: no filter leaves rows to be skipped."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.mailboxes.search import search_text

AT_ONCE = 1_000


def put_texts_into_words(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now the text was folded and kept its punctuation."""
    messages = apps.get_model("mailboxes", "Message").objects.using(schema_editor.connection.alias).order_by("pk")
    batch = list(messages.only("search_text")[:AT_ONCE])
    while batch:
        for message in batch:
            message.search_text = search_text(message.search_text)
        messages.bulk_update(batch, ["search_text"], batch_size=200)
        batch = list(messages.filter(pk__gt=batch[-1].pk).only("search_text")[:AT_ONCE])


def newest_first(*columns: str, name: str) -> models.Index:
    return models.Index(*columns, models.F("received_at").desc(), models.F("id").desc(), name=name)


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0003_kinds")]

    operations = [
        migrations.RemoveIndex("message", "message_list"),
        migrations.RemoveIndex("message", "message_in_folder"),
        migrations.RemoveIndex("message", "message_by_state"),
        migrations.RemoveIndex("message", "message_in_folder_by_state"),
        migrations.RunPython(put_texts_into_words, migrations.RunPython.noop),
        migrations.AddIndex("message", newest_first("mailbox", "direction", name="message_list")),
        migrations.AddIndex("message", newest_first("folder", "direction", name="message_in_folder")),
        migrations.AddIndex("message", newest_first("mailbox", "state", "direction", name="message_by_state")),
        migrations.AddIndex("message", newest_first("folder", "state", "direction", name="message_in_folder_by_state")),
    ]
