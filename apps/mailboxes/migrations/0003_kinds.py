from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0002_folders")]

    operations = [
        migrations.AddField("message", "kind_read_at", models.DateTimeField(blank=True, null=True)),
        migrations.AlterField(
            "message",
            "kind",
            models.CharField(
                choices=[
                    ("mail", "E-mail"),
                    ("meeting", "Invitation or response"),
                    ("bounce", "Report of non-delivery"),
                    ("auto_reply", "Automatic reply"),
                    ("bulk", "Newsletter or mailing list"),
                    ("encrypted", "Encrypted"),
                ],
                default="mail",
                max_length=16,
            ),
        ),
    ]
