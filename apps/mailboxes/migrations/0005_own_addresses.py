"""When the addresses of a mailbox's owner were read, so that new aliases are noticed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0004_search")]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="own_addresses_read_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
