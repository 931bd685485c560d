from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sync", "0003_attachment_rules")]

    operations = [
        migrations.RemoveIndex(model_name="transfer", name="transfer_due"),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("status", "queued")),
                fields=["lane", "mailbox", "not_before", "id"],
                name="transfer_turn",
            ),
        ),
    ]
