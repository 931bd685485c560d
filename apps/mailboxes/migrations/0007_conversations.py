from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0006_words_by_month")]

    operations = [
        migrations.AddIndex(
            "message",
            models.Index(
                "mailbox",
                "conversation_id",
                name="message_conversation",
                condition=models.Q(("conversation_id", ""), _negated=True),
            ),
        ),
    ]
