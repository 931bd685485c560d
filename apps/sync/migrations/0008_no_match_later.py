import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0007_linking"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "syncrules",
            "no_match_later",
            models.CharField(
                choices=[("sync", "Sync the waiting e-mails by themselves"), ("offer", "Offer them in the list")],
                default="sync",
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="MatchLook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("next_look_at", models.DateTimeField(db_index=True)),
                ("claim", models.UUIDField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("seen_until", models.DateTimeField(blank=True, null=True)),
                ("all_asked_at", models.DateTimeField(blank=True, null=True)),
                ("has_matches", models.BooleanField(default=False)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="match_look",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
