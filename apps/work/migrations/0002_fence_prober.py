from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("work", "0001_initial")]

    operations = [
        migrations.AddField(model_name="fence", name="prober", field=models.UUIDField(blank=True, null=True)),
    ]
