import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def doubt_links_of_adopted_records(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Nobody wrote down which links were there before us; of records that were, any may have been."""
    links = apps.get_model("sync", "CrmLink").objects.using(schema_editor.connection.alias)
    links.filter(crm_email__is_adopted=True).update(is_adopted=True)


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0006_proof"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("chosenlink", "belongs", models.BooleanField(default=True)),
        migrations.AddField("crmlink", "is_adopted", models.BooleanField(default=False)),
        migrations.RunPython(doubt_links_of_adopted_records, migrations.RunPython.noop, elidable=True),
        migrations.CreateModel(
            name="ConversationLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("home_account_id", models.CharField(max_length=120)),
                ("conversation_id", models.CharField(max_length=255)),
                ("module", models.CharField(max_length=40)),
                ("record_id", models.CharField(max_length=36)),
                ("name", models.CharField(blank=True, max_length=300)),
                ("company", models.CharField(blank=True, max_length=300)),
                ("since", models.DateTimeField()),
                ("chosen_at", models.DateTimeField()),
                (
                    "chosen_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("home_account_id", "conversation_id", "module", "record_id"),
                        name="one_choice_per_conversation",
                    )
                ],
            },
        ),
    ]
