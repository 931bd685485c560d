"""The text index holds the month of each word as well (ADR 0008)."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.mailboxes import search_index


def create_anew(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    search_index.drop(schema_editor)
    search_index.create(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0005_own_addresses")]

    operations = [migrations.RunPython(create_anew, migrations.RunPython.noop)]
