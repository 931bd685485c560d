from django.db import migrations, models

import apps.sync.models


class Migration(migrations.Migration):
    dependencies = [("sync", "0002_chosen_links")]

    operations = [
        migrations.AddField(
            "syncrules",
            "left_out_kinds",
            models.JSONField(blank=True, default=apps.sync.models.kinds_left_out_at_first),
        ),
        migrations.AddField("syncrules", "takes_private", models.BooleanField(default=False)),
        migrations.AddField("syncrules", "store_inline_images", models.BooleanField(default=False)),
        migrations.AddField(
            "syncrules",
            "unwanted_types",
            models.JSONField(blank=True, default=apps.sync.models.types_unwanted_at_first),
        ),
        migrations.AddField("transfer", "also_addresses", models.JSONField(blank=True, default=list)),
    ]
