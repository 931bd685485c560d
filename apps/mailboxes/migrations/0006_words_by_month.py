"""The text index: words with mailbox and month before them (ADR 0008)."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.mailboxes import search_index


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # A database that has been developed on may hold an earlier form of it.
    search_index.drop(schema_editor)
    search_index.create(schema_editor)


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    search_index.drop(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0005_own_addresses")]

    operations = [migrations.RunPython(create, drop)]
